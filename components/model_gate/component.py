"""ModelGate: the step after the Evaluator that judges what it measured, with reasons."""

from __future__ import annotations

import json
from typing import Any

from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.orchestration.data_types import RuntimeParameter
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter, ComponentSpec, ExecutionParameter

from components.artifact_types import Verdict
from components.fingerprint import code_fingerprint
from components.model_gate.executor import Executor


class ModelGateSpec(ComponentSpec):
    """Reads `evaluation`, `model` and perhaps `baseline_model`, writes `verdict` and `blessing`."""

    PARAMETERS = {
        "rules": ExecutionParameter(type=str),
        "code": ExecutionParameter(type=str),
    }
    INPUTS = {
        "evaluation": ChannelParameter(type=standard_artifacts.ModelEvaluation),
        "model": ChannelParameter(type=standard_artifacts.Model),
        "baseline_model": ChannelParameter(type=standard_artifacts.Model, optional=True),
    }
    OUTPUTS = {
        "verdict": ChannelParameter(type=Verdict),
        "blessing": ChannelParameter(type=standard_artifacts.ModelBlessing),
    }


class ModelGate(BaseComponent):
    """Judges what TFMA measured, and blesses or refuses the model."""

    SPEC_CLASS = ModelGateSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        evaluation: BaseChannel,
        model: BaseChannel,
        baseline_model: BaseChannel | None,
        rules: dict[str, Any] | RuntimeParameter,
    ) -> None:
        """Takes the Evaluator's `evaluation` and the models that it evaluated, and the fields of `verdict.Rules`; a parameter
        holds them as JSON.
        """
        super().__init__(
            ModelGateSpec(
                evaluation=evaluation,
                model=model,
                baseline_model=baseline_model,
                verdict=Channel(type=Verdict),
                blessing=Channel(type=standard_artifacts.ModelBlessing),
                rules=json.dumps(rules, sort_keys=True) if isinstance(rules, dict) else rules,
                code=code_fingerprint(__name__),
            )
        )
