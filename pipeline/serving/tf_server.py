"""TensorFlow's own model server on the same folder: here if it is installed, or as a Docker command for production."""

from __future__ import annotations

import math
import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import ConfigError, RunError
from components.publishing.server_texts import MODELS_FILE, MONITORING_FILE, server_texts
from pipeline.serving.settings import ServerSettings

if TYPE_CHECKING:
    from pipeline.serving.models.server_config import ServedModel

# Fields of ServerSettings that it has the like of.
TAKEN = {"rest_port", "grpc_port", "poll_seconds", "models_poll_seconds", "request_seconds", "cors"}
BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.19.1"


def command(
    settings: ServerSettings,
    name: str,
    base_path: Path,
    folder: Path,
    models_file: Path | None = None,
    binary: str | None = None,
) -> list[str]:
    """The command that runs `tensorflow_model_server` on models, and the files that it reads.

    Args:
      settings: the fields of `TAKEN` are taken from it. TF Serving listens on all addresses, whatever `host` says.
      name: of the pipeline's model.
      base_path: the folder of its versions.
      folder: gets models.config, with this machine's base paths, and monitoring.config.
      models_file: names the models; None for the pipeline's alone, with the policy and labels of the models.config in `base_path`.
      binary: the server; None to find it on the PATH.

    Raises:
      RunError: the server is not installed.
      ConfigError: the models file is not valid, or TF Serving can't look at it again and again.
    """
    found = binary or shutil.which(BINARY)
    if found is None:
        raise RunError(
            f"--server tf: expected {BINARY} on the PATH; it is not there. Install it (Debian package "
            "tensorflow-model-server), run the Docker command, or leave --server away for the embedded server.\n"
            f"  {docker_command(name, base_path)}"
        )
    for key in ("rest_port", "grpc_port"):
        if getattr(settings, key) == 0:
            raise RunError(f"--server tf: expected a {key.replace('_', '-')}; {BINARY} takes 0 for none. Choose one.")
    from google.protobuf import text_format

    from pipeline.serving.models.server_config import ServedModel, read_config, to_proto

    source = base_path / MODELS_FILE
    models = [ServedModel(name, base_path)]
    if models_file is not None:
        models = read_config(models_file, {name: base_path})
    elif source.exists():
        models = [model for model in read_config(source, {name: base_path}) if model.name == name] or models
    read = folder / MODELS_FILE
    if settings.models_poll_seconds and models_file is not None:
        read = _looked_at(models_file, models)
    (folder / MODELS_FILE).write_text(text_format.MessageToString(to_proto(models)))
    (folder / MONITORING_FILE).write_text(server_texts(name)[MONITORING_FILE])
    return [
        found,
        f"--port={settings.grpc_port}",
        f"--rest_api_port={settings.rest_port}",
        f"--model_config_file={read}",
        f"--monitoring_config_file={folder / MONITORING_FILE}",
        f"--file_system_poll_wait_seconds={max(1, round(settings.poll_seconds))}",
        f"--model_config_file_poll_wait_seconds={math.ceil(settings.models_poll_seconds)}",
        f"--rest_api_timeout_in_ms={max(1, round(1000 * settings.request_seconds))}",
        f"--rest_api_enable_cors_support={str(settings.cors).lower()}",
        # Labels name versions that are loaded only after the configuration is read.
        "--allow_version_labels_for_unavailable_models=true",
    ]


def _looked_at(file: Path, models: Sequence[ServedModel]) -> Path:
    """The file itself, for a server that reads it again and again, and so takes the base paths that stand there."""
    from pipeline.serving.models.server_config import parse_config

    there = {entry.name: entry.base_path for entry in parse_config(file).model_config_list.config}
    for model in models:
        if Path(there[model.name]) != model.base_path:
            raise ConfigError(
                f"{file}: expected base_path {str(model.base_path)!r} of model {model.name}, since TF Serving itself reads "
                f"the file with --models-poll-seconds; got {there[model.name]!r}. Correct it, or leave the option away."
            )
    return file.absolute()


def run(settings: ServerSettings, name: str, base_path: Path, models_file: Path | None = None) -> None:
    """Becomes `tensorflow_model_server`: this process goes on as that program. Returns never.

    Raises:
      RunError: it is not installed, or can't be started.
      ConfigError: the models file is not valid.
    """
    arguments = command(settings, name, base_path, Path(tempfile.mkdtemp(prefix="plumbline-serve-")), models_file)
    try:
        os.execv(arguments[0], arguments)  # noqa: S606 - no shell is wanted
    except OSError as error:
        raise RunError(f"{arguments[0]}: can't be started: {error.strerror}. Install it anew.") from error


def docker_command(name: str, base_path: Path, extra: Sequence[str] = ()) -> str:
    """The Docker command that serves a model in production, on the usual ports.

    Args:
      name: of the model; in the container it lies at /models/<name>.
      base_path: the folder of its versions, on the host.
      extra: further arguments of the server.
    """
    inside = f"/models/{name}"
    absolute = base_path.absolute()
    parts = ["docker", "run", "-p", "8501:8501", "-p", "8500:8500", "-v", f"{absolute}:{inside}"]
    if not (absolute / MODELS_FILE).exists():
        parts += ["-e", f"MODEL_NAME={name}"]
    parts += ["-t", IMAGE]
    for option, file in (("model_config_file", MODELS_FILE), ("monitoring_config_file", MONITORING_FILE)):
        if (absolute / file).exists():
            parts.append(f"--{option}={inside}/{file}")
    return shlex.join([*parts, *extra])
