"""A table and a configuration with every kind of feature, several of one column among them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

ROWS = 2500
NAME = "kinds"
CITIES, GRADES, NOTES = (
    ["Bergen", "Oslo", "Zürich"],
    ["low", "mid", "high"],
    ["good", "Very GOOD!", "bad", "goods", "so so"],
)
FEATURES: dict[str, Any] = {
    "miles": {"kind": "spline", "knots": 4, "indicator": True},
    "distance": {"kind": "numeric", "column": "miles", "min": 0},
    "log_miles": {"kind": "log", "column": "miles", "impute": "median"},
    "fare": {"kind": "polynomial", "degree": 3, "orthogonal": True},
    "fare_squared": {"kind": "polynomial", "degree": 2, "column": "fare", "max": 40, "outside": "clip"},
    "fare_range": {"kind": "buckets", "boundaries": [5, 10, 20], "column": "fare"},
    "fare_tenth": {"kind": "buckets", "quantiles": 10, "column": "fare"},
    "tolls": "log1p",
    "area": "sqrt",
    "speed": {"kind": "power", "exponent": -1, "indicator": True},
    "angle": {"kind": "spline", "knots": [-2, 0.1, 1, 3]},
    "riders": "integer",
    "riders_log": {"kind": "log", "column": "riders"},
    "riders × miles": {"kind": "product", "of": ["riders", "miles"]},
    "id": {"kind": "integer", "wide": True},
    "night": "boolean",
    "city": {"kind": "categorical", "reference": "Oslo"},
    "city × night": {"kind": "cross", "of": ["city", "night"], "min_rows": 1},
    "grade": {"kind": "ordered", "levels": GRADES, "indicator": True},
    "rating": {"kind": "ordered", "levels": GRADES, "contrasts": "steps"},
    "note": {"kind": "text", "words": ["good", "bad"]},
    "begun": {
        "kind": "datetime",
        "zone": "Europe/Berlin",
        "parts": ["hour", "weekday", {"part": "month", "as": "levels"}, "elapsed"],
        "indicator": True,
    },
    "day": {"kind": "datetime", "format": "%d/%m/%Y", "parts": ["day_of_year", "quarter", "year"]},
    "sent": {"kind": "datetime", "format": "epoch_ms", "parts": ["hour"]},
}
CONFIG = {
    "name": NAME,
    "data": {"path": "t.csv", "split": {"train": 0.8, "eval": 0.2}},
    "label": "y",
    "features": FEATURES,
    "model": {"l2": 0},
}
GONE = ["miles", "fare", "speed", "angle", "city", "grade", "note", "begun", "day"]  # columns with missing values
Columns = dict[str, list[Any]]


def made(rows: int = ROWS, seed: int = 23) -> pd.DataFrame:
    """Raw values by column, None or NaN where missing; times are naive timestamps, and every number a 32-bit float or whole."""
    generator = np.random.default_rng(seed)
    since = pd.Timestamp("2023-11-01")
    begun = since + pd.to_timedelta(generator.integers(0, 400 * 86400, rows), unit="s")
    frame = pd.DataFrame(
        {
            "miles": generator.gamma(2.0, 3.0, rows).astype(np.float32),
            "fare": generator.uniform(0, 50, rows).astype(np.float32),
            "tolls": generator.exponential(3.0, rows).astype(np.float32),
            "area": generator.integers(0, 400, rows).astype(np.float32),
            "speed": generator.uniform(5, 90, rows).astype(np.float32),
            "angle": generator.normal(0.5, 1.5, rows).astype(np.float32),
            "riders": generator.integers(1, 7, rows),
            "id": 2**62 + generator.integers(0, 1000, rows),
            "night": generator.random(rows) < 0.4,
            "city": generator.choice(CITIES, rows),
            "grade": generator.choice(GRADES, rows),
            "rating": generator.choice(GRADES, rows),
            "note": generator.choice(NOTES, rows),
            "begun": begun,
            "day": begun.normalize(),
            "sent": (begun - pd.Timestamp(0)) // pd.Timedelta(milliseconds=1) + generator.integers(0, 1000, rows),
        }
    )
    frame["y"] = (
        np.log(frame["miles"])
        + np.sin(frame["angle"]) * 2
        + frame["fare"] * (40 - frame["fare"]) / 200
        + 20 / frame["speed"]
        + frame["riders"] * frame["miles"] / 20
        + frame["night"] * (frame["city"] == "Oslo")
        + frame["grade"].map(dict(zip(GRADES, [0.0, 1.0, 3.0], strict=True)))
        + np.cos(2 * np.pi * begun.hour / 24)
        + generator.normal(0, 0.3, rows)
    ).round(4)
    for name in GONE:
        frame.loc[generator.random(rows) < 0.03, name] = None
    return frame


def as_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """The table as a CSV file has it: dates as texts of the formats that the configuration names."""
    return frame.assign(
        begun=frame["begun"].dt.strftime("%Y-%m-%dT%H:%M:%S"),
        day=frame["day"].dt.strftime("%d/%m/%Y"),
        night=np.where(frame["night"], "yes", "no"),
    )


def as_columns(frame: pd.DataFrame) -> Columns:
    """Rows as callers send them: None where a number is missing, an empty text where a text is."""
    texts = as_texts(frame.drop(columns="y")).assign(id=frame["id"].astype(str))
    return {
        name: [("" if values.dtype == object else None) if pd.isna(value) else value for value in values.tolist()]
        for name, values in texts.items()
    }


def write(folder: Path) -> Path:
    """Writes the table and the configuration into a folder. Returns the latter's path."""
    folder.mkdir(parents=True, exist_ok=True)
    as_texts(made()).to_csv(folder / "t.csv", index=False)
    path = folder / "pipeline.yaml"
    path.write_text(yaml.safe_dump(CONFIG, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
