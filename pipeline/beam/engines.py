"""The Beam engines, a module each. A new one is named here, and in the configuration (`pipeline.config.beam`)."""

from __future__ import annotations

from components.errors import ConfigError
from pipeline.beam.dataflow_engine import DATAFLOW
from pipeline.beam.engine import Engine
from pipeline.beam.flink_engine import FLINK
from pipeline.beam.local_engine import LOCAL
from pipeline.beam.portable_engine import PORTABLE
from pipeline.beam.spark_engine import SPARK
from pipeline.config.beam import Beam

ENGINES: dict[str, Engine] = {engine.name: engine for engine in (LOCAL, FLINK, SPARK, PORTABLE, DATAFLOW)}


def chosen(section: Beam, name: str | None, where: str) -> Engine:
    """The engine that a command names, or else the configuration, if the section has what it needs.

    Args:
      section: of the configuration.
      name: that the command gives; None where it gives none.
      where: what the section is called.

    Raises:
      ConfigError: there is no such engine, or the section lacks something.
    """
    if name is not None and name not in ENGINES:
        raise ConfigError(f"--beam: unknown engine {name!r}. The engines: {', '.join(ENGINES)}.")
    engine = ENGINES[name or section.engine]
    engine.check(section, where)
    return engine
