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


def test_the_rows_of_a_tfxio_come_from_the_source_that_is_put_in_its_place():
    from tfx_bsl.public.tfxio import TFExampleRecord

    from pipeline.beam.batched_io import beam_source, install

    install()
    assert TFExampleRecord.BeamSource is beam_source
