"""The set-up writes the bytecode of what is imported, also where the environment forbids to."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY


def bytecode(path: Path) -> Path:
    return path.parent / "__pycache__" / f"{path.stem}.{sys.implementation.cache_tag}.pyc"


@pytest.mark.parametrize("package", ["apache_beam", "pandas", "tensorflow", "tfx/components"])
def test_the_packages_that_are_slow_to_compile_have_bytecode(package: str) -> None:
    path = Path(sysconfig.get_path("purelib")) / package / "__init__.py"
    assert path.is_file()
    assert bytecode(path).is_file(), "make clean, then make: the set-up writes it"


@pytest.mark.e2e
def test_what_is_imported_is_compiled_and_what_is_ours_is_not_run(tmp_path: Path) -> None:
    (tmp_path / "requirements").mkdir()
    script = shutil.copy(REPOSITORY / "requirements" / "bytecode.py", tmp_path / "requirements")
    others = tmp_path / "others"
    others.mkdir()
    for name in ("colours", "lights", "unused"):
        (others / f"{name}.py").write_text("")
    (others / "shades.py").write_text("def __getattr__(name):\n    import lights\n    return name\n")
    ours = tmp_path / "components" / "paint.py"
    ours.parent.mkdir()
    ours.write_text(
        "import colours\nfrom shades import dark\nimport not_installed\ndef late():\n    import tints\nraise SystemExit(1)\n"
    )
    (others / "tints.py").write_text("")
    env = {**os.environ, "PYTHONDONTWRITEBYTECODE": "1", "PYTHONPATH": str(others)}
    done = subprocess.run([sys.executable, script], env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = {path.stem.partition(".")[0] for path in others.glob("__pycache__/*.pyc")}
    assert written == {"colours", "lights", "shades", "tints"}
    assert bytecode(ours).is_file()
