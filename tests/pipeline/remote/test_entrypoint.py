from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from components.errors import DataError, RefusedError, RunError
from components.mounts import MOUNTS
from pipeline.remote import entrypoint
from tests.conftest import REPOSITORY

MODEL = {"instanceSchema": "title: tfx.Model\ntype: object\n"}
SPEC = {"artifacts": {"model": {"artifactType": MODEL}}}


def invocation(artifact: dict[str, Any], **outputs: dict[str, Any]) -> dict[str, Any]:
    return {
        "inputs": {"parameterValues": {"rules": "{}"}, "artifacts": {"model": {"artifacts": [artifact]}}},
        "outputs": {"artifacts": {key: {"artifacts": [value]} for key, value in outputs.items()}},
    }


@pytest.fixture
def mounts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv(MOUNTS, str(tmp_path))
    return tmp_path


@pytest.mark.parametrize("artifact_type", [{"instanceSchema": ""}, {}, None, {"schemaTitle": "system.Artifact"}])
def test_a_type_that_is_missing_comes_from_the_components_specification(artifact_type: dict[str, str] | None) -> None:
    artifact = {"name": "7", "uri": "/somewhere"} | ({} if artifact_type is None else {"type": artifact_type})
    [model] = entrypoint.adapt(invocation(artifact), SPEC)["inputs"]["artifacts"]["model"]["artifacts"]
    assert model == {"name": "7", "uri": "/somewhere", "type": MODEL}


def test_an_artifact_without_type_or_specification_is_an_error() -> None:
    with pytest.raises(RunError, match=r"input 'model': the artifact '/m' came without a type, and .* knows \[\]"):
        entrypoint.adapt(invocation({"uri": "/m"}), {})


def test_a_nameless_artifact_is_known_by_its_address() -> None:
    [model] = entrypoint.adapt(invocation({"uri": "s3://b/m", "type": MODEL}), {})["inputs"]["artifacts"]["model"][
        "artifacts"
    ]
    assert model["name"] == "s3://b/m"


def test_the_launchers_logs_are_dropped() -> None:
    logs = {"type": {"schemaTitle": "system.Artifact"}, "uri": "minio://b/logs"}
    verdict = {"type": MODEL, "uri": "minio://b/verdict"}
    given = invocation({"name": "1", "type": MODEL, "uri": "/m"}, **{"executor-logs": logs, "verdict": verdict})
    outputs = entrypoint.adapt(given, SPEC)["outputs"]["artifacts"]
    assert outputs == {"verdict": {"artifacts": [{"type": MODEL, "uri": "/minio/b/verdict"}]}}
    assert "executor-logs" in given["outputs"]["artifacts"]  # what was given is not changed


def test_under_vertex_everything_is_handed_on_as_it_came() -> None:
    given = invocation(
        {"name": "projects/1/a/7", "type": MODEL, "uri": "gs://b/m"}, fit={"type": MODEL, "uri": "gs://b/f"}
    )
    assert entrypoint.adapt(given, SPEC) == given


def run(monkeypatch: pytest.MonkeyPatch, execute: Any, given: dict[str, Any], executor: str = "some.Executor") -> int:
    """The entrypoint with something else in the place of TFX."""
    monkeypatch.setattr(entrypoint, "_execute", execute)
    arguments = ["--executor_class_path", executor, "--json_serialized_invocation_args", json.dumps(given)]
    return entrypoint.main([*arguments, "--runner=Some", "--json_serialized_inputs_spec_args", json.dumps(SPEC)])


def test_folders_are_made_and_the_launcher_is_told_its_own_addresses(
    mounts: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    given = invocation({"name": "1", "type": {}, "uri": "minio://b/m"}, fit={"type": MODEL, "uri": "minio://b/fit"})
    report = mounts / "executor_output.json"
    given["outputs"]["outputFile"] = str(report)

    def execute(args: Any, beam_args: list[str]) -> None:
        assert (args.executor_class_path, beam_args) == ("some.Executor", ["--runner=Some"])
        [fit] = json.loads(args.json_serialized_invocation_args)["outputs"]["artifacts"]["fit"]["artifacts"]
        assert Path(fit["uri"]).is_dir()
        told = {"artifacts": {"fit": {"artifacts": [{"uri": fit["uri"], "metadata": {"rows": 3.0}}]}}}
        report.write_text(json.dumps(told))

    assert run(monkeypatch, execute, given) == 0
    told = json.loads(report.read_text())["artifacts"]["fit"]["artifacts"]
    assert told == [{"uri": "minio://b/fit", "metadata": {"rows": 3.0}}]


def test_an_error_of_ours_is_one_message_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def execute(*_: Any) -> None:
        raise DataError("the data do not fit the schema:\n  x: out of range")

    assert run(monkeypatch, execute, {}) == 3
    assert capfd.readouterr().err == "plumbline: error: the data do not fit the schema:\n  x: out of range\n"


def test_any_other_error_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    def execute(*_: Any) -> None:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run(monkeypatch, execute, {})


def test_a_refusal_is_said_with_its_reasons_and_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    def execute(*_: Any) -> None:
        raise RefusedError(["a is 2", "b is 3"])

    assert run(monkeypatch, execute, {}) == 4
    assert capfd.readouterr().err == "plumbline: refused: a is 2; b is 3\n"


@pytest.mark.e2e
@pytest.mark.usefixtures("tfx_loaded")
def test_the_page_of_a_report_is_an_artifact_of_its_own_and_a_file(
    mounts: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    html = {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}
    given = invocation(
        {"name": "1", "type": MODEL, "uri": "minio://b/m"},
        report={"type": MODEL, "uri": "minio://b/r/report"},
        page={"type": html, "uri": "minio://b/r/page", "name": "9"},
    )
    output = mounts / "executor_output.json"
    given["outputs"]["outputFile"] = str(output)

    def execute(args: Any, beam_args: list[str]) -> None:
        [report] = json.loads(args.json_serialized_invocation_args)["outputs"][
            "artifacts"
        ].values()  # TFX knows no other
        [artifact] = report["artifacts"]
        (Path(artifact["uri"]) / "report.html").write_text("<p>")
        output.write_text(json.dumps({"artifacts": {"report": report}}))

    assert run(monkeypatch, execute, given) == 0
    assert (mounts / "minio/b/r/page").read_text() == "<p>"
    told = json.loads(output.read_text())["artifacts"]
    assert told["page"] == {"artifacts": [{"type": html, "uri": "minio://b/r/page", "name": "9"}]}
    assert told["report"]["artifacts"][0]["uri"] == "minio://b/r/report"
    assert capfd.readouterr().out == "report: minio://b/r/page\n"


def test_a_browser_finds_what_is_in_a_bucket_of_google() -> None:
    assert entrypoint._address("gs://b/r/page") == "https://storage.cloud.google.com/b/r/page"
    assert entrypoint._address("s3://b/page") == "s3://b/page"


@pytest.mark.e2e
@pytest.mark.usefixtures("tfx_loaded")
@pytest.mark.parametrize("given_baseline", [True, False])
def test_a_blessing_names_its_models_as_the_platform_does(
    given_baseline: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Vertex's resolver looks for a model of this very name. TFX's entrypoint does this for its Evaluator, and for nothing else."""
    report = tmp_path / "executor_output.json"
    given = invocation({"name": "projects/1/artifacts/7", "type": MODEL, "uri": "/m"})
    if given_baseline:
        live = {"name": "projects/1/artifacts/5", "type": MODEL, "uri": "/live"}
        given["inputs"]["artifacts"]["baseline_model"] = {"artifacts": [live]}
    given["outputs"]["outputFile"] = str(report)
    told = {"blessed": 1.0, "current_model_id": 5.6e18, **({"baseline_model_id": 7.1e18} if given_baseline else {})}

    def execute(*_: Any) -> None:
        report.write_text(json.dumps({"artifacts": {"blessing": {"artifacts": [{"uri": "/b", "metadata": told}]}}}))

    assert run(monkeypatch, execute, given, entrypoint.GATE) == 0
    [blessing] = json.loads(report.read_text())["artifacts"]["blessing"]["artifacts"]
    names = {"current_model_id": "projects/1/artifacts/7", "baseline_model_id": "projects/1/artifacts/5"}
    assert blessing["metadata"] == {"blessed": 1.0, **{key: names[key] for key in told if key in names}}


def test_importing_it_loads_neither_tfx_nor_tensorflow() -> None:
    code = (
        "import sys, pipeline.remote.entrypoint; print([m for m in ('tfx', 'tensorflow', 'kfp') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[]\n"
