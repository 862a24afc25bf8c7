"""The page on benchmarks says what `make bench` does."""

from __future__ import annotations

import re
import subprocess

from benchmarks.contenders import LONGEST, SHARE
from benchmarks.whole_run import ROWS, TOLERANCE
from benchmarks.works import COLUMNS, KINDS, taxi
from tests.conftest import REPOSITORY

PAGE = (REPOSITORY / "docs" / "benchmarks.md").read_text()


def test_the_kinds_are_those_that_there_are():
    rows = re.findall(r"^\| (`.*?) \|", PAGE, re.MULTILINE)
    assert re.findall(r"`(\w+)`", " ".join(rows)) == list(KINDS)


def test_numbers_are_those_of_the_benchmark(tmp_path):
    assert ": " + ", ".join(f"{count:,}" for count in ROWS) + " |" in PAGE
    assert ", ".join(map(str, COLUMNS[:-1])) + f" and {COLUMNS[-1]} features" in PAGE
    assert (LONGEST, SHARE, TOLERANCE) == (2 * 3600, 0.8, 1e-3)  # the page has them in words
    whole = len((REPOSITORY / "data" / "taxi" / "data.csv").read_text().splitlines()) - 1
    assert f"the {whole - taxi(tmp_path / 'taxi').rows} that Plumbline's configuration drops" in PAGE


def test_make_passes_on_what_is_asked_for():
    make = ["make", "--no-print-directory", "-n", "-o", ".venv/installed", "bench"]
    command = [*make, "KINDS=taxi wide", "ROWS=7 8", "RUNS=1"]
    done = subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split()[1:] == "-m benchmarks.whole_run --runs 1 --rows 7 8 --kinds taxi wide".split()
    done = subprocess.run(make, cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.split()[1:] == "-m benchmarks.whole_run --runs 3".split()
