"""A TFX pipeline of one's own with three steps of Plumbline's in it: docs/one_step.md.

    python docs/examples/one_step.py CONFIG ROOT

All else is TFX's: statistics, schema, Transform, a Trainer with a Keras model of one's own, the runner.
"""

from __future__ import annotations

import sys
from pathlib import Path

from tfx import v1 as tfx  # first: it prepares the modules that others import

from tfx.dsl.components.base.executor_spec import ExecutorClassSpec  # isort: skip

from components.fit.component import Fit
from components.gather.component import Gather
from components.ingest.component import TableExampleGen
from components.pusher.executor import Executor
from pipeline.beam.in_process import local_args
from pipeline.config.file import load_config

FUNCTIONS = "one_step_functions"  # the module beside this file


def create_pipeline(path: Path, root: Path) -> tfx.dsl.Pipeline:
    """The graph.

    Args:
      path: a configuration of Plumbline's, which says what the columns are.
      root: a folder to write to.
    """
    config = load_config(path)
    folder, pattern = config.data.location()
    examples = TableExampleGen(
        input_base=str(folder),
        pattern=pattern,
        spec=config.table_spec(),
        max_rejected=0,
        rejected=str(root / "rejected"),
    )
    statistics = tfx.components.StatisticsGen(examples=examples.outputs["examples"])
    schema = tfx.components.SchemaGen(statistics=statistics.outputs["statistics"], infer_feature_shape=False)
    transform = tfx.components.Transform(
        examples=examples.outputs["examples"],
        schema=schema.outputs["schema"],
        preprocessing_fn=f"{FUNCTIONS}.preprocessing_fn",
        custom_config=config.step_config(),
    )
    gather = Gather(
        examples=examples.outputs["examples"],
        transform_graph=transform.outputs["transform_graph"],
        settings={**config.step_config(), "family": config.model.of_family.text},
    )
    fit = Fit(
        gathered=gather.outputs["gathered"],
        settings={**config.step_config(), "exact": {"l2": "auto"}},
    )
    trainer = tfx.components.Trainer(
        run_fn=f"{FUNCTIONS}.run_fn",
        examples=transform.outputs["transformed_examples"],
        transform_graph=transform.outputs["transform_graph"],
        schema=schema.outputs["schema"],
        train_args=tfx.proto.TrainArgs(splits=["train"]),
        eval_args=tfx.proto.EvalArgs(splits=["eval"]),
        custom_config=config.step_config(),
    )
    pusher = tfx.components.Pusher(
        model=trainer.outputs["model"],
        push_destination=tfx.proto.PushDestination(
            filesystem=tfx.proto.PushDestination.Filesystem(base_directory=str(root / "serving"))
        ),
        custom_executor_spec=ExecutorClassSpec(Executor),
        custom_config={"keep": 5},
    )
    return tfx.dsl.Pipeline(
        pipeline_name="one-step",
        pipeline_root=str(root / "pipelines"),
        metadata_connection_config=tfx.orchestration.metadata.sqlite_metadata_connection_config(
            str(root / "metadata.db")
        ),
        components=[examples, statistics, schema, transform, gather, fit, trainer, pusher],
        beam_pipeline_args=local_args(0),
    )


if __name__ == "__main__":
    tfx.orchestration.LocalDagRunner().run(create_pipeline(Path(sys.argv[1]), Path(sys.argv[2]).resolve()))
