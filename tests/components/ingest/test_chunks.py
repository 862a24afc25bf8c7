import pyarrow as pa
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_a_row_becomes_a_tf_example_and_a_missing_value_has_no_kind():
    import tensorflow as tf
    from tfx_bsl.coders.example_coder import RecordBatchToExamplesEncoder

    from components.ingest.chunks import as_lists

    batch = pa.RecordBatch.from_pydict({"x": pa.array([1.5, None], pa.float32()), "c": pa.array([None, "é"])})
    first, second = map(tf.train.Example.FromString, RecordBatchToExamplesEncoder().encode(as_lists(batch)))
    assert first.features.feature["x"].float_list.value == [1.5]
    assert second.features.feature["c"].bytes_list.value == ["é".encode()]
    assert first.features.feature["c"].WhichOneof("kind") is None
    assert second.features.feature["x"].WhichOneof("kind") is None
