"""The README's commands run and print what it shows, and its figures are those of the benchmarks."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from benchmarks import nist
from tests.conftest import REPOSITORY
from tests.pages import make_verbs, read_along

README = REPOSITORY / "README.md"


def test_the_make_commands_exist() -> None:
    verbs = make_verbs(README)
    assert verbs == ["run", "test"]
    for verb in verbs:
        subprocess.run(["make", "-n", verb], cwd=REPOSITORY, check=True, capture_output=True)


@pytest.mark.e2e
def test_it_can_be_read_along(tmp_path: Path) -> None:
    shutil.copytree(REPOSITORY / "data", tmp_path / "data")
    read_along(README, tmp_path)


@pytest.mark.parametrize("name", ["Longley", "Wampler1"])
def test_the_digits_are_those_of_the_benchmark(name: str) -> None:
    [data] = [data for data in nist.load() if data.name == name]
    row = re.search(rf"\| correct digits of .*{name}[^|]*\|([^|]*)\|[^|]*\|([^|]*)\|", README.read_text())
    shown = [float(cell) for cell in row.groups()]
    measured = [nist.correct_digits(data, nist.SOLVERS[solver])[0] for solver in ("scikit-learn", "plumbline, refined")]
    assert shown == pytest.approx(measured, abs=0.5)
