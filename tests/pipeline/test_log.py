import os
import subprocess
import sys

from tests.conftest import REPOSITORY

CODE = """
import logging, os, sys, warnings
from pathlib import Path
from pipeline.log import to_file
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
