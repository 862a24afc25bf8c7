import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_records_are_decoded_as_tfxio_decodes_them(tmp_path):
    import tensorflow as tf
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.public.tfxio import TFExampleRecord

    from components.internals import tfx_bsl

    example = tf.train.Example(
        features=tf.train.Features(
            feature={
                "x": tf.train.Feature(float_list=tf.train.FloatList(value=[2.5])),
                "other": tf.train.Feature(int64_list=tf.train.Int64List(value=[7])),
            }
        )
    ).SerializeToString()
    schema = text_format.Parse('feature { name: "x" type: FLOAT }', schema_pb2.Schema())
    pattern = str(tmp_path / "*")
    whole = TFExampleRecord(pattern, telemetry_descriptors=["test"])
    narrow = TFExampleRecord(pattern, schema=schema, telemetry_descriptors=["test"])
    assert tfx_bsl.files_of(whole) == [pattern]
    assert tfx_bsl.schema_of(whole) is None
    records = np.array([example, example], object)
    decoded = tfx_bsl.ExampleDecoder(tfx_bsl.schema_of(narrow), "raw").decode(records)
    assert decoded.to_pylist() == [{"x": [2.5], "raw": [example]}] * 2
    decoded = tfx_bsl.ExampleDecoder(None, None).decode(records)
    assert sorted(decoded.schema.names) == ["other", "x"]


SCHEMA = """
feature { name: "x" type: FLOAT }
feature { name: "c" type: BYTES }
feature { name: "none" type: INT }
feature { name: "nowhere" type: BYTES }
"""


@pytest.mark.parametrize("text", [None, SCHEMA])
def test_columns_become_the_batch_that_decoding_makes(text, tmp_path):
    import pyarrow as pa
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2
    from tfx_bsl.public.tfxio import RecordBatchToExamplesEncoder

    from components.example_columns import Writer, as_lists, read
    from components.internals import tfx_bsl

    batch = pa.RecordBatch.from_pydict(
        {
            "x": pa.array([1.5, None, 3.0], pa.float32()),
            "n": pa.array([1, 2, 2**40], pa.int64()),
            "c": pa.array(["a", None, "a"]),
            "none": pa.nulls(3, pa.int64()),
        }
    )
    schema = None if text is None else text_format.Parse(text, schema_pb2.Schema()).SerializeToString()
    decoder = tfx_bsl.ExampleDecoder(schema, None)
    records = RecordBatchToExamplesEncoder().encode(as_lists(batch))
    writer = Writer(str(tmp_path / "columns"))
    writer.write(batch)
    writer.close()
    [columns] = read(str(tmp_path / "columns"))
    found, expected = decoder.of_columns(columns), decoder.decode(np.array(records, object))
    assert found.schema.equals(expected.schema)
    assert found.to_pylist() == expected.to_pylist()


def test_a_column_of_another_type_than_the_schema_says_is_an_error():
    import pyarrow as pa
    from google.protobuf import text_format
    from tensorflow_metadata.proto.v0 import schema_pb2

    from components.internals import tfx_bsl

    schema = text_format.Parse('feature { name: "x" type: INT }', schema_pb2.Schema()).SerializeToString()
    with pytest.raises(ValueError, match="x: the schema says large_list<item: int64>"):
        tfx_bsl.ExampleDecoder(schema, None).of_columns(
            pa.RecordBatch.from_pydict({"x": pa.array([1.0], pa.float32())})
        )


def test_the_rows_of_a_tfxio_come_from_the_source_that_is_put_in_its_place():
    from tfx_bsl.public.tfxio import TFExampleRecord

    from pipeline.beam.batched_io import beam_source, install

    install()
    assert TFExampleRecord.BeamSource is beam_source
