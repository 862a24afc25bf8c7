"""Where a run reads and writes, on this machine and elsewhere."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pipeline.config.file import Config
from pipeline.config.root import METADATA, rejected_directory, runs_directory

if TYPE_CHECKING:
    from ml_metadata.proto import metadata_store_pb2


@dataclasses.dataclass(frozen=True)
class Places:
    """Where a run reads and writes.

    Attributes:
      pipeline_root: folder of the artifacts.
      rejected: folder of the lists of bad rows.
      serving: folder of the pushed versions; None where they go to an endpoint.
      metadata: connection to ML Metadata; None where the orchestrator brings its own.
      schema: the schema file, if the configuration names one.
      target: the orchestrator that runs it in containers; None on this machine.
      baseline: whether the run is given a blessed model to compare with, and looks for none.
      summaries: folder of the runs' summaries; None where there are none.
      endpoint: what TFX's Pusher for Vertex AI is told, as its `custom_config`.
    """

    pipeline_root: str
    rejected: str
    serving: str | None
    metadata: metadata_store_pb2.ConnectionConfig | None
    schema: str | None = None
    target: str | None = None
    baseline: bool = False
    endpoint: dict[str, Any] | None = None
    summaries: str | None = None

    @classmethod
    def local(cls, config: Config, root: Path) -> Places:
        """Everything below one root folder."""
        from tfx.orchestration.metadata import sqlite_metadata_connection_config

        return cls(
            pipeline_root=str(root / "pipelines" / config.name),
            rejected=str(rejected_directory(root, config.name)),
            serving=str(config.serving_directory(root)),
            metadata=sqlite_metadata_connection_config(str(root / METADATA)),
            schema=str(config.table_schema) if config.table_schema else None,
            summaries=str(runs_directory(root, config.name)),
        )

    @classmethod
    def remote(cls, config: Config, target: str, pipeline_root: str) -> Places:
        """As a target's section says. The lists of bad rows lie beside the versions: TensorFlow can write there in any case."""
        section = config.targets.get(target)
        return cls(
            pipeline_root=pipeline_root,
            rejected=f"{section.serving or pipeline_root.rstrip('/')}-rejected",
            serving=section.serving,
            metadata=None,
            schema=section.table_schema,
            target=target,
            baseline=section.baseline is not None,
            endpoint=section.endpoint_config(),
        )
