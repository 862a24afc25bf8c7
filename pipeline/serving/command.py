"""`plumbline serve`: the embedded server on a pipeline's pushed versions, or TensorFlow's own if it is asked for."""

from __future__ import annotations

import dataclasses
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import IO, TYPE_CHECKING

from components.errors import ConfigError, RunError
from components.publishing.versions import versions
from pipeline.serving import tf_server
from pipeline.serving.settings import ServerSettings

if TYPE_CHECKING:
    from pipeline.serving.models.server_config import ServedModel


@dataclasses.dataclass(frozen=True)
class ServedFolder:
    """What is served.

    Attributes:
      name: of the model; empty if the models file names all.
      base_path: the folder of its versions.
      models_file: a models.config with all models, their policies and labels; None for the newest version of this one alone.
      configured: whether a pipeline's configuration says so; else there is nothing but the versions, as in a container.
    """

    name: str
    base_path: Path
    models_file: Path | None = None
    configured: bool = True


def check(folder: ServedFolder) -> None:
    """Raises a RunError if there is nothing to serve, or no place for the counts of several processes."""
    try:
        tempfile.gettempdir()
    except FileNotFoundError as error:
        raise RunError(
            "serve: no folder for temporary files can be written. Mount one at /tmp (16 MB do), or name one by TMPDIR."
        ) from error
    if folder.models_file is None and not versions(folder.base_path):
        raise RunError(
            f"{folder.base_path}: no model was pushed yet. Run the pipeline first: plumbline run CONFIG --root …"
        )


def served_models(folder: ServedFolder) -> list[ServedModel]:
    """The models to serve.

    Raises:
      ConfigError: the models file is not valid.
    """
    from pipeline.serving.models.server_config import ServedModel, read_config

    if folder.models_file is None:
        return [ServedModel(folder.name, folder.base_path)]
    return read_config(folder.models_file, {folder.name: folder.base_path})


class ModelsFile:
    """Looks again and again at the file that names the models.

    Args:
      folder: whose `models_file` it is.
      models: that it names now.
      say: takes a line for the operator.
    """

    def __init__(self, folder: ServedFolder, models: Sequence[ServedModel], say: Callable[[str], None]) -> None:
        self._folder = folder
        self._models = models
        self._say = say
        self._wrong = ""

    def changed(self) -> Sequence[ServedModel] | None:
        """The models, if they are others than at the last look; None too for a file that is wrong, which is said once."""
        try:
            models = served_models(self._folder)
        except ConfigError as error:
            if str(error) != self._wrong:
                self._say(f"{error} Until then, nothing changes.")
            self._wrong = str(error)
            return None
        self._wrong = ""
        if models == self._models:
            return None
        self._models = models
        return models


def serve(folder: ServedFolder, settings: ServerSettings, terminal: IO[str], say: Callable[[str], None]) -> None:
    """Serves until SIGTERM or SIGINT.

    Args:
      folder: what.
      settings: how.
      terminal: is told the addresses.
      say: takes a line for the operator.

    Raises:
      RunError: a port is taken, or no version of any model can be loaded.
      ConfigError: the models file is not valid.
    """
    from pipeline.serving.supervisor import Supervisor

    models = served_models(folder)
    reread = ModelsFile(folder, models, say).changed if folder.models_file else None
    supervisor = Supervisor(settings, models, say, reread)
    reasons = supervisor.start()
    if not supervisor.stopping:
        terminal.write(_addresses(models, settings.host, supervisor.rest_port, supervisor.grpc_port, folder))
        terminal.flush()
        for line in reasons:
            say(line)
    supervisor.run()


def _addresses(models: Sequence[ServedModel], host: str, rest_port: int, grpc_port: int, folder: ServedFolder) -> str:
    shown = f"[{host}]" if ":" in host else host
    named = "".join(f"serving {model.name} from {model.base_path}\n" for model in models)
    calls = "".join(f"  REST   http://{shown}:{rest_port}/v1/models/{model.name}:predict\n" for model in models)
    advice = (
        "For production, run TF Serving behind a proxy that authenticates callers:\n"
        f"  {tf_server.docker_command(folder.name, folder.base_path)}\n"
    )
    return (
        f"{named}  page   http://{shown}:{rest_port}/\n{calls}  gRPC   {shown}:{grpc_port}\n"
        f"{advice if folder.configured else ''}"
    )
