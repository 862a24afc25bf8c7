"""Runs the graph on this machine, step by step, and reports each step."""

from __future__ import annotations

import dataclasses
import logging
import shutil
import time
from collections.abc import Iterator, Sequence, Set
from pathlib import Path

from ml_metadata.proto import metadata_store_pb2
from tfx.orchestration import metadata
from tfx.orchestration.pipeline import Pipeline
from tfx.proto.orchestration import pipeline_pb2
from tfx.types.artifact import Artifact

from components.errors import ConfigError
from components.internals import tfx as tfx_internals

Execution = metadata_store_pb2.Execution


@dataclasses.dataclass(frozen=True)
class StepResult:
    """What one step did.

    Attributes:
      step: its name.
      cached: whether its outputs were taken from an earlier run.
      seconds: wall time.
      outputs: artifacts by output name.
      execution: ML Metadata's number of it.
    """

    step: str
    cached: bool
    seconds: float
    outputs: dict[str, list[Artifact]]
    execution: int


class LocalRun:
    """One run of a pipeline, a step at a time.

    TFX's LocalDagRunner does the same in one call that reports nothing; this uses the same compiler and launcher.
    """

    def __init__(
        self,
        pipeline: Pipeline,
        run_id: str,
        cache: bool,
        rerun_from: str | None,
        never_cached: Set[str] = frozenset(),
        beam_args: Sequence[str] = (),
    ) -> None:
        """Compiles the pipeline.

        Args:
          pipeline: from `create_pipeline`.
          run_id: the run's name in ML Metadata.
          cache: whether steps may be taken from earlier runs.
          rerun_from: a step that runs anew, with all that depends on it.
          never_cached: names of steps that run anew in any case.
          beam_args: Beam's arguments; what is in the cache does not depend on them.

        Raises:
          ConfigError: there is no such step.
        """
        self._beam_args = beam_args
        ir: pipeline_pb2.Pipeline = tfx_internals.compile_pipeline(pipeline, run_id)
        self._ir = ir
        self._deployment = tfx_internals.local_deployment(ir)
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
                    for pattern in tfx_internals.half_outputs(node, execution.id):
                        for half in (pipelines / contexts["pipeline"]).glob(pattern):
                            shutil.rmtree(half, ignore_errors=True)
                execution.last_known_state = Execution.FAILED
                handle.store.put_executions([execution])

    def _launch(self, node: pipeline_pb2.PipelineNode) -> StepResult:
        name = node.node_info.id
        begin = time.monotonic()
        number = tfx_internals.launch(node, self._ir, self._deployment, self._connection, self._beam_args)
        seconds = time.monotonic() - begin
        with metadata.Metadata(self._connection) as handle:
            [execution] = handle.store.get_executions_by_id([number])
            outputs = tfx_internals.output_artifacts(handle, number)
        cached = execution.last_known_state == Execution.CACHED
        return StepResult(name, cached, seconds, {key: list(value) for key, value in outputs.items()}, number)
