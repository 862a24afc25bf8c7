"""A runner for TFX's own command line: docs/tfx_cli.md says how to use it."""

from pathlib import Path

from tfx.orchestration.local.local_dag_runner import LocalDagRunner

from pipeline.beam.in_process import local_args
from pipeline.config.file import load_config
from pipeline.graph.create import Places, create_pipeline

config, root = load_config(Path("data/seed/pipeline.yaml")), Path("runs").resolve()
LocalDagRunner().run(create_pipeline(config, Places.local(config, root), local_args(0)))
