"""What a command costs, and when it is ended."""

from __future__ import annotations

import signal
import subprocess
import sys
import time

import psutil
import pytest

from benchmarks.measure import measure
from tests.conftest import REPOSITORY

WORK = "import time\nwhile time.process_time() < 0.4: pass\n"


def python(text: str) -> list[str]:
    return [sys.executable, "-c", text]


def test_processor_time_is_that_of_the_processes_below_too():
    done = measure(
        python(f"import subprocess, sys\nprint('out')\nsubprocess.run([sys.executable, '-c', {WORK!r}], check=True)")
    )
    assert done.out == "out\n"
    assert 0.4 <= done.cpu <= 2.0
    assert done.seconds >= 0.4
    assert 0 <= done.others <= 1
    assert done.between(0, done.begin + done.seconds)[1] > 0  # MiB, as far as it was seen


def test_a_command_that_fails_ends_the_benchmark_with_its_last_words():
    with pytest.raises(SystemExit, match="no such table"):
        measure(python("raise SystemExit('no such table')"))


def test_a_command_is_ended_that_takes_too_long_with_all_below_it():
    below = "import time; time.sleep(60)"
    with pytest.raises(SystemExit, match="was ended: it ran for more than 1 s"):
        measure(python(f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {below!r}])"), longest=1)


def test_a_command_is_ended_that_takes_too_much_memory():
    with pytest.raises(SystemExit, match=r"was ended: its 0\.\d GiB are more than 0\.1"):
        measure(python("import time\nx = b'1' * (200 << 20)\ntime.sleep(60)"), most=100 << 20)


def test_a_benchmark_that_is_interrupted_leaves_no_command_behind(tmp_path):
    file = tmp_path / "pid"
    (tmp_path / "command.py").write_text(
        f"import os, pathlib, time\npathlib.Path({str(file)!r}).write_text(str(os.getpid()))\ntime.sleep(60)\n"
    )
    program = f"import sys\nfrom benchmarks.measure import measure\nmeasure([sys.executable, {str(tmp_path / 'command.py')!r}])"
    benchmark = subprocess.Popen(python(program), cwd=REPOSITORY, stderr=subprocess.PIPE)
    begun = time.monotonic()
    while not (file.exists() and file.read_text()) and time.monotonic() < begun + 60:
        time.sleep(0.05)
    command = psutil.Process(int(file.read_text()))
    benchmark.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in benchmark.communicate(timeout=60)[1]
    command.wait(timeout=30)
