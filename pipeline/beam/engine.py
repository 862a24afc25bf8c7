"""What a Beam engine is: an entry says how the steps' work is taken to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from components.errors import ConfigError
from components.fingerprint import whole_code
from pipeline.config.beam import Beam, EngineName

if TYPE_CHECKING:
    from pipeline.beam.watchdog import Watchdog

_CODE = "-code"
_DIGITS = 12

_SETTINGS = frozenset(Beam.model_fields) - {"engine"}


@dataclasses.dataclass(frozen=True)
class Run:
    """What an engine has to know of a run.

    Attributes:
      workers: worker processes on this machine; with fewer than 2, the work is done in the run's own.
      job_name: of its Beam jobs (`job_name`).
      places: folders and files of this machine that the workers read or write, by what they are called.
    """

    workers: int = 0
    job_name: str = "plumbline"
    places: Mapping[str, str] = dataclasses.field(default_factory=dict)


def job_name(run: str) -> str:
    """What the Beam jobs of a run are called: the run, and the code that its workers must have too.

    Args:
      run: that no run in another root has.
    """
    return f"{run}{_CODE}{own_code()}"


def run_of(job: str) -> str:
    """The run that a job's name has, whatever the code."""
    return job.partition(_CODE)[0]


def code_of(job: str) -> str | None:
    """The code that a job's name has; None where it is no name of `job_name`."""
    return job.partition(_CODE)[2] or None


def own_code() -> str:
    """The code of this process, shortened."""
    return whole_code("components", "pipeline")[:_DIGITS]


@dataclasses.dataclass(frozen=True)
class Watch:
    """Who is told how the jobs of a run go.

    Attributes:
      on_stage: is told stages begun, and stages in all.
      watchdog: is told that something moves.
      fail: raises an error in the run's main thread.
    """

    on_stage: Callable[[int, int], None]
    watchdog: Watchdog
    fail: Callable[[Exception], None]


@dataclasses.dataclass(frozen=True)
class Engine:
    """An entry of `engines.ENGINES`. It imports neither Beam nor TFX: its functions do when they are called.

    Attributes:
      name: what the command line and the configuration call it.
      needs, takes: keys of the section `beam` that must be there, and that may be.
      arguments: Beam's arguments. Asks nobody: a compiled pipeline has them too.
      look: before anything starts, sees to it that the engine is there and that its workers can see all places. Returns the section
        with what the engine told filled in; raises a ConfigError or a RunError.
      begin: called before TFX is loaded, with the full names of the modules that the workers will import.
      watch: has somebody told how the jobs go. Called with Beam loaded, before the first job.
    """

    name: EngineName
    needs: frozenset[str]
    takes: frozenset[str]
    arguments: Callable[[Beam, Run], list[str]]
    look: Callable[[Beam, Run], Beam]
    begin: Callable[[Run, Sequence[str]], None]
    watch: Callable[[Beam, Run, Watch], None]

    def check(self, section: Beam, where: str) -> None:
        """Looks whether the section has what the engine needs, and, if it is written for it, nothing else.

        Args:
          section: of the configuration.
          where: what it is called there.

        Raises:
          ConfigError: it has not.
        """
        given = {key for key in _SETTINGS if key in section.model_fields_set and getattr(section, key)}
        missing = ", ".join(f"{where}.{key}" for key in sorted(self.needs - given))
        if missing:
            raise ConfigError(
                f"{missing}: the engine {self.name} needs this, and it is missing. docs/engines.md has an example."
            )
        if section.engine == self.name:
            for key in sorted(given - self.needs - self.takes):
                known = ", ".join(sorted(self.needs | self.takes)) or "none"
                raise ConfigError(
                    f"{where}.{key}: the engine {self.name} does not take this key. Remove it. Its keys: {known}."
                )
