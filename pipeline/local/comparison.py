"""`plumbline compare`: two runs of models of one label, by what their summaries keep. No row is read."""

from __future__ import annotations

from pathlib import Path

from pydantic import BaseModel

from components.errors import ConfigError
from pipeline.config.file import load_config
from pipeline.config.root import runs_directory
from pipeline.graph.comparison import Comparison, comparison
from pipeline.graph.sides import Side, side
from pipeline.graph.steps.pusher import PUSHED
from pipeline.local.nested import Nested, NotNestedError, nested_test
from pipeline.local.summary import RunSummary, read_last_summary, read_summary

RUN_MARK = "@"  # between a place and what tells which of its runs is meant


class ComparedRuns(BaseModel):
    """Two runs.

    Attributes:
      before, after: the models, as they were given.
      changed: what moved from the one to the other.
      nested: what the larger one has besides, and its test; None where they are not nested on the same rows.
      because: why not; None where they are.
    """

    before: Side
    after: Side
    changed: Comparison
    nested: Nested | None
    because: str | None


def compare(first: tuple[str, RunSummary], second: tuple[str, RunSummary]) -> ComparedRuns:
    """Compares two runs.

    Args:
      first, second: what they are called, and their summaries.

    Raises:
      ConfigError: the models are of other labels, classes or families.
      RunError: a run has no fit.
    """
    before, after = (side(name, summary.run_id, summary) for name, summary in (first, second))
    changed = comparison(before, after)
    try:
        return ComparedRuns(
            before=before, after=after, changed=changed, nested=nested_test(first, second), because=None
        )
    except NotNestedError as error:
        return ComparedRuns(before=before, after=after, changed=changed, nested=None, because=str(error))


def read_run(place: str, root: Path) -> RunSummary:
    """The summary that a word of the command names.

    Args:
      place: a configuration, of which the last run below `root` is taken; a root in which one pipeline has run; either of them
        with `@RUN` after it, the beginning of a run's name as `plumbline history` has it, or the version that it pushed; or a
        summary, `…/runs/<time>.json`.
      root: of configurations.

    Raises:
      ConfigError: it is none of these, or no run, or several, are meant.
      RunError: there was no run, or its summary can't be read.
    """
    path, mark, run = place.rpartition(RUN_MARK) if RUN_MARK in place and not Path(place).exists() else (place, "", "")
    at = Path(path)
    if at.suffix == ".json" and not mark:
        return read_summary(at)
    if at.is_dir():
        root, name = at, _only_pipeline(at)
    else:
        name = load_config(at).name
    return _of_run(root, name, run) if mark else read_last_summary(root, name)


def _only_pipeline(root: Path) -> str:
    names = sorted(path.parent.name for path in root.glob("pipelines/*/runs"))
    if len(names) != 1:
        raise ConfigError(
            f"{root}: expected a root in which one pipeline has run; received one with {len(names)}"
            f"{': ' if names else ''}{', '.join(names)}. Name a configuration with --root, or a summary."
        )
    return names[0]


def _of_run(root: Path, name: str, run: str) -> RunSummary:
    files = sorted(runs_directory(root, name).glob("*.json"))
    found = [path for path in files if run and path.stem.startswith(run)]
    if len(found) == 1:
        return read_summary(found[0])
    if not found and run.isdecimal():
        for path in reversed(files):
            summary = read_summary(path)
            pushed = summary.record(PUSHED)
            if pushed is not None and pushed.version == int(run):
                return summary
    raise ConfigError(
        f"{RUN_MARK}{run}: expected one run of {name} below {root}, by the beginning of its name or by its version; received "
        f"{f'that of {len(found)}: ' + ', '.join(path.stem for path in found[:3]) if found else 'that of none'}. "
        "plumbline history lists them."
    )
