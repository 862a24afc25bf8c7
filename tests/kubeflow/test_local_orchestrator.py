"""The compiled pipelines, executed by Google's own interpreter of specifications."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from pipeline.graph.registry import IN_CONTAINERS
from pipeline.graph.step import task_name
from tests.conftest import WholeRun
from tests.kubeflow import local_orchestrator
from tests.kubeflow.compiled import compiled_file, write_config
from tests.kubeflow.conftest import StoppedRun
from tests.kubeflow.local_orchestrator import LocalRun
from tests.kubeflow.results import last_words, local_model, pushed_model, read
from tests.kubeflow.warm import WarmPython

pytestmark = [pytest.mark.e2e, pytest.mark.kubeflow]

SERVING = "serving"


@dataclasses.dataclass(frozen=True)
class FirstRun:
    """The taxi pipeline's run.

    Attributes:
      folder: that has the `serving` folder.
      run: what came out.
    """

    folder: Path
    run: LocalRun


@pytest.fixture(scope="module")
def first(python: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    folder = tmp_path_factory.mktemp("first")
    file = compiled_file(python, write_config("taxi", "kubeflow", folder), "kubeflow")
    return FirstRun(folder, local_orchestrator.run(file, folder / "run", python))


def test_every_task_runs_on_what_those_before_it_left(first: FirstRun) -> None:
    """And as in Kubeflow, what it takes has lost its type."""
    assert first.run.failure is None
    assert set(first.run.given) == {task_name(step) for step in IN_CONTAINERS} - {"infra-validator", "test-evaluation"}
    left: set[str] = set()
    for given in first.run.given.values():
        taken = [entry["artifacts"][0] for entry in given["inputs"].get("artifacts", {}).values()]
        assert {artifact["uri"] for artifact in taken} <= left
        assert {artifact["type"]["schemaTitle"] for artifact in taken} <= {"system.Artifact"}
        left |= {entry["artifacts"][0]["uri"] for entry in given["outputs"].get("artifacts", {}).values()}


def test_it_pushes_the_model_of_the_local_run(first: FirstRun, taxi_run: WholeRun) -> None:
    assert first.run.failure is None
    assert (first.run.path("pusher", "pushed_model") / "saved_model.pb").is_file()
    found, expected = pushed_model(first.folder / SERVING), local_model("taxi", taxi_run)
    assert found["coefficients"] == expected["coefficients"]  # to the last digit
    assert found == expected


def test_a_run_is_given_a_baseline_by_a_parameter(first: FirstRun, python: WarmPython, tmp_path: Path) -> None:
    before = read(first.run.path("model-gate", "verdict") / "verdict.json")
    assert before["baseline"] is None
    config = write_config("taxi", "kubeflow", tmp_path, baseline="minio://another/model")
    model = first.run.path("trainer", "model")
    second = local_orchestrator.run(
        compiled_file(python, config, "kubeflow"), tmp_path / "run", python, baseline=str(model)
    )
    assert second.failure is None
    [taken] = second.given["evaluator"]["inputs"]["artifacts"]["baseline_model"]["artifacts"]
    assert taken["uri"] == str(model)
    verdict = read(second.path("model-gate", "verdict") / "verdict.json")
    assert verdict["baseline"] == verdict["metrics"] == before["metrics"]
    assert pushed_model(tmp_path / SERVING) == pushed_model(first.folder / SERVING)


@pytest.mark.parametrize("stopped", ["refused_run", "anomaly_run"])
def test_a_run_without_a_model_ends_with_the_words_of_the_local_run(
    stopped: str, python: WarmPython, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    local: StoppedRun = request.getfixturevalue(stopped)
    file = compiled_file(python, write_config("seed", "kubeflow", tmp_path, **local.changes), "kubeflow")
    run = local_orchestrator.run(file, tmp_path / "run", python)
    assert run.failure is not None
    assert run.failure.endswith(f"Inner task failed: '{local.task}'.")
    assert [task for task, code in run.codes.items() if code] == [local.task]
    assert run.codes[local.task] == local.code
    assert last_words(run.logs[local.task]) == local.words
    assert not (tmp_path / SERVING).exists()
    if local.task == "outcome":
        assert "the limit is at most 0.001: not kept" in run.path("report", "page").read_text()
    else:
        assert run.codes.keys().isdisjoint({"serving-check", "pusher", "report"})
