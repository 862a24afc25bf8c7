import asyncio
import contextlib
import logging
import socket
import threading
import time
from collections.abc import Iterator

import pytest
from aiohttp import web

from pipeline.serving.rest import http_server
from pipeline.serving.rest.http_server import Handler, HttpServer, listen
from pipeline.serving.rest.response import Answer

GET = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"


async def hello(request: web.BaseRequest) -> web.StreamResponse:
    return Answer(200, b"hello", {"Content-Type": "text/plain"})


class Servers:
    """Starts servers, and stops those that still run at the end."""

    def __init__(self) -> None:
        self._running: dict[int, HttpServer] = {}

    def __call__(
        self, handler: Handler = hello, seconds: float = 30.0, host: str = "127.0.0.1", drain: float = 5.0
    ) -> int:
        sock = listen(host, 0)
        port = sock.getsockname()[1]
        self._running[port] = HttpServer(handler, sock, seconds, 30.0, drain)
        self._running[port].start()
        return port

    def stop(self, port: int) -> None:
        self._running.pop(port).stop()

    def stop_all(self) -> None:
        for port in list(self._running):
            self.stop(port)


@pytest.fixture
def start() -> Iterator[Servers]:
    servers = Servers()
    yield servers
    servers.stop_all()


def connect(port: int, host: str = "127.0.0.1") -> socket.socket:
    return socket.create_connection((host, port), timeout=10)


def read_all(client: socket.socket) -> bytes:
    received = b""
    while data := client.recv(1 << 16):
        received += data
    return received


def is_closed(client: socket.socket) -> bool:
    try:
        return client.recv(1) == b""
    except ConnectionError:
        return True


def test_an_answer_is_one_piece_and_the_connection_stays(start: Servers) -> None:
    with connect(start()) as client:
        for _ in range(2):
            client.sendall(GET)
            head, _, body = client.recv(1 << 16).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nDate: ")
            assert head.endswith(b"GMT\r\nContent-Type: text/plain")
            assert body == b"hello"
        client.sendall(b"HEAD / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n")
        head, _, body = read_all(client).partition(b"\r\n\r\n")
        assert b"\r\nContent-Length: 5\r\n" in head
        assert b"\r\nConnection: close" in head
        assert body == b""


def test_http_1_0(start: Servers) -> None:
    port = start()
    with connect(port) as client:
        client.sendall(b"GET / HTTP/1.0\r\n\r\n")
        head, _, body = read_all(client).partition(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.0 200 OK\r\n")
        assert b"Connection" not in head
        assert body == b"hello"
    with connect(port) as client:
        for _ in range(2):
            client.sendall(b"GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
            assert b"\r\nConnection: keep-alive\r\n" in client.recv(1 << 16)


def has_ipv6() -> bool:
    try:
        with socket.create_server(("::1", 0), family=socket.AF_INET6):
            return True
    except OSError:
        return False


@pytest.mark.skipif(not has_ipv6(), reason="this machine has no IPv6")
def test_two_colons_are_both_families(start: Servers) -> None:
    port = start(host="::")
    for host in ("127.0.0.1", "::1"):
        with connect(port, host) as client:
            client.sendall(GET)
            assert b"hello" in client.recv(1 << 16)


def test_no_http_leaves_no_trace(start: Servers, caplog: pytest.LogCaptureFixture) -> None:
    port = start()
    for sent in (
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET / HTTP/x\r\n\r\n",
        b"NONE-SUCH / HTTP/1.1\r\n\r\n",
    ):
        with connect(port) as client:
            client.sendall(sent)
            assert read_all(client).startswith((b"HTTP/1.0 400", b"HTTP/1.1 400"))
    assert caplog.records == []


def test_what_a_handler_breaks_on_is_logged(start: Servers, caplog: pytest.LogCaptureFixture) -> None:
    async def broken(request: web.BaseRequest) -> web.StreamResponse:
        raise ZeroDivisionError

    with connect(start(broken)) as client:
        client.sendall(GET)
        assert b" 500 " in read_all(client)
    assert [record.levelno for record in caplog.records] == [logging.ERROR]


def test_the_longest_idle_connection_makes_room(start: Servers, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(http_server, "most_connections", lambda: 3)
    port = start()
    clients = [connect(port) for _ in range(3)]
    for client in (clients[1], clients[2], clients[0]):
        client.sendall(GET)
        assert client.recv(1 << 16)
    with connect(port) as more:
        more.sendall(GET)
        assert more.recv(1 << 16)
        assert is_closed(clients[1])
        for client in (clients[0], clients[2]):
            client.sendall(GET)
            assert client.recv(1 << 16)
    for client in clients:
        client.close()


def test_without_an_idle_connection_a_new_one_is_refused(
    start: Servers, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.5)
        return await hello(request)

    monkeypatch.setattr(http_server, "most_connections", lambda: 1)
    port = start(slow)
    with connect(port) as client:
        client.sendall(GET)
        time.sleep(0.1)
        with connect(port) as more:
            assert is_closed(more)
        assert client.recv(1 << 16).endswith(b"hello")
    assert caplog.records == []


def test_heads_that_come_slowly_are_cut(start: Servers) -> None:
    port = start(seconds=0.5)
    begun = time.monotonic()
    with connect(port) as client, pytest.raises(ConnectionError):
        while time.monotonic() < begun + 5:
            client.sendall(b"X-Y: z\r\n" if time.monotonic() > begun + 0.1 else GET[:-2])
            time.sleep(0.05)
    assert time.monotonic() - begun < 3


@pytest.mark.parametrize(("size", "requests"), [(50_000, 1000), (50_000_000, 1)])
def test_answers_that_are_not_read_are_cut(
    start: Servers, caplog: pytest.LogCaptureFixture, size: int, requests: int
) -> None:
    async def much(request: web.BaseRequest) -> web.StreamResponse:
        return Answer(200, bytes(size), {})

    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        client.connect(("127.0.0.1", start(much, seconds=0.4)))
        client.sendall(GET * requests)
        time.sleep(1)
        client.settimeout(10)
        received = 0
        with contextlib.suppress(ConnectionError):
            while data := client.recv(1 << 20):
                received += len(data)
    assert 0 < received < size * requests
    assert caplog.records == []


def test_the_end_answers_what_is_on_its_way(start: Servers) -> None:
    async def slow(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(0.3)
        return await hello(request)

    port = start(slow)
    kept = [connect(port) for _ in range(2)]
    for client in kept:
        client.sendall(GET)
        assert client.recv(1 << 16)
    kept[0].sendall(GET)
    time.sleep(0.1)
    stopping = threading.Thread(target=start.stop, args=[port])
    begun = time.monotonic()
    stopping.start()
    time.sleep(0.1)
    with pytest.raises(ConnectionRefusedError):
        connect(port)
    kept[1].sendall(GET)
    for client in kept:
        head = read_all(client)
        assert head.startswith(b"HTTP/1.1 200")
        assert b"\r\nConnection: close\r\n" in head
        client.close()
    stopping.join()
    assert time.monotonic() - begun < 3


def test_the_end_does_not_wait_for_idle_connections(start: Servers) -> None:
    port = start()
    with connect(port) as client:
        client.sendall(GET)
        assert client.recv(1 << 16)
        begun = time.monotonic()
        start.stop(port)
        assert time.monotonic() - begun < 2
        assert client.recv(1) == b""


def test_the_end_is_not_put_off_for_ever(start: Servers) -> None:
    async def stuck(request: web.BaseRequest) -> web.StreamResponse:
        await asyncio.sleep(60)
        return await hello(request)

    port = start(stuck, drain=0.5)
    with connect(port) as client:
        client.sendall(GET)
        time.sleep(0.1)
        begun = time.monotonic()
        start.stop(port)
        assert time.monotonic() - begun < 2
