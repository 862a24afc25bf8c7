import gzip
import zlib

import pytest
from google.protobuf import struct_pb2

from pipeline.serving.errors import RequestError
from pipeline.serving.grpc import messages
from pipeline.serving.grpc.messages import is_packed, parse, unpack


def test_packed_messages() -> None:
    message = struct_pb2.Value(string_value="a" * 1000)
    data = message.SerializeToString()
    assert not is_packed(data)
    assert is_packed(gzip.compress(data))
    assert unpack(gzip.compress(data), len(data)) == data
    assert parse(data, struct_pb2.Value, 2000) == parse(gzip.compress(data), struct_pb2.Value, 2000) == message


def test_no_more_is_unpacked_than_the_limit() -> None:
    packed = gzip.compress(bytes(64 << 20))
    with pytest.raises(
        RequestError, match=r"^Received message larger than max \(1048576 bytes, unpacked\)\."
    ) as caught:
        unpack(packed, 1 << 20)
    assert caught.value.code == "RESOURCE_EXHAUSTED"
    with pytest.raises(RequestError, match="larger than max"):
        parse(bytes(11), struct_pb2.Value, 10)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (gzip.compress(b"abc", mtime=0)[:-1], "not one whole gzip"),
        (gzip.compress(b"abc", mtime=0) + b"d", "not one whole gzip"),
        (gzip.compress(b"abc", mtime=0)[:-5] + b"12345", "incorrect data check"),
        (b"\x1f\x8b\x08", "not one whole gzip"),
        (b"\x1f\x8bxxxxxxxxxx", "unknown compression method"),
    ],
)
def test_broken_gzip(data: bytes, words: str) -> None:
    with pytest.raises(RequestError, match=rf"^The message can't be unpacked: .*{words}") as caught:
        unpack(data, 1000)
    assert caught.value.code == "INVALID_ARGUMENT"


def test_deflate_is_not_taken_for_gzip() -> None:
    assert not is_packed(zlib.compress(b"abc"))


def test_what_is_no_message() -> None:
    with pytest.raises(RequestError, match=r"^The message is no google\.protobuf\.Value\.$"):
        parse(b"\xff", struct_pb2.Value, 10)


def test_many_fields_are_refused_before_they_are_parsed(monkeypatch: pytest.MonkeyPatch) -> None:
    many = struct_pb2.ListValue(values=[struct_pb2.Value()] * 40_000)  # two bytes each
    with pytest.raises(RequestError, match="may have 10000 fields in such a place"):
        parse(many.SerializeToString(), struct_pb2.ListValue, 1 << 20)
    within = struct_pb2.Value(list_value=many).SerializeToString()
    assert len(parse(within, struct_pb2.Value, 1 << 20).list_value.values) == 40_000
    monkeypatch.setattr(messages, "LOOKED_INTO", 1 << 16)
    monkeypatch.setattr(messages, "MOST_INNER", 30_000)
    with pytest.raises(RequestError, match="may have 30000 fields in such a place"):
        parse(within, struct_pb2.Value, 1 << 20)


@pytest.mark.parametrize("tail", [b"", b"\x0a\xff\xff\xff\x7f", b"\x80", b"\x0a"])
def test_every_kind_of_field_is_passed_over(tail: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(messages, "LOOKED_AT", 0)
    # Unknown fields: varint, 64 bits, bytes, a group with a varint in it, 32 bits.
    unknown = b"\x78\x96\x01" + b"\x79" + bytes(8) + b"\x7a\x02ab" + b"\x7b\x08\x01\x7c" + b"\x7d" + bytes(4)
    data = struct_pb2.Value(number_value=2.5).SerializeToString() + unknown + tail
    if not tail:
        assert parse(data, struct_pb2.Value, 1000).number_value == 2.5
        monkeypatch.setattr(messages, "MOST_FIELDS", 8)
        parse(data, struct_pb2.Value, 1000)
        monkeypatch.setattr(messages, "MOST_FIELDS", 7)
        with pytest.raises(RequestError, match="may have 7 fields"):
            parse(data, struct_pb2.Value, 1000)
    else:
        with pytest.raises(RequestError, match="The message is no"):
            parse(data, struct_pb2.Value, 1000)
