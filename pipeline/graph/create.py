"""The whole TFX graph, on one page."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import Any

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
from ml_metadata.proto import metadata_store_pb2
from tfx.components import Evaluator, ExampleValidator, InfraValidator, Pusher, SchemaGen, StatisticsGen, Transform
from tfx.dsl.components.base.base_node import BaseNode
from tfx.dsl.components.base.executor_spec import ExecutorClassSpec
from tfx.dsl.components.common.importer import Importer
from tfx.dsl.components.common.resolver import Resolver
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.orchestration.metadata import sqlite_metadata_connection_config
from tfx.orchestration.pipeline import Pipeline
from tfx.proto import infra_validator_pb2, pusher_pb2, transform_pb2
from tfx.types import standard_artifacts
from tfx.types.channel import BaseChannel, Channel

from components.data_gate.component import DataGate
from components.fingerprint import code_fingerprint
from components.fit.component import Fit
from components.fit.settings import Exact
from components.gather.component import Gather
from components.import_schema.component import ImportTableSchema
from components.ingest.component import TableExampleGen
from components.model_gate.baseline import LatestBlessedOther
from components.model_gate.component import ModelGate
from components.publishing.server_texts import server_texts
from components.pusher.executor import Executor as PublishExecutor
from components.serving_check.component import ServingCheck
from components.trainer.component import Trainer
from pipeline.config.file import Config
from pipeline.config.root import METADATA, rejected_directory
from pipeline.graph.evaluation import EXTRACTORS
from pipeline.graph.parameters import Inputs
from pipeline.graph.steps import task_name

PREPROCESSING = "components.preprocessing.preprocessing_fn"


@dataclasses.dataclass(frozen=True)
class Places:
    """Where a run reads and writes.

    Attributes:
      pipeline_root: folder of the artifacts.
      rejected: folder of the lists of bad rows.
      serving: folder of the pushed versions; None where they go to an endpoint.
      metadata: connection to ML Metadata; None where the orchestrator brings its own.
      schema: the schema file, if the configuration names one.
      target: the orchestrator that runs it in containers; None on this machine.
      baseline: whether the run is given a blessed model to compare with, and looks for none.
      endpoint: what TFX's Pusher for Vertex AI is told, as its `custom_config`.
    """

    pipeline_root: str
    rejected: str
    serving: str | None
    metadata: metadata_store_pb2.ConnectionConfig | None
    schema: str | None = None
    target: str | None = None
    baseline: bool = False
    endpoint: dict[str, Any] | None = None

    @classmethod
    def local(cls, config: Config, root: Path) -> Places:
        """Everything below one root folder."""
        return cls(
            pipeline_root=str(root / "pipelines" / config.name),
            rejected=str(rejected_directory(root, config.name)),
            serving=str(config.serving_directory(root)),
            metadata=sqlite_metadata_connection_config(str(root / METADATA)),
            schema=str(config.table_schema) if config.table_schema else None,
        )

    @classmethod
    def remote(cls, config: Config, target: str, pipeline_root: str) -> Places:
        """As a target's section says. The lists of bad rows lie beside the versions: TensorFlow can write there in any case."""
        section = config.targets.get(target)
        return cls(
            pipeline_root=pipeline_root,
            rejected=f"{section.serving or pipeline_root.rstrip('/')}-rejected",
            serving=section.serving,
            metadata=None,
            schema=section.table_schema,
            target=target,
            baseline=section.baseline is not None,
            endpoint=section.endpoint_config(),
        )


def create_pipeline(config: Config, places: Places, beam_args: list[str] | None = None) -> Pipeline:
    """From the configuration to the graph. Reads no data, writes nothing.

    In containers the same graph takes its inputs as run-time parameters, and its nodes have the names that `task_name` gives.
    """
    inputs = Inputs.constant(config) if places.target is None else Inputs.parameters()
    examples = TableExampleGen(
        input_base=inputs.input_base,
        pattern=inputs.input_config,
        range_config=inputs.range_config,
        spec=config.table_spec(),
        max_rejected=config.data.max_rejected,
        rejected=places.rejected,
    ).with_id("ExampleGen")
    unseen = [name for name in config.data.split_rule().names if name == "test"]
    judged = "eval" if config.data.held_out else "train"
    statistics = StatisticsGen(examples=examples.outputs["examples"], exclude_splits=unseen).with_id("StatisticsGen")
    schema: BaseNode
    if places.schema and config.table_schema:
        schema = ImportTableSchema(
            places.schema, config.table_schema.read_bytes(), grouped=config.data.split_by is not None
        ).with_id("SchemaGen")
    else:
        # No shapes: every column stays optional, so that a missing value is imputed in serving as it was in training.
        schema = SchemaGen(
            statistics=statistics.outputs["statistics"], infer_feature_shape=False, exclude_splits=unseen
        ).with_id("SchemaGen")
    validator = ExampleValidator(
        statistics=statistics.outputs["statistics"], schema=schema.outputs["schema"], exclude_splits=unseen
    ).with_id("ExampleValidator")
    data_gate = DataGate(anomalies=validator.outputs["anomalies"]).with_id("DataGate")
    transform = Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn=f"{PREPROCESSING}.preprocessing_fn",
        custom_config={**config.step_config(), "code": code_fingerprint(PREPROCESSING)},
        splits_config=transform_pb2.SplitsConfig(
            analyze=["train"], transform=list(dict.fromkeys(["train", judged])) if config.materialize else []
        ),
        materialize=config.materialize,
        disable_statistics=True,  # StatisticsGen has them
    ).with_id("Transform")
    transform.add_upstream_node(data_gate)
    # Of gradient descent's settings the exact fit reads none: a change of them does not run it again.
    exact = config.model if isinstance(config.model, Exact) else Exact(family=config.model.family)
    gather = Gather(
        examples=examples.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        settings={**config.step_config(), "family": config.model.family},
    ).with_id("Gather")
    fit = Fit(
        gathered=gather.outputs["gathered"],
        settings={**config.step_config(), "exact": exact.model_dump(mode="json")},
    ).with_id("Fit")
    trainer = Trainer(
        examples=examples.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        linear_fit=fit.outputs["fit"],
        gathered=gather.outputs["gathered"],
        settings={**config.step_config(), "model": config.model.model_dump(mode="json"), "level": config.serve.level},
        eval_split=judged,
    ).with_id("Trainer")
    baseline, baselines = _baseline(places, inputs, trainer)
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        baseline_model=baseline,
        schema=schema.outputs["schema"],
        eval_config=inputs.eval_config,
        example_splits=[judged],
        module_path=EXTRACTORS,
    ).with_id("Evaluator")
    model_gate = ModelGate(
        evaluation=evaluator.outputs["evaluation"],
        model=trainer.outputs["model"],
        baseline_model=baseline,
        rules=inputs.rules,
    ).with_id("ModelGate")
    validators = [_infra_validator(config, trainer, examples)] if config.serve.infra_validator else []
    serving_check = ServingCheck(
        model=trainer.outputs["model"],
        examples=examples.outputs["examples"],
        verdict=model_gate.outputs["verdict"],
        facts=inputs.facts,
        infra_blessing=validators[0].outputs["blessing"] if validators else None,
    ).with_id("ServingCheck")
    pusher = _pusher(config, places, model_gate.outputs["blessing"], serving_check.outputs["blessing"])
    nodes: list[BaseNode] = [
        examples,
        statistics,
        schema,
        validator,
        data_gate,
        transform,
        gather,
        fit,
        trainer,
        *baselines,
        evaluator,
        model_gate,
        *validators,
        serving_check,
        pusher,
        *([_test_evaluation(inputs, examples, trainer, schema, pusher)] if unseen else []),
    ]
    if places.target is not None:
        for node in nodes:
            node.with_id(task_name(node.id))
    return Pipeline(
        pipeline_name=config.name,
        pipeline_root=places.pipeline_root,
        metadata_connection_config=places.metadata,
        components=nodes,
        enable_cache=True,
        beam_pipeline_args=beam_args or [],
    )


def _baseline(places: Places, inputs: Inputs, trainer: BaseNode) -> tuple[BaseChannel | None, list[BaseNode]]:
    """The live model and the node that finds it, if there is a way to: Kubeflow has no resolvers, Vertex has two of TFX's."""
    blessed = {
        "model": Channel(type=standard_artifacts.Model),
        "model_blessing": Channel(type=standard_artifacts.ModelBlessing),
    }
    key = "model"
    node: BaseNode
    if places.target is None:
        node = Resolver(strategy_class=LatestBlessedOther, **blessed, candidate=trainer.outputs["model"])
    elif places.baseline:
        key = "artifact"  # as kfp's importers call what they import
        node = Importer(source_uri=inputs.baseline, artifact_type=standard_artifacts.Model, output_key=key)
    elif places.target == "vertex":
        node = Resolver(strategy_class=LatestBlessedModelStrategy, **blessed)
    else:
        return None, []
    return node.outputs[key], [node.with_id("Baseline")]


def _pusher(config: Config, places: Places, model_blessing: BaseChannel, infra_blessing: BaseChannel) -> BaseNode:
    """Takes the model out of the InfraBlessing: the very files that were checked."""
    if places.endpoint is not None:
        from tfx.extensions.google_cloud_ai_platform.pusher import component  # takes seconds

        pusher = component.Pusher(
            model_blessing=model_blessing, infra_blessing=infra_blessing, custom_config=places.endpoint
        )
    else:
        pusher = Pusher(
            model_blessing=model_blessing,
            infra_blessing=infra_blessing,
            push_destination=pusher_pb2.PushDestination(
                filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=places.serving)
            ),
            custom_config={"keep": config.serve.keep, "texts": server_texts(config.name)},
            custom_executor_spec=ExecutorClassSpec(PublishExecutor),
        )
    return pusher.with_id("Pusher")


def _test_evaluation(
    inputs: Inputs, examples: BaseNode, trainer: BaseNode, schema: BaseNode, last: BaseNode
) -> BaseNode:
    """A last look at rows that nothing before has read; it decides nothing."""
    evaluator = Evaluator(
        examples=examples.outputs["examples"],
        model=trainer.outputs["model"],
        schema=schema.outputs["schema"],
        eval_config=inputs.eval_config,
        example_splits=["test"],
        module_path=EXTRACTORS,
    ).with_id("TestEvaluation")
    evaluator.add_upstream_node(last)
    return evaluator


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
