"""Whole runs beside stock TFX on the same tables. Run: make bench [KINDS="taxi wide"] [ROWS="10000 1000000"] [RUNS=3]

Kinds: the taxi table; `narrow` (2 columns) and `mixed` (19), of each number of rows; `wide` (15,000 rows, 200 numbers); `levels`
(60,000 rows, a text of 20,000 levels); `columns` (1,000 rows of 8, 55, 85 and 137 columns, Plumbline alone).

Of each table, TFX's own components with their defaults (`benchmarks.stock`) and `plumbline run` run in turn, as often as is said,
each in a process of its own that starts cold; with the taxi table also `import tensorflow`, and a second `plumbline run` in which
nothing has changed. Before anything is measured both have run once, so that neither compiles sources (`benchmarks.warm_up`).
Medians over the runs: wall time, processor time and peak memory of the process tree (shared pages once) and rows per second for
every step, then a table of the whole. Stock is ended when it takes too long or too much memory, which is told. It is an error
if the two did not see the same number of rows, or, where they split them alike, did not train on the same number or did not reach
the same mean squared error to 1e-3.
"""

from __future__ import annotations

import argparse
import dataclasses
import shutil
import statistics
import sys
import tempfile
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from benchmarks.contenders import CONTENDERS, WHOLE, Cost, Run, Steps, slug, warm_up
from benchmarks.works import AGAIN, IMPORT, KINDS, OURS, STOCK, Work, works

ROWS = [10_000, 1_000_000, 4_000_000]
TOLERANCE = 1e-3
FORMATS = (",.1f", ",.1f", ",.0f")  # of a `Cost`


@dataclasses.dataclass
class Found:
    """What the contenders of a work came to.

    Attributes:
      runs: by contender.
      reason: why stock did not end; empty if it did.
    """

    runs: dict[str, list[Run]]
    reason: str = ""

    def medians(self, contender: str) -> Steps:
        """Of each step; empty where it has not run."""
        runs = [run.steps for run in self.runs.get(contender, [])]
        return {step: _median([steps[step] for steps in runs]) for step in (runs[0] if runs else ())}

    def whole(self, contender: str) -> Cost | None:
        """Of the whole run; None where it has not run."""
        return self.medians(contender).get(WHOLE)


def _median(costs: list[Cost]) -> Cost:
    wall, cpu, memory = (statistics.median(values) for values in zip(*costs, strict=True))
    return wall, cpu, memory


def compare(given: Sequence[Work], runs: int) -> list[tuple[Work, Found]]:
    """Has all contenders of all works take turns.

    Raises:
      SystemExit: the two did not do the same, or Plumbline failed.
    """
    found = [(work, Found({contender: [] for contender in work.contenders})) for work in given]
    for index in range(runs):
        for work, of_work in found:
            for contender in work.contenders:
                if contender == STOCK and of_work.reason:
                    continue
                root = work.config.parent / f"{slug(contender)}-{index}"
                try:
                    of_work.runs[contender].append(CONTENDERS[contender](work, root))
                except SystemExit as error:
                    if contender != STOCK:
                        raise
                    of_work.reason = str(error.code)
            check(work, {contender: of_runs[-1] for contender, of_runs in of_work.runs.items() if of_runs})
            for contender in work.contenders:
                shutil.rmtree(work.config.parent / f"{slug(contender)}-{index}", ignore_errors=True)
    return found


def check(work: Work, done: dict[str, Run]) -> None:
    """Ends with an error if stock and Plumbline did not do the same."""
    if STOCK not in done or OURS not in done:
        return
    stock, ours = done[STOCK], done[OURS]
    if stock.trained + stock.evaluated != ours.trained + ours.evaluated:
        sys.exit(
            f"{work.name}: stock saw {stock.trained} + {stock.evaluated} rows, plumbline {ours.trained} + {ours.evaluated}"
        )
    if work.alike and stock.trained != ours.trained:
        sys.exit(f"{work.name}: stock trained on {stock.trained} rows, plumbline on {ours.trained}")
    if work.alike and abs(stock.error - ours.error) > TOLERANCE * stock.error:
        sys.exit(f"{work.name}: stock reached a mean squared error of {stock.error}, plumbline {ours.error}")


def of_steps(work: Work, found: Found) -> Iterator[str]:
    """Step by step, both beside each other."""
    stock, ours = (found.medians(contender) for contender in (STOCK, OURS))
    yield f"\n{work.name}: medians of {len(found.runs[OURS])}"
    for contender, runs in found.runs.items():
        if runs:
            rows = f"{runs[-1].trained:,} + {runs[-1].evaluated:,} rows, mean squared error {runs[-1].error:.6g}; "
            yield f"{contender}: {rows if runs[-1].trained else ''}other processes used {_others(runs)} of the processors"
    if found.reason:
        yield f"stock can't: {found.reason}"
    heads = (
        "stock s",
        "ours s",
        "ratio",
        "stock cpu",
        "ours cpu",
        "stock MiB",
        "ours MiB",
        "stock rows/s",
        "ours rows/s",
    )
    yield f"{'':<18}" + "".join(f"{head:>13}" for head in heads)
    for step in [step for step in ours if step != WHOLE] + [WHOLE]:
        costs = stock.get(step), ours[step]
        speeds = ["" if cost is None or cost[0] < 0.05 else f"{work.rows / cost[0]:,.0f}" for cost in costs]
        yield f"{step:<18}" + "".join(f"{cell:>13}" for cell in [*_cells(*costs), *speeds])


def _others(runs: Sequence[Run]) -> str:
    return f"{statistics.median(run.others for run in runs):.0%}"


def _cells(stock: Cost | None, ours: Cost | None) -> list[str]:
    """Seconds and their ratio, processor seconds, peak memory."""
    ratio = f"{ours[0] / stock[0]:.3f}" if stock and ours else ""
    both = (stock, ours)
    wall, cpu, memory = (
        ["" if cost is None else format(cost[place], FORMATS[place]) for cost in both] for place in range(3)
    )
    return [*wall, ratio, *cpu, *memory]


def of_whole(found: Sequence[tuple[Work, Found]], runs: int) -> Iterator[str]:
    """A line a table."""
    heads = ("stock s", "ours s", "ratio", "stock cpu", "ours cpu", "stock MiB", "ours MiB", "x import")
    yield f"\nwhole runs: medians of {runs}"
    yield f"{'':<36}" + "".join(f"{head:>11}" for head in heads)
    for work, of_work in found:
        whole = {contender: of_work.whole(contender) for contender in of_work.runs}
        imported = whole.get(IMPORT)
        lines = {work.name: (whole.get(STOCK), whole[OURS])}
        for contender, name in ((AGAIN, f"{work.name}, {AGAIN}"), (IMPORT, IMPORT)):
            if contender in whole:
                lines[name] = None, whole[contender]
        for name, (stock, ours) in lines.items():
            multiple = f"{ours[0] / imported[0]:.2f}" if imported and ours else ""
            yield f"{name:<36}" + "".join(f"{cell:>11}" for cell in [*_cells(stock, ours), multiple])
        if of_work.reason:
            yield f"  stock can't: {of_work.reason}"


def say(lines: Iterable[str]) -> None:
    """Prints them at once, though they go into a file."""
    for line in lines:
        print(line, flush=True)  # noqa: T201


def main() -> None:
    """Compares what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kinds", choices=KINDS, nargs="+", default=list(KINDS))
    parser.add_argument("--rows", type=int, nargs="+", default=ROWS, help="of narrow and mixed")
    parser.add_argument("--runs", type=int, default=3)
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        warm_up(Path(name))
        sys.exit(all_of(works(arguments.kinds, arguments.rows, Path(name)), arguments.runs))


def all_of(given: Iterable[list[Work]], runs: int) -> str | None:
    """Runs and prints them. What fails is told, and the others go on; returns what failed."""
    found: list[tuple[Work, Found]] = []
    failed = []
    for turns in given:
        try:
            found += (done := compare(turns, runs))
        except SystemExit as error:
            failed.append(str(error.code))
            say([f"\n{turns[0].name}: {error.code}"])
            continue
        finally:
            for work in turns:
                shutil.rmtree(work.config.parent, ignore_errors=True)
        for work, of_work in done:
            say(of_steps(work, of_work))
    say(of_whole(found, runs))
    return "\n".join(failed) or None


if __name__ == "__main__":
    main()
