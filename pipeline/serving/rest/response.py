"""An answer whose bytes are known, and how they are sent."""

from __future__ import annotations

import asyncio
import re
import zlib
from collections.abc import Mapping
from http import HTTPStatus

from aiohttp import hdrs, web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.helpers import rfc822_formatted_time

LONG = 60 << 10  # bytes of an answer; up to so many fit a connection's buffer (64 KiB), and are not worth compressing
CORS = {  # TF Serving's, with --rest_api_enable_cors_support
    "Access-Control-Allow-Origin": "*",
    "Access-Control-Allow-Methods": "POST, GET",
    "Access-Control-Allow-Headers": "Content-Type",
}
_LEVEL = 1  # of compression: half of what more effort would save, in a tenth of its time
_STATUS_LINES = {status.value: f"{status.value} {status.phrase}\r\n" for status in HTTPStatus}
_GZIP = re.compile(r"\s*(gzip|x-gzip|\*)\s*(?:;\s*q\s*=\s*([\d.]+)\s*)?", re.IGNORECASE | re.ASCII)
_VARIES = {"Vary": "Accept-Encoding"}
_CODED = {"Content-Encoding": "gzip", **_VARIES}


class Answer(web.StreamResponse):
    """An answer that is written at once: headers and body in one piece.

    Args:
      status: of HTTP.
      body: all of it.
      headers: beside those of every answer; without line breaks.
      close: whether the connection ends with it.
    """

    def __init__(self, status: int, body: bytes, headers: Mapping[str, str], close: bool = False) -> None:
        super().__init__(status=status)
        self._content = body
        self._more = headers
        self._stays = False if close else None
        self._head: bytes | None = None
        self._writer: AbstractStreamWriter | None = None

    @property
    def keep_alive(self) -> bool | None:
        """Whether the connection stays; None if that is not decided yet."""
        return self._stays

    def force_close(self) -> None:
        """Ends the connection with it."""
        self._stays = False

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Makes the head; nothing is sent yet."""
        if self._writer is not None:
            return self._writer
        self._writer = request.writer
        if self._stays is None:
            self._stays = request.keep_alive
        old = request.version < (1, 1)
        head = [
            f"HTTP/1.{0 if old else 1} {_STATUS_LINES[self.status]}"
            f"Content-Length: {len(self._content)}\r\nDate: {rfc822_formatted_time()}\r\n"
        ]
        if self._stays == old:
            head.append("Connection: keep-alive\r\n" if old else "Connection: close\r\n")
        head += [f"{name}: {value}\r\n" for name, value in self._more.items()]
        self._head = ("".join(head) + "\r\n").encode("ascii")
        if request.method == hdrs.METH_HEAD:
            self._content = b""
        return self._writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Sends it, once."""
        head, self._head = self._head, None
        if head is None or self._writer is None:
            return
        if len(self._content) > LONG:
            await self._writer.write(head)
            await self._writer.write_eof(self._content)
        else:
            await self._writer.write_eof(head + self._content)

    def fits(self, transport: asyncio.Transport | None) -> bool:
        """Whether it can be written without waiting for the client to read."""
        return len(self._content) <= LONG and transport is not None and not transport.get_write_buffer_size()


def accepts_gzip(value: str) -> bool:
    """Whether a header Accept-Encoding allows gzip: by its name, else by `*`."""
    found: dict[str, bool] = {}
    for part in value.split(","):
        match = _GZIP.fullmatch(part)
        if match:
            name, quality = match.groups()
            found[name.lower().removeprefix("x-")] = not quality or quality.strip("0.") != ""
    return found.get("gzip", found.get("*", False))


def compress(body: bytes, accepted: str) -> tuple[bytes, Mapping[str, str]]:
    """A long body, packed if the client takes that.

    Args:
      body: of an answer.
      accepted: of the header Accept-Encoding.

    Returns:
      The body, and headers that go with it.
    """
    if len(body) <= LONG:
        return body, {}
    if not accepts_gzip(accepted):
        return body, _VARIES
    return zlib.compress(body, _LEVEL, 16 + zlib.MAX_WBITS), _CODED
