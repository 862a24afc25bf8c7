"""Bodies of requests: read on the event loop as they come, unpacked in a thread, and never more bytes held than may be."""

from __future__ import annotations

import asyncio
import threading
import zlib
from collections.abc import Iterator

from aiohttp import web

from pipeline.serving.errors import RequestError, invalid
from pipeline.serving.rest.errors import HttpError, busy
from pipeline.serving.rest.pool import Deadline

SMALL = 1 << 14  # bytes of a body that are not counted: so many of every connection are
CODINGS = {"gzip": 16 + zlib.MAX_WBITS, "x-gzip": 16 + zlib.MAX_WBITS, "deflate": zlib.MAX_WBITS}
MEMBERS = 1024  # of one gzip body: each costs as much as a small request
_IN, _OUT = 1 << 16, 1 << 18  # bytes that are unpacked, and made of it, at once
_CONTINUE = b"HTTP/1.1 100 Continue\r\n\r\n"


class Memory:
    """Bytes of bodies that this process holds, of all requests together.

    Args:
      most: that there may be.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._held = 0
        self._lock = threading.Lock()

    def take(self, size: int) -> None:
        """Holds more.

        Raises:
          HttpError: that would be too many.
        """
        with self._lock:
            if self._held + size > self._most:
                raise busy("Too many large requests at once. Try again later.")
            self._held += size

    def give(self, size: int) -> None:
        """Holds less."""
        with self._lock:
            self._held -= size


class Body:
    """A request's body, packed or not. What is held of it is given back by `release`.

    Args:
      memory: that it is held in.
      limit: bytes that it may have, packed or not.
      coding: it is packed by, of `CODINGS`; None if by none.
    """

    def __init__(self, memory: Memory, limit: int, coding: str | None = None) -> None:
        self._memory = memory
        self._limit = limit
        self._held = 0
        self._users = 1
        self.coding = coding
        self.data = b""

    def take(self, size: int) -> None:
        """Counts that many bytes. Raises HttpError if there are too many, of all requests."""
        self._memory.take(size)
        self._held += size

    def share(self) -> None:
        """Another one that calls `release` when it has done: nothing is given back before."""
        self._users += 1

    def release(self) -> None:
        """Gives back what was taken, when all who use the body have said so."""
        self._users -= 1
        if not self._users:
            self.data = b""
            self._memory.give(self._held)
            self._held = 0

    def too_long(self) -> HttpError:
        """What a longer body is answered."""
        return HttpError(413, f"Request body is larger than {self._limit} bytes. Send fewer rows at once.")

    async def read(self, request: web.BaseRequest, seconds: float) -> None:
        """Reads it, as it is sent.

        Args:
          request: with it.
          seconds: that it may take.

        Raises:
          HttpError: it is too long, comes too slowly, is cut off, or there are too many others.
        """
        content = request.content
        if content.is_eof() and content.total_bytes <= SMALL:  # it came with its headers
            self.data = content.read_nowait()
            return
        if (request.content_length or 0) > self._limit:
            raise self.too_long()
        if request.headers.get("Expect", "").lower() == "100-continue" and request.version >= (1, 1):
            await request.writer.write(_CONTINUE)
            request.writer.output_size = 0  # of the answer, nothing is sent yet
        chunks: list[bytes] = []
        size = 0
        try:
            async with asyncio.timeout(seconds):
                while chunk := await content.readany():
                    size += len(chunk)
                    chunks.append(chunk)
                    if size > self._limit:
                        raise self.too_long()
                    if size > SMALL:
                        self.take(size - self._held)
        except TimeoutError as error:
            raise HttpError(408, f"Request body did not arrive within {seconds:g} seconds.") from error
        except web.RequestPayloadError as error:
            raise HttpError(400, "Request body can't be read: it is cut off, or not as its headers say.") from error
        self.data = b"".join(chunks)

    def unpack(self, most: int, deadline: Deadline) -> bool:
        """Unpacks it, if it is packed; for a thread.

        Args:
          most: bytes that may come of it. If more do, it stays as it is.
          deadline: is looked at meanwhile.

        Returns:
          Whether it is unpacked now.

        Raises:
          HttpError: it is longer than the limit, or there are too many others.
          RequestError: it can't be unpacked, or the time has passed.
        """
        if self.coding is None:
            return True
        pieces: list[bytes] = []
        size = taken = 0
        try:
            for piece in _pieces(self.data, self.coding):
                deadline.check()
                size += len(piece)
                if size > self._limit:
                    raise self.too_long()
                if size > most:
                    self._memory.give(taken)
                    self._held -= taken
                    return False
                if size > SMALL:
                    self.take(size - taken)
                    taken = size
                pieces.append(piece)
        except zlib.error as error:
            raise self._broken(str(error).rpartition("data: ")[2]) from error
        except EOFError as error:
            raise self._broken(str(error)) from error
        self.data, self.coding = b"".join(pieces), None
        return True

    def _broken(self, why: str) -> RequestError:
        return invalid(
            f"Request body can't be unpacked: its header Content-Encoding says {self.coding}, and it is not that: {why}."
        )


def read_coding(value: str | None) -> str | None:
    """What a body is packed by.

    Args:
      value: of the header Content-Encoding.

    Raises:
      HttpError: by what is not known, or twice.
    """
    if not value:
        return None
    found = [each for each in (part.strip().lower() for part in value.split(",")) if each not in ("", "identity")]
    if not found:
        return None
    if len(found) > 1 or found[0] not in CODINGS:
        raise HttpError(
            415,
            f"Content-Encoding: expected gzip, deflate or identity, got {value}.",
            headers={"Accept-Encoding": "gzip, deflate"},
        )
    return found[0]


def _pieces(data: bytes, coding: str) -> Iterator[bytes]:
    """What a packed body holds, piece by piece.

    A gzip body may have several members; each one's checksum and length are compared, and nothing else may follow.

    Raises:
      zlib.error: it is not packed so.
      EOFError: it is cut off, or has too many members.
    """
    view = memoryview(data)
    window = CODINGS[coding]
    if coding == "deflate" and not _has_zlib_header(data):
        window = -zlib.MAX_WBITS  # as some clients send it, against the standard
    at = 0
    for _ in range(MEMBERS):
        member = zlib.decompressobj(window)
        while not member.eof:
            chunk = view[at : at + _IN]
            piece = member.decompress(chunk, _OUT)
            at += len(chunk) - len(member.unconsumed_tail) - len(member.unused_data)
            if piece:
                yield piece
            elif not chunk:
                raise EOFError("it is cut off")
        if at == len(view):
            return
        if coding == "deflate":
            raise EOFError("something follows its end")
    raise EOFError(f"it has more than {MEMBERS} members")


def _has_zlib_header(data: bytes) -> bool:
    """Whether data begin as RFC 1950 has it."""
    return len(data) > 1 and data[0] & 15 == zlib.DEFLATED and int.from_bytes(data[:2]) % 31 == 0
