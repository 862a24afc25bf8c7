"""`plumbline serve`: the embedded server on a pipeline's pushed versions, or TensorFlow's own if it is asked for."""

from __future__ import annotations

import dataclasses
from pathlib import Path
from typing import IO

from components.errors import RunError
from components.publishing.versions import versions
from pipeline.serving import tf_server
from pipeline.serving.settings import ServerSettings


@dataclasses.dataclass(frozen=True)
class ServedFolder:
    """What is served.

    Attributes:
      name: of the model.
      base_path: the folder of its versions.
      models_file: a models.config with policy and labels; None for the newest version alone.
    """

    name: str
    base_path: Path
    models_file: Path | None = None


def check(folder: ServedFolder) -> None:
    """Raises a RunError if there is nothing to serve."""
    if not versions(folder.base_path):
        raise RunError(
            f"{folder.base_path}: no model was pushed yet. Run the pipeline first: plumbline run CONFIG --root …"
        )


def serve(folder: ServedFolder, settings: ServerSettings, terminal: IO[str]) -> None:
    """Serves until SIGTERM or SIGINT.

    Raises:
      RunError: a port is taken, or no version can be loaded.
      ConfigError: the models file is not valid.
    """
    from pipeline.serving.models.server_config import ServedModel, read_config
    from pipeline.serving.page import page_routes, served
    from pipeline.serving.server import Server

    model = ServedModel(folder.name, folder.base_path)
    if folder.models_file is not None:
        found = read_config(folder.models_file, {folder.name: folder.base_path})
        model = next((entry for entry in found if entry.name == folder.name), model)
    server = Server(settings, [model], page_routes(lambda: served(server.manager)))
    server.start()
    failed = [status for status in server.manager.known(folder.name) if status.code != "OK"]
    if failed and not server.manager.available()[folder.name]:
        server.stop()
        raise RunError(f"no version of {folder.name} can be loaded. Version {failed[0].version}: {failed[0].message}")
    host = f"[{settings.host}]" if ":" in settings.host else settings.host
    terminal.write(
        f"serving {folder.name} from {folder.base_path}\n"
        f"  page   http://{host}:{server.rest_port}/\n"
        f"  REST   http://{host}:{server.rest_port}/v1/models/{folder.name}:predict\n"
        f"  gRPC   {host}:{server.grpc_port}\n"
        "For production, run TF Serving behind a proxy that authenticates callers:\n"
        f"  {tf_server.docker_command(folder.name, folder.base_path)}\n"
    )
    for status in failed:
        terminal.write(f"version {status.version} is not served: {status.message}\n")
    terminal.flush()
    server.run_until_signal()
