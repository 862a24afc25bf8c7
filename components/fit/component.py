"""Fit: the exact fit of what was gathered, as a TFX component."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_beam_component import BaseBeamComponent
from tfx.dsl.components.base.executor_spec import BeamExecutorSpec
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifact_types import GatheredRows, LinearFit
from components.fingerprint import code_fingerprint
from components.fit.executor import Executor


class FitSpec(ComponentSpec):
    """Reads `gathered`, writes `fit`."""

    PARAMETERS = {
        "settings": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {"gathered": ChannelParameter(type=GatheredRows)}
    OUTPUTS = {"fit": ChannelParameter(type=LinearFit)}


class Fit(BaseBeamComponent):
    """The exact fit, whatever the solver: gradient descent is compared with it."""

    SPEC_CLASS = FitSpec
    EXECUTOR_SPEC = BeamExecutorSpec(Executor)

    def __init__(self, gathered: BaseChannel, settings: dict[str, Any]) -> None:
        """Takes Gather's output; `settings` holds `features`, `added` (names that ingest added), `exact` (`Exact`), and perhaps
        `slices` (sets of the columns that Gather was given as such) as plain JSON.
        """
        super().__init__(
            FitSpec(
                gathered=gathered,
                fit=Channel(type=LinearFit),
                settings=json.dumps(settings, sort_keys=True),
                code=code_fingerprint(__name__),
            )
        )
