import pyarrow as pa
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_a_row_becomes_a_tf_example_and_a_missing_value_has_no_kind():
    import tensorflow as tf
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

    from components.example_columns import as_lists

    batch = pa.RecordBatch.from_pydict({"x": pa.array([1.5, None], pa.float32()), "c": pa.array([None, "é"])})
    first, second = map(tf.train.Example.FromString, RecordBatchToExamplesEncoder().encode(as_lists(batch)))
    assert first.features.feature["x"].float_list.value == [1.5]
    assert second.features.feature["c"].bytes_list.value == ["é".encode()]
    assert first.features.feature["c"].WhichOneof("kind") is None
    assert second.features.feature["x"].WhichOneof("kind") is None


@pytest.mark.parametrize("sizes", [[3, 9, 1, 16, 2], [31], [8, 8], [5]])
def test_batches_of_any_size_become_whole_ones_with_the_same_rows(sizes, tmp_path, monkeypatch):
    from components import example_columns

    monkeypatch.setattr(example_columns, "BATCH_ROWS", 8)
    rows = sum(sizes)
    table = pa.table(
        {
            "x": pa.array([None if row % 3 == 0 else row / 2 for row in range(rows)], pa.float32()),
            "n": pa.array(range(rows), pa.int64()),
            "none": pa.nulls(rows, pa.float32()),
            "c": pa.array([None if row % 5 == 0 else f"é{row % 4}" for row in range(rows)]),
        }
    )
    path = str(tmp_path / "rows.arrow")
    writer = example_columns.Writer(path)
    begins = [sum(sizes[:index]) for index in range(len(sizes))]
    for begin, size in zip(begins, sizes, strict=True):
        [batch] = table.slice(begin, size).to_batches()
        writer.write(batch)
    writer.close()
    found = list(example_columns.read(path))
    assert [batch.num_rows for batch in found] == [8] * (rows // 8) + ([rows % 8] if rows % 8 else [])
    text = pa.dictionary(pa.int32(), pa.binary())
    assert found[0].schema.types == [pa.float32(), pa.int64(), pa.float32(), text]
    expected = [{**row, "c": row["c"] and row["c"].encode()} for row in table.to_pylist()]
    assert [row for batch in found for row in batch.to_pylist()] == expected
    listed = [row for batch in found for row in example_columns.as_lists(batch).to_pylist()]
    assert listed == [{name: value if value is None else [value] for name, value in row.items()} for row in expected]
