"""DataGate: the step between ExampleValidator, which never stops a run, and everything that trains on the data."""

from __future__ import annotations

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifact_types import DataReport
from components.data_gate.executor import Executor
from components.fingerprint import code_fingerprint


class DataGateSpec(ComponentSpec):
    """Reads `anomalies`, writes `report`."""

    PARAMETERS = {"code": ExecutionParameter(type=str)}
    INPUTS = {"anomalies": ChannelParameter(type=standard_artifacts.ExampleAnomalies)}
    OUTPUTS = {"report": ChannelParameter(type=DataReport)}


class DataGate(BaseComponent):
    """Stops the run on any anomaly."""

    SPEC_CLASS = DataGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, anomalies: BaseChannel) -> None:
        """Takes ExampleValidator's `anomalies`."""
        super().__init__(
            DataGateSpec(anomalies=anomalies, report=Channel(type=DataReport), code=code_fingerprint(__name__))
        )
