"""The engine `local`: Beam's in-process runner (`in_process`), with warm worker processes if there are several."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.beam import fork_server
from pipeline.beam.engine import Engine, Run, Watch
from pipeline.config.beam import Beam


def _arguments(section: Beam, run: Run) -> list[str]:
    from pipeline.beam.in_process import local_args

    del section
    return local_args(run.workers)


def _look(section: Beam, run: Run) -> Beam:
    del run
    return section


def _begin(run: Run, modules: Sequence[str]) -> None:
    if run.workers > 1:
        fork_server.start(modules)


def _watch(section: Beam, run: Run, watch: Watch) -> None:
    from pipeline.beam.in_process import ProgressRunner

    del section, run
    ProgressRunner.on_stage = watch.on_stage
    ProgressRunner.watchdog = watch.watchdog


LOCAL = Engine("local", frozenset(), frozenset(), _arguments, _look, _begin, _watch)
