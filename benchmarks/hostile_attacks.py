"""Requests and connections that a server should not be hurt by."""

from __future__ import annotations

import contextlib
import dataclasses
import gzip
import json
import re
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import zlib
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor

import grpc

from benchmarks.serving_requests import PREDICT, REGRESS, Columns, framed, grpc_predict, rest_rows, row_dicts

PATIENCE = 60.0  # seconds that an attacker waits for an answer
SLOW_SECONDS = 8.0  # that an attack by slowness goes on
GIB = 1 << 30
STATUS_OK = b"HTTP/1.1 200"


@dataclasses.dataclass(frozen=True)
class Target:
    """What is attacked.

    Attributes:
      rest_port: of REST.
      grpc_port: of gRPC.
      name: of a model.
      columns: makes columns of so many rows for it.
    """

    rest_port: int
    grpc_port: int
    name: str
    columns: Callable[[int], Columns]

    @property
    def path(self) -> str:
        """Of a prediction."""
        return f"/v1/models/{self.name}:predict"

    def request(self, body: bytes, *headers: str, path: str | None = None) -> bytes:
        """An HTTP request with a body."""
        lines = [f"POST {path or self.path} HTTP/1.1", "Host: x", f"Content-Length: {len(body)}", *headers, "", ""]
        return "\r\n".join(lines).encode() + body


Run = Callable[[], str]
"""Makes the attack; what was answered."""
Attack = Callable[[Target], Run]


def _connect(target: Target) -> socket.socket:
    return socket.create_connection(("127.0.0.1", target.rest_port), timeout=PATIENCE)


def _status(data: bytes) -> str:
    """The status of an HTTP answer, and the beginning of its error."""
    if not data:
        return "closed"
    head, _, body = data.partition(b"\r\n\r\n")
    status = head.split(b" ", 2)[1].decode()
    error = re.match(rb'{\s*"error": ?"((?:[^"\\]|\\.)*)', body)
    return status + (f" {error[1].decode(errors='replace')[:60]}" if error and status != "200" else "")


def _answer(connection: socket.socket) -> bytes:
    """An HTTP answer, read to its end; b"" if the connection ends without one."""
    data = b""
    try:
        while b"\r\n\r\n" not in data:
            more = connection.recv(65536)
            if not more:
                return data
            data += more
        length = re.search(rb"(?i)content-length: *(\d+)", data)
        parts, got = [data], len(data) - data.index(b"\r\n\r\n") - 4
        while length and got < int(length[1]):
            more = connection.recv(1 << 20)
            if not more:
                break
            parts.append(more)
            got += len(more)
        return b"".join(parts)
    except ConnectionError:
        return data
    except TimeoutError:
        return b"HTTP/1.1 timeout\r\n\r\n"


def _ask(target: Target, data: bytes) -> str:
    """Sends bytes on a connection of its own; the status. A server may answer, and close, before it has read all."""
    with _connect(target) as connection:
        with contextlib.suppress(ConnectionError, TimeoutError):
            connection.sendall(data)
        return _status(_answer(connection))


def _call(target: Target, method: str, request: bytes, timeout: float = PATIENCE) -> str:
    options = [("grpc.use_local_subchannel_pool", 1), ("grpc.max_receive_message_length", -1)]
    with grpc.insecure_channel(f"127.0.0.1:{target.grpc_port}", options) as channel:
        call = channel.unary_unary(method, request_serializer=None, response_deserializer=None)
        try:
            call(request, timeout=timeout)
        except grpc.RpcError as error:
            return f"{error.code().name} {error.details()[:60]}"
    return "OK"


def _counted(said: Sequence[str]) -> str:
    """Answers, each with how often it came."""
    return "; ".join(f"{count} × {text}" if len(said) > 1 else text for text, count in Counter(said).most_common(4))


def _at_once(times: int, once: Callable[[], str], workers: int | None = None) -> Run:
    def run() -> str:
        with ThreadPoolExecutor(workers or times) as pool:
            return _counted([future.result() for future in [pool.submit(once) for _ in range(times)]])

    return run


def _shaped(target: Target, shape: Sequence[int], values: int) -> bytes:
    """A PredictRequest whose tensors say one shape and hold so many values."""
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest.FromString(grpc_predict(target.name, target.columns(1)))
    columns = target.columns(1)
    for name, value in columns.items():
        tensor = request.inputs[name]
        dtype = tensor.dtype
        tensor.Clear()
        tensor.dtype = dtype
        for size in shape:
            tensor.tensor_shape.dim.add(size=size)
        for _ in range(values):
            if value.dtype == object:
                tensor.string_val.append(b"x")
            elif value.dtype.itemsize == 8:
                tensor.double_val.append(0)
            else:
                tensor.float_val.append(0)
    return request.SerializeToString()


def shape_of_numbers(target: Target) -> Run:
    """One input says 2^28 rows, and has one."""
    from tensorflow_serving.apis import predict_pb2

    request = predict_pb2.PredictRequest.FromString(grpc_predict(target.name, target.columns(1)))
    huge = predict_pb2.PredictRequest.FromString(_shaped(target, [1 << 28], 1))
    name = next(name for name, value in target.columns(1).items() if value.dtype != object)
    request.inputs[name].CopyFrom(huge.inputs[name])
    return lambda: _call(target, PREDICT, request.SerializeToString())


def shape_of_all(target: Target) -> Run:
    """Every input says 2^28 rows, texts too, and has one."""
    request = _shaped(target, [1 << 28], 1)
    return lambda: _call(target, PREDICT, request)


def shape_of_none(target: Target) -> Run:
    """Every input says 2^40 rows of nothing."""
    request = _shaped(target, [1 << 40, 0], 0)
    return lambda: _call(target, PREDICT, request)


def huge_context(target: Target) -> Run:
    """4,000 empty Examples share a context of 4 MB, which each would get: 16 GB."""
    from tensorflow_serving.apis import regression_pb2

    request = regression_pb2.RegressionRequest()
    request.model_spec.name, request.model_spec.signature_name = target.name, "regress"
    context = request.input.example_list_with_context
    features = context.context.features.feature
    for name, value in row_dicts(target.columns(1))[0].items():
        if isinstance(value, str):
            features[name].bytes_list.value.append(value.encode())
        else:
            features[name].float_list.value.append(value)
    features["ballast"].bytes_list.value.append(bytes(4_000_000))
    for _ in range(4000):
        context.examples.add()
    data = request.SerializeToString()
    return lambda: _call(target, REGRESS, data)


def _bomb() -> bytes:
    """1 GiB of zeros, as gzip."""
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    block = bytes(1 << 20)
    return b"".join([*(packer.compress(block) for _ in range(GIB >> 20)), packer.flush()])


def gzip_bombs(target: Target) -> Run:
    """Eight bodies at once that unpack to 1 GiB each."""
    request = target.request(_bomb(), "Content-Encoding: gzip")
    return _at_once(8, lambda: _ask(target, request))


def grpc_gzip_bombs(target: Target) -> Run:
    """Eight gRPC messages at once that unpack to 1 GiB each."""
    nghttp = shutil.which("nghttp") or sys.exit("nghttp: not on the PATH; Debian has it in nghttp2-client.")
    packed = _bomb()
    body = b"\1" + len(packed).to_bytes(4, "big") + packed
    headers = ["content-type: application/grpc", "te: trailers", "grpc-encoding: gzip", ":method: POST"]
    command = [nghttp, "-v", "-t", f"{PATIENCE:.0f}", *(word for header in headers for word in ("-H", header)), "-d"]

    def once() -> str:
        with tempfile.NamedTemporaryFile() as file:
            file.write(body)
            file.flush()
            url = f"http://127.0.0.1:{target.grpc_port}{PREDICT}"
            done = subprocess.run([*command, file.name, url], capture_output=True, text=True, check=False)  # noqa: S603
        said = re.search(r"grpc-status:\S* *(\d+)", re.sub(r"\x1b\[[\d;]*m", "", done.stdout))
        return f"status {said[1]}" if said else "closed"

    return _at_once(8, once)


def _drip(target: Target, connections: int, first: bytes, drop: bytes) -> Run:
    """Connections that send a drop each second."""

    def run() -> str:
        opened = [_connect(target) for _ in range(connections)]
        ended = 0
        try:
            for each in opened:
                each.sendall(first)
            end = time.monotonic() + SLOW_SECONDS
            while time.monotonic() < end:
                time.sleep(1)
                ended = 0
                for each in opened:
                    try:
                        each.sendall(drop)
                    except OSError:
                        ended += 1
        finally:
            for each in opened:
                each.close()
        return f"{connections - ended} of {connections} still held"

    return run


def slow_headers(target: Target) -> Run:
    """500 connections that send a byte of their headers each second."""
    return _drip(target, 500, f"POST {target.path} HTTP/1.1\r\nX: ".encode(), b"x")


def slow_bodies(target: Target) -> Run:
    """500 connections that send a byte of their body each second."""
    head = f"POST {target.path} HTTP/1.1\r\nHost: x\r\nContent-Length: 1000000\r\n\r\n"
    return _drip(target, 500, head.encode(), b" ")


def unread_answers(target: Target) -> Run:
    """32 clients of 1,000 explained rows that send again and again, and read nothing."""
    request = target.request(rest_rows(target.columns(1000), "explain"))

    def once() -> str:
        sent = 0
        with _connect(target) as connection:
            connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
            end = time.monotonic() + SLOW_SECONDS
            while time.monotonic() < end and sent < 20:
                connection.settimeout(max(0.01, end - time.monotonic()))
                try:
                    connection.sendall(request)
                except OSError:
                    break
                sent += 1
            time.sleep(max(0.0, end - time.monotonic()))
        return "sent, unread"

    return _at_once(32, once)


def duplicate_key(target: Target) -> Run:
    """60,000 rows, the last with a key twice."""
    rows = rest_rows(target.columns(60_000))
    name = next(iter(target.columns(1)))
    request = target.request(rows.removesuffix(b"}]}") + f', "{name}": 1}}]}}'.encode())
    return lambda: _ask(target, request)


def bad_cell(target: Target) -> Run:
    """A text where a number goes, in the last of 101 rows; 300 times by four clients."""
    rows = row_dicts(target.columns(101))
    name = next(name for name, value in rows[-1].items() if not isinstance(value, str))
    rows[-1][name] = "bad"
    request = target.request(json.dumps({"instances": rows}).encode())
    return _at_once(300, lambda: _ask(target, request), 4)


def good_cells(target: Target) -> Run:
    """The same without the bad cell, to compare."""
    request = target.request(rest_rows(target.columns(101)))
    return _at_once(300, lambda: _ask(target, request), 4)


def _body(make: Callable[[], bytes]) -> Attack:
    def attack(target: Target) -> Run:
        request = target.request(make())
        return lambda: _ask(target, request)

    attack.__doc__ = make.__doc__
    return attack


def _brackets() -> bytes:
    """100,000 brackets, one in the other."""
    return b'{"instances": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


def _long_number() -> bytes:
    """A number of a million digits."""
    return b'{"instances": [' + b"1" * 1_000_000 + b"]}"


def _keys() -> bytes:
    """A row of a million keys."""
    return json.dumps({"instances": [{f"k{number}": 1 for number in range(1_000_000)}]}).encode()


def _bad_keys() -> bytes:
    """A million keys beside `instances`."""
    return json.dumps({f"k{number}": 1 for number in range(1_000_000)} | {"instances": [1]}).encode()


def idle_connections(target: Target) -> Run:
    """500 connections on which nothing comes."""
    return _drip(target, 500, b"", b"")


def many_big(target: Target) -> Run:
    """64 clients at once with 10,000 rows each."""
    request = target.request(rest_rows(target.columns(10_000)))
    return _at_once(64, lambda: _ask(target, request))


def many_big_grpc(target: Target) -> Run:
    """64 gRPC clients at once with 10,000 rows each."""
    request = grpc_predict(target.name, target.columns(10_000))
    return _at_once(64, lambda: _call(target, PREDICT, request))


def huge_headers(target: Target) -> Run:
    """32 connections with 10 MB of headers."""
    request = target.request(b"{}", *(f"X-{number}: {'x' * 1000}" for number in range(10_000)))
    return _at_once(32, lambda: _ask(target, request))


def endless_header(target: Target) -> Run:
    """32 connections with one header line of 10 MB."""
    request = target.request(b"{}", "X: " + "x" * 10_000_000)
    return _at_once(32, lambda: _ask(target, request))


def pipelined(target: Target) -> Run:
    """1,000 requests of a row on each of eight connections, all sent before an answer is read."""
    request = target.request(rest_rows(target.columns(1))) * 1000

    def once() -> str:
        with _connect(target) as connection, ThreadPoolExecutor(1) as pool:
            sending = pool.submit(connection.sendall, request)
            got, data = 0, b""
            while got < 1000:
                more = connection.recv(1 << 20)
                if not more:
                    break
                data += more
                got += data.count(STATUS_OK)
                data = data.rpartition(STATUS_OK)[2][-len(STATUS_OK) :]
            with contextlib.suppress(ConnectionError):
                sending.result()
        return f"{got} answers"

    return _at_once(8, once)


def half_closed(target: Target) -> Run:
    """200 clients that shut their side after half a body, and 200 after a whole one."""
    request = target.request(rest_rows(target.columns(100)))

    def once(data: bytes) -> str:
        with _connect(target) as connection:
            connection.sendall(data)
            connection.shutdown(socket.SHUT_WR)
            return _status(_answer(connection))

    def run() -> str:
        half, whole = (
            _at_once(200, lambda: once(request[: len(request) // 2]), 50),
            _at_once(200, lambda: once(request), 50),
        )
        return f"half: {half()}; whole: {whole()}"

    return run


def gone_clients(target: Target) -> Run:
    """200 requests of 10,000 rows by clients that are gone when they have sent them."""
    request = target.request(rest_rows(target.columns(10_000)))

    def once() -> str:
        with _connect(target) as connection, contextlib.suppress(ConnectionError, TimeoutError):
            connection.settimeout(10)
            connection.sendall(request)
        return "gone"

    def run() -> str:
        said = _at_once(200, once, 32)()
        begun = time.monotonic()
        _ask(target, target.request(rest_rows(target.columns(1))))
        return f"{said}; the next answer after {time.monotonic() - begun:.1f} s"

    return run


def short_deadlines(target: Target) -> Run:
    """400 gRPC requests of 10,000 rows by 32 clients, whose deadline is 1 ms."""
    request = grpc_predict(target.name, target.columns(10_000))
    return _at_once(400, lambda: _call(target, PREDICT, request, 0.001).split()[0], 32)


def broken_frames(target: Target) -> Run:
    """Bytes that are no HTTP/2, and messages that are no protocol buffer, on the gRPC port."""

    def run() -> str:
        said = []
        for data in (
            b"\xff" * 100_000,
            b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n" + b"\0\xff\xff" * 10_000,
            framed(b"x") * 100,
        ):
            with (
                contextlib.suppress(OSError),
                socket.create_connection(("127.0.0.1", target.grpc_port), 5) as connection,
            ):
                connection.sendall(data)
                connection.recv(1)
        for data in (b"\xff" * 1000, b"\x0a" * 100_000, b""):
            said.append(_call(target, PREDICT, data).split()[0])
        return _counted(said)

    return run


def broken_gzip(target: Target) -> Run:
    """A body that says gzip and is none, and one that is cut."""
    packed = gzip.compress(rest_rows(target.columns(1000)))
    requests = [
        target.request(body, "Content-Encoding: gzip") for body in (b"no gzip" * 100, packed[:-50], packed[:40])
    ]
    return lambda: _counted([_ask(target, request) for request in requests])


ATTACKS: dict[str, Attack] = {
    "gRPC, one shape of 2²⁸": shape_of_numbers,
    "gRPC, all shapes of 2²⁸": shape_of_all,
    "gRPC, shapes [2⁴⁰, 0]": shape_of_none,
    "gRPC, 4,000 Examples × 4 MB context": huge_context,
    "8 gzip bombs of 1 GiB": gzip_bombs,
    "8 gRPC gzip bombs of 1 GiB": grpc_gzip_bombs,
    "broken gzip": broken_gzip,
    "500 slow headers": slow_headers,
    "500 slow bodies": slow_bodies,
    "500 idle connections": idle_connections,
    "32 × answers unread": unread_answers,
    "60,000 rows, a key twice": duplicate_key,
    "101 rows, a bad cell, × 300": bad_cell,
    "101 good rows, × 300": good_cells,
    "100,000 brackets": _body(_brackets),
    "a number of 1 MB": _body(_long_number),
    "10⁶ keys in a row": _body(_keys),
    "10⁶ keys beside instances": _body(_bad_keys),
    "64 × 10,000 rows": many_big,
    "64 × 10,000 rows, gRPC": many_big_grpc,
    "32 × 10 MB of headers": huge_headers,
    "32 × a header of 10 MB": endless_header,
    "8 × 1,000 pipelined": pipelined,
    "400 half-closed": half_closed,
    "200 × 10,000 rows, client gone": gone_clients,
    "400 deadlines of 1 ms": short_deadlines,
    "broken HTTP/2 and messages": broken_frames,
}


def chosen(words: Sequence[str]) -> Iterator[tuple[str, Attack]]:
    """The attacks whose titles have one of some words; all, if there is none."""
    for title, attack in ATTACKS.items():
        if not words or any(word.lower() in title.lower() for word in words):
            yield title, attack
