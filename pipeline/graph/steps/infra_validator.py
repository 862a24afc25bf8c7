"""InfraValidator: TFX's own check of a model in TF Serving's image, where the configuration asks for it."""

from __future__ import annotations

import gc
import warnings
from typing import Any

from components.errors import ConfigError, RunError
from pipeline.config.file import Config
from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import example_gen, trainer


def _node(wiring: Wiring) -> Any:
    tag = wiring.config.serve.infra_validator
    if not tag:
        return None
    if wiring.places.target is not None:
        raise ConfigError(
            f"serve.infra_validator: TFX's InfraValidator can't be compiled for {wiring.places.target}. Remove the key from the "
            "configuration that is compiled; ServingCheck stays."
        )
    from tfx.components import InfraValidator
    from tfx.proto import infra_validator_pb2

    return InfraValidator(
        model=wiring.output(trainer.STEP, "model"),
        examples=wiring.output(example_gen.STEP, "examples"),
        serving_spec=infra_validator_pb2.ServingSpec(
            model_name=wiring.config.name,
            tensorflow_serving=infra_validator_pb2.TensorFlowServing(tags=[tag]),
            local_docker=infra_validator_pb2.LocalDockerConfig(),
        ),
        request_spec=infra_validator_pb2.RequestSpec(
            tensorflow_serving=infra_validator_pb2.TensorFlowServingRequestSpec(signature_names=["examples"])
        ),
    )


def check_docker(config: Config) -> None:
    """Looks whether a Docker daemon answers, if the configuration asks for the step.

    Raises:
      RunError: none answers.
    """
    tag = config.serve.infra_validator
    if not tag:
        return
    with warnings.catch_warnings():
        # Docker's library leaves the socket open that it can't connect.
        warnings.simplefilter("ignore", ResourceWarning)
        reason = _why_no_docker()
        gc.collect()
    if reason:
        raise RunError(
            f"serve.infra_validator: TFX's InfraValidator runs tensorflow/serving:{tag} by Docker, and no Docker daemon answers "
            f"here ({reason}). Start it, or remove the key: ServingCheck loads and queries every model all the same."
        )


def _why_no_docker() -> str:
    """Empty if a daemon answers."""
    import docker

    try:
        client = docker.from_env(timeout=5)
        client.ping()
        client.close()
    except docker.errors.DockerException as error:
        return " ".join(str(error).split())
    return ""


STEP = Step("InfraValidator", _node, needs=check_docker)
