"""Runs the graph on this machine, step by step, and reports each step."""

from __future__ import annotations

import dataclasses
import datetime
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types.artifact import Artifact

from components.pusher.versions import versions

Execution = metadata_store_pb2.Execution


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What one step did.

    Attributes:
      step: its name.
      cached: whether its outputs were taken from an earlier run.
      seconds: wall time.
      outputs: artifacts by output name.
    """

    step: str
    cached: bool
    seconds: float
    outputs: dict[str, list[Artifact]]


class LocalRun:
    """One run of a pipeline, a step at a time.

    TFX's LocalDagRunner does the same in one call that reports nothing; this uses the same compiler and launcher.
    """

    def __init__(self, pipeline: Pipeline, cache: bool, rerun_from: str | None) -> None:
        """Compiles the pipeline.

        Args:
          pipeline: from `create_pipeline`.
          cache: whether steps may be taken from earlier runs.
          rerun_from: a step that runs anew, with all that depends on it.
        """
        ir: pipeline_pb2.Pipeline = compiler.Compiler().compile(pipeline)
        self.run_id = datetime.datetime.now().isoformat()
        runtime_parameter_utils.substitute_runtime_parameter(
            ir, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: self.run_id}
        )
        self._ir = ir
        self._deployment = runner_utils.extract_local_deployment_config(ir)
        connection = self._deployment.metadata_connection_config
        self._connection = getattr(connection, connection.WhichOneof("connection_config"))
        self._nodes = [node.pipeline_node for node in ir.nodes]
        anew = {node.node_info.id for node in self._nodes} if not cache else self._from(rerun_from)
        for node in self._nodes:
            node.execution_options.caching_options.enable_cache = node.node_info.id not in anew

    def _from(self, step: str | None) -> set[str]:
        """A step and all that depends on it."""
        found = set() if step is None else {step}
        for node in self._nodes:  # in topological order
            if found & set(node.upstream_nodes):
                found.add(node.node_info.id)
        return found

    @property
    def steps(self) -> list[str]:
        """Names of the steps, in the order in which they run."""
        return [node.node_info.id for node in self._nodes]

    def run(self) -> Iterator[StepResult]:
        """Runs the steps, and yields each when it is done.

        Raises:
          Exception: whatever a step raised; its execution is marked as failed in ML Metadata.
        """
        for node in self._nodes:
            yield self._launch(node)

    def run_anew(self, step: str) -> None:
        """Takes a step's outputs from no earlier run."""
        node = next(node for node in self._nodes if node.node_info.id == step)
        node.execution_options.caching_options.enable_cache = False

    def is_live(self, model: Artifact, serving: Path) -> bool:
        """Whether the newest version in a serving directory was pushed from this `Model` artifact.

        TFX's cache does not look at the directory: after A, B, A, B it would take the second B for pushed while A is live.
        """
        newest = [str(serving / str(version)) for version in versions(serving)[-1:]]
        with metadata.Metadata(self._connection) as handle:
            store = handle.store
            pushed = [
                artifact.id
                for artifact in store.get_artifacts_by_type("PushedModel")
                if artifact.custom_properties["pushed_destination"].string_value in newest
            ]
            pushes = [event.execution_id for event in store.get_events_by_artifact_ids(pushed)] if pushed else []
            sources = [event.artifact_id for event in store.get_events_by_execution_ids(pushes)] if pushes else []
        return model.id in sources

    def _launch(self, node: pipeline_pb2.PipelineNode) -> StepResult:
        name = node.node_info.id
        begin = time.monotonic()
        info = launcher.Launcher(
            pipeline_node=node,
            mlmd_connection=metadata.Metadata(self._connection),
            pipeline_info=self._ir.pipeline_info,
            pipeline_runtime_spec=self._ir.runtime_spec,
            executor_spec=runner_utils.extract_executor_spec(self._deployment, name),
            custom_driver_spec=runner_utils.extract_custom_driver_spec(self._deployment, name),
        ).launch()
        seconds = time.monotonic() - begin
        with metadata.Metadata(self._connection) as handle:
            [execution] = handle.store.get_executions_by_id([info.execution_id])
            outputs = execution_lib.get_output_artifacts(handle, info.execution_id)
        cached = execution.last_known_state == Execution.CACHED
        return StepResult(name, cached, seconds, {key: list(value) for key, value in outputs.items()})


def pushed_version(artifact: Any) -> int | None:
    """The version that a `PushedModel` stands for, or None where nothing was pushed."""
    if artifact.get_int_custom_property("pushed") != 1:
        return None
    return int(artifact.get_string_custom_property("pushed_version"))
