"""Reads the configuration that a command names, and checks what it says of steps."""

from __future__ import annotations

from pathlib import Path

from components.errors import ConfigError
from pipeline.config.file import Config, load_config
from pipeline.config.targets import Targets
from pipeline.graph.registry import IN_CONTAINERS


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
