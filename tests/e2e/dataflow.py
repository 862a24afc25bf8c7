"""Beam steps translated for Dataflow, not run: python -m tests.e2e.dataflow CONFIG ROOT OUT FLAG …

ROOT holds a finished run of the configuration, whose artifacts are the steps' inputs. Of the first job of each step that does its
work on Beam, OUT gets `STEP.pb`, the pipeline as Dataflow would be given it, and `STEP.json`, the environment of its workers.
The flags are Beam's, `--dry_run=True` among them: with it Beam's own runner stops where it would begin to talk to Google.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import apache_beam as beam
import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
from apache_beam.runners.dataflow.internal.apiclient import Environment, Job
from apitools.base.py import encoding
from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.orchestration.metadata import Metadata
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.types.artifact import Artifact

from pipeline.config.file import load_config
from pipeline.graph.create import create_pipeline
from pipeline.graph.places import Places

FNAPI = "8"  # what Beam's client calls this version of the workers' environment


class Translated(Exception):
    """A job is translated: an executor goes no further, for there are no results to read."""

    def __init__(self, job: Job) -> None:
        super().__init__("translated")
        self.job = job


class TranslatedPipeline(beam.Pipeline):
    """Ends with its job."""

    def run(self, test_runner_api: str | bool = "AUTO") -> NoReturn:
        """Raises Translated."""
        raise Translated(super().run(test_runner_api).job)


def inputs(handle: Metadata, pipeline: str, node: str) -> dict[str, list[Artifact]]:
    """What a step was given in the finished run, by name of the input."""
    context = handle.store.get_context_by_type_and_name("node", f"{pipeline}.{node}")
    done = [
        execution.id
        for execution in handle.store.get_executions_by_context(context.id)
        if execution.last_known_state == metadata_store_pb2.Execution.COMPLETE
    ]
    return {key: list(found) for key, found in execution_lib.get_input_artifacts(handle, max(done)).items()}


def translate(node: Any, given: dict[str, list[Artifact]], out: Path, flags: list[str]) -> Job:
    """A step's first job."""
    put_out: dict[str, list[Artifact]] = {}
    for key, channel in node.outputs.items():
        artifact = channel.type()
        artifact.uri = str(out / node.id / key)
        put_out[key] = [artifact]
    args = list(flags)  # TFX adds to it
    context = BaseBeamExecutor.Context(
        args,
        "",
        tmp_dir=str(out / node.id / "tmp"),
        unique_id="1",
        make_beam_pipeline_fn=lambda: TranslatedPipeline(argv=args),
    )
    properties = {name: value for name, value in node.spec.exec_properties.items() if value is not None}
    try:
        node.executor_spec.executor_class(context).Do(given, put_out, properties)
    except Translated as translated:
        return translated.job
    raise RuntimeError(f"{node.id}: expected a Beam job; its executor ended without one")


def on_beam(nodes: list[Any]) -> Iterator[Any]:
    """Of a graph's nodes, those that do their work on Beam."""
    for node in nodes:
        executor = getattr(node.executor_spec, "executor_class", None)
        if executor is not None and issubclass(executor, BaseBeamExecutor):
            yield node


def main() -> None:
    """Each step."""
    config_path, root, out = map(Path, sys.argv[1:4])
    config = load_config(config_path).model_copy(update={"materialize": True})  # the writer of rows is wanted too
    places = Places.local(config, root)
    with Metadata(places.metadata) as handle:
        for node in on_beam(create_pipeline(config, places).components):
            job = translate(node, inputs(handle, config.name, node.id), out, sys.argv[4:])
            (out / f"{node.id}.pb").write_bytes(job.proto_pipeline.SerializeToString())
            environment = Environment([], job.options, FNAPI, "gs://bucket/pipeline.pb", job.proto_pipeline)
            (out / f"{node.id}.json").write_text(encoding.MessageToJson(environment.proto))


if __name__ == "__main__":
    main()
