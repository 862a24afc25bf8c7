"""What the word CONFIG of a command names: a configuration, and for the model server also a folder of versions."""

from __future__ import annotations

import os
from pathlib import Path

from components.errors import ConfigError
from pipeline.config.file import Config, load_config
from pipeline.config.targets import Targets
from pipeline.graph.registry import IN_CONTAINERS
from pipeline.serving.command import ServedFolder


def load(path: Path) -> Config:
    """The configuration of a file.

    Raises:
      ConfigError: as `load_config`; or a target gives resources to what is no step, or has no container.
    """
    config = load_config(path)
    for name in Targets.model_fields:
        for step in getattr(getattr(config.targets, name), "resources", {}):
            if step not in IN_CONTAINERS:
                raise ConfigError(
                    f"{path}: targets.{name}.resources: no step with a container is called {step!r}. They are: "
                    f"{', '.join(IN_CONTAINERS)}."
                )
    return config


def served(place: Path | None, root: Path, models_file: Path | None) -> tuple[ServedFolder, Path | None]:
    """What a model server is to serve, and the file that its log goes to.

    Args:
      place: a configuration, or a folder of versions; None if the models file says all.
      root: of the configuration's runs.
      models_file: a models.config, or None.

    Returns:
      The folder, and the log's file: below `root` of a configuration; else None, as a container's log is its stderr.

    Raises:
      ConfigError: as `load`; or nothing is named.
    """
    if place is None:
        if models_file is None:
            raise ConfigError(
                "serve: expected CONFIG, a folder of versions in its place, or --models FILE; none is there."
            )
        return ServedFolder("", models_file.absolute().parent, models_file, False), None
    if place.is_dir():
        folder = Path(os.path.abspath(place))  # a symbolic link's own name is the model's
        return ServedFolder(folder.name, folder, models_file, False), None
    config = load(place)
    folder = config.serving_directory(root)
    return ServedFolder(config.name, folder, models_file), root / "logs" / f"{config.name}-serve.log"
