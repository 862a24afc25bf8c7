"""What HTTP has of a server, and how TF Serving's flags and limits show in it."""

import gzip
import http.client
import json
import socket
import threading
import time
import zlib
from typing import Any

import pytest

from tests.pipeline.serving.conftest import Running

pytestmark = pytest.mark.e2e

PATH = "/v1/models/m:predict"
RAW = json.dumps({"signature_name": "raw", "instances": [{"x": 0.5}]}).encode()
GOOD = [1.078473]


def columns(rows: int) -> bytes:
    return json.dumps({"signature_name": "raw", "inputs": {"x": [0.5] * rows}}).encode()


def exchange(running: Running, *sent: bytes) -> tuple[int, dict[str, str], bytes]:
    """Status, headers and body of the answer to what is sent, piece by piece."""
    with socket.create_connection(("127.0.0.1", running.server.rest_port), timeout=20) as client:
        for piece in sent:
            client.sendall(piece)
            time.sleep(0.02)
        answer = http.client.HTTPResponse(client)
        answer.begin()
        return answer.status, {name.lower(): value for name, value in answer.getheaders()}, answer.read()


def request(method: bytes, target: bytes, body: bytes = b"", *headers: bytes) -> bytes:
    lines = [method + b" " + target + b" HTTP/1.1", b"Host: x", b"Content-Length: %d" % len(body), *headers]
    return b"\r\n".join(lines) + b"\r\n\r\n" + body


@pytest.mark.parametrize(
    ("coding", "pack"),
    [("gzip", gzip.compress), ("x-gzip", gzip.compress), ("deflate", zlib.compress), ("identity", bytes)],
)
def test_packed_bodies(running: Running, coding: str, pack: Any) -> None:
    answer = running.call("POST", PATH, pack(RAW), {"Content-Encoding": coding})
    assert answer.json == {"predictions": GOOD}


def test_a_body_of_two_gzip_members_that_come_in_chunks(running: Running) -> None:
    body = gzip.compress(RAW[:20], mtime=0) + gzip.compress(RAW[20:], mtime=0)
    chunks = [b"%x\r\n%s\r\n" % (len(part), part) for part in (body[:9], body[9:40], body[40:])]
    head = (
        b"POST "
        + PATH.encode()
        + b" HTTP/1.1\r\nHost: x\r\nContent-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n\r\n"
    )
    status, _, said = exchange(running, head, *chunks, b"0\r\n\r\n")
    assert (status, json.loads(said)) == (200, {"predictions": GOOD})


@pytest.mark.parametrize("body", [b"none", gzip.compress(RAW, mtime=0)[:-1], gzip.compress(RAW, mtime=0) + b"{}"])
def test_a_broken_gzip_body_is_one_clear_message(
    running: Running, body: bytes, caplog: pytest.LogCaptureFixture
) -> None:
    answer = running.call("POST", PATH, body, {"Content-Encoding": "gzip"})
    assert answer.status == 400
    assert answer.error.startswith(
        "Request body can't be unpacked: its header Content-Encoding says gzip, and it is not "
    )
    assert caplog.records == []


def test_an_unknown_coding(running: Running) -> None:
    status, headers, said = exchange(running, request(b"POST", PATH.encode(), RAW, b"Content-Encoding: br"))
    assert (status, headers["accept-encoding"]) == (415, "gzip, deflate")
    assert json.loads(said) == {"error": "Content-Encoding: expected gzip, deflate or identity, got br."}


def test_bombs_are_refused_and_leave_nothing(start: Any, base: Any) -> None:
    limit = 1 << 22
    served = start(base, max_body_bytes=limit)
    bomb = gzip.compress(bytes(20 * limit))
    answers = []

    def throw() -> None:
        answers.append(served.call("POST", PATH, bomb, {"Content-Encoding": "gzip"}).status)

    threads = [threading.Thread(target=throw) for _ in range(16)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    while any(thread.is_alive() for thread in threads):
        begun = time.perf_counter()
        assert served.post(PATH, RAW).status == 200
        slowest = max(slowest, time.perf_counter() - begun)
    assert answers == [413] * 16
    assert slowest < 1
    for _ in range(16):  # all of the bound is free again
        assert served.post(PATH, b" " * (limit - len(RAW)) + RAW).status == 200


def test_a_request_may_stand_for_so_many_rows(start: Any, base: Any) -> None:
    served = start(base, max_rows=10)
    words = (
        "A request may stand for 10 rows; this one stands for 11. "
        "Send fewer, or start the server with a higher --max-rows."
    )
    assert served.post(PATH, columns(10)).status == 200
    rows = {"signature_name": "raw", "instances": [{"x": 0.5}] * 11}
    examples = {"signature_name": "regress", "examples": [{"x": 0.5}] * 11}
    for path, body in ((PATH, columns(11)), (PATH, rows), ("/v1/models/m:regress", examples)):
        answer = served.post(path, body)
        assert (answer.status, answer.error) == (400, words)
    status = 'plumbline_requests_total{method="predict",model="m",protocol="rest",status="INVALID_ARGUMENT"} 2.0'
    assert status in served.get("/metrics").text


def test_a_context_is_not_copied_without_end(running: Running) -> None:
    context = b'{"x": 1.0, "y": "' + b"y" * 1_000_000 + b'"}'
    body = b'{"signature_name": "regress", "context": ' + context + b', "examples": [' + b"{}," * 90_000 + b"{}]}"
    answer = running.post("/v1/models/m:regress", body)
    assert answer.status == 400
    assert "stands in each of 90001 examples, which is more than 33554432 bytes together." in answer.error


def test_long_answers_are_compressed_for_who_asks(running: Running) -> None:
    body = columns(20_000)
    plain = running.call("POST", PATH, body)
    for accepted, coding in (("gzip, deflate, br", "gzip"), ("gzip;q=0", None), ("identity", None)):
        header = b"Accept-Encoding: " + accepted.encode()
        _, headers, said = exchange(running, request(b"POST", PATH.encode(), body, header))
        assert (headers.get("content-encoding"), headers["vary"]) == (coding, "Accept-Encoding")
        assert int(headers["content-length"]) == len(said)
        assert json.loads(gzip.decompress(said) if coding else said) == plain.json
    _, headers, _ = exchange(running, request(b"POST", PATH.encode(), RAW, b"Accept-Encoding: gzip"))
    assert "content-encoding" not in headers


ALLOWED = {"access-control-allow-origin": "*", "access-control-allow-methods": "POST, GET"} | {
    "access-control-allow-headers": "Content-Type"
}


def test_other_origins(start: Any, base: Any, running: Running) -> None:
    origin = b"Origin: https://example.org"
    requests = [
        request(b"OPTIONS", PATH.encode(), b"", origin, b"Access-Control-Request-Method: POST"),
        request(b"POST", PATH.encode(), RAW, origin),
        request(b"POST", PATH.encode(), b"{", origin),
        request(b"GET", b"/v1/models/m", b"", origin),
    ]
    open_to_all = start(base, cors=True)
    for sent, expected in zip(requests, (200, 200, 400, 200), strict=True):
        status, headers, _ = exchange(open_to_all, sent)
        assert status == expected
        assert headers.items() >= ALLOWED.items()
        status, headers, _ = exchange(running, sent)
        assert status == expected
        assert not any(name.startswith("access-control") for name in headers)


@pytest.mark.parametrize("host", [b"http://x", b"HTTP://user@other.example:1", b"https://[::1]:8501"])
def test_absolute_uris(running: Running, host: bytes) -> None:
    assert json.loads(exchange(running, request(b"POST", host + PATH.encode(), RAW))[2]) == {"predictions": GOOD}
    assert exchange(running, request(b"GET", host + b"/healthz"))[0] == 200
    assert exchange(running, request(b"GET", host))[0] == 404
    status, _, said = exchange(running, request(b"POST", host + b"/v1/models/m?a=b", RAW))
    assert (status, json.loads(said)["error"]) == (400, "Malformed request: POST /v1/models/m?a=b")


def test_percent_encoding_and_queries(running: Running) -> None:
    assert exchange(running, request(b"POST", b"/v1/models/%6d:predict", RAW))[0] == 200
    status, _, said = exchange(running, request(b"GET", b"/v1/models/m?x=%20"))
    assert (status, json.loads(said)["error"]) == (404, "Could not find any versions of model m?x= ")
    assert exchange(running, request(b"GET", b"/healthz?x"))[0] == 200


def test_heads(running: Running) -> None:
    for target, expected in ((b"/healthz", 200), (b"/metrics", 200), (b"/v1/models/m", 400), (b"/other", 404)):
        head = b"HEAD " + target + b" HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n"
        with socket.create_connection(("127.0.0.1", running.server.rest_port), timeout=20) as client:
            client.sendall(head)
            received = b""
            while data := client.recv(1 << 16):
                received += data
        assert received.startswith(b"HTTP/1.1 %d " % expected)
        assert received.endswith(b"\r\n\r\n")
        assert received.count(b"\r\n\r\n") == 1


def test_a_body_that_waits_to_be_asked_for(running: Running) -> None:
    head = request(b"POST", PATH.encode(), b"", b"Expect: 100-continue").replace(b"h: 0", b"h: %d" % len(RAW))
    with socket.create_connection(("127.0.0.1", running.server.rest_port), timeout=20) as client:
        client.sendall(head)
        assert client.recv(4096) == b"HTTP/1.1 100 Continue\r\n\r\n"
        client.sendall(RAW)
        assert client.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
    too_much = head.replace(b"h: %d" % len(RAW), b"h: 99999999")
    assert exchange(running, too_much)[0] == 413


def test_http_1_0_and_bodies_that_are_not_there(running: Running) -> None:
    head = b"POST " + PATH.encode() + b" HTTP/1.0\r\n"
    status, headers, said = exchange(running, head + b"Content-Length: %d\r\n\r\n" % len(RAW) + RAW)
    assert (status, json.loads(said), headers.get("connection")) == (200, {"predictions": GOOD}, None)
    for sent in (head + b"\r\n", request(b"POST", PATH.encode())):
        status, _, said = exchange(running, sent)
        assert status == 400
        assert json.loads(said)["error"].startswith("JSON Parse error: The document is empty")


def test_beyond_the_limits_a_client_may_retry_at_once(start: Any, base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serving.models import predictor

    served = start(base, max_concurrency=1)
    assert served.post(PATH, RAW).status == 200
    predict, hold, calls = predictor.predict, threading.Event(), []

    def slow(*arguments: Any) -> Any:
        calls.append(1)
        hold.wait(20)
        return predict(*arguments)

    monkeypatch.setattr(predictor, "predict", slow)
    served.server.manager.generation += 1  # no model is known to be quick
    waiting = threading.Thread(target=lambda: calls.append(served.post(PATH, RAW).status))
    waiting.start()
    while not calls:
        time.sleep(0.01)
    begun = time.monotonic()
    status, headers, said = exchange(served, request(b"POST", PATH.encode(), RAW))
    assert time.monotonic() - begun < 2
    assert (status, headers["retry-after"]) == (503, "1")
    assert json.loads(said) == {"error": "Too many requests at once. Try again later."}
    hold.set()
    waiting.join()
    assert calls == [1, 200]
    assert 'protocol="rest",status="RESOURCE_EXHAUSTED"} 1.0' in served.get("/metrics").text


def test_nothing_is_begun_for_a_client_that_has_gone(start: Any, base: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    from pipeline.serving.models import predictor

    served = start(base, threads=1)
    predict, hold, calls = predictor.predict, threading.Event(), []

    def slow(*arguments: Any) -> Any:
        calls.append(len(next(iter(arguments[2].values()))))
        hold.wait(20)
        return predict(*arguments)

    monkeypatch.setattr(predictor, "predict", slow)
    answers: list[int] = []
    first = threading.Thread(target=lambda: answers.append(served.post(PATH, columns(1)).status))
    first.start()
    while not calls:
        time.sleep(0.01)
    for _ in range(5):
        with socket.create_connection(("127.0.0.1", served.server.rest_port)) as client:
            client.sendall(request(b"POST", PATH.encode(), columns(2)))
            time.sleep(0.05)
    last = threading.Thread(target=lambda: answers.append(served.post(PATH, columns(3)).status))
    last.start()
    time.sleep(0.1)
    hold.set()
    first.join()
    last.join()
    assert answers == [200, 200]
    assert calls == [1, 3]


def test_the_deadline_is_looked_at_between_reading_and_calling(
    start: Any, base: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.serving.models import predictor
    from pipeline.serving.rest import predictions

    served = start(base, request_seconds=0.2)
    parse, called = predictions.parse_predict, []

    def slow(*arguments: Any) -> Any:
        time.sleep(0.4)
        return parse(*arguments)

    monkeypatch.setattr(predictions, "parse_predict", slow)
    monkeypatch.setattr(predictor, "predict", lambda *arguments: called.append(1))
    assert served.post(PATH, RAW).status == 504
    time.sleep(0.5)
    assert called == []
