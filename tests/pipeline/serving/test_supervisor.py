"""`plumbline serve` as a user starts it: one server of two workers for all tests, which break it and see it heal."""

from __future__ import annotations

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from tests.conftest import REPOSITORY
from tests.pipeline.serving.conftest import http_call, publish

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("two_workers")]

CONFIG = REPOSITORY / "data" / "seed" / "pipeline.yaml"  # whose model the file of models doesn't name
# A worker that is stuck is found after 3 seconds, not 30, and one that is killed after half a second counts as steady.
DRIVER = """
from pipeline.serving import supervisor
supervisor.BEAT_SECONDS = supervisor.STEADY_SECONDS = 0.5
from pipeline.cli.main import main
main(prog_name="plumbline")
"""
OPTIONS = ("--poll-seconds", "0.2", "--models-poll-seconds", "0.2", "--drain-seconds", "3")
RAW = json.dumps({"signature_name": "raw", "instances": [{"x": 0.5}]})


def until(condition: Callable[[], Any], seconds: float = 90.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def entry(name: str, more: str = "") -> str:
    return f'config {{ name: "{name}" base_path: "{name}" model_platform: "tensorflow" {more} }}'


def configure(folder: Path, *entries: str) -> Path:
    """Writes the file of models at once, as an editor that is careful does."""
    file = folder / "models.config"
    file.with_suffix(".new").write_text("model_config_list { " + " ".join(entries) + " }")
    os.replace(file.with_suffix(".new"), file)
    return file


class Serve:
    """`plumbline serve`, which runs."""

    def __init__(self, folder: Path, *options: str) -> None:
        self.folder = folder
        command = [sys.executable, "-c", DRIVER, "serve", str(CONFIG), "--root", str(folder / "R"), *options]
        self._err: list[str] = []
        self.process = subprocess.Popen(
            [*command, "--models", str(folder / "models.config"), "--rest-port", "0", "--grpc-port", "0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        )
        self._reader = threading.Thread(target=self._read, args=(self.process.stderr,))
        self._reader.start()

    def _read(self, stream: IO[str]) -> None:
        self._err.extend(line.rstrip("\n") for line in stream)

    def wait_for_addresses(self) -> None:
        """Waits until it serves."""
        assert self.process.stdout is not None
        said = ""
        while "gRPC" not in said:
            line = self.process.stdout.readline()
            assert line, self.said
            said += line
        self.rest_port = int(re.findall(r"page +http://127.0.0.1:(\d+)/", said)[0])
        self.grpc_port = int(re.findall(r"gRPC +127.0.0.1:(\d+)", said)[0])

    @property
    def said(self) -> list[str]:
        """The lines on stderr."""
        return list(self._err)

    def lines(self, words: str) -> list[str]:
        return [line for line in self._err if words in line]

    @property
    def forkserver(self) -> psutil.Process:
        """The process that workers are forks of."""
        children = psutil.Process(self.process.pid).children()
        return next(child for child in children if "forkserver" in " ".join(child.cmdline()))

    def workers(self) -> list[psutil.Process]:
        """Those that serve, by the log."""
        log = (self.folder / "R" / "logs" / "seed-serve.log").read_text()
        family = psutil.Process(self.process.pid).children(recursive=True)
        return [
            each for each in family if f"(process {each.pid}) serves" in log and each.status() != psutil.STATUS_ZOMBIE
        ]

    def asked(self, path: str, times: int = 24) -> list[Any]:
        """The answers to so many connections, and so of all workers: one is left out once in 8 million times."""
        return [http_call(self.rest_port, "GET", path) for _ in range(times)]

    def health(self) -> list[Any]:
        return [answer.json for answer in self.asked("/healthz")]

    def available(self) -> list[Any]:
        """What different workers say that they serve; one element if all say the same."""
        said = [each["models"] for each in self.health()]
        return [each for index, each in enumerate(said) if each not in said[:index]]

    def end(self, number: int = signal.SIGTERM) -> int:
        self.process.send_signal(number)
        code = self.process.wait(30)
        self.close()
        return code

    def close(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        self._reader.join()
        for stream in (self.process.stdout, self.process.stderr):
            if stream is not None:
                stream.close()


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Models a, whose versions 1 and 2 are served by label, and b, whose newest version can't be loaded."""
    folder = tmp_path_factory.mktemp("served")
    for name in "abc":
        (folder / name).mkdir()
        publish(folder / name, 1)
    publish(folder / "a", 2)
    (folder / "b" / "7").mkdir()
    return folder


A, B, C = (
    entry("a", 'model_version_policy { all {} } version_labels { key: "old" value: 1 }'),
    entry("b"),
    entry("c", 'version_labels { key: "new" value: 1 }'),
)


@pytest.fixture(scope="module")
def served(folder: Path) -> Iterator[Serve]:
    configure(folder, A, B)
    serve = Serve(folder, "--workers", "2", *OPTIONS)
    try:
        serve.wait_for_addresses()
        yield serve
    finally:
        serve.close()


@pytest.fixture
def two_workers(served: Serve) -> Serve:
    """Each test finds two workers that serve."""
    until(lambda: len(served.workers()) == 2)
    return served


def broken_line(folder: Path, version: int) -> str:
    return (
        f"b: version {version} can't be loaded: Could not find SavedModel .pb or .pbtxt at supplied export directory path: "
        f"{folder / 'b' / str(version)}. Check that the directory exists and that you have the right permissions for accessing it."
    )


def test_the_newest_that_can_be_loaded_serves(served: Serve, folder: Path) -> None:
    reason = broken_line(folder, 7)
    for health in served.health():
        assert health == {"status": "degraded", "models": {"a": [1, 2], "b": [1]}, "reasons": {"b": [reason]}}
    assert http_call(served.rest_port, "POST", "/v1/models/b:predict", RAW).status == 200
    assert http_call(served.rest_port, "POST", "/v1/models/a/labels/old:predict", RAW).status == 200
    assert http_call(served.rest_port, "GET", "/v1/models/seed").status == 404  # the file doesn't name it
    until(lambda: served.lines("can't be loaded") == [reason])  # both workers noticed it
    page = http_call(served.rest_port, "GET", "/").text
    assert "(Version 1 answers.)" in page
    metrics = http_call(served.rest_port, "GET", "/metrics").text
    assert 'plumbline_version_failed{model="b",version="7"} 1.0' in metrics
    assert 'plumbline_failed_loads_total{model="b"} 2.0' in metrics


def test_a_bad_version_while_it_runs_and_then_a_good_one(served: Serve, folder: Path) -> None:
    (folder / "b" / "8").mkdir()
    reason = broken_line(folder, 8)
    until(lambda: all(reason in each["reasons"]["b"] for each in served.health()))
    assert served.available() == [{"a": [1, 2], "b": [1]}]
    assert served.lines("version 8") == [reason]
    publish(folder / "b", 9)
    until(lambda: served.health()[0] == {"status": "ok", "models": {"a": [1, 2], "b": [9]}})
    until(lambda: served.available() == [{"a": [1, 2], "b": [9]}])


def test_a_changed_file_is_taken_up_and_a_wrong_one_is_not(served: Serve, folder: Path) -> None:
    before = served.available()
    (folder / "models.config").write_text("model_config_list { config { name:")
    until(lambda: served.lines("models.config: not readable"))
    time.sleep(0.5)
    assert len(served.lines("models.config: not readable")) == 1
    assert served.available() == before
    configure(folder, A, A)
    until(lambda: served.lines("Illegal to list model a multiple times in config list. Correct the file."))
    configure(folder, A, B, C)
    until(lambda: [each.get("c") for each in served.available()] == [[1]])
    for path in ("c", "c/labels/new"):  # a label of a model that was not there before
        assert http_call(served.rest_port, "POST", f"/v1/models/{path}:predict", RAW).status == 200
    configure(folder, A, B)
    until(lambda: [set(each) for each in served.available()] == [{"a", "b"}])


def reload(served: Serve, *names: str, labels: dict[str, int] | None = None) -> None:
    import grpc
    from tensorflow_serving.apis import model_service_pb2_grpc
    from tensorflow_serving.apis.model_management_pb2 import ReloadConfigRequest

    request = ReloadConfigRequest()
    for name in names:
        request.config.model_config_list.config.add(
            name=name, base_path=str(served.folder / name), model_platform="tensorflow", version_labels=labels or {}
        )
    options = [("grpc.use_local_subchannel_pool", 1)]  # a connection of its own, to any of the workers
    with grpc.insecure_channel(f"127.0.0.1:{served.grpc_port}", options) as channel:
        model_service_pb2_grpc.ModelServiceStub(channel).HandleReloadConfigRequest(request, timeout=30)


def test_a_reload_of_one_worker_reaches_all(served: Serve) -> None:
    import grpc

    for names in (("a", "c"), ("b",), ("c",)):
        reload(served, *names)
        assert [set(each) for each in served.available()] == [set(names)]
    with pytest.raises(grpc.RpcError) as caught:
        reload(served, "b", labels={"x": 77})
    assert caught.value.code() is grpc.StatusCode.FAILED_PRECONDITION
    assert [set(each) for each in served.available()] == [{"c"}]
    victim = served.workers()[0]
    victim.kill()
    victim.wait(10)
    reload(served, "a", "b")  # while another is started in its place
    until(lambda: len(served.workers()) == 2)
    assert [set(each) for each in served.available()] == [{"a", "b"}]


def test_a_worker_that_is_killed(served: Serve) -> None:
    """Its clients see their connection end; all others go on, and nothing that was counted is lost."""

    def counted() -> float:
        text = http_call(served.rest_port, "GET", "/metrics").text
        return float(
            re.findall(r'requests_total\{method="predict",model="a",protocol="rest",status="OK"\} (\S+)', text)[0]
        )

    http_call(served.rest_port, "POST", "/v1/models/a:predict", RAW)
    answered, cut = [counted()], [0]
    lock = threading.Lock()
    done = threading.Event()

    def ask() -> None:
        while not done.is_set():
            connection = http.client.HTTPConnection("127.0.0.1", served.rest_port, timeout=20)
            try:
                while not done.is_set():
                    connection.request("POST", "/v1/models/a:predict", RAW)
                    response = connection.getresponse()
                    response.read()
                    assert response.status == 200
                    with lock:
                        answered[0] += 1
            except (ConnectionError, http.client.HTTPException):
                with lock:
                    cut[0] += 1
            finally:
                connection.close()

    threads = [threading.Thread(target=ask) for _ in range(8)]
    for thread in threads:
        thread.start()
    for _ in range(2):
        time.sleep(0.3)
        victim = served.workers()[0]
        victim.kill()
        until(lambda victim=victim: served.lines(f"(process {victim.pid}) was ended by SIGKILL; another is started"))
        until(lambda: len(served.workers()) == 2)
    done.set()
    for thread in threads:
        thread.join()
    # Each connection of a worker that is killed, and those that come until the kernel is done with it; none after that.
    assert 1 <= cut[0] <= 80
    assert answered[0] <= counted() <= answered[0] + cut[0]


def test_a_worker_that_is_stuck_is_ended(served: Serve) -> None:
    stuck = served.workers()[0]
    stuck.suspend()
    until(lambda: served.lines(f"(process {stuck.pid}) has not answered for 3 seconds, and is ended"))
    until(lambda: stuck.pid not in [each.pid for each in served.workers()] and len(served.workers()) == 2)


def test_another_server_can_not_share_the_ports(served: Serve) -> None:
    from components.errors import RunError
    from pipeline.serving.rest.http_server import reserve

    with pytest.raises(RunError, match=rf"REST: can't listen on 127.0.0.1:{served.rest_port}: Address already in use"):
        reserve("127.0.0.1", served.rest_port, "rest_port")
    # Neither can it before the workers listen.
    with reserve("127.0.0.1", 0, "grpc_port") as held:
        port = held.getsockname()[1]
        with pytest.raises(RunError, match=rf"gRPC: can't listen on 127.0.0.1:{port}: Address already in use"):
            reserve("127.0.0.1", port, "grpc_port")
        with socket.create_server(("127.0.0.1", port), reuse_port=True):
            pass


def test_the_process_that_workers_are_forks_of_is_killed(served: Serve) -> None:
    """The workers go on; the next that is started is a fork of another."""
    workers = served.workers()
    served.forkserver.kill()
    time.sleep(0.5)
    assert all(worker.is_running() for worker in workers)
    assert {answer.status for answer in served.asked("/healthz")} == {200}
    workers[0].kill()
    until(lambda: served.lines(f"(process {workers[0].pid}) has ended; another is started"))
    until(lambda: len(served.workers()) == 1)  # the other one is nobody's child now
    assert workers[1].is_running()
    assert {answer.status for answer in served.asked("/healthz")} == {200}
    workers[1].kill()


def test_a_second_signal_ends_what_hangs(tmp_path: Path) -> None:
    (tmp_path / "a").mkdir()
    publish(tmp_path / "a", 1)
    configure(tmp_path, entry("a"))
    serve = Serve(tmp_path, "--workers", "1")
    try:
        serve.wait_for_addresses()
        [worker] = serve.workers()
        worker.suspend()  # or it would end within its 10 seconds
        serve.process.send_signal(signal.SIGTERM)
        time.sleep(1)
        assert serve.process.poll() is None
        begun = time.monotonic()
        assert serve.end(signal.SIGINT) == 0
        assert time.monotonic() - begun < 5
        assert not worker.is_running()
    finally:
        serve.close()


def test_nothing_stays_when_the_server_is_killed(served: Serve) -> None:
    family = psutil.Process(served.process.pid).children(recursive=True)
    counts = [file.path for process in family for file in process.open_files() if "plumbline-counts-" in file.path]
    served.process.kill()
    gone, alive = psutil.wait_procs(family, 15)
    assert len(gone) >= 4
    assert alive == []
    assert not any(Path(path).parent.exists() for path in counts)
    for port in (served.rest_port, served.grpc_port):
        with socket.create_server(("127.0.0.1", port)):
            pass
