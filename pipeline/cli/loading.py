"""Reads the configuration that a command names, and checks what it says of steps."""

from __future__ import annotations

from pathlib import Path

from components.errors import ConfigError
from pipeline.config.file import Config, load_config
from pipeline.config.targets import NO_CONTAINER, Targets
from pipeline.graph.steps import OPTIONAL, STEPS


def load(path: Path) -> Config:
    """The configuration of a file.

    Raises:
      ConfigError: as `load_config`; or a target gives resources to what is no step, or has no container.
    """
    config = load_config(path)
    known = [step for step in (*STEPS, *OPTIONAL) if step != NO_CONTAINER]
    for name in Targets.model_fields:
        for step in getattr(getattr(config.targets, name), "resources", {}):
            if step not in known:
                raise ConfigError(
                    f"{path}: targets.{name}.resources: no step with a container is called {step!r}. They are: {', '.join(known)}."
                )
    return config
