"""Trainer: TFX's, with two more inputs: the exact fit, and the rows that were gathered for it."""

from __future__ import annotations

import json
from typing import Any

from tfx.components.trainer.executor import GenericExecutor
from tfx.dsl.components.base.base_component import BaseComponent
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.proto import trainer_pb2
from tfx.types import artifact_utils, standard_artifacts, standard_component_specs
from tfx.types.channel import BaseChannel, Channel
from tfx.types.component_spec import ChannelParameter
from tfx.utils import json_utils

from components.artifact_types import GatheredRows, LinearFit
from components.fingerprint import code_fingerprint

LINEAR_FIT, GATHERED = "linear_fit", "gathered"
RUN_FN = "components.trainer.run_fn.run_fn"


class Executor(GenericExecutor):
    """TFX's executor; the folders of the exact fit and of the gathered rows reach `run_fn` in `custom_config`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Trains."""
        config = json_utils.loads(exec_properties["custom_config"])
        for key in (LINEAR_FIT, GATHERED):
            config[key] = artifact_utils.get_single_uri(input_dict[key])
        super().Do(input_dict, output_dict, {**exec_properties, "custom_config": json.dumps(config)})


class TrainerSpec(standard_component_specs.TrainerSpec):
    """TFX's, with `linear_fit` and `gathered`."""

    INPUTS = {
        **standard_component_specs.TrainerSpec.INPUTS,
        LINEAR_FIT: ChannelParameter(type=LinearFit),
        GATHERED: ChannelParameter(type=GatheredRows),
    }


class Trainer(BaseComponent):
    """Puts the linear model into a Keras graph."""

    SPEC_CLASS = TrainerSpec
    EXECUTOR_SPEC = ExecutorClassSpec(Executor)

    def __init__(
        self,
        examples: BaseChannel,
        transform_graph: BaseChannel,
        schema: BaseChannel,
        linear_fit: BaseChannel,
        gathered: BaseChannel,
        settings: dict[str, Any],
        eval_split: str,
    ) -> None:
        """Takes the raw examples, of which TFX's Trainer asks to name two splits, Transform's graph, the schema, the exact fit, the
        gathered rows, and the settings that `run_fn` describes.
        """
        code = code_fingerprint(__name__, RUN_FN.rpartition(".")[0])
        super().__init__(
            TrainerSpec(
                examples=examples,
                transform_graph=transform_graph,
                schema=schema,
                linear_fit=linear_fit,
                gathered=gathered,
                model=Channel(type=standard_artifacts.Model),
                model_run=Channel(type=standard_artifacts.ModelRun),
                run_fn=RUN_FN,
                train_args=trainer_pb2.TrainArgs(splits=["train"]),
                eval_args=trainer_pb2.EvalArgs(splits=[eval_split]),
                custom_config=json.dumps({**settings, "code": code}, sort_keys=True),
            )
        )
