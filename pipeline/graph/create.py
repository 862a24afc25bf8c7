"""The whole TFX graph: the registry's steps, each wired to those before it."""

from __future__ import annotations

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
from tfx.orchestration.pipeline import Pipeline

from pipeline.config.file import Config
from pipeline.graph.parameters import Inputs
from pipeline.graph.places import Places
from pipeline.graph.registry import STEPS
from pipeline.graph.step import Wiring, task_name


def create_pipeline(config: Config, places: Places, beam_args: list[str] | None = None) -> Pipeline:
    """From the configuration to the graph. Reads no data, writes nothing.

    In containers the same graph takes its inputs as run-time parameters, and its nodes have the names that `task_name` gives.

    Raises:
      ConfigError: a step that the configuration asks for can't run there.
    """
    inputs = Inputs.constant(config) if places.target is None else Inputs.parameters()
    wiring = Wiring(config, places, inputs, nodes={})
    for step in STEPS:
        node = step.node(wiring)
        if node is not None:
            wiring.nodes[step.name] = node.with_id(step.name)
    if places.target is not None:
        for name, node in wiring.nodes.items():
            node.with_id(task_name(name))
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=places.pipeline_root,
        metadata_connection_config=places.metadata,
        components=list(wiring.nodes.values()),
        enable_cache=True,
        beam_pipeline_args=beam_args or [],
    )
