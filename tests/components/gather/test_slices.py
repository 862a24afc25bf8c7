"""Raw columns as texts, from columns and from tf.Examples: the same."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

COLUMNS = {
    "city": (pa.array(["Köln", None, "a,b", "", "Köln"]), ["Köln", None, "a,b", "", "Köln"]),
    "hour": (pa.array([7, None, -1, 2**60, 0], pa.int64()), ["7", None, "-1", str(2**60), "0"]),
    "size": (pa.array([0.1, None, 2.0, -1e-3, 1e20], pa.float32()), ["0.1", None, "2", "-0.001", "1e+20"]),
    "none": (pa.nulls(5, pa.string()), [None] * 5),
}
NAMES = ["size", "nowhere", "city", "none", "hour"]
EXPECTED = [[None] * 5 if name == "nowhere" else COLUMNS[name][1] for name in NAMES]


def test_columns_and_parsed_examples_give_the_same_texts():
    import tensorflow as tf
    from tfx_bsl.public.tfxio import RecordBatchToExamplesEncoder

    from components.example_columns import as_lists
    from components.gather import slices

    batch = pa.RecordBatch.from_pydict({name: column for name, (column, _) in COLUMNS.items()})
    coded = {
        name: column.cast(pa.binary()).dictionary_encode() if pa.types.is_string(column.type) else column
        for name, (column, _) in COLUMNS.items()
    }
    found = slices.of_columns(pa.RecordBatch.from_pydict(coded), NAMES)
    assert [column.to_pylist() for column in found] == EXPECTED
    assert {column.type for column in found} == {pa.string()}
    kinds = {"city": tf.string, "hour": tf.int64, "size": tf.float32}  # of a column without a value the schema has none
    parser = slices.parser({name: tf.io.VarLenFeature(kind) for name, kind in kinds.items()}, NAMES)
    records = tf.constant(RecordBatchToExamplesEncoder().encode(as_lists(batch)))
    parsed = {name: (values.numpy(), there.numpy()) for name, (values, there) in parser(records).items()}
    assert slices.of_parsed(parsed, NAMES, 5) == found


def test_a_schema_with_shapes_gives_them_too():
    import tensorflow as tf

    from components.gather import slices

    example = tf.train.Example()
    example.features.feature["hour"].int64_list.value.append(9)
    spec = {
        "hour": tf.io.FixedLenFeature([1], tf.int64),
        "city": tf.io.FixedLenFeature([1], tf.string, default_value="?"),
    }
    found = slices.parser(spec, ["hour", "city"])(tf.constant([example.SerializeToString()]))
    parsed = {name: (values.numpy(), there.numpy()) for name, (values, there) in found.items()}
    assert [column.to_pylist() for column in slices.of_parsed(parsed, ["hour", "city"], 1)] == [["9"], ["?"]]


def test_bytes_that_are_no_utf_8_are_told_by_their_escapes():
    from components.gather.slices import slice_texts

    given = pa.array([b"a\xff", None, "é".encode()], pa.binary())
    assert slice_texts(given).to_pylist() == slice_texts(given.dictionary_encode()).to_pylist() == ["a\\xff", None, "é"]


def test_no_column_is_no_parsing():
    import tensorflow as tf

    from components.gather import slices

    assert slices.parser({"x": tf.io.VarLenFeature(tf.float32)}, [])(tf.constant([b"no tf.Example"])) == {}
    assert slices.of_parsed({}, [], 3) == []
    assert slices.of_columns(pa.RecordBatch.from_pydict({"x": np.zeros(3)}), []) == []
