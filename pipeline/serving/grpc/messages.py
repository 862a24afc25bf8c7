"""Messages as they come: unpacked and looked at within bounds, before protobuf makes anything of them."""

from __future__ import annotations

import zlib
from typing import TypeVar

from google.protobuf.descriptor import Descriptor
from google.protobuf.message import DecodeError, Message

from pipeline.serving.errors import RequestError, invalid

MOST_FIELDS, MOST_INNER = 10_000, 1_000_000  # of a message itself, and of those in it together
LOOKED_INTO, DEEPEST = 4 << 20, 3  # bytes of a message, above which those in it are counted too; and to which depth
LOOKED_AT = 1 << 16  # bytes of a message, above which its fields are counted before it is parsed
_GZIP = b"\x1f\x8b"  # no message begins so: it would be a field of the type 7, and there are 0 to 5
_VARINT, _FIXED64, _BYTES, _FIXED32 = 0, 1, 2, 5

M = TypeVar("M", bound=Message)


def too_large(limit: int) -> RequestError:
    """The error of a message that is longer than the limit."""
    return RequestError(
        "RESOURCE_EXHAUSTED", f"Received message larger than max ({limit} bytes, unpacked). Send fewer rows at once."
    )


def is_packed(data: bytes) -> bool:
    """Whether a message is compressed by gzip."""
    return data.startswith(_GZIP)


def unpack(data: bytes, limit: int) -> bytes:
    """Decompresses a message; never more of it than the limit.

    Args:
      data: gzip, as the caller's gRPC packs it.
      limit: bytes.

    Raises:
      RequestError: it is longer, or no gzip.
    """
    unpacker = zlib.decompressobj(16 + zlib.MAX_WBITS)
    try:
        unpacked = unpacker.decompress(data, limit + 1)
    except zlib.error as error:
        raise invalid(f"The message can't be unpacked: {error}.") from error
    if len(unpacked) > limit:
        raise too_large(limit)
    if not unpacker.eof or unpacker.unused_data:
        raise invalid("The message can't be unpacked: it is not one whole gzip.")
    return unpacked


def parse(data: bytes, kind: type[M], limit: int) -> M:
    """A message, from how it came.

    Args:
      data: packed or not.
      kind: of message.
      limit: bytes, unpacked.

    Raises:
      RequestError: it is longer, has too many fields, or is none of that kind.
    """
    if is_packed(data):
        data = unpack(data, limit)
    if len(data) > limit:
        raise too_large(limit)
    if len(data) > LOOKED_AT:
        check_fields(data, kind.DESCRIPTOR)
    try:
        return kind.FromString(data)
    except DecodeError as error:
        raise invalid(f"The message is no {kind.DESCRIPTOR.full_name}.") from error


def _varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of protobuf's wire format, and where it ends."""
    value = shift = 0
    while True:
        byte = data[at]
        at += 1
        value |= (byte & 127) << shift
        if byte < 128:
            return value, at
        shift += 7


def check_fields(data: bytes, kind: Descriptor) -> None:
    """Refuses a message of more fields than a request needs: each of two bytes costs up to 170 once parsed.

    Its own fields are counted, and, of a long message, those of the messages in it, as deep as shapes of tensors and lists of
    tf.Examples are.

    Args:
      data: of the message.
      kind: of it.

    Raises:
      RequestError: there are more than `MOST_FIELDS`, or `MOST_INNER` in all.
    """
    try:
        _count(data, 0, len(data), kind, 0, 0)
    except IndexError:
        return  # cut off, as the parser says


def _count(data: bytes, at: int, end: int, kind: Descriptor, depth: int, count: int) -> int:
    """Counts the fields of `data[at:end]`, a message; `count` is how many there were before it."""
    most = MOST_INNER if depth else MOST_FIELDS
    inner = len(data) > LOOKED_INTO and depth < DEEPEST
    own = 0
    while at < end:
        count += 1
        own += 1
        if (own if depth == 0 else count) > most:
            raise invalid(f"A request may have {most} fields in such a place; this one has more.")
        tag, at = _varint(data, at)
        wire = tag & 7
        if wire == _BYTES:
            length, at = _varint(data, at)
            if inner and length > 0:
                field = kind.fields_by_number.get(tag >> 3)
                if field is not None and field.message_type is not None:
                    count = _count(data, at, min(end, at + length), field.message_type, depth + 1, count)
            at += length
        elif wire == _VARINT:
            _, at = _varint(data, at)
        else:  # of groups, begin and end are counted as fields
            at += {_FIXED64: 8, _FIXED32: 4}.get(wire, 0)
    return count
