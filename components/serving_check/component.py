"""ServingCheck: the step between the verdict and the Pusher. Its output is an InfraBlessing, as TFX's InfraValidator writes it."""

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
from components.serving_check.executor import Executor
from components.serving_check.process import CHECK


class ServingCheckSpec(ComponentSpec):
    """Reads `model`, `examples`, `verdict` and perhaps `infra_blessing`, writes `blessing`."""

    PARAMETERS = {"facts": ExecutionParameter(type=str), "code": ExecutionParameter(type=str)}
    INPUTS = {
        "model": ChannelParameter(type=standard_artifacts.Model),
        "examples": ChannelParameter(type=standard_artifacts.Examples),
        "verdict": ChannelParameter(type=Verdict),
        "infra_blessing": ChannelParameter(type=standard_artifacts.InfraBlessing, optional=True),
    }
    OUTPUTS = {"blessing": ChannelParameter(type=standard_artifacts.InfraBlessing)}


class ServingCheck(BaseComponent):
    """Puts warm-up requests and a manifest beside a blessed model, and checks the very files that are pushed.

    The examples serve the check alone: nothing of them is in what is pushed.
    """

    SPEC_CLASS = ServingCheckSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        model: BaseChannel,
        examples: BaseChannel,
        verdict: BaseChannel,
        facts: dict[str, Any] | RuntimeParameter,
        infra_blessing: BaseChannel | None = None,
    ) -> None:
        """Takes the Trainer's model, raw examples, ModelGate's verdict, what the manifest is to say (`name` is the model's; a
        parameter has it as JSON), and InfraValidator's blessing if it is in the graph.
        """
        code = code_fingerprint(__name__, CHECK)
        super().__init__(
            ServingCheckSpec(
                model=model,
                examples=examples,
                verdict=verdict,
                infra_blessing=infra_blessing,
                blessing=Channel(type=standard_artifacts.InfraBlessing),
                facts=json.dumps(facts, sort_keys=True) if isinstance(facts, dict) else facts,
                code=code,
            )
        )
