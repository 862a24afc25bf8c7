"""What a Beam engine is: an entry says how the steps' work is taken to it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pipeline.beam.watchdog import Watchdog


@dataclasses.dataclass(frozen=True)
class Engine:
    """An entry of `engines.ENGINES`. It imports neither Beam nor TFX: its functions do when they are called.

    Attributes:
      name: what the command line calls it.
      arguments: Beam's arguments for a number of worker processes; with fewer than 2, the work is done in this process.
      prepare: called before TFX is loaded, with that number, and the full names of the modules that the workers will import.
      watch: has a listener told of each stage that begins (stages begun, stages in all), and a watchdog that something moves.
    """

    name: str
    arguments: Callable[[int], list[str]]
    prepare: Callable[[int, Sequence[str]], None]
    watch: Callable[[Callable[[int, int], None], Watchdog], None]
