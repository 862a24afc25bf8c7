"""Random tables through whole runs, from CSV and from Parquet: equal coefficients, and one answer to a row however it is asked.

Two of them by default; all twelve with PLUMBLINE_TABLES=12 (`make columns`).
"""

from __future__ import annotations

import dataclasses
import datetime
import decimal
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
import yaml

from tests.conftest import WholeRun, plumbline
from tests.e2e.asking import Client, by_file, by_json, pushed_model, serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded"), pytest.mark.timeout(1800)]

TABLES = int(os.environ.get("PLUMBLINE_TABLES", "2"))
ROWS = 400
ASKED = 40
NAMES = ["class", "id", "ID", "x.y", "x_y", "Größe (cm)", "mean radius", "self", "a/b", "return"]
TEXTS = [
    "a\nb",
    "a\r\nb",
    "x\0y",
    "a\u2028b",
    "\\n",
    "cash",
    "cash ",
    "caf\u00e9",
    "cafe\u0301",
    "(other)",
    'q"q',
    "None such",
]


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of a table: typed, what the configuration says of it, and what it adds to the label."""

    array: pa.Array
    feature: dict[str, Any]
    effect: np.ndarray


def _levels(generator: np.random.Generator, levels: list[Any], kind: pa.DataType, feature: Any, gaps: float) -> Column:
    chosen = generator.integers(0, len(levels), ROWS)
    gone = generator.random(ROWS) < gaps
    array = pa.array([None if hole else levels[index] for index, hole in zip(chosen, gone, strict=True)], kind)
    return Column(array, feature, np.where(gone, 0.5, 3 * np.sin(chosen)))


def _numbers(
    generator: np.random.Generator, values: np.ndarray, kind: pa.DataType, feature: Any, gaps: float
) -> Column:
    gone = generator.random(ROWS) < gaps
    listed = [None if hole else value for value, hole in zip(values.tolist(), gone, strict=True)]
    if pa.types.is_decimal(kind):
        listed = [None if value is None else round(decimal.Decimal(value), kind.scale) for value in listed]
    array = pa.array(list(map(repr, listed)), kind) if pa.types.is_string(kind) else pa.array(listed, kind)
    scaled = (values - values.mean()) / values.std()
    return Column(array, feature, np.where(gone, 1.0, 2 * scaled.astype(float)))


def _days(count: int) -> list[datetime.date]:
    return [datetime.date(2024, 1, 31) + datetime.timedelta(days=30 * index) for index in range(count)]


CATEGORICAL = {"kind": "categorical", "min_rows": 1}
INDICATED = {"kind": "numeric", "indicator": True}
WIDE = {"kind": "integer", "wide": True}
MENU: list[Callable[[np.random.Generator], Column]] = [
    lambda g: _numbers(g, g.normal(size=ROWS).round(3), pa.float64(), INDICATED, 0.1),
    lambda g: _numbers(g, g.normal(size=ROWS).round(3), pa.float32(), {"kind": "numeric", "scale": "none"}, 0.0),
    lambda g: _numbers(g, g.normal(100, 15, ROWS), pa.decimal128(12, 2), {"kind": "numeric", "impute": "median"}, 0.1),
    lambda g: _numbers(g, g.integers(-50, 50, ROWS), pa.int16(), INDICATED, 0.2),
    lambda g: _numbers(g, g.normal(size=ROWS).round(2), pa.string(), {"kind": "numeric"}, 0.0),
    lambda g: _numbers(g, 10**9 + g.integers(0, 900, ROWS), pa.int64(), {"kind": "integer", "indicator": True}, 0.1),
    lambda g: _numbers(g, 1_700_000_000 + g.integers(0, 10**6, ROWS), pa.uint32(), {"kind": "integer"}, 0.0),
    lambda g: _numbers(g, 2**62 + g.integers(0, 10**6, ROWS), pa.int64(), WIDE, 0.05),
    lambda g: _numbers(g, g.integers(0, 24, ROWS), pa.float64(), {"kind": "buckets", "boundaries": [6, 12.5]}, 0.1),
    lambda g: _numbers(
        g, 10**9 + g.integers(0, 4, ROWS), pa.int64(), {"kind": "buckets", "boundaries": [10**9 + 1, 10**9 + 3], "whole": True}, 0.1
    ),
    lambda g: _levels(g, [True, False], pa.bool_(), {"kind": "boolean"}, 0.1),
    lambda g: _levels(g, ["Yes", " no", "TRUE", "f"], pa.string(), {"kind": "boolean", "reference": True}, 0.1),
    lambda g: _levels(g, [True, False], pa.bool_(), CATEGORICAL, 0.1),
    lambda g: _levels(g, TEXTS, pa.string(), CATEGORICAL, 0.1),
    lambda g: _levels(g, TEXTS[5:], pa.string(), {"kind": "categorical", "vocabulary": 4}, 0.1),
    lambda g: _levels(g, [1, 2, 3, 20], pa.int8(), CATEGORICAL, 0.1),
    lambda g: _levels(g, [1.0, 2.5, 0.1], pa.float64(), CATEGORICAL, 0.1),
    lambda g: _levels(g, [decimal.Decimal("1.50"), decimal.Decimal("2.00")], pa.decimal128(6, 2), CATEGORICAL, 0.1),
    lambda g: _levels(g, _days(4), pa.date32(), CATEGORICAL, 0.1),
    lambda g: _levels(g, [datetime.datetime(2024, 1, day, 12) for day in (1, 2, 3)], pa.timestamp("us", "UTC"), CATEGORICAL, 0.1),
    lambda g: _levels(g, [datetime.time(8), datetime.time(9, 30)], pa.time64("us"), CATEGORICAL, 0.1),
]  # fmt: skip


def table_of(number: int) -> tuple[pa.Table, dict[str, Any]]:
    """The table of a number, and its features: the menu is dealt out, so that all tables together have all of it."""
    generator = np.random.default_rng(1000 + number)
    dealt = [*range(5 * number, 5 * number + 5)]
    columns = [MENU[place % len(MENU)](generator) for place in dealt]
    names = generator.permutation(NAMES)[: len(columns)].tolist()
    label = sum(column.effect for column in columns) + generator.normal(size=ROWS)
    arrays = {name: column.array for name, column in zip(names, columns, strict=True)}
    if number % 3 == 0:
        arrays = {
            name: array.dictionary_encode() if pa.types.is_string(array.type) else array
            for name, array in arrays.items()
        }
    features = {name: column.feature for name, column in zip(names, columns, strict=True)}
    return pa.table({**arrays, "y": label.round(4)}), features


def write_csv(table: pa.Table, path: Path, number: int) -> None:
    """As pandas writes it, whole numbers with gaps as floats or not, or as pyarrow does."""
    decoded = pa.table(
        {
            name: table[name].combine_chunks().dictionary_decode()
            if pa.types.is_dictionary(table[name].type)
            else table[name]
            for name in table.column_names
        }
    )
    whole_ones = [
        table[name].drop_null().to_pylist() for name in table.column_names if pa.types.is_integer(table[name].type)
    ]
    if number % 3 == 2:
        pa_csv.write_csv(decoded, path)
    else:
        exact = number % 3 == 1 or any(abs(value) > 2**53 for values in whole_ones for value in values)
        decoded.to_pandas(integer_object_nulls=exact).to_csv(path, index=False, lineterminator="\r\n")


@pytest.fixture(scope="module", params=range(TABLES))
def runs(request, tmp_path_factory):
    """A table's rows, and a run of it from CSV and from Parquet."""
    folder = tmp_path_factory.mktemp(f"table{request.param}")
    table, features = table_of(request.param)
    pq.write_table(table, folder / "t.parquet")
    write_csv(table, folder / "t.csv", request.param)
    found = {}
    for suffix in ("csv", "parquet"):
        config = {
            "name": suffix,
            "data": {"path": f"t.{suffix}"},
            "label": "y",
            "features": features,
            "model": {"l2": 0},
        }
        path = folder / f"{suffix}.yaml"
        path.write_text(yaml.safe_dump(config, allow_unicode=True, sort_keys=False))
        done = plumbline("run", path, "--root", folder / "R")
        assert done.code == 0, done.out + done.err
        found[suffix] = WholeRun(path, folder / "R", done.out)
    return table, features, found, folder


def test_coefficients_are_equal_whatever_the_format(runs):
    _, _, found, _ = runs
    csv, parquet = (found[suffix].show()["linear_fit"]["columns"] for suffix in ("csv", "parquet"))
    assert [column["name"] for column in csv] == [column["name"] for column in parquet]
    for key in ("coefficient", "standard_error", "rows"):
        one, other = (np.array([column[key] for column in columns], float) for columns in (csv, parquet))
        assert one == pytest.approx(other, rel=1e-9, nan_ok=True)
    assert sum(column["coefficient"] is not None for column in csv) > 2


def asked(table: pa.Table, features: dict[str, Any]) -> tuple[dict[str, list[Any]], list[dict[str, Any]]]:
    """The first rows as the served model's inputs take them, and as JSON that a person would write."""
    columns, natural = {}, {}
    for name, feature in features.items():
        values = table[name].slice(0, ASKED).to_pylist()
        if feature["kind"] in ("boolean", "categorical") or feature.get("wide"):
            columns[name] = ["" if value is None else str(value) for value in values]
        else:
            columns[name] = [None if value is None else float(value) for value in values]
        plain = (bool, int, float, type(None))
        natural[name] = [value if isinstance(value, plain) else columns[name][row] for row, value in enumerate(values)]
    return columns, [dict(zip(natural, row, strict=True)) for row in zip(*natural.values(), strict=True)]


def test_a_row_has_one_answer_however_it_is_asked(runs, tmp_path):
    table, features, found, folder = runs
    run = found["csv"]
    columns, natural = asked(table, features)
    answers = {
        "CSV": by_file(run, folder / "t.csv", tmp_path)[:ASKED],
        "Parquet": by_file(run, folder / "t.parquet", tmp_path)[:ASKED],
        "JSON": by_json(run, natural),
        "JSON, checked": by_json(run, natural, "--check"),
    }
    with serving(run) as (rest, grpc):
        answers |= Client(rest, grpc, pushed_model(run), "csv").every_way(columns)
    expected = answers.pop("Parquet")
    assert np.std(expected) > 0.5
    for way, answer in answers.items():
        assert answer == pytest.approx(expected, rel=1e-5, abs=1e-4), way
