"""Report: the page of a run, as a TFX component."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components import artifact_types
from pipeline.graph.report.executor import Executor


class ReportSpec(ComponentSpec):
    """Reads what the steps of a run left, writes `report`."""

    PARAMETERS = {"described": ExecutionParameter(type=str), "places": ExecutionParameter(type=str)}
    INPUTS = {
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "statistics": ChannelParameter(type=standard_artifacts.ExampleStatistics),
        "schema": ChannelParameter(type=standard_artifacts.Schema),
        "anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies),
        "gathered": ChannelParameter(type=artifact_types.GatheredRows),
        "fit": ChannelParameter(type=artifact_types.LinearFit),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "model_run": ChannelParameter(type=standard_artifacts.ModelRun),
        "verdict": ChannelParameter(type=artifact_types.Verdict),
        "checked": ChannelParameter(type=standard_artifacts.InfraBlessing),
        "pushed_model": ChannelParameter(type=standard_artifacts.PushedModel),
        "unseen": ChannelParameter(type=standard_artifacts.ModelEvaluation, optional=True),
    }
    OUTPUTS = {"report": ChannelParameter(type=artifact_types.Report)}


class Report(BaseComponent):
    """The page. It decides nothing, and comes after the push."""

    SPEC_CLASS = ReportSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self, described: dict[str, Any] | RuntimeParameter, places: dict[str, Any], **inputs: BaseChannel
    ) -> None:
        """Takes the outputs that `ReportSpec` names; the two others together are `source.Facts`, as plain JSON.

        Args:
          described: what the configuration says.
          places: where the run reads and writes.
          inputs: the outputs.
        """
        super().__init__(
            ReportSpec(
                **inputs,
                report=Channel(type=artifact_types.Report),
                described=described if isinstance(described, RuntimeParameter) else json.dumps(described),
                places=json.dumps(places, sort_keys=True),
            )
        )
