"""TensorFlow's own model server on the same folder: here if it is installed, or as a Docker command for production."""

from __future__ import annotations

import os
import shlex
import shutil
import tempfile
from collections.abc import Sequence
from pathlib import Path

from components.errors import RunError
from components.publishing.server_texts import MODELS_FILE, MONITORING_FILE, server_texts
from pipeline.serving.settings import ServerSettings

BINARY = "tensorflow_model_server"
IMAGE = "tensorflow/serving:2.19.1"


def command(settings: ServerSettings, name: str, base_path: Path, folder: Path, binary: str | None = None) -> list[str]:
    """The command that runs `tensorflow_model_server` on a model, and the files that it reads.

    Args:
      settings: the ports and the poll interval are taken from it. TF Serving listens on all addresses, whatever `host` says.
      name: of the model.
      base_path: the folder of its versions. The policy and labels of a models.config in it are kept.
      folder: gets models.config, with this machine's base path, and monitoring.config.
      binary: the server; None to find it on the PATH.

    Raises:
      RunError: the server is not installed.
      ConfigError: the models.config is not valid.
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
    if source.exists():
        models = [model for model in read_config(source, {name: base_path}) if model.name == name] or models
    (folder / MODELS_FILE).write_text(text_format.MessageToString(to_proto(models)))
    (folder / MONITORING_FILE).write_text(server_texts(name)[MONITORING_FILE])
    return [
        found,
        f"--port={settings.grpc_port}",
        f"--rest_api_port={settings.rest_port}",
        f"--model_config_file={folder / MODELS_FILE}",
        f"--monitoring_config_file={folder / MONITORING_FILE}",
        f"--file_system_poll_wait_seconds={max(1, round(settings.poll_seconds))}",
        # Labels name versions that are loaded only after the configuration is read.
        "--allow_version_labels_for_unavailable_models=true",
    ]


def run(settings: ServerSettings, name: str, base_path: Path) -> None:
    """Becomes `tensorflow_model_server`: this process goes on as that program. Returns never.

    Raises:
      RunError: it is not installed, or can't be started.
      ConfigError: the models.config is not valid.
    """
    arguments = command(settings, name, base_path, Path(tempfile.mkdtemp(prefix="plumbline-serve-")))
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
