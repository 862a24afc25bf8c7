import os
import subprocess
import sys

from tests.conftest import REPOSITORY

CODE = """
import logging, os, sys, warnings
from pathlib import Path
from pipeline.cli.log import to_file
print("before", flush=True)
with to_file(Path(sys.argv[1])) as terminal:
    print("python noise"); os.write(2, b"native noise\\n"); logging.info("logged"); warnings.warn("warned")
    terminal.write("seen\\n")
print("after")
"""


def test_noise_goes_to_the_file_and_the_terminal_stays_ours(tmp_path):
    log = tmp_path / "logs" / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", CODE, str(log)],
        capture_output=True,
        text=True,
        check=True,
        cwd=REPOSITORY,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
    )
    assert (done.stdout, done.stderr) == ("before\nseen\nafter\n", "")
    text = log.read_text()
    assert all(noise in text for noise in ("python noise", "native noise", "logged", "warned"))


CRASH = """
import sys
from pathlib import Path
from pipeline.cli.log import in_log, say, to_file
try:
    with to_file(Path(sys.argv[1])):
        say("told")
        raise ValueError("what came")
except ValueError as error:
    print(in_log(error))
print(in_log(ValueError()))
"""


def test_an_error_knows_the_log_that_holds_it_and_the_user_can_still_be_told(tmp_path):
    log = tmp_path / "logs" / "run.log"
    done = subprocess.run(
        [sys.executable, "-c", CRASH, str(log)], capture_output=True, text=True, check=True, cwd=REPOSITORY
    )
    assert (done.stdout, done.stderr) == (f"{log}\nNone\n", "told\n")
    assert "ValueError: what came" in log.read_text()


CONTAINER = """
import logging, sys, warnings
from pipeline.cli.log import in_log, say, to_stderr
with to_stderr() as terminal:
    logging.info("logged"); warnings.warn("warned"); say("told"); print("noise")
    terminal.write("seen\\n")
"""


def test_a_containers_log_is_its_stderr():
    done = subprocess.run([sys.executable, "-c", CONTAINER], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "noise\nseen\n"
    assert all(text in done.stderr for text in ("INFO root: logged", "UserWarning: warned", "told\n"))
