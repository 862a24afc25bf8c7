"""The tables of the whole-run benchmark with their configurations, and who runs on each."""

from __future__ import annotations

import dataclasses
import functools
import shutil
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import pandas as pd
import yaml

from benchmarks import tables

REPOSITORY = Path(__file__).parent.parent
OF_ROWS = {"narrow": tables.NARROW, "mixed": tables.MIXED}
KINDS = ("taxi", *OF_ROWS, "wide", "levels", "columns")
COLUMNS = (8, 55, 85, 137)
IMPORT, STOCK, OURS, AGAIN = "import tensorflow", "stock", "plumbline", "nothing changed"


@dataclasses.dataclass(frozen=True)
class Work:
    """A table and who runs on it.

    Attributes:
      name: what the table is called.
      rows: of it.
      config: of Plumbline's run.
      contenders: in the order in which they take turns.
      stock: configuration of stock's run.
      alike: whether both split the rows alike.
    """

    name: str
    rows: int
    config: Path
    contenders: tuple[str, ...] = (STOCK, OURS)
    stock: Path = Path()
    alike: bool = True


def write_config(folder: Path, features: dict[str, Any]) -> Path:
    """The configuration that both run; split by a column, so that both split the rows alike."""
    path = folder / "pipeline.yaml"
    config = {
        "name": "bench",
        "data": {"path": "data.csv", "split_by": tables.KEY},
        "label": "y",
        "features": features,
        "model": {"solver": "exact", "l2": 0},
        "evaluate": {"limits": {"mean_squared_error": {"max": 100.0}}},
    }
    path.write_text(yaml.safe_dump(config, sort_keys=False))
    return path


def taxi(folder: Path) -> Work:
    """The taxi table, as `make run` has it. CsvExampleGen leaves no row out: stock's table is without what Plumbline drops."""
    shutil.copytree(REPOSITORY / "data" / "taxi", folder, dirs_exist_ok=True)
    config = folder / "pipeline.yaml"
    stock = folder / "stock"
    stock.mkdir()
    told = yaml.safe_load(config.read_text())
    table = pd.read_csv(folder / told["data"]["path"], dtype=str)
    for name, rule in told["data"]["drop"].items():
        values = table[name].astype(float)
        table = table[(values >= rule["below"]) & (values <= rule["above"])]
    table.to_csv(stock / told["data"]["path"], index=False)
    shutil.copy(config, stock)
    contenders = (IMPORT, STOCK, OURS, AGAIN)
    return Work("taxi", len(table), config, contenders, stock / config.name, alike=False)


def works(kinds: Sequence[str], rows: Sequence[int], folder: Path) -> Iterator[list[Work]]:
    """Makes the tables; those of one list take turns."""
    if "taxi" in kinds:
        yield [taxi(folder / "taxi")]
    for count in rows:
        for kind in (OF_ROWS[kind] for kind in kinds if kind in OF_ROWS):
            yield [made(folder, kind, count, functools.partial(tables.make, kind, count))]
    if "wide" in kinds:
        yield [made(folder, "200 numbers", 15_000, functools.partial(tables.make_wide, 15_000, 200))]
    if "levels" in kinds:
        make = functools.partial(tables.make_levels, 60_000)
        yield [made(folder, f"a text of {tables.LEVELS:,} levels", 60_000, make)]
    if "columns" in kinds:
        makes = {f"{count} columns": functools.partial(tables.make_some, 1000, count) for count in COLUMNS}
        yield [made(folder, name, 1000, make, (OURS,)) for name, make in makes.items()]


def made(
    folder: Path,
    name: str,
    rows: int,
    make: Callable[[Path], dict[str, Any]],
    contenders: tuple[str, ...] = (STOCK, OURS),
) -> Work:
    """Makes a table in a folder of its own."""
    place = folder / f"{name} {rows}".replace(" ", "_")
    place.mkdir()
    config = write_config(place, make(place / "data.csv"))
    return Work(f"{name}, {rows:,} rows", rows, config, contenders, config)
