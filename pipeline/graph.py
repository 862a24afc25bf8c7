"""The whole TFX graph, on one page."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
from ml_metadata.proto import metadata_store_pb2
from tfx.components import Evaluator, ExampleValidator, InfraValidator, Pusher, SchemaGen, StatisticsGen, Transform
from tfx.components.schema_gen.import_schema_gen.component import ImportSchemaGen
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.resolver import Resolver
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import infra_validator_pb2, pusher_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import Channel

from components.data_gate.component import DataGate
from components.fingerprint import code_fingerprint
from components.ingest.component import TableExampleGen
from components.least_squares.component import LeastSquares
from components.model_gate.baseline import LatestBlessedOther
from components.model_gate.component import ModelGate
from components.pusher.executor import Executor as PublishExecutor
from components.pusher.server_texts import server_texts
from components.serving_check.component import ServingCheck
from components.trainer.component import Trainer
from pipeline.config import Config
from pipeline.evaluation import eval_config
from pipeline.summary import rejected_directory


@dataclasses.dataclass(frozen=True)
class Places:
    """Where a run writes.

    Attributes:
      pipeline_root: folder of the artifacts.
      rejected: folder of the lists of bad rows.
      serving: folder of the pushed versions.
      metadata: connection to ML Metadata; None where the orchestrator brings its own.
    """

    pipeline_root: str
    rejected: str
    serving: str
    metadata: metadata_store_pb2.ConnectionConfig | None

    @classmethod
    def local(cls, config: Config, root: Path) -> Places:
        """Everything below one root folder."""
        return cls(
            pipeline_root=str(root / "pipelines" / config.name),
            rejected=str(rejected_directory(root, config.name)),
            serving=str(config.serving_directory(root)),
            metadata=sqlite_metadata_connection_config(str(root / "metadata.db")),
        )


def create_pipeline(config: Config, places: Places, beam_args: list[str] | None = None) -> Pipeline:
    """From the configuration to the graph. Reads no data, writes nothing."""
    base, pattern = config.data.location()
    examples = TableExampleGen(
        input_base=str(base),
        pattern=pattern,
        spec=config.table_spec(),
        max_rejected=config.data.max_rejected,
        rejected=places.rejected,
    ).with_id("ExampleGen")
    statistics = StatisticsGen(examples=examples.outputs["examples"]).with_id("StatisticsGen")
    schema: BaseNode
    if config.table_schema:
        schema = ImportSchemaGen(schema_file=str(config.table_schema)).with_id("SchemaGen")
    else:
        # No shapes: every column stays optional, so that a missing value is imputed in serving as it was in training.
        schema = SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False).with_id("SchemaGen")
    validator = ExampleValidator(statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"]).with_id(
        "ExampleValidator"
    )
    data_gate = DataGate(anomalies=validator.outputs["anomalies"]).with_id("DataGate")
    transform = Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn="components.preprocessing.preprocessing_fn.preprocessing_fn",
        custom_config={**config.step_config(), "code": code_fingerprint("preprocessing")},
        disable_statistics=True,  # StatisticsGen has them
    ).with_id("Transform")
    transform.add_upstream_node(data_gate)
    settings = {**config.step_config(), "model": config.model.model_dump(mode="json")}
    least_squares = LeastSquares(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        settings=settings,
    ).with_id("LeastSquares")
    trainer = Trainer(
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        linear_fit=least_squares.outputs["fit"],
        settings={**settings, "level": config.serve.level},
    ).with_id("Trainer")
    baseline = Resolver(
        strategy_class=LatestBlessedOther,
        model=Channel(type=standard_artifacts.Model),
        model_blessing=Channel(type=standard_artifacts.ModelBlessing),
        candidate=trainer.outputs["model"],
    ).with_id("Baseline")
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline.outputs["model"],
        schema=schema.outputs["schema"],
        eval_config=eval_config(config),
        example_splits=["eval"],
        module_path="components.model_gate.extractors",
    ).with_id("Evaluator")
    model_gate = ModelGate(
        evaluation=evaluator.outputs["evaluation"], rules=config.evaluate.model_dump(mode="json", exclude_none=True)
    ).with_id("ModelGate")
    validators = [_infra_validator(config, trainer, examples)] if config.serve.infra_validator else []
    serving_check = ServingCheck(
        model=trainer.outputs["model"],
        examples=examples.outputs["examples"],
        verdict=model_gate.outputs["verdict"],
        facts={"name": config.name, "config": config.fingerprint()},
        infra_blessing=validators[0].outputs["blessing"] if validators else None,
    ).with_id("ServingCheck")
    pusher = Pusher(  # takes the model out of the InfraBlessing: the very files that were checked
        model_blessing=evaluator.outputs["blessing"],
        infra_blessing=serving_check.outputs["blessing"],
        push_destination=pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=places.serving)
        ),
        custom_config={"keep": config.serve.keep, "texts": server_texts(config.name)},
        custom_executor_spec=ExecutorClassSpec(PublishExecutor),
    ).with_id("Pusher")
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=places.pipeline_root,
        metadata_connection_config=places.metadata,
        components=[
            examples,
            statistics,
            schema,
            validator,
            data_gate,
            transform,
            least_squares,
            trainer,
            baseline,
            evaluator,
            model_gate,
            *validators,
            serving_check,
            pusher,
        ],
        enable_cache=True,
        beam_pipeline_args=beam_args or [],
    )


def _infra_validator(config: Config, trainer: BaseNode, examples: BaseNode) -> BaseNode:
    """TFX's own check of a model in TF Serving's image."""
    return InfraValidator(
        model=trainer.outputs["model"],
        examples=examples.outputs["examples"],
        serving_spec=infra_validator_pb2.ServingSpec(
            model_name=config.name,
            tensorflow_serving=infra_validator_pb2.TensorFlowServing(tags=[config.serve.infra_validator]),
            local_docker=infra_validator_pb2.LocalDockerConfig(),
        ),
        request_spec=infra_validator_pb2.RequestSpec(
            tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(signature_names=["examples"])
        ),
    ).with_id("InfraValidator")
