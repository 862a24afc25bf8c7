"""The seed's pipeline, compiled and executed as compiled: what it pushes is what the local run pushes."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from components.pusher.versions import versions
from tests.conftest import WholeRun
from tests.kubeflow.compiled import compiled, write_config
from tests.kubeflow.harness import KUBEFLOW, VERTEX, Platform, Run
from tests.kubeflow.spec import Json
from tests.kubeflow.warm import WarmPython

pytestmark = pytest.mark.e2e
LONG = pytest.mark.kubeflow


@dataclasses.dataclass(frozen=True)
class FirstRun:
    """A run that pushed a model.

    Attributes:
      platform: where it ran.
      spec: what was compiled.
      folder: that has the `serving` folder.
      run: what came out.
    """

    platform: Platform
    spec: Json
    folder: Path
    run: Run


@pytest.fixture(scope="module")
def python() -> Iterator[WarmPython]:
    with WarmPython() as warm:
        yield warm


@pytest.fixture(scope="module", params=[KUBEFLOW, pytest.param(VERTEX, marks=LONG)])
def first(request: pytest.FixtureRequest, python: WarmPython, tmp_path_factory: pytest.TempPathFactory) -> FirstRun:
    """One run of the seed's pipeline in each mode."""
    folder = tmp_path_factory.mktemp(request.param)
    spec = compiled(python, write_config("seed", request.param, folder), request.param)
    platform = Platform(request.param, folder / "platform", python)
    return FirstRun(platform, spec, folder, platform.run(spec))


def read(path: Path) -> Any:
    return json.loads(path.read_text())


def only(spec: Json, *tasks: str) -> Json:
    """A specification with some of its tasks alone."""
    dag = {"tasks": {name: task for name, task in spec["root"]["dag"]["tasks"].items() if name in tasks}}
    return {**spec, "root": {**spec["root"], "dag": dag}}


def test_the_compiled_seed_pushes_the_model_of_the_local_run(first: FirstRun, seed_run: WholeRun) -> None:
    assert first.run.failure is None
    pushed = first.run.outputs["pusher"]["pushed_model"]
    assert pushed["metadata"]["pushed"] == 1
    assert (first.platform.path(pushed) / "saved_model.pb").is_file()
    [version] = versions(first.folder / "serving")
    [local] = versions(seed_run.root / "serving" / "seed")
    found = read(first.folder / "serving" / str(version) / "model.json")
    expected = read(seed_run.root / "serving" / "seed" / str(local) / "model.json")
    assert found["coefficients"] == expected["coefficients"]
    assert found == expected


@LONG
def test_a_second_run_is_compared_with_the_first_ones_model(first: FirstRun, python: WarmPython) -> None:
    """Vertex finds it by itself. Kubeflow is told the address of the artifact."""
    assert first.run.failure is None
    assert read(first.platform.path(first.run.outputs["model-gate"]["verdict"]) / "verdict.json")["baseline"] is None
    model = first.run.outputs["trainer"]["model"]["uri"]
    spec = first.spec
    if first.platform.mode == KUBEFLOW:
        spec = compiled(python, write_config("seed", KUBEFLOW, first.folder, baseline=model), KUBEFLOW)
    second = first.platform.run(only(spec, *(spec["root"]["dag"]["tasks"].keys() - {"serving-check", "pusher"})))
    assert second.failure is None
    found = [artifact for task, made in second.outputs.items() if "baseline" in task for artifact in made.values()]
    [baseline] = [artifact for artifact in found if artifact["title"] == "tfx.Model"]
    assert baseline["uri"] == model
    verdict = read(first.platform.path(second.outputs["model-gate"]["verdict"]) / "verdict.json")
    assert verdict["baseline"] == verdict["metrics"]


@LONG
def test_a_refused_gate_ends_the_run_with_the_words_of_the_local_run(python: WarmPython, tmp_path: Path) -> None:
    limits = {"limits": {"mean_squared_error": {"max": 0.001}}}
    spec = compiled(python, write_config("seed", KUBEFLOW, tmp_path, evaluate=limits), KUBEFLOW)
    run = Platform(KUBEFLOW, tmp_path / "platform", python).run(spec)
    assert run.failure is not None
    assert (run.failure.task, run.failure.code) == ("model-gate", 4)
    assert run.failure.last[-1].startswith("plumbline: refused: mean_squared_error on overall is ")
    assert run.failure.last[-1].endswith("; the limit is at most 0.001: not kept")
    assert "serving-check" not in run.outputs
    assert not (tmp_path / "serving").exists()


@LONG
def test_a_data_anomaly_ends_the_run_with_the_words_of_the_local_run(python: WarmPython, tmp_path: Path) -> None:
    schema = tmp_path / "schema.pbtxt"
    schema.write_text(
        'feature { name: "x" type: FLOAT float_domain { max: 0.5 } }\nfeature { name: "y" type: FLOAT }\n'
    )
    spec = compiled(python, write_config("seed", KUBEFLOW, tmp_path, schema=str(schema)), KUBEFLOW)
    run = Platform(KUBEFLOW, tmp_path / "platform", python).run(spec)
    assert run.failure is not None
    assert (run.failure.task, run.failure.code) == ("data-gate", 3)
    assert "plumbline: error: the data do not fit the schema:" in run.failure.last
    assert run.failure.last[-1] == "Correct the table, or change the schema if these data are right."


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
