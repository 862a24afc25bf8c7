"""Parts of TFX 1.21 that are none of its API."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Mapping, Sequence
from typing import Any


def mark_pushed(executor: Any, pushed: Any, destination: str | None, version: int | None) -> None:
    """Gives a `PushedModel` the custom properties that TFX's Pusher gives it.

    Args:
      executor: a `tfx.components.pusher.executor.Executor`.
      pushed: the artifact.
      destination, version: of what was pushed; None where nothing was.
    """
    if destination is None:
        executor._MarkNotPushed(pushed)
    else:
        executor._MarkPushed(pushed, pushed_destination=destination, pushed_version=str(version))


def inputs_of(processor: Any) -> tuple[str, Sequence[Any]]:
    """Of a `FileBasedInputProcessor` of ExampleGen's driver: the folder that it reads, and the splits (`Input.Split`)."""
    return processor._input_base_uri, processor._splits


def example_encoder(schema: Any) -> Any:
    """The DoFn by which Transform makes `(key, serialised tf.Example)` of `(record batch, unary pass-through features)`."""
    from tfx.components.transform.executor import TransformProcessor

    return TransformProcessor._RecordBatchToExamplesFn(schema)


def example_format() -> str:
    """What Transform calls the format of the examples that it writes."""
    from tfx.components.transform import labels

    return str(labels.FORMAT_TFRECORD)


def replace_writer(write: Callable[..., Any]) -> None:
    """Puts a transform in the place of Transform's writer of materialised examples, in this process.

    Args:
      write: takes the collection of batches, the schema, the file format and the prefix of the output's path.
    """
    from tfx.components.transform.executor import TransformProcessor

    if not callable(TransformProcessor.__dict__.get("_EncodeAndWrite", None)):
        raise AttributeError("tfx: TransformProcessor._EncodeAndWrite is gone: nothing would call the writer")
    TransformProcessor._EncodeAndWrite = staticmethod(write)


def compile_pipeline(pipeline: Any, run_id: str) -> Any:
    """A pipeline as TFX's intermediate representation (`pipeline_pb2.Pipeline`), with the run's name put in."""
    from tfx.dsl.compiler import compiler, constants
    from tfx.orchestration.portable import runtime_parameter_utils

    representation = compiler.Compiler().compile(pipeline)
    runtime_parameter_utils.substitute_runtime_parameter(
        representation, {constants.PIPELINE_RUN_ID_PARAMETER_NAME: run_id}
    )
    return representation


def local_deployment(representation: Any) -> Any:
    """How the nodes of a representation run on this machine (`LocalDeploymentConfig`)."""
    from tfx.orchestration.local import runner_utils

    return runner_utils.extract_local_deployment_config(representation)


def launch(node: Any, representation: Any, deployment: Any, connection: Any, beam_args: Sequence[str] = ()) -> int:
    """Runs one node: resolves its inputs, asks the cache, executes, publishes. What it raises, it has noted as failed.

    Args:
      node: of the representation.
      representation: from `compile_pipeline`.
      deployment: from `local_deployment`.
      connection: to ML Metadata, as `tfx.orchestration.metadata.Metadata` takes it.
      beam_args: Beam's arguments, in the place of the representation's, which are part of what the cache goes by.

    Returns:
      The number of the node's execution.
    """
    from tfx.orchestration import metadata
    from tfx.orchestration.local import runner_utils
    from tfx.orchestration.portable import beam_executor_operator, launcher
    from tfx.proto.orchestration import executable_spec_pb2

    class Operator(beam_executor_operator.BeamExecutorOperator):
        def __init__(self, executor_spec: Any, platform_config: Any = None) -> None:
            super().__init__(executor_spec, platform_config)
            if beam_args:
                self.beam_pipeline_args = [_as_placeholder(argument) for argument in beam_args]

    name = node.node_info.id
    info = launcher.Launcher(
        pipeline_node=node,
        mlmd_connection=metadata.Metadata(connection),
        pipeline_info=representation.pipeline_info,
        pipeline_runtime_spec=representation.runtime_spec,
        executor_spec=runner_utils.extract_executor_spec(deployment, name),
        custom_driver_spec=runner_utils.extract_custom_driver_spec(deployment, name),
        custom_executor_operators={executable_spec_pb2.BeamExecutableSpec: Operator},
    ).launch()
    return int(info.execution_id)


def _as_placeholder(argument: str) -> Any:
    """An argument as a specification of TFX has it."""
    from tfx.proto.orchestration import placeholder_pb2

    return placeholder_pb2.PlaceholderExpression(value={"string_value": argument})


def output_artifacts(handle: Any, execution: int) -> Mapping[str, Sequence[Any]]:
    """The artifacts that an execution has put out, by name of the output; `handle` is an open `Metadata`."""
    from tfx.orchestration.portable.mlmd import execution_lib

    outputs: Mapping[str, Sequence[Any]] = execution_lib.get_output_artifacts(handle, execution)
    return outputs


def half_outputs(node: str, execution: int) -> tuple[str, str]:
    """Patterns of the folders, below a pipeline's, that hold what an execution has written: its outputs, and its own state."""
    return f"{node}/*/{execution}", f"{node}/.system/*/{execution}"


def run_task(args: argparse.Namespace, beam_args: list[str]) -> None:
    """Runs one task in a container of Kubeflow or Vertex AI, as TFX's own entrypoint does.

    Args:
      args: `executor_class_path`, `json_serialized_invocation_args` and `json_serialized_inputs_spec_args`.
      beam_args: Beam's.
    """
    from tfx.orchestration.kubeflow.v2.container import kubeflow_v2_run_executor

    kubeflow_v2_run_executor._run_executor(args, beam_args)


def run_example_gen_driver(args: argparse.Namespace) -> None:
    """Runs the driver of a file-based ExampleGen, which such a platform runs as a hook; `args` as of `run_task`."""
    from tfx.orchestration.kubeflow.v2.file_based_example_gen import driver

    driver.main(args)
