"""The engine `local`: Beam's in-process runner (`in_process`), with warm worker processes if there are several."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from pipeline.beam import fork_server
from pipeline.beam.engine import Engine

if TYPE_CHECKING:
    from pipeline.beam.watchdog import Watchdog


def _arguments(workers: int) -> list[str]:
    from pipeline.beam.in_process import local_args

    return local_args(workers)


def _prepare(workers: int, modules: Sequence[str]) -> None:
    if workers > 1:
        fork_server.start(modules)


def _watch(on_stage: Callable[[int, int], None], watchdog: Watchdog) -> None:
    from pipeline.beam.in_process import ProgressRunner

    ProgressRunner.on_stage = on_stage
    ProgressRunner.watchdog = watchdog


LOCAL = Engine("local", _arguments, _prepare, _watch)
