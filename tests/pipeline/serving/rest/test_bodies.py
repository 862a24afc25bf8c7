import gzip
import zlib
from collections.abc import Iterator

import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.rest.bodies import MEMBERS, SMALL, Body, Memory, read_coding
from pipeline.serving.rest.errors import HttpError
from pipeline.serving.rest.pool import Deadline

TEXT = b'{"instances": [1]}' * 100
LIMIT = 1 << 20


def raw_deflate(data: bytes) -> bytes:
    packer = zlib.compressobj(wbits=-zlib.MAX_WBITS)
    return packer.compress(data) + packer.flush()


def unpacked(data: bytes, coding: str | None, limit: int = LIMIT, memory: int = LIMIT) -> bytes:
    body = Body(Memory(memory), limit, coding)
    body.data = data
    assert body.unpack(limit, Deadline(60))
    return body.data


@pytest.mark.parametrize(
    ("data", "coding"),
    [
        (TEXT, None),
        (gzip.compress(TEXT, mtime=0), "gzip"),
        (gzip.compress(TEXT, mtime=0), "x-gzip"),
        (
            gzip.compress(TEXT[:1000], mtime=0) + gzip.compress(b"", mtime=0) + gzip.compress(TEXT[1000:], 1, mtime=0),
            "gzip",
        ),
        (zlib.compress(TEXT), "deflate"),
        (raw_deflate(TEXT), "deflate"),
    ],
)
def test_what_is_packed_is_unpacked(data: bytes, coding: str | None) -> None:
    assert unpacked(data, coding) == TEXT


PACKED = gzip.compress(TEXT, mtime=0)


@pytest.mark.parametrize(
    ("data", "coding", "why"),
    [
        (b"none", "gzip", "incorrect header check"),
        (b"", "gzip", "it is cut off"),
        (PACKED[:-1], "gzip", "it is cut off"),
        (PACKED[:-9], "gzip", "it is cut off"),
        (PACKED[:-8] + bytes(4) + PACKED[-4:], "gzip", "incorrect data check"),
        (PACKED[:-4] + bytes(4), "gzip", "incorrect length check"),
        (PACKED + b"\0", "gzip", "it is cut off"),
        (PACKED + b"{}", "gzip", "incorrect header check"),
        (gzip.compress(b"", mtime=0) * (MEMBERS + 1), "gzip", f"it has more than {MEMBERS} members"),
        (TEXT, "deflate", "invalid distance too far back"),
        (zlib.compress(TEXT)[:-1] + b"\0", "deflate", "incorrect data check"),
        (zlib.compress(TEXT) + b"x", "deflate", "something follows its end"),
    ],
)
def test_what_is_not_packed_so_is_refused(data: bytes, coding: str, why: str) -> None:
    with pytest.raises(RequestError) as caught:
        unpacked(data, coding)
    assert caught.value.code == "INVALID_ARGUMENT"
    assert caught.value.message == (
        f"Request body can't be unpacked: its header Content-Encoding says {coding}, and it is not that: {why}."
    )


def test_as_many_members_as_may_be() -> None:
    assert unpacked(gzip.compress(b"a", mtime=0) * MEMBERS, "gzip") == b"a" * MEMBERS


def test_a_body_that_unpacks_to_too_much_is_refused_early(monkeypatch: pytest.MonkeyPatch) -> None:
    bomb = gzip.compress(bytes(200 * LIMIT))
    made = []
    real = zlib.decompressobj

    class Counted:
        def __init__(self, window: int) -> None:
            self._real = real(window)

        def __getattr__(self, name: str) -> object:
            return getattr(self._real, name)

        def decompress(self, data: memoryview, most: int) -> bytes:
            made.append(most)
            return self._real.decompress(data, most)

    monkeypatch.setattr(zlib, "decompressobj", Counted)
    with pytest.raises(HttpError, match=rf"^Request body is larger than {LIMIT} bytes\.") as caught:
        unpacked(bomb, "gzip")
    assert caught.value.code == 413
    assert sum(made) <= 2 * LIMIT


def test_memory_of_all_bodies_is_bounded_and_given_back() -> None:
    memory = Memory(LIMIT)
    first, second = (Body(memory, LIMIT, "gzip") for _ in range(2))
    first.data = second.data = gzip.compress(bytes(LIMIT * 3 // 4))
    assert first.unpack(LIMIT, Deadline(60))
    with pytest.raises(HttpError) as caught:
        second.unpack(LIMIT, Deadline(60))
    assert (caught.value.code, caught.value.status) == (503, "RESOURCE_EXHAUSTED")
    assert caught.value.headers == {"Retry-After": "1"}
    second.release()
    first.share()
    first.release()
    with pytest.raises(HttpError):
        memory.take(LIMIT)
    first.release()
    memory.take(LIMIT)


def test_a_body_that_is_left_for_later_holds_nothing() -> None:
    memory = Memory(LIMIT)
    body = Body(memory, LIMIT, "gzip")
    body.data = gzip.compress(bytes(LIMIT // 2))
    assert not body.unpack(4 * SMALL, Deadline(60))
    assert body.coding == "gzip"
    memory.take(LIMIT)
    memory.give(LIMIT)
    assert body.unpack(LIMIT, Deadline(60))
    assert body.data == bytes(LIMIT // 2)


def test_unpacking_ends_when_nobody_waits() -> None:
    looks: Iterator[bool] = iter([False, False, True])
    body = Body(Memory(LIMIT), LIMIT, "gzip")
    body.data = gzip.compress(bytes(LIMIT))
    with pytest.raises(RequestError, match="Timed out waiting for notification"):
        body.unpack(LIMIT, Deadline(60, lambda: next(looks)))


@pytest.mark.parametrize(
    ("value", "coding"),
    [
        (None, None),
        ("", None),
        ("identity", None),
        ("gzip", "gzip"),
        (" GZip ", "gzip"),
        ("identity, x-gzip", "x-gzip"),
        ("deflate", "deflate"),
    ],
)
def test_codings(value: str | None, coding: str | None) -> None:
    assert read_coding(value) == coding


@pytest.mark.parametrize("value", ["br", "gzip, gzip", "zstd", "gzip2"])
def test_unknown_codings(value: str) -> None:
    with pytest.raises(HttpError) as caught:
        read_coding(value)
    assert caught.value.code == 415
    assert caught.value.message == f"Content-Encoding: expected gzip, deflate or identity, got {value}."
    assert caught.value.headers == {"Accept-Encoding": "gzip, deflate"}
