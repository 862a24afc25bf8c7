"""Outcome: the last task of a run in containers, which has no command around it that could end by the verdict."""

from __future__ import annotations

from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types.channel import BaseChannel
from tfx.types.component_spec import ChannelParameter, ComponentSpec

from components.artifact_types import Report, Verdict
from components.outcome.executor import Executor


class OutcomeSpec(ComponentSpec):
    """Reads `verdict`, and waits for `report`."""

    PARAMETERS: dict[str, Any] = {}
    INPUTS = {"verdict": ChannelParameter(type=Verdict), "report": ChannelParameter(type=Report)}
    OUTPUTS: dict[str, Any] = {}


class Outcome(BaseComponent):
    """Fails where the model was refused."""

    SPEC_CLASS = OutcomeSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, verdict: BaseChannel, report: BaseChannel) -> None:
        """Takes ModelGate's `verdict`, and the `report` that comes before the end."""
        super().__init__(OutcomeSpec(verdict=verdict, report=report))
