"""Gather: what a fit needs of the training rows, in one pass, as a TFX component."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifact_types import GatheredRows
from components.fingerprint import code_fingerprint
from components.gather.executor import Executor


class GatherSpec(ComponentSpec):
    """Reads `examples` (raw) and `transform_graph`, writes `gathered`."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {"gathered": ChannelParameter(type=GatheredRows)}


class Gather(BaseBeamComponent):
    """Triangular factors of the training rows, and their design matrix in shards of plain numbers."""

    SPEC_CLASS = GatherSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, examples: BaseChannel, transform_graph: BaseChannel, settings: dict[str, Any]) -> None:
        """Takes raw examples and Transform's graph; `settings` holds `features`, `label`, `weight`, `added` (the columns
        that ingest added), `family`, and perhaps `slices` (columns whose texts are kept by row), as plain JSON.
        """
        super().__init__(
            GatherSpec(
                examples=examples,
                transform_graph=transform_graph,
                gathered=Channel(type=GatheredRows),
                settings=json.dumps(settings, sort_keys=True),
                code=code_fingerprint(__name__),
            )
        )
