"""`python -m pipeline.remote.entrypoint`: one task of the compiled pipeline, in its container.

TFX's own entrypoint keeps Vertex's contract. Kubeflow's open-source launcher differs from it in five points, and this brings each
back to what TFX expects:

- it adds the output `executor-logs`, of a type that TFX doesn't have;
- the artifacts that a task takes come without their type, which stands in `--json_serialized_inputs_spec_args` too;
- it names artifacts `minio://bucket/key` and `s3://bucket/key`, and has them in `/minio/bucket/key` and `/s3/bucket/key`;
- it makes the folder around an output's folder alone;
- it doesn't run the hook that finds ExampleGen's newest span and fingerprints the table.

Under Vertex none of this is the case, and all is handed on as it came.

Under both, a blessing names its models by TFX's numbers of this task; TFX puts the platform's names in their place for its own
Evaluator alone. Here it is done for ModelGate, or Vertex's resolver would find no model that it blessed.

The page of a report is an artifact of its own, of the type that the platform's UI shows: a file, where TFX knows folders alone.

An error of ours ends the task in one message and with the exit code that `plumbline run` would give; so does a refused model.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.errors import PlumblineError, RunError, error_line
from components.internals import kfp as kfp_internals
from components.internals.tfx import run_example_gen_driver, run_task
from components.mounts import to_path, to_uri

LOGS = "executor-logs"
INGEST = "components.ingest.executor.Executor"
GATE = "components.model_gate.executor.Executor"
PAGE = "page"  # that `compile` adds to the outputs of Report
REPORT = "report"  # Report's own
Json = dict[str, Any]


def adapt(invocation: Json, inputs_spec: Json) -> Json:
    """What the launcher hands over, as TFX's entrypoint expects it.

    Args:
      invocation: an ExecutorInput as JSON.
      inputs_spec: the component's ComponentInputsSpec as JSON.

    Returns:
      A copy without `executor-logs` and the page, with types and paths.

    Raises:
      RunError: an artifact has no type, and the component's specification has none for it either.
    """
    adapted: Json = json.loads(json.dumps(invocation))
    specs = inputs_spec.get("artifacts", {})
    for key, artifact in _artifacts(adapted.get("inputs", {})):
        if not _typed(artifact.get("type", {})):
            if key not in specs:
                raise RunError(
                    f"input {key!r}: the artifact {artifact.get('uri')!r} came without a type, and the component's specification "
                    f"has none: it knows {sorted(specs)}. Compile the pipeline anew with this version."
                )
            artifact["type"] = specs[key]["artifactType"]
        artifact.setdefault("name", artifact["uri"])  # TFX looks a model up by it
    outputs = adapted.get("outputs", {})
    for unknown in (LOGS, PAGE):  # to TFX
        outputs.get("artifacts", {}).pop(unknown, None)
    for _, artifact in [*_artifacts(adapted.get("inputs", {})), *_artifacts(outputs)]:
        artifact["uri"] = to_path(artifact["uri"])
    return adapted


def main(argv: list[str]) -> int:
    """Runs one task. Takes what TFX's entrypoint takes; all other arguments are Beam's.

    Returns:
      The exit code, as `components.errors` has them.
    """
    parser = argparse.ArgumentParser(prog="python -m pipeline.remote.entrypoint", allow_abbrev=False)
    parser.add_argument("--executor_class_path", required=True, help="Import path of the executor's class.")
    parser.add_argument("--json_serialized_invocation_args", required=True, help="An ExecutorInput as JSON.")
    parser.add_argument("--json_serialized_inputs_spec_args", default="{}", help="A ComponentInputsSpec as JSON.")
    args, beam_args = parser.parse_known_args(argv)
    try:
        given = json.loads(args.json_serialized_invocation_args)
        invocation = adapt(given, json.loads(args.json_serialized_inputs_spec_args))
        args.json_serialized_invocation_args = json.dumps(invocation)
        outputs = invocation.get("outputs", {})
        for _, artifact in _artifacts(outputs):
            if "://" not in artifact["uri"]:
                os.makedirs(artifact["uri"], exist_ok=True)
        _execute(args, beam_args)
        if args.executor_class_path == GATE:
            _name_models(invocation)
        for key, artifact in _artifacts(given.get("outputs", {})):
            if key == PAGE:
                _put_page(artifact, outputs)
        if "outputFile" in outputs and "://" not in outputs["outputFile"]:
            _restore_uris(Path(outputs["outputFile"]))
    except PlumblineError as error:
        sys.stderr.write(f"{error_line(error)}\n")
        return error.exit_code
    return 0


def _artifacts(side: Json) -> Iterator[tuple[str, Json]]:
    """The artifacts of an ExecutorInput's inputs or outputs, by key."""
    for key, found in side.get("artifacts", {}).items():
        for artifact in found.get("artifacts", []):
            yield key, artifact


def _typed(schema: Json) -> bool:
    """Whether a type says more than that there is one (`system.Artifact`)."""
    title = schema.get("schemaTitle", "")
    return bool(schema.get("instanceSchema") or (title and not title.startswith("system.")))


def _execute(args: argparse.Namespace, beam_args: list[str]) -> None:
    kfp_internals.load_runtime_alone()
    import tfx  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)

    if args.executor_class_path == INGEST:
        _run_hook(args)
    run_task(args, beam_args)


def _run_hook(args: argparse.Namespace) -> None:
    """Runs TFX's driver of ExampleGen unless it has run. What it found reaches the executor as it would under Vertex."""
    from tfx.dsl.io import fileio

    invocation: Json = json.loads(args.json_serialized_invocation_args)
    report = invocation["outputs"]["outputFile"]
    if fileio.exists(report):
        return
    run_example_gen_driver(args)
    with fileio.open(report) as file:  # TFX takes the parameters out of it, and Vertex the artifacts' properties
        found = dict(_artifacts(json.loads(file.read())))
    for key, artifact in _artifacts(invocation["outputs"]):
        artifact["metadata"] = {**artifact.get("metadata", {}), **found.get(key, {}).get("metadata", {})}
    args.json_serialized_invocation_args = json.dumps(invocation)


def _name_models(invocation: Json) -> None:
    """Puts the platform's names of the models into the blessing that a task reports."""
    from tfx.components.evaluator import constants
    from tfx.dsl.io import fileio

    names = {key: artifact.get("name") for key, artifact in _artifacts(invocation["inputs"])}
    with fileio.open(invocation["outputs"]["outputFile"]) as file:
        report: Json = json.loads(file.read())
    for key, artifact in _artifacts(report):
        for model, number in (
            ("model", constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY),
            ("baseline_model", constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY),
        ):
            if key == "blessing" and number in artifact.get("metadata", {}):
                artifact["metadata"][number] = names[model]
    with fileio.open(invocation["outputs"]["outputFile"], "w") as file:
        file.write(json.dumps(report))


def _restore_uris(path: Path) -> None:
    """Puts the launcher's names of artifacts into what TFX reports of a task."""
    report: Json = json.loads(path.read_text())
    for _, artifact in _artifacts(report):
        artifact["uri"] = to_uri(artifact["uri"])
    path.write_text(json.dumps(report))


def _put_page(page: Json, outputs: Json) -> None:
    """Copies the page of a report to where the UI looks for it, reports it beside TFX's outputs, and says where it is."""
    from tfx.dsl.io import fileio

    from pipeline.graph.report.page import PAGE_FILE

    target = to_path(page["uri"])
    fileio.copy(os.path.join(dict(_artifacts(outputs))[REPORT]["uri"], PAGE_FILE), target, overwrite=True)
    with fileio.open(outputs["outputFile"]) as file:
        told: Json = json.loads(file.read())
    told.setdefault("artifacts", {})[PAGE] = {"artifacts": [{**page, "uri": target}]}
    with fileio.open(outputs["outputFile"], "w") as file:
        file.write(json.dumps(told))
    sys.stdout.write(f"report: {_address(page['uri'])}\n")


def _address(uri: str) -> str:
    """Where a browser finds a file, for who may read it."""
    bucket = "gs://"
    return f"https://storage.cloud.google.com/{uri.removeprefix(bucket)}" if uri.startswith(bucket) else uri


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
