"""What all tests share: how a command is run, and one whole run of each example, made once a session."""

from __future__ import annotations

import dataclasses
import fcntl
import importlib.abc
import json
import os
import subprocess
import sys
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import hypothesis
import pytest

REPOSITORY = Path(__file__).parent.parent
HEAVY = ("apache_beam", "keras", "tensorflow", "tfx")

# How long an example takes says how busy the machine is.
hypothesis.settings.register_profile("plumbline", deadline=None)
hypothesis.settings.load_profile("plumbline")


class _Refused(importlib.abc.MetaPathFinder):
    """Fails a test that imports what takes seconds to load."""

    def find_spec(self, fullname: str, path: Any = None, target: Any = None) -> None:
        if fullname in HEAVY:
            pytest.fail(
                f"a quick test, of `make unit`, imports {fullname}. Mark it e2e, or import inside what needs it."
            )


def pytest_collection_finish(session: pytest.Session) -> None:
    """Where quick tests alone run, none of them may load TensorFlow or TFX, and neither may collecting them."""
    if session.items and not any(item.get_closest_marker("e2e") for item in session.items):
        loaded = [name for name in HEAVY if name in sys.modules]
        if loaded:
            raise pytest.UsageError(f"collecting the tests imports {', '.join(loaded)}: import inside what needs it.")
        sys.meta_path.insert(0, _Refused())


@dataclasses.dataclass(frozen=True)
class Finished:
    """A command that has ended."""

    code: int
    out: str
    err: str = ""


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
    err: str = ""

    def show(self) -> dict[str, Any]:
        """The last run's summary, as `show --json` prints it."""
        return json.loads(plumbline("show", self.config, "--root", self.root, "--json").out)


def whole_run(example: str, factory: pytest.TempPathFactory) -> WholeRun:
    """Runs an example's pipeline (`shared_run`)."""
    return shared_run(example, lambda _: REPOSITORY / "data" / example / "pipeline.yaml", factory)


def shared_run(example: str, write: Callable[[Path], Path], factory: pytest.TempPathFactory, code: int = 0) -> WholeRun:
    """Runs a pipeline. Processes that share the tests share the run too.

    Args:
      example: its name.
      write: makes the configuration, in a folder if it has to be made; returns its path.
      factory: of the session's folders.
      code: how it has to end; by default the model is pushed.
    """
    base = factory.getbasetemp()
    base = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    root, out, err = base / example, base / f"{example}.txt", base / f"{example}-errors.txt"
    with (base / f"{example}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        config = write(base / f"{example}-table")
        if not out.exists():
            done = plumbline("run", config, "--root", root)
            assert done.code == code, done.out + done.err
            err.write_text(done.err)
            out.write_text(done.out)
    return WholeRun(config, root, out.read_text(), err.read_text())


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


@pytest.fixture(scope="session")
def tips_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the tips: yes or no, with costs."""
    return whole_run("tips", tmp_path_factory)


@pytest.fixture(scope="session")
def delays_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the late flights: counts, with an exposure."""
    return whole_run("delays", tmp_path_factory)


@pytest.fixture(scope="session")
def delays_kinds_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the late flights by the kinds that fit them."""
    config = REPOSITORY / "data" / "delays" / "kinds.yaml"
    return shared_run("delays-kinds", lambda _: config, tmp_path_factory)


@pytest.fixture(scope="session")
def kinds_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run with every kind of feature."""
    from tests.e2e import kinds

    return shared_run("kinds", kinds.write, tmp_path_factory)


@pytest.fixture(scope="session")
def canaries_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of a table of values that no row has in common with another."""
    from tests.e2e import canaries

    return shared_run(canaries.NAME, canaries.write, tmp_path_factory)


@pytest.fixture(scope="session")
def refused_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """One whole run of the tips whose model is refused."""
    from tests.e2e import unwanted

    return shared_run("refused", unwanted.write_refused, tmp_path_factory, code=4)


@pytest.fixture(scope="session")
def stopped_run(tmp_path_factory: pytest.TempPathFactory) -> WholeRun:
    """A run of taxi trips that the data's gate stops."""
    from tests.e2e import unwanted

    return shared_run("stopped", unwanted.write_stopped, tmp_path_factory, code=3)


@dataclasses.dataclass(frozen=True)
class MadeVersion:
    """A version that was fitted and exported without a pipeline.

    Attributes:
      model: its model.json.
      serving: the folder of versions that it lies in.
    """

    model: Any
    serving: Path

    @property
    def folder(self) -> Path:
        """The version's."""
        return self.serving / "1"


def _made(
    folder: Path, name: str, columns: Any, labels: Any, features: Any, family: str, **changed: Any
) -> MadeVersion:
    from tests.components.exported import complete, export_fit

    model = export_fit(columns, labels, features, folder, family, **changed)
    serving = folder / "serving" / name
    serving.mkdir(parents=True)
    complete(folder / "model", model, name)
    (folder / "model").rename(serving / "1")
    return MadeVersion(model, serving)


@pytest.fixture(scope="session")
def tips_version(tfx_loaded: None, tmp_path_factory: pytest.TempPathFactory) -> MadeVersion:
    """A model of classes: 2,000 trips, the threshold that of costs 1 and 5."""
    from components.preprocessing.kinds.categorical import Categorical
    from components.preprocessing.kinds.numeric import Numeric
    from tests.components.exported import tips

    features = {"miles": Numeric(min=0), "city": Categorical(vocabulary=3)}
    classes = {"classes": ["none", "tipped"], "threshold": 1 / 6}
    return _made(tmp_path_factory.mktemp("tips"), "tips", *tips(2_000), features, "binomial", **classes)


@pytest.fixture(scope="session")
def prices_version(tfx_loaded: None, tmp_path_factory: pytest.TempPathFactory) -> MadeVersion:
    """Least squares of the logarithm of a label, answered by its mean: 2,000 stones."""
    from components.preprocessing.kinds.categorical import Categorical
    from components.preprocessing.kinds.numeric import Numeric
    from tests.components.exported import prices

    features = {"carat": Numeric(), "cut": Categorical(vocabulary=2)}
    family = "gaussian(label=log, mean=smearing)"
    return _made(tmp_path_factory.mktemp("prices"), "prices", *prices(2_000), features, family)


@pytest.fixture(scope="session")
def visits_version(tfx_loaded: None, tmp_path_factory: pytest.TempPathFactory) -> MadeVersion:
    """A model of counts with an exposure: 2,000 people."""
    from components.preprocessing.kinds.boolean import Boolean
    from components.preprocessing.kinds.numeric import Numeric
    from components.preprocessing.kinds.offset import Offset
    from tests.components.exported import visits

    features = {"age": Numeric(), "insured": Boolean(), "years": Offset(log=True)}
    return _made(tmp_path_factory.mktemp("visits"), "visits", *visits(2_000), features, "poisson")
