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
        "dtype: DT_FLOAT tensor_shape { unknown_rank: true dim { size: 1 } } float_val: 1",
        "dtype: DT_FLOAT tensor_shape { " + "dim { size: 1 } " * 33 + "} float_val: 1",
        "dtype: DT_COMPLEX64 tensor_shape { dim { size: 1 } } scomplex_val: 1",
        'dtype: DT_FLOAT tensor_shape { dim { size: 2 } } tensor_content: "abcd"',
        'dtype: DT_STRING tensor_shape { dim { size: 1 } } tensor_content: "abcd"',
    ],
)
def test_contradictions(text: str) -> None:
    from google.protobuf import text_format
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.models.tensor_protos import read_tensor

    with pytest.raises(ValueError, match=r"."):
        read_tensor(text_format.Parse(text, TensorProto()))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (
            "dtype: DT_FLOAT tensor_shape { dim { size: 268435456 } } float_val: 1",
            "may stand for 100 rows; this one stands",
        ),
        ("dtype: DT_FLOAT tensor_shape { dim { size: 101 } }", "may stand for 100 rows; this one stands for 101"),
        ("dtype: DT_STRING tensor_shape { dim { size: 101 } }", "may stand for 100 rows"),
        ("dtype: DT_FLOAT tensor_shape { dim { size: 1099511627776 } dim { size: 0 } }", "may stand for 100 rows"),
        (
            "dtype: DT_FLOAT tensor_shape { dim { size: 0 } dim { size: 1099511627776 } }",
            r"may say 100 elements where 0 values are sent; \[0,1099511627776\] says 1099511627776",
        ),
        (
            "dtype: DT_FLOAT tensor_shape { dim { size: 1 } dim { size: 4611686018427387904 } dim { size: 4611686018427387904 } }",
            "may say 100 elements where 0 values are sent",
        ),
        (
            "dtype: DT_COMPLEX64 tensor_shape { dim { size: 1 } dim { size: 101 } } scomplex_val: 1",
            "may say 100 elements",
        ),
    ],
)
def test_shapes_that_stand_for_too_much(text: str, words: str) -> None:
    from google.protobuf import text_format
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.tensor_protos import read_tensor

    with pytest.raises(RequestError, match=words) as caught:
        read_tensor(text_format.Parse(text, TensorProto()), 100)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_what_was_sent_may_be_more_than_the_rows() -> None:
    import tensorflow as tf

    from pipeline.serving.models.tensor_protos import fill_tensor, read_tensor

    for array in (np.ones((2, 300), np.float32), np.ones((0, 3)), np.full((3, 100), b"a", object), np.array(1.0)):
        assert read_tensor(tf.make_tensor_proto(array), 100).shape == array.shape
        filled = type(tf.make_tensor_proto(0))()
        fill_tensor(filled, array)
        np.testing.assert_array_equal(read_tensor(filled, 100), array)


def test_sixteen_bits_wrap_around() -> None:
    from google.protobuf import text_format
    from tensorflow.core.framework.tensor_pb2 import TensorProto

    from pipeline.serving.models.tensor_protos import read_tensor

    text = "dtype: DT_HALF tensor_shape { dim { size: 2 } } half_val: [15360, 80896]"  # 1.0, and the same above 16 bits
    assert read_tensor(text_format.Parse(text, TensorProto())).tolist() == [1.0, 1.0]


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
