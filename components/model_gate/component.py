"""ModelGate: the step after the Evaluator that keeps its verdict with reasons."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifacts import Verdict
from components.fingerprint import code_fingerprint
from components.model_gate.executor import Executor


class ModelGateSpec(ComponentSpec):
    """Reads `evaluation`, writes `verdict`."""

    PARAMETERS = {
        "rules": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {"evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation)}
    OUTPUTS = {"verdict": ChannelParameter(type=Verdict)}


class ModelGate(BaseComponent):
    """Puts TFMA's verdict into words."""

    SPEC_CLASS = ModelGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(self, evaluation: BaseChannel, rules: dict[str, Any] | RuntimeParameter) -> None:
        """Takes the Evaluator's `evaluation`, and the rules that `verdict.explain` describes; a parameter holds them as JSON."""
        super().__init__(
            ModelGateSpec(
                evaluation=evaluation,
                verdict=Channel(type=Verdict),
                rules=json.dumps(rules, sort_keys=True) if isinstance(rules, dict) else rules,
                code=code_fingerprint(__name__),
            )
        )
