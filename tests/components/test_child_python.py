from __future__ import annotations

import os
import subprocess
import sys

from components.child_python import child_environment, starting
from tests.conftest import REPOSITORY


def test_nothing_is_taken_from_the_working_directory(tmp_path):
    (tmp_path / "components").mkdir()
    (tmp_path / "components" / "__init__.py").write_text("raise SystemExit('the wrong package')")
    (tmp_path / "json.py").write_text("raise SystemExit('the wrong json')")
    for command in (
        ["-m", "components.errors"],
        ["-c", "import json, components.errors as e; print(e.__file__, end='')"],
    ):
        wrong = subprocess.run([sys.executable, *command], capture_output=True, text=True, check=False, cwd=tmp_path)
        assert wrong.returncode != 0, "the trap works"
        right = subprocess.run(
            [sys.executable, *command],
            capture_output=True,
            text=True,
            check=False,
            cwd=tmp_path,
            env=child_environment(),
        )
        assert (right.returncode, right.stderr) == (0, "")
    assert right.stdout == str(REPOSITORY / "components" / "errors.py")


def test_what_others_start_meanwhile_gets_it_and_nothing_is_left_of_it(monkeypatch):
    monkeypatch.setenv("GIVEN", "1")
    former = dict(os.environ)
    show = "import os; print(os.environ['PYTHONSAFEPATH'], os.environ['GIVEN'], os.environ['ADDED'])"
    with starting(GIVEN="2", ADDED="3"):
        said = subprocess.run([sys.executable, "-c", show], capture_output=True, text=True, check=True).stdout
    assert said == "1 1 3\n"
    assert dict(os.environ) == former
