"""Runs the graph on this machine, step by step, and reports each step."""

from __future__ import annotations

import dataclasses
import datetime
import logging
import shutil
import time
from collections.abc import Iterator, Set
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.dsl.compiler import compiler, constants
from tfx.orchestration import metadata
from tfx.orchestration.local import runner_utils
from tfx.orchestration.pipeline import Pipeline
from tfx.orchestration.portable import launcher, runtime_parameter_utils
from tfx.orchestration.portable.mlmd import execution_lib
from tfx.proto.orchestration import pipeline_pb2
from tfx.types.artifact import Artifact

from components.errors import ConfigError

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

    def __init__(
        self, pipeline: Pipeline, cache: bool, rerun_from: str | None, never_cached: Set[str] = frozenset()
    ) -> None:
        """Compiles the pipeline.

        Args:
          pipeline: from `create_pipeline`.
          cache: whether steps may be taken from earlier runs.
          rerun_from: a step that runs anew, with all that depends on it.
          never_cached: names of steps that run anew in any case.

        Raises:
          ConfigError: there is no such step.
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
        if rerun_from is not None and rerun_from not in self.steps:
            raise ConfigError(f"--from: no step {rerun_from!r} in this pipeline. Its steps: {', '.join(self.steps)}.")
        anew = {node.node_info.id for node in self._nodes} if not cache else self._from(rerun_from)
        for node in self._nodes:
            node.execution_options.caching_options.enable_cache = node.node_info.id not in {*anew, *never_cached}

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
        self._close_unfinished()
        for node in self._nodes:
            try:
                result = self._launch(node)
            except Exception:
                raise  # TFX has closed it
            except BaseException:
                self._close_unfinished()
                raise
            yield result

    def _close_unfinished(self) -> None:
        """Marks as failed whatever is RUNNING in ML Metadata, and removes what it had half written.

        No other run is going on in this root (`pipeline.local.run` sees to that), so whatever is RUNNING was killed.
        """
        pipelines = Path(self._ir.runtime_spec.pipeline_root.field_value.string_value).parent
        with metadata.Metadata(self._connection) as handle:
            for execution in handle.store.get_executions():
                if execution.last_known_state != Execution.RUNNING:
                    continue
                contexts = {one.type: one.name for one in handle.store.get_contexts_by_execution(execution.id)}
                node = contexts.get("node", "").removeprefix(f"{contexts.get('pipeline', '')}.")
                logging.warning("closing execution %d of %s, which a run that was killed left", execution.id, node)
                if node:
                    folder = pipelines / contexts["pipeline"] / node
                    for half in (*folder.glob(f"*/{execution.id}"), *folder.glob(f".system/*/{execution.id}")):
                        shutil.rmtree(half, ignore_errors=True)
                execution.last_known_state = Execution.FAILED
                handle.store.put_executions([execution])

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
