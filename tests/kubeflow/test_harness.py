"""The examples' pipelines, compiled and executed as compiled: what they push is what the local run pushes."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import pytest

from tests.kubeflow.compiled import compiled, write_config
from tests.kubeflow.conftest import StoppedRun
from tests.kubeflow.harness import KUBEFLOW, VERTEX, Platform, Run
from tests.kubeflow.results import last_words, local_model, pushed_model, read
from tests.kubeflow.spec import Json
from tests.kubeflow.warm import WarmPython

pytestmark = pytest.mark.e2e
LONG = pytest.mark.kubeflow


@dataclasses.dataclass(frozen=True)
class FirstRun:
    """A run that pushed a model.

    Attributes:
      example: whose pipeline it is.
      platform: where it ran.
      spec: what was compiled.
      folder: that has the `serving` folder.
      run: what came out.
    """

    example: str
    platform: Platform
    spec: Json
    folder: Path
    run: Run


@pytest.fixture(
    scope="module",
    params=[
        pytest.param(
            (example, mode), id=f"{example}-{mode}", marks=[] if (example, mode) == ("seed", KUBEFLOW) else LONG
        )
        for example in ("seed", "taxi", "tips", "delays")
        for mode in (KUBEFLOW, VERTEX)
    ],
)
def first(request: pytest.FixtureRequest, python: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """One run of each example's pipeline in each mode. The seed's as in Kubeflow is part of the short tests too."""
    example, mode = request.param
    folder = tmp_path_factory.mktemp(f"{example}-{mode}")
    spec = compiled(python, write_config(example, mode, folder), mode)
    platform = Platform(mode, folder / "platform", python)
    return FirstRun(example, platform, spec, folder, platform.run(spec))


def only(spec: Json, *tasks: str) -> Json:
    """A specification with some of its tasks alone."""
    dag = {"tasks": {name: task for name, task in spec["root"]["dag"]["tasks"].items() if name in tasks}}
    return {**spec, "root": {**spec["root"], "dag": dag}}


def test_what_was_compiled_pushes_the_model_of_the_local_run(first: FirstRun, request: pytest.FixtureRequest) -> None:
    assert first.run.failure is None
    pushed = first.run.outputs["pusher"]["pushed_model"]
    assert pushed["metadata"]["pushed"] == 1
    assert (first.platform.path(pushed) / "saved_model.pb").is_file()
    report, version = first.run.outputs["report"], pushed["metadata"]["pushed_version"]
    page = first.platform.path(report["page"]).read_text()
    assert page == (first.platform.path(report["report"]) / "report.html").read_text()
    assert page == (first.folder / "serving-reports" / f"{version}.html").read_text()
    found = pushed_model(first.folder / "serving")
    expected = local_model(first.example, request.getfixturevalue(f"{first.example}_run"))
    assert found["coefficients"] == expected["coefficients"]  # to the last digit
    assert found == expected


@LONG
def test_a_second_run_is_compared_with_the_first_ones_model(first: FirstRun, python: WarmPython) -> None:
    """Vertex finds it by itself. Kubeflow is told the address of the artifact."""
    assert first.run.failure is None
    before = read(first.platform.path(first.run.outputs["model-gate"]["verdict"]) / "verdict.json")
    assert before["baseline"] is None
    model = first.run.outputs["trainer"]["model"]["uri"]
    spec = first.spec
    if first.platform.mode == KUBEFLOW:
        spec = compiled(python, write_config(first.example, KUBEFLOW, first.folder, baseline=model), KUBEFLOW)
    second = first.platform.run(
        only(spec, *(spec["root"]["dag"]["tasks"].keys() - {"serving-check", "pusher", "report", "outcome"}))
    )
    assert second.failure is None
    found = [artifact for task, made in second.outputs.items() if "baseline" in task for artifact in made.values()]
    [baseline] = [artifact for artifact in found if artifact["title"] == "tfx.Model"]
    assert baseline["uri"] == model
    verdict = read(first.platform.path(second.outputs["model-gate"]["verdict"]) / "verdict.json")
    assert verdict["baseline"] == verdict["metrics"] == before["metrics"]


@LONG
@pytest.mark.parametrize("mode", [KUBEFLOW, VERTEX])
@pytest.mark.parametrize("stopped", ["refused_run", "anomaly_run"])
def test_a_run_without_a_model_ends_with_the_words_of_the_local_run(
    stopped: str, mode: str, python: WarmPython, tmp_path: Path, request: pytest.FixtureRequest
) -> None:
    local: StoppedRun = request.getfixturevalue(stopped)
    spec = compiled(python, write_config("seed", mode, tmp_path, **local.changes), mode)
    platform = Platform(mode, tmp_path / "platform", python)
    run = platform.run(spec)
    assert run.failure is not None
    assert (run.failure.task, run.failure.code) == (local.task, local.code)
    assert last_words("\n".join(run.failure.last)) == local.words
    assert not (tmp_path / "serving").exists()
    if local.task == "outcome":
        assert run.outputs["pusher"]["pushed_model"]["metadata"]["pushed"] == 0
        page = run.outputs["report"]["page"]
        assert page["title"] == "system.HTML"
        assert "the limit is at most 0.001: not kept" in platform.path(page).read_text()
    else:
        assert run.outputs.keys().isdisjoint({"serving-check", "pusher", "report"})


@LONG
@pytest.mark.parametrize("mode", [KUBEFLOW, VERTEX])
def test_the_newest_span_is_read_with_and_without_the_hook(mode: str, python: WarmPython, tmp_path: Path) -> None:
    for span, rows in ((1, 30), (2, 40)):
        (tmp_path / f"span-{span}").mkdir()
        lines = ["x,y", *(f"{row / 10},{row / 5}" for row in range(rows))]
        (tmp_path / f"span-{span}" / "data.csv").write_text("\n".join(lines) + "\n")
    config = write_config("seed", mode, tmp_path, table=tmp_path / "span-{SPAN}" / "data.csv")
    platform = Platform(mode, tmp_path / "platform", python)
    run = platform.run(only(compiled(python, config, mode), "example-gen"))
    assert run.failure is None
    examples = run.outputs["example-gen"]["examples"]
    assert examples["metadata"]["custom:span"] == 2  # as TFX writes it
    assert examples["metadata"]["input_fingerprint"]
    assert read(platform.path(examples) / "counts.json")["rows read"] == 40
