"""What all tests share: how a command is run, and one whole run of each example, made once a session."""

from __future__ import annotations

import dataclasses
import fcntl
import json
import os
import subprocess
import sys
import warnings
from pathlib import Path
from typing import Any

import pytest

REPOSITORY = Path(__file__).parent.parent


@dataclasses.dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str


def plumbline(*args: str | Path, env: dict[str, str] | None = None) -> Finished:
    """Runs the command line as a user would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "pipeline.cli", *map(str, args)],
        capture_output=True,
        text=True,
        check=False,
        cwd=REPOSITORY,
        env={**os.environ, "COLUMNS": "200", **(env or {})},
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@dataclasses.dataclass(frozen=True)
class WholeRun:
    """A finished run of an example."""

    config: Path
    root: Path
    out: str

    def show(self) -> dict[str, Any]:
        """The last run's summary, as `show --json` prints it."""
        return json.loads(plumbline("show", self.config, "--root", self.root, "--json").out)


def whole_run(example: str, factory: pytest.TempPathFactory) -> WholeRun:
    """Runs an example's pipeline; it must be pushed. Processes that share the tests share the run too."""
    config = REPOSITORY / "data" / example / "pipeline.yaml"
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root, out = base / example, base / f"{example}.txt"
    with (base / f"{example}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not out.exists():
            done = plumbline("run", config, "--root", root)
            assert done.code == 0, done.out + done.err
            out.write_text(done.out)
    return WholeRun(config, root, out.read_text())


@pytest.fixture(scope="session")
def tfx_loaded() -> None:
    """Imports TFX, with the warnings that only its own import gives."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import tfx.components  # noqa: F401, I001 (first)
        import keras  # noqa: F401
        import tensorflow_data_validation  # noqa: F401


@pytest.fixture(scope="session")
def seed_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the seed's job."""
    return whole_run("seed", tmp_path_factory)


@pytest.fixture(scope="session")
def taxi_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the taxi table."""
    return whole_run("taxi", tmp_path_factory)
