"""What a module loads is compiled, also where the environment forbids it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


def warm_up(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(REPOSITORY), str(folder)])
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": path}
    command = [sys.executable, "-m", "benchmarks.warm_up", *arguments]
    return subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, check=False)


@pytest.fixture
def paints(tmp_path: Path) -> Path:
    (tmp_path / "colours.py").write_text("")
    (tmp_path / "paint.py").write_text("import sys\nimport colours\nprint(__name__, sys.argv[1:])\n")
    return tmp_path


def test_a_module_runs_as_by_m_and_what_it_loads_has_bytecode(paints):
    done = warm_up(paints, "paint", "red", "blue")
    assert (done.returncode, done.stdout) == (0, "__main__ ['red', 'blue']\n"), done.stderr
    assert any(path.name.startswith("colours.") for path in paints.glob("__pycache__/*.pyc"))


def test_modules_without_bytecode_are_an_error(paints):
    (paints / "__pycache__").write_text("")  # no folder can be made there
    done = warm_up(paints, "paint")
    assert done.returncode == 1
    assert "no bytecode of 1 modules, such as colours" in done.stderr


def test_the_error_of_the_module_is_its_own(paints):
    (paints / "paint.py").write_text("raise SystemExit(4)\n")
    assert warm_up(paints, "paint").returncode == 4
