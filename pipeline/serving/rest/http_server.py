"""Runs an aiohttp application in a thread of its own."""

from __future__ import annotations

import asyncio
import os
import socket
import threading
from collections.abc import Coroutine

from aiohttp import web
from aiohttp.typedefs import Handler
from aiohttp.web_protocol import RequestHandler

from components.errors import RunError

BACKLOG = 512


def listen(host: str, port: int) -> socket.socket:
    """A socket that listens.

    Raises:
      RunError: the port can't be had.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        return socket.create_server((host, port), family=family, backlog=BACKLOG)
    except OSError as error:
        raise RunError(
            f"REST: can't listen on {host}:{port}: {_reason(error)}. "
            "Choose another --rest-port (0 takes any that is free), or stop what listens there."
        ) from error


def _reason(error: OSError) -> str:
    """Without the address, which asyncio and socket add each in their own way."""
    number = error.errno or 0
    return os.strerror(number) if number > 0 else str(error.strerror or error)


class HttpServer:
    """Serves an application on a socket.

    Args:
      app: what to serve.
      sock: listens already.
      first_seconds: that a client may take from connecting to its first request.
      keepalive_seconds: that a connection may be idle between requests.
      drain_seconds: that running requests get at the end.
    """

    def __init__(
        self,
        app: web.Application,
        sock: socket.socket,
        first_seconds: float,
        keepalive_seconds: float,
        drain_seconds: float,
    ) -> None:
        self._sock = sock
        self._first_seconds = first_seconds
        self._drain_seconds = drain_seconds
        self._served: set[RequestHandler] = set()
        app.middlewares.append(self._mark)
        self._runner = web.AppRunner(
            app,
            access_log=None,
            handle_signals=False,
            keepalive_timeout=keepalive_seconds,
            shutdown_timeout=drain_seconds,
            lingering_time=min(5.0, first_seconds),
        )
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
        await self._runner.setup()
        await web.SockSite(self._runner, self._sock, backlog=BACKLOG).start()
        self._sweeper = asyncio.create_task(self._sweep())

    async def _end(self) -> None:
        self._sweeper.cancel()
        await asyncio.gather(self._sweeper, return_exceptions=True)
        await self._runner.cleanup()

    @web.middleware
    async def _mark(self, request: web.Request, handler: Handler) -> web.StreamResponse:
        """Remembers that a connection had a request: from then on aiohttp itself ends it when it is idle."""
        self._served.add(request.protocol)
        return await handler(request)

    async def _sweep(self) -> None:
        """Cuts connections that never send a whole request."""
        since: dict[RequestHandler, float] = {}
        while True:
            await asyncio.sleep(min(1.0, self._first_seconds / 2))
            now = self._loop.time()
            server = self._runner.server
            connections = set(server.connections) if isinstance(server, web.Server) else set()
            self._served &= connections
            since = {connection: since.get(connection, now) for connection in connections - self._served}
            for connection, begun in since.items():
                if now - begun > self._first_seconds:
                    connection.force_close()
