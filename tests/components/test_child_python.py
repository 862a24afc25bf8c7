from __future__ import annotations

import subprocess
import sys

from components.child_python import child_environment
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
