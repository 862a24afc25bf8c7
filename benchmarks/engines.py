"""Whole runs on each engine, step by step, and whether they come to the same. Run: make bench-engines [TABLES=taxi]

Needs make flink, and make spark for Spark. An engine is its name and a number: of worker processes (local), of TaskManagers (flink,
portable) or of workers (spark), all on this machine. Each runs each table from nothing, in a root of its own. Prints the wall
time of each step, then how far each engine is from the first one that is named. Ends with an error if that is too far.
"""

from __future__ import annotations

import argparse
import contextlib
import dataclasses
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from benchmarks import cluster, same, tables
from benchmarks.works import REPOSITORY, write_config
from tests.cluster.spark import SparkCluster

ENGINES = ("local", "local-2", "flink-1", "flink-2", "portable-2", "spark-2")
GIVEN = ("seed", "taxi", "tips")  # folders of data/
MADE = {"narrow": tables.NARROW, "mixed": tables.MIXED}
LONGEST = 3 * 3600.0


@dataclasses.dataclass(frozen=True)
class Table:
    """A table to run on.

    Attributes:
      folder: of its configuration `pipeline.yaml`, and of all that its runs write, a root an engine.
      name: of its pipeline.
    """

    folder: Path
    name: str

    @classmethod
    def make(cls, kind: str, rows: int, folder: Path) -> Table:
        """A table of data/, or one that is made; what is in the folder already is taken."""
        config = folder / "pipeline.yaml"
        if not config.exists() and kind in MADE:
            folder.mkdir(parents=True, exist_ok=True)
            write_config(folder, tables.make(MADE[kind], rows, folder / "data.csv"))
        elif not config.exists():
            shutil.copytree(REPOSITORY / "data" / kind, folder, dirs_exist_ok=True)
        return cls(folder, yaml.safe_load(config.read_text())["name"])

    def root(self, engine: str) -> Path:
        """Where a run on an engine writes."""
        return self.folder / engine / "root"

    def done(self, engine: str) -> Path:
        """The file that tells that the run is done; it has the load of the machine when that began."""
        return self.folder / engine / "done"

    def summary(self, engine: str) -> dict[str, Any]:
        """Of its run on an engine."""
        return same.last_summary(self.root(engine) / "pipelines" / self.name)


@contextlib.contextmanager
def started(engine: str, logs: Path) -> Iterator[tuple[dict[str, Any], list[str]]]:
    """Starts what an engine needs: the section `beam` of a configuration, and arguments of the command line."""
    name, _, number = engine.partition("-")
    with contextlib.ExitStack() as stack:
        if name == "local":
            yield {"engine": "local"}, ["--workers", number or "0"]
        elif name == "spark":
            logs.mkdir(parents=True)
            pool = stack.enter_context(cluster.worker_pool(logs))
            spark = stack.enter_context(SparkCluster(logs / "spark", int(number)))
            yield cluster.section("spark", pool, master=spark.url), []
        else:
            yield stack.enter_context(cluster.surroundings(logs, name, int(number))).section(), []


def run(table: Table, engine: str, beam: dict[str, Any], arguments: list[str]) -> None:
    """Runs a table on an engine that has started.

    Raises:
      RuntimeError: no model was pushed.
    """
    home = table.root(engine).parent
    shutil.rmtree(home, ignore_errors=True)
    home.mkdir()
    config = table.folder / f"{engine}.yaml"
    described = yaml.safe_load((table.folder / "pipeline.yaml").read_text())
    config.write_text(yaml.safe_dump({**described, "beam": beam}, sort_keys=False))
    load = os.getloadavg()[0]
    process, said = cluster.begin(config, table.root(engine), *arguments)
    done = cluster.finish(process, said, time.monotonic(), LONGEST)
    if done.code:
        raise RuntimeError(f"{table.name}, {engine}: expected a model to be pushed; it said:\n{done.said}")
    table.done(engine).write_text(f"{load:.1f}")
    print(f"{table.name}, {engine}: {done.seconds:.0f} s", flush=True)  # noqa: T201


def show(table: Table, engines: list[str]) -> list[str]:
    """Prints a table engine × step, and what differs from the first engine. Returns what is too far."""
    done = {engine: table.summary(engine) for engine in engines}
    first, *others = engines
    rows = ", ".join(f"{count:,} {split}" for split, count in (same.rows(done[first])["ExampleGen"] or {}).items())
    _head(f"{table.name} ({rows}), seconds", engines)
    steps = {engine: {entry["step"]: entry["seconds"] for entry in done[engine]["steps"]} for engine in engines}
    _line("start", [f"{done[engine]['seconds'] - sum(steps[engine].values()):.1f}" for engine in engines])
    for step in steps[first]:
        _line(step, [f"{steps[engine][step]:.1f}" for engine in engines])
    _line("whole run", [f"{done[engine]['seconds']:.1f}" for engine in engines])
    _line("load of this machine at its start", [table.done(engine).read_text() for engine in engines])
    if not others:
        return []
    held = {engine: same.compare(table.root(engine), table.root(first), table.name) for engine in others}
    _head(f"differs from {first} by", ["at most", *others])
    for row in zip(*held.values(), strict=True):
        limit = f"{row[0].limit:g}" if row[0].limit else "nothing"
        _line(f"{row[0].name}, {row[0].compared:,}", [limit, *map(_cell, row)])
    print()  # noqa: T201
    for engine, checks in held.items():
        for check in checks:
            if check.unequal:
                words = ", ".join(f"{word} {number}" for word, number in sorted(check.unequal.items()))
                print(f"- {engine}, {check.name}: not bit-equal are {words}; worst: {check.where}")  # noqa: T201
    return [
        f"{table.name}, {engine}: {check.name}: {check.where} differs by {check.worst:g}; the limit is {check.limit:g}"
        for engine, checks in held.items()
        for check in checks
        if not check.worst <= check.limit or not check.compared
    ]


def _cell(check: same.Check) -> str:
    return f"{check.worst:.1e}" if check.worst else "0"


def _head(first: str, cells: list[str]) -> None:
    """Prints the head of a table in Markdown."""
    print()  # noqa: T201
    _line(first, cells)
    print(f"|---|{'---:|' * len(cells)}")  # noqa: T201


def _line(first: str, cells: list[str]) -> None:
    print(f"| {' | '.join([first, *cells])} |")  # noqa: T201


def main() -> None:
    """Runs all tables on each engine, then compares."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--tables", nargs="+", choices=[*GIVEN, *MADE], default=[*GIVEN, "mixed"])
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the tables that are made, narrow and mixed")
    parser.add_argument("--folder", type=Path, help="Keeps runs and logs there, and takes the runs that are there.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (arguments.folder or Path(name)).resolve()
        kinds = {kind: f"{kind}-{arguments.rows}" if kind in MADE else kind for kind in arguments.tables}
        made = [Table.make(kind, arguments.rows, folder / place) for kind, place in kinds.items()]
        for engine in arguments.engines:
            wanted = [table for table in made if not table.done(engine).exists()]
            if wanted:
                logs = folder / "logs" / engine
                shutil.rmtree(logs, ignore_errors=True)
                with started(engine, logs) as (beam, options):
                    for table in wanted:
                        run(table, engine, beam, options)
        failed = [sentence for table in made for sentence in show(table, arguments.engines)]
    sys.exit("\n".join(failed) if failed else 0)


if __name__ == "__main__":
    main()
