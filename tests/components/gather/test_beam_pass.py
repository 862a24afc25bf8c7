"""Raw tf.Examples to shards and factors, against numpy on the table itself."""

from __future__ import annotations

import numpy as np
import pytest

from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.numeric import Numeric
from tests.components.transform import analyse

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {
    "x": Numeric(min=0, impute="mean", indicator=True),
    "id": Integer(),
    "hour": Buckets(boundaries=[6.0, 12.0]),
    "city": Categorical(vocabulary=2, min_rows=1),
    "member": Boolean(),
}
ROWS = 3_000
BIG = 4_000_000_000


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(0)
    x = generator.normal(1000, 1, ROWS).astype(np.float32).astype(float)
    x[::7] = np.nan
    return {
        "x": x,
        "id": BIG + generator.integers(0, 1000, ROWS),
        "hour": generator.integers(0, 24, ROWS).astype(float),
        "city": generator.choice(["b", "a", "c"], ROWS, p=[0.5, 0.3, 0.2]),
        "member": generator.choice(["true", "false"], ROWS),
        "y": generator.normal(size=ROWS).astype(np.float32).astype(float),
    }


@pytest.fixture(scope="module")
def gathered(table, tmp_path_factory):
    """The artifact's folder and what is in it, of three files of tf.Examples."""
    import apache_beam as beam
    import tensorflow as tf
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx.dsl.io import fileio

    from components.gather import shards
    from components.gather.beam_pass import FactorRows, GatherBatches, RowSource
    from components.gather.design_rows import DesignRows
    from components.linear_model.gathered import write_arrays
    from components.preprocessing.transform_graph import design_matrix_of

    folder = tmp_path_factory.mktemp("gathered")

    def value(name, row):
        found = table[name][row]
        if isinstance(found, str):
            return [found.encode()]
        return [] if np.isnan(found) else [found.item()]

    rows = [{name: value(name, row) for name in table} for row in range(ROWS)]
    transform = analyse(rows, FEATURES, "y", folder / "transform")
    design = design_matrix_of(transform, FEATURES)
    files = []
    for part in range(3):
        files.append(str(folder / f"part-{part}.gz"))
        with tf.io.TFRecordWriter(files[-1], tf.io.TFRecordOptions(compression_type="GZIP")) as writer:
            for number in range(part, ROWS, 3):
                example = tf.train.Example()
                for name, found in {**rows[number], "plumbline_row": [number]}.items():
                    kind = {bytes: "bytes_list", int: "int64_list"}.get(
                        type(found[0]) if found else float, "float_list"
                    )
                    getattr(example.features.feature[name], kind).value.extend(found)
                writer.write(example.SerializeToString())
    (folder / shards.ROWS).mkdir()
    source = RowSource(
        transform_graph=str(folder / "transform/output"),
        features=features_to_json(FEATURES),
        keys=tuple(term.key for term in design.terms),
        numbers=frozenset(term.key for term in design.terms if not term.levels),
        label="y",
        weight=None,
        family="gaussian",
        added=("plumbline_row",),
        slices=("city", "hour", "id"),
        folder=str(folder / shards.ROWS),
        files=tuple(files),
    )
    with beam.Pipeline(runner=FnApiRunner()) as pipeline:
        factors = pipeline | GatherBatches(source) | beam.CombineGlobally(FactorRows(DesignRows(design, False, 5)))
        _ = factors | beam.Map(write_arrays, str(folder / "out.npz"), fileio.open)
    return folder, design, dict(np.load(folder / "out.npz"))


def expected_matrix(table):
    """The design matrix in raw units, by numpy; the id less its least value."""
    x = table["x"]
    valid = x[~np.isnan(x)]
    columns = [
        np.ones(ROWS),
        np.where(np.isnan(x), valid.mean(), x),
        np.isnan(x),
        table["id"] - table["id"].min(),
    ]
    columns += [table["hour"] < 6, (table["hour"] >= 6) & (table["hour"] < 12), table["hour"] >= 12, np.zeros(ROWS)]
    columns += [table["city"] == text for text in "ba"] + [table["city"] == "c", np.zeros(ROWS)]
    columns += [table["member"] == "false", table["member"] == "true", np.zeros(ROWS), np.zeros(ROWS)]
    return np.column_stack(columns).astype(float)


def test_factors_are_those_of_the_table_in_64_bits(gathered, table):
    from components.linear_model.factors import from_arrays

    _, design, arrays = gathered
    factors = from_arrays(["(intercept)", *design.column_names], arrays)
    total = factors[0]
    for factor in factors[1:]:
        total.merge(factor)
    matrix = np.column_stack([expected_matrix(table), table["y"]])
    square = total.square()
    # To 64 bits: a z-score of 32 bits would be off by 6e-8.
    assert square.T @ square == pytest.approx(matrix.T @ matrix, rel=1e-12, abs=1e-6)
    assert arrays["read"] == ROWS
    assert arrays["present"].tolist() == np.count_nonzero(matrix[:, :-1], axis=0).tolist()
    assert sorted(arrays["rows"]) == [ROWS // 5] * 5


def test_shards_hold_each_row_once_in_raw_units(gathered, table):
    from components.gather import shards
    from components.gather.design_rows import DesignRows

    folder, design, _ = gathered
    files = shards.shards(str(folder))
    assert [file.rpartition("/")[2] for file in files] == [f"design-0000{part}-of-00003.arrow" for part in range(3)]
    rows, expected = DesignRows(design, False, 5), expected_matrix(table)
    seen = []
    for file in files:
        for batch in shards.read(file):
            numbers = batch.column(shards.ROW).to_numpy()
            x, y, weight, _ = rows.matrices(batch)
            assert x == pytest.approx(expected[numbers], rel=1e-12)
            assert y.tolist() == table["y"][numbers].tolist()
            assert weight is None
            seen += numbers.tolist()
            texts = [batch.column(shards.slice_column(index)).to_pylist() for index in range(3)]
            given = [table["city"], table["hour"].astype(int).astype(str), table["id"].astype(str)]
            assert texts == [column[numbers].tolist() for column in given]
    assert sorted(seen) == list(range(ROWS))


def test_an_attempt_that_fails_leaves_no_shard(tmp_path):
    from components.gather import shards

    def broken():
        import pyarrow as pa

        yield pa.RecordBatch.from_pydict({"label": [1.0]})
        raise OSError("lost")

    with pytest.raises(OSError, match="lost"):
        list(shards.keep(broken(), str(tmp_path), 0, 1, "attempt"))
    assert [path.name for path in tmp_path.iterdir()] == ["tmp-attempt"]
    shards.remove_attempts(str(tmp_path))
    assert list(tmp_path.iterdir()) == []
