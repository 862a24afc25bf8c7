"""What the tests of compiled pipelines share: a process with TFX imported, and two local runs that end without a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import plumbline
from tests.kubeflow.compiled import write_config
from tests.kubeflow.results import last_words
from tests.kubeflow.warm import WarmPython

NARROW_SCHEMA = """\
feature { name: "x" type: FLOAT float_domain { max: 0.5 } }
feature { name: "y" type: FLOAT }
"""


@dataclasses.dataclass(frozen=True)
class StoppedRun:
    """A local run of the seed that ended without a model.

    Attributes:
      changes: what `write_config` is told, beside the target and the folder.
      task: the task that ends it where it runs as compiled.
      code: the exit code.
      words: the message.
    """

    changes: dict[str, Any]
    task: str
    code: int
    words: str


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    with WarmPython() as warm:
        yield warm


@pytest.fixture(scope="session")
def refused_run(tmp_path_factory: pytest.TempPathFactory) -> StoppedRun:
    """The seed with a limit that its model does not keep."""
    limits = {"limits": {"mean_squared_error": {"max": 0.001}}}
    stopped = _stopped(tmp_path_factory.mktemp("refused"), "outcome", evaluate=limits)
    assert stopped.code == 4
    assert stopped.words.startswith("plumbline: refused: mean_squared_error on overall is ")
    assert stopped.words.endswith("; the limit is at most 0.001: not kept")
    return stopped


@pytest.fixture(scope="session")
def anomaly_run(tmp_path_factory: pytest.TempPathFactory) -> StoppedRun:
    """The seed with a schema that its table does not fit."""
    folder = tmp_path_factory.mktemp("anomaly")
    (folder / "schema.pbtxt").write_text(NARROW_SCHEMA)
    stopped = _stopped(folder, "data-gate", schema=str(folder / "schema.pbtxt"))
    assert stopped.code == 3
    assert stopped.words.startswith("plumbline: error: the data do not fit the schema:\n")
    return stopped


def _stopped(folder: Path, task: str, **changes: Any) -> StoppedRun:
    config = write_config("seed", "kubeflow", folder, **changes)  # the section of a target is nothing to a local run
    done = plumbline("run", config, "--root", folder / "root")
    return StoppedRun(changes, task, done.code, last_words(done.err))
