"""Batches of shards to blocks, against numpy on the values themselves."""

from __future__ import annotations

import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 500


@pytest.fixture(scope="module")
def values():
    generator = np.random.default_rng(3)
    return {
        "x": generator.normal(2000.0, 3.0, ROWS),
        "city": generator.integers(0, 3, ROWS).astype(np.int32),
        "log_time": generator.normal(size=ROWS),
        "label": generator.integers(0, 2, ROWS).astype(float),
        "weight": generator.integers(0, 3, ROWS).astype(float),
        "row": np.arange(ROWS),
    }


@pytest.fixture(scope="module")
def design():
    from components.linear_model.design_matrix import DesignMatrix, Level, Term

    return DesignMatrix(
        (
            Term("x", "x", mean=2000.0, std=3.0),
            Term("city", "city", levels=(Level("a"), Level("b"), Level("c"))),
            Term("log_time", "log_time", offset=True),
        )
    )


def batch_of(values, weighted):
    import pyarrow as pa

    names = ["term_0", "term_1", "term_2", "label", *(["weight"] if weighted else []), "row"]
    keys = ["x", "city", "log_time", *names[3:]]
    return pa.RecordBatch.from_arrays([pa.array(values[key]) for key in keys], names=names)


@pytest.mark.parametrize("weighted", [True, False])
@pytest.mark.parametrize("columns", [[0, 1, 2, 3, 4], [0, 1, 4], [4, 2], [0]])
def test_a_block_has_the_wanted_columns_scaled(values, design, columns, weighted):
    from components.gather.design_rows import DesignRows

    block = DesignRows(design, False, 5).block(batch_of(values, weighted), columns)
    there = values["weight"] > 0 if weighted else np.full(ROWS, True)
    levels = [values["city"] == level for level in range(3)]
    expected = np.column_stack([np.ones(ROWS), (values["x"] - 2000.0) / 3.0, *levels])[there][:, columns]
    assert block.x.tolist() == expected.tolist()
    assert block.offset.tolist() == values["log_time"][there].tolist()
    assert block.label.tolist() == values["label"][there].tolist()
    assert block.weight.tolist() == (values["weight"][there] if weighted else np.ones(ROWS)).tolist()
    assert np.bincount(block.fold, minlength=5).sum() == there.sum()


@pytest.mark.parametrize("grouped", [True, False])
@pytest.mark.parametrize("weighted", [True, False])
def test_a_whole_block_has_what_else_a_shard_tells_of_its_rows(values, design, weighted, grouped):
    import pyarrow as pa

    from components.gather.design_rows import DesignRows
    from components.table.row_identity import folds, group_folds

    texts = pa.array([("b", None, "a", "b")[row % 4] for row in range(ROWS)])
    more = {"group": np.arange(ROWS) // 7, "cluster": np.arange(ROWS) // 3, "time": -np.arange(ROWS)}
    batch = batch_of(values, weighted)
    for name, column in {**more, "slice_0": texts, "slice_1": pa.nulls(ROWS, pa.string())}.items():
        batch = batch.append_column(name, pa.array(column))
    rows = DesignRows(design, grouped, 5)
    block = rows.block(batch, [0, 1], whole=True)
    there = values["weight"] > 0 if weighted else np.full(ROWS, True)
    assert block.row.tolist() == values["row"][there].tolist()
    assert block.cluster.tolist() == more["cluster"][there].tolist()
    assert block.time.tolist() == more["time"][there].tolist()
    told = [[column.levels[code] for code in column.codes] for column in block.slices]
    assert told == [texts.filter(pa.array(there)).to_pylist(), [None] * there.sum()]
    by = group_folds(more["group"], 5) if grouped else folds(values["row"], 5)
    assert block.fold.tolist() == by[there].tolist()
    bare = rows.block(batch, [0, 1])
    assert (bare.row, bare.cluster, bare.time, bare.slices) == (None, None, None, ())
    assert bare.x.tolist() == block.x.tolist()


def test_a_whole_block_lacks_what_its_rows_have_not(values, design):
    from components.gather.design_rows import DesignRows

    block = DesignRows(design, False, 5).block(batch_of(values, True), [0], whole=True)
    assert len(block.row) == np.count_nonzero(values["weight"])
    assert (block.cluster, block.time, block.slices) == (None, None, ())
