"""Protocol Buffers' wire format, as far as small messages are written by hand where that is many times faster."""

from __future__ import annotations


def varint(value: int) -> bytes:
    """An int64 or uint64: seven bits a byte, the lowest first."""
    left = value & (1 << 64) - 1
    out = bytearray()
    while left > 127:
        out.append(left & 127 | 128)
        left >>= 7
    out.append(left)
    return bytes(out)


def field(number: int, data: bytes) -> bytes:
    """A length-delimited field: bytes, a text, a message, packed numbers. Its number is below 16."""
    size = len(data)
    return bytes((number << 3 | 2, size)) + data if size < 128 else bytes((number << 3 | 2,)) + varint(size) + data
