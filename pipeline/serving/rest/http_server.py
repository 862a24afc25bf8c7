"""Runs aiohttp's HTTP server in a thread of its own: connections, their time limits, and their end."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import os
import resource
import socket
import sys
import threading
import time
from collections.abc import Awaitable, Callable, Coroutine
from typing import Any

from aiohttp import web
from aiohttp.http import HttpProcessingError
from aiohttp.web_protocol import RequestHandler

from components.errors import RunError
from pipeline.serving.rest.response import Answer

BACKLOG = 512
LAST_SECONDS = 0.5  # that idle connections stay when the server stops, for requests that are on their way
CUT_SECONDS = 0.1  # that those get whose time to end is over
_PROTOCOL_LOG = logging.getLogger(__name__ + ".protocol")
Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    """Whether it is anything else than that somebody sent what is no HTTP; anybody can do that as often as they like."""
    error = record.exc_info[1] if record.exc_info else None
    return not isinstance(error, HttpProcessingError)


_PROTOCOL_LOG.addFilter(_is_worth_a_line)


def most_connections() -> int:
    """Connections that a process may have: three quarters of its files; models and gRPC open some too."""
    soft = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return sys.maxsize if soft == resource.RLIM_INFINITY else max(1, soft * 3 // 4)


def listen(host: str, port: int, shared: bool = False) -> socket.socket:
    """A socket that listens; on `::` for both families.

    Args:
      host: an address of this machine.
      port: 0 for any that is free.
      shared: other processes of this user may listen on the same port, if they say so too.

    Raises:
      RunError: the port can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server(
            (host, port), family=family, backlog=BACKLOG, reuse_port=shared, dualstack_ipv6=host == "::"
        )
    except OSError as error:
        raise _taken("rest_port", host, port, error) from error


def reserve(host: str, port: int, option: str) -> socket.socket:
    """A port that nobody else listens on, for processes that will share it; the socket itself doesn't listen.

    Args:
      host: an address of this machine.
      port: 0 for any that is free.
      option: `rest_port` or `grpc_port`, for the message.

    Raises:
      RunError: the port can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        with socket.create_server((host, port), family=family, dualstack_ipv6=host == "::") as alone:
            port = alone.getsockname()[1]
        held = socket.socket(family)
        try:
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT, 1)
            if family == socket.AF_INET6:
                held.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
            held.bind((host, port))
            held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 0)  # or another could listen until the workers do
        except BaseException:
            held.close()
            raise
    except OSError as error:
        raise _taken(option, host, port, error) from error
    return held


def _taken(option: str, host: str, port: int, error: OSError) -> RunError:
    api = {"rest_port": "REST", "grpc_port": "gRPC"}[option]
    return RunError(
        f"{api}: can't listen on {host}:{port}: {_reason(error)}. "
        f"Choose another --{option.replace('_', '-')} (0 takes any that is free), or stop what listens there."
    )


def _reason(error: OSError) -> str:
    """Without the address, which asyncio and socket add each in their own way."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


class _Connections(web.Server):
    """All connections; when there are too many, the one that has been idle longest makes room.

    Args:
      handler: answers.
      most: connections that there may be.
      options: of aiohttp's.
    """

    def __init__(self, handler: Handler, most: int, **options: Any) -> None:
        super().__init__(handler, **options)
        self._most = most
        self._open: dict[RequestHandler, asyncio.Transport] = {}
        # Those without a request: since when, and whether they never had one. The longest idle one is the first.
        self._idle: dict[RequestHandler, tuple[float, bool]] = {}

    def connection_made(self, handler: RequestHandler, transport: asyncio.Transport) -> None:
        """Takes a connection."""
        super().connection_made(handler, transport)
        if len(self._open) >= self._most:
            longest = next(iter(self._idle), None)
            if longest is not None:
                del self._idle[longest]
            # Not at once: aiohttp has yet to begin with this one.
            asyncio.get_running_loop().call_soon((transport if longest is None else self._open[longest]).abort)
        self._open[handler] = transport
        self._idle[handler] = (time.monotonic(), True)

    def connection_lost(self, handler: RequestHandler, exc: BaseException | None = None) -> None:
        """Forgets a connection."""
        super().connection_lost(handler, exc)
        self._open.pop(handler, None)
        self._idle.pop(handler, None)

    def begin(self, handler: RequestHandler) -> None:
        """A connection has a request."""
        self._idle.pop(handler, None)

    def end(self, handler: RequestHandler) -> None:
        """Its answer is sent."""
        if handler in self._open:
            self._idle[handler] = (time.monotonic(), False)

    def sweep(self, seconds: float) -> None:
        """Cuts connections that in so much time have sent no whole head of a first request, or not taken an answer's end."""
        before = time.monotonic() - seconds
        for handler, (since, fresh) in list(self._idle.items()):
            if since > before:
                break
            if fresh or self._open[handler].get_write_buffer_size():
                self._open[handler].abort()

    def any(self) -> bool:
        """Whether there is a connection."""
        return bool(self._open)

    def close_idle(self) -> None:
        """Ends connections without a request."""
        for handler in list(self._idle):
            handler.force_close()


class HttpServer:
    """Serves a handler on a socket.

    Args:
      handler: answers every request.
      sock: listens already.
      client_seconds: that a client may take from connecting to the head of its first request, and to take an answer.
      keepalive_seconds: that a connection may be idle between requests.
      drain_seconds: that running requests get at the end.
    """

    def __init__(
        self,
        handler: Handler,
        sock: socket.socket,
        client_seconds: float,
        keepalive_seconds: float,
        drain_seconds: float,
    ) -> None:
        self._handler = handler
        self._sock = sock
        self._client_seconds = client_seconds
        self._keepalive_seconds = keepalive_seconds
        self._drain_seconds = drain_seconds
        self._draining = False
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run, name="rest", daemon=True)

    def start(self) -> None:
        """Begins to answer."""
        self._thread.start()
        self._do(self._begin())

    def stop(self) -> None:
        """Takes no more connections, lets running requests end, and ends."""
        self._do(self._end())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def _do(self, coroutine: Coroutine[None, None, None]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, self._loop).result()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_forever()

    async def _begin(self) -> None:
        self._connections = _Connections(
            self._answer,
            most_connections(),
            access_log=None,
            logger=_PROTOCOL_LOG,
            keepalive_timeout=self._keepalive_seconds,
            lingering_time=min(5.0, self._client_seconds),
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(self._connections, shutdown_timeout=CUT_SECONDS)
        await self._runner.setup()
        self._site = web.SockSite(self._runner, self._sock, backlog=BACKLOG)
        await self._site.start()
        self._sweeper = asyncio.create_task(self._sweep())

    async def _end(self) -> None:
        self._sweeper.cancel()
        await asyncio.gather(self._sweeper, return_exceptions=True)
        self._draining = True
        accepted = self._accept_all()  # or they would be reset, though the kernel has let them in
        await self._site.stop()
        for connection in accepted:
            await self._loop.connect_accepted_socket(self._connections, connection)
        # A request that is on its way on a kept connection is answered, and the client told to come no more.
        begun = self._loop.time()
        while self._connections.any() and self._loop.time() < begun + self._drain_seconds:
            if self._loop.time() > begun + LAST_SECONDS:
                self._connections.close_idle()
            await asyncio.sleep(0.02)
        await self._runner.cleanup()
        late = asyncio.all_tasks() - {asyncio.current_task()}
        for task in late:
            task.cancel()
        await asyncio.gather(*late, return_exceptions=True)
        await self._loop.shutdown_default_executor()

    def _accept_all(self) -> list[socket.socket]:
        accepted = []
        with contextlib.suppress(OSError):  # BlockingIOError: there is none any more
            while True:
                accepted.append(self._sock.accept()[0])
        return accepted

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answers and sends; a client that does not take its answer is cut off."""
        handler = request.protocol
        self._connections.begin(handler)
        response: web.StreamResponse | None = None
        try:
            response = await self._handler(request)
            if self._draining:
                response.force_close()
            await response.prepare(request)
            if isinstance(response, Answer) and response.fits(request.transport):
                await response.write_eof()
            else:
                async with asyncio.timeout(self._client_seconds):
                    await response.write_eof()
        except TimeoutError:
            if request.transport is not None:
                request.transport.abort()
        except ConnectionError:
            pass  # the client has gone
        finally:
            self._connections.end(handler)
        return Answer(400, b"", {}, close=True) if response is None else response

    async def _sweep(self) -> None:
        while True:
            await asyncio.sleep(min(1.0, self._client_seconds / 2))
            self._connections.sweep(self._client_seconds)
