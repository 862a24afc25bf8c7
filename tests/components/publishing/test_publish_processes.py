"""Publishing beside other processes: servers that watch, and other publishers."""

import os
import signal
import threading
import time

import pytest

from components.errors import RunError
from components.publishing import filesystem
from components.publishing import publish as publishing
from components.publishing.beside import Beside
from components.publishing.manifest import hash_files
from components.publishing.publish import publish
from components.publishing.versions import versions
from tests.components.publishing.folders import hidden, make_model, name_of, numbered


@pytest.fixture
def model(tmp_path):
    return lambda content, **kwargs: make_model(tmp_path / "models" / content, content, **kwargs)


def fork(function):
    """Runs `function` in a child; returns its process id. Exit code 0: done, 10: RunError, 12: anything else."""
    child = os.fork()
    if child:
        return child
    code = 12
    try:
        function()
        code = 0
    except RunError:
        code = 10
    finally:
        os._exit(code)


def wait(child):
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])


def test_a_watching_server_never_sees_half_a_version(tmp_path, model):
    base = tmp_path / "s"
    sources = [model(name) for name in "abc"]
    expected = {path: (sources[0] / path).stat().st_size for path in hash_files(sources[0])}
    looks = incomplete = 0
    publisher = fork(lambda: [publish(sources[i % 3], base, 2) for i in range(50)])
    done = False
    while not done:
        done = os.waitid(os.P_PID, publisher, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        for number, folder in sorted(numbered(base).items())[-1:]:
            sizes = {}
            for path in expected:
                try:
                    sizes[path] = (folder / path).stat().st_size
                except FileNotFoundError:
                    sizes[path] = -1
            if folder.exists() or number == max(numbered(base)):  # else it was hidden while we looked
                looks += 1
                incomplete += sizes != expected
    assert wait(publisher) == 0
    assert looks > 100 and incomplete == 0, (looks, incomplete)
    print(f"\n{looks} looks")  # noqa: T201


def test_two_publishers(tmp_path, model):
    base = tmp_path / "s"
    sources = [model(name) for name in "abcd"]
    children = [fork(lambda half=half: [publish(s, base, 99) for s in half * 5]) for half in (sources[:2], sources[2:])]
    assert [wait(child) for child in children] == [0, 0]
    assert all(name_of(folder) in "abcd" for folder in numbered(base).values())
    # No two of them took the same number: else one's rename would have failed.
    assert 10 <= len(versions(base)) <= 20 and hidden(base) == []


def test_a_publisher_waits_for_another_and_says_for_whom(tmp_path, model, monkeypatch):
    monkeypatch.setattr(publishing, "LOCK_SECONDS", 0.2)
    source, base = model("a"), tmp_path / "s"
    ready, tell = os.pipe()

    def hold():
        with filesystem.locked(Beside.of(base).lock, 1, base):
            os.write(tell, b"!")
            time.sleep(60)

    base.mkdir()
    holder = fork(hold)
    try:
        os.read(ready, 1)
        with pytest.raises(
            RunError, match=rf"another publish is going on here \(process {holder} on .* since 2.*0\.2 s"
        ):
            publish(source, base, 5)
    finally:
        os.kill(holder, signal.SIGKILL)
        wait(holder)
        os.close(ready)
        os.close(tell)
    assert publish(source, base, 5).fresh  # the lock died with its holder; the file is still there


def test_the_lock_file_is_removed_while_one_waits(tmp_path):
    lock = tmp_path / ".s.lock"
    with filesystem.locked(lock, 1, tmp_path):
        timer = threading.Timer(0.1, lock.unlink)
        timer.start()
        with filesystem.locked(lock, 5, tmp_path):
            assert lock.exists()
        timer.join()
