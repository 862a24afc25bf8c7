"""The README's commands run, and its figures are those of the runs."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

pytestmark = pytest.mark.e2e

README = (REPOSITORY / "README.md").read_text()
NUMBER = re.compile(r"-?[\d,]*\.?\d+(?:e-?\d+)?")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def test_the_make_commands_exist():
    for line in blocks("sh")[0].strip().splitlines():
        subprocess.run(["make", "-n", line.split()[1]], cwd=REPOSITORY, check=True, capture_output=True)


def test_the_commands_run_in_their_order(tmp_path):
    shutil.copytree(REPOSITORY / "data", tmp_path / "data")
    env = {**os.environ, "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"}
    for line in blocks("sh")[1].strip().splitlines():
        done = subprocess.run(shlex.split(line), cwd=tmp_path, env=env, capture_output=True, text=True, check=False)
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"


def words_and_numbers(line: str) -> tuple[list[str], list[float]]:
    numbers = [float(found.replace(",", "")) for found in NUMBER.findall(line)]
    return NUMBER.sub("#", line).split(), numbers


def test_the_output_shown_is_the_output(taxi_run):
    [shown] = blocks("text")
    printed = [words_and_numbers(line) for line in taxi_run.out.splitlines()]
    for line in shown.strip().splitlines():
        words, numbers = words_and_numbers(line)
        close = [found for other, found in printed if other == words]
        assert any(found == pytest.approx(numbers, rel=1e-2) for found in close), line


def test_the_seeds_figures_are_the_runs(seed_run):
    fit = seed_run.show()["fit"]
    text = " ".join(README.split())
    first, last, theta_0, theta_1 = (
        float(re.search(pattern, text)[1])
        for pattern in (
            r"from ([\d.]+) at step 0",
            r"to ([\d.]+) at step 1,000",
            r"θ₀ = ([\d.]+\d)",
            r"θ₁ = ([\d.]+\d)",
        )
    )
    assert [first, last] == pytest.approx([fit["loss_trace"][0]["loss"], fit["loss_trace"][-1]["loss"]], rel=1e-4)
    exact = [column["coefficient"] for column in seed_run.show()["linear_fit"]["columns"]]
    shown = re.search(r"exact optimum, ([\d.]+\d) and ([\d.]+\d)", text).groups()
    assert [float(value) for value in shown] == pytest.approx(exact, rel=1e-4)
    assert [theta_0, theta_1] == pytest.approx([fit["intercept"], fit["coefficients"]["x"]], rel=1e-4)
