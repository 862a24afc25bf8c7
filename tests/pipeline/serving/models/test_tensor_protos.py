import numpy as np
import pytest

pytestmark = pytest.mark.e2e


@pytest.mark.parametrize(
    "array",
    [
        np.array([0.5, np.nan, np.inf], np.float32),
        np.array([[1.5], [2.5]]),
        np.array(3, np.int64),
        np.array([[[1, -2]]], np.int32),
        np.array([255], np.uint8),
        np.array([-3], np.int8),
        np.array([True, False]),
        np.array([b"a", b"\xff\x00"], object),
        np.array([1, 2.5], np.float16),
        np.array([1 + 2j], np.complex64),
        np.array([2**63], np.uint64),
        np.zeros((0, 3), np.float32),
    ],
)
def test_round_trip_and_tensorflows_reading(array: np.ndarray) -> None:
    import tensorflow as tf
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.models.tensor_protos import fill_tensor, read_tensor

    proto = TensorProto()
    fill_tensor(proto, array)
    assert not proto.tensor_content
    assert proto.HasField("tensor_shape")
    for back in (read_tensor(proto), tf.make_ndarray(proto), read_tensor(tf.make_tensor_proto(array))):
        assert back.shape == array.shape
        assert back.dtype == array.dtype
        np.testing.assert_array_equal(back, array)


def test_missing_values_repeat_the_last() -> None:
    from google.protobuf import text_format
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.models.tensor_protos import read_tensor

    def read(text: str) -> list[object]:
        return read_tensor(text_format.Parse(text, TensorProto())).tolist()

    shape = "tensor_shape { dim { size: 3 } }"
    assert read(f"dtype: DT_FLOAT {shape} float_val: 1 float_val: 2") == [1, 2, 2]
    assert read(f"dtype: DT_FLOAT {shape}") == [0, 0, 0]
    assert read(f"dtype: DT_STRING {shape}") == [b"", b"", b""]
    assert read(f"dtype: DT_INT64 {shape} int64_val: [1, 2, 3, 4]") == [1, 2, 3]
    assert read(f"dtype: DT_UINT8 {shape} int_val: 257") == [1, 1, 1]


@pytest.mark.parametrize(
    "text",
    [
        "dtype: DT_INVALID",
        "dtype: DT_FLOAT_REF float_val: 1",
        "dtype: DT_FLOAT tensor_shape { dim { size: -1 } }",
        "dtype: DT_FLOAT tensor_shape { unknown_rank: true }",
        'dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: "abcd"',
        'dtype: DT_STRING tensor_shape { dim { size: 1 } } tensor_content: "abcd"',
        "dtype: DT_FLOAT tensor_shape { dim { size: 4000000000 } dim { size: 4000000000 } } float_val: 1",
    ],
)
def test_contradictions(text: str) -> None:
    from google.protobuf import text_format
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.models.tensor_protos import read_tensor

    with pytest.raises(ValueError, match=r"."):
        read_tensor(text_format.Parse(text, TensorProto()))


def test_types_are_named_as_in_cpp() -> None:
    from tensorflow.core.framework import types_pb2

    from pipeline.serving.dtypes import type_name
    from pipeline.serving.models.tensor_protos import type_of

    names = {np.float32: "float", np.float64: "double", np.object_: "string", np.int64: "int64", np.bool_: "bool"}
    for dtype, name in names.items():
        assert type_name(type_of(np.zeros(1, dtype))) == name
    assert type_of(np.array([b"ab"])) == types_pb2.DT_STRING
    with pytest.raises(ValueError, match="no tensor is of datetime64"):
        type_of(np.zeros(1, "M8[s]"))
