"""A table whose values are nearly all of one row: what of them a report tells, it tells of that row."""

from __future__ import annotations

import dataclasses
from pathlib import Path

import numpy as np
import pandas as pd
import yaml

NAME = "canaries"
ROWS = 800
RARE = {"Atlantis": 1, "Brigadoon": 2, "Camelot": 3, "Dogville": 4}
"""Towns by how many rows each has; 5 is the fewest of which a text is told."""
CONFIG = {
    "name": NAME,
    "data": {
        "path": "t.csv",
        "split": {"train": 0.7, "eval": 0.2, "test": 0.1},
        "max_rejected": 5,
        "drop": {"state": {"values": ["void"]}},
    },
    "label": "paid",
    "features": {
        "account": "numeric",
        "reading": {"kind": "numeric", "max": 5_000_000, "indicator": True},
        "sensor": "log",
        "level": {"kind": "buckets", "boundaries": [1250, 1500, 1750]},
        "curve": {"kind": "spline", "knots": [-1, 0, 1]},
        "town": {"kind": "categorical"},
        "owner": {"kind": "categorical"},
        "note": {"kind": "text", "words": ["urgent"]},
        "born": {"kind": "datetime", "parts": ["elapsed", "month"]},
    },
    "evaluate": {"slices": [["town"], ["owner"]], "limits": {"r_squared": {"min": -1000}}},
}


@dataclasses.dataclass(frozen=True)
class Canaries:
    """What no report may tell.

    Attributes:
      texts: as they stand in the table.
      numbers: of seven digits and more.
    """

    texts: list[str]
    numbers: list[float]


def made() -> pd.DataFrame:
    """The table; its rows are told apart by nearly every column."""
    draw = np.random.default_rng(11)
    rare = [name for name, rows in RARE.items() for _ in range(rows)]
    town = np.concatenate([draw.choice(["Ghent", "Lille", "Namur"], ROWS - len(rare)), rare])
    account = draw.permutation(np.arange(1_000_003, 9_000_000, 4_513)[:ROWS])
    reading = np.round(draw.normal(500, 100, ROWS) + draw.choice([0, 0.0371, 0.0733], ROWS), 4)
    reading[[3, 17, 29, 31]] = [-4_888_882.25, 4_777_773.75, 8_333_337.5, 8_444_441.5]
    born = pd.Timestamp("1961-01-01") + pd.to_timedelta(draw.choice(1_500_000_000, ROWS, replace=False), "s")
    level = np.round(draw.uniform(1000, 2000, ROWS), 3)
    curve = np.round(draw.normal(size=ROWS), 6)
    paid = 40 + 3 * curve + (town == "Ghent") + account / 1e6 + draw.normal(size=ROWS)
    paid[[41, 43]] = [991.0713, -871.0919]
    table = pd.DataFrame(
        {
            "id": draw.permutation(np.arange(20_000_017, 90_000_000, 80_021)[:ROWS]),
            "account": account.astype(str),
            "reading": reading,
            "sensor": np.round(draw.lognormal(8, 1, ROWS), 3),
            "level": level,
            "curve": curve,
            "town": town,
            "owner": [f"owner-{i * 7919 % 10_007:05d}" for i in range(ROWS)],
            "note": [f"write to reader.{i}@canary.example{', urgent' if i % 3 else ''}" for i in range(ROWS)],
            "born": born.strftime("%Y-%m-%d %H:%M:%S"),
            "state": draw.choice(["open", "closed", "void"], ROWS, p=[0.6, 0.37, 0.03]),
            "paid": np.round(paid, 4),
        }
    )
    table.loc[[50, 51], "account"] = ["secret-7351", "secret-7352"]
    return table


def write(folder: Path) -> Path:
    """Writes table and configuration; returns the configuration's path."""
    folder.mkdir(exist_ok=True)
    made().to_csv(folder / "t.csv", index=False)
    (folder / "p.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False))
    return folder / "p.yaml"


def canaries() -> Canaries:
    """Every text and every long number that fewer than five rows have."""
    table = made()
    texts = [*RARE, *table["owner"], *table["note"], *table["born"], "secret-7351", "secret-7352"]
    texts += [text.split()[2].rstrip(",") for text in table["note"]]
    numbers = pd.to_numeric(table["account"], errors="coerce").dropna().tolist()
    for name in ("id", "sensor", "level", "curve", "paid", "reading"):
        numbers += table[name].tolist()
    return Canaries(texts, numbers)
