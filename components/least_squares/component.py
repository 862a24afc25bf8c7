"""LeastSquares: the exact fit of the transformed training split, as a TFX component."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifact_types import LinearFit
from components.fingerprint import code_fingerprint
from components.least_squares.executor import Executor


class LeastSquaresSpec(ComponentSpec):
    """Reads `examples` (transformed) and `transform_graph`, writes `fit`."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "transform_graph": ChannelParameter(type=standard_artifacts.TransformGraph),
    }
    OUTPUTS = {"fit": ChannelParameter(type=LinearFit)}


class LeastSquares(BaseBeamComponent):
    """The exact fit, whatever the solver: gradient descent is compared with it."""

    SPEC_CLASS = LeastSquaresSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, examples: BaseChannel, transform_graph: BaseChannel, settings: dict[str, Any]) -> None:
        """Takes Transform's outputs; `settings` holds `features`, `label`, `weight` and `exact` (`Exact`) as plain JSON."""
        super().__init__(
            LeastSquaresSpec(
                examples=examples,
                transform_graph=transform_graph,
                fit=Channel(type=LinearFit),
                settings=json.dumps(settings, sort_keys=True),
                code=code_fingerprint(__name__),
            )
        )
