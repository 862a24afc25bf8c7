"""Dates of a Parquet file through the whole pipeline, against least squares on pandas' columns, and one answer in every way."""

from __future__ import annotations

import json
import urllib.error
import zoneinfo

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.conftest import WholeRun, plumbline
from tests.e2e.asking import Client, by_file, by_json, pushed_model, serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

CONFIG = """
name: dates
data: {path: t.parquet, split: {train: 1}}
label: y
features:
  at: {kind: datetime, zone: Europe/Berlin, parts: [elapsed, hour, weekday]}
  clock: {kind: datetime, column: local, zone: America/New_York, parts: [{part: hour, as: levels}]}
  day: {kind: datetime, parts: [month, day_of_year]}
  clicked: {kind: datetime, format: epoch_ms, parts: [year, {part: quarter, as: cyclic}]}
model: {solver: exact, l2: 0}
"""
ROWS = 1500
BERLIN, NEW_YORK = zoneinfo.ZoneInfo("Europe/Berlin"), zoneinfo.ZoneInfo("America/New_York")


def moments(seed: int) -> pd.DatetimeIndex:
    seconds = np.random.default_rng(seed).integers(1_600_000_000, 1_750_000_000, ROWS)
    return pd.to_datetime(seconds, unit="s", utc=True)


AT, LOCAL, DAY, CLICKED = (moments(seed) for seed in range(4))
NAIVE = LOCAL.tz_convert(NEW_YORK).tz_localize(None)  # in autumn, an hour of it is the one before


def design() -> pd.DataFrame:
    """The columns as pandas has them; the first weekday and the first hour are left out."""
    berlin = AT.tz_convert(BERLIN)
    columns = {"one": np.ones(ROWS), "elapsed": AT.as_unit("s").asi8 / 86400, "year": CLICKED.year}
    day_of_year = (DAY.dayofyear - 1) / (365 + DAY.is_leap_year)
    turns = {
        "hour": (berlin.hour * 3600 + berlin.minute * 60 + berlin.second) / 86400,
        "month": (DAY.month - 1) / 12,
        "day_of_year": day_of_year,
        "quarter": (CLICKED.quarter - 1) / 4,
    }
    for name, turn in turns.items():
        columns |= {f"{name} sin": np.sin(2 * np.pi * turn), f"{name} cos": np.cos(2 * np.pi * turn)}
    columns |= {f"weekday {day}": berlin.weekday == day for day in range(1, 7)}
    columns |= {f"hour {hour}": NAIVE.hour == hour for hour in range(1, 24)}
    return pd.DataFrame(columns).astype(float)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("dates")
    x = design()
    generator = np.random.default_rng(9)
    z = (x / x.max()).to_numpy()
    y = z @ generator.normal(size=z.shape[1]) + 0.1 * generator.normal(size=ROWS)
    table = pa.table(
        {
            "at": pa.array(AT, pa.timestamp("us", "Europe/Berlin")),
            "local": pa.array(NAIVE, pa.timestamp("ms")),
            "day": pa.array(DAY.date, pa.date32()),
            "clicked": pa.array(CLICKED.as_unit("ms").asi8),
            "y": np.float32(y),
        }
    )
    pq.write_table(table, folder / "t.parquet")
    (folder / "p.yaml").write_text(CONFIG)
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(folder / "p.yaml", folder / "R", done.out), x.to_numpy(), np.float32(y).astype(float)


def sent(rows: int) -> dict[str, list[object]]:
    """The first rows as a caller may write them, and one in which all is missing."""
    return {
        "at": [*(f"{at:%Y-%m-%dT%H:%M:%SZ}" for at in AT[:rows]), "NA"],
        "local": [*(f"{local:%Y-%m-%d %H:%M:%S}" for local in NAIVE[:rows]), ""],
        "day": [*(f" {day:%Y-%m-%d}" for day in DAY[:rows]), ""],
        "clicked": [*CLICKED.as_unit("ms").asi8[:rows].tolist(), None],
    }


def test_predictions_are_those_of_least_squares_on_pandas_columns_in_every_way(run, tmp_path):
    whole, x, y = run
    expected = x[:40] @ np.linalg.lstsq(x, y, rcond=None)[0]
    columns = sent(40)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    model = pushed_model(whole)
    answers = {"predict --json": by_json(whole, rows)}
    with serving(whole) as (rest, grpc):
        client = Client(rest, grpc, model, "dates")
        answers |= client.every_way(columns)
        with pytest.raises(urllib.error.HTTPError) as refused:
            client.post("predict", {"instances": [{**rows[0], "day": "2023-02-29"}]})
        said = json.load(refused.value)["error"]
    pd.DataFrame(columns).astype({"clicked": "Int64"}).to_csv(tmp_path / "t.csv", index=False)
    answers |= {"CSV": by_file(whole, tmp_path / "t.csv", tmp_path)}
    for way, found in answers.items():
        np.testing.assert_allclose(found[:40], expected, rtol=2e-6, atol=2e-6, err_msg=way)
        assert found[40] == pytest.approx(answers["predict --json"][40], rel=1e-6), way
    parquet = by_file(whole, whole.config.parent / "t.parquet", tmp_path)
    np.testing.assert_allclose(parquet[:40], expected, rtol=2e-6, atol=2e-6)
    assert "day: expected a date such as 2024-01-31 or 2024-01-31T23:59:00Z; received 2023-02-29" in said


def test_each_date_is_one_contribution(run):
    whole, _, _ = run
    [row] = [{name: values[0] for name, values in sent(1).items()}]
    done = plumbline(
        "predict", whole.config, "--root", whole.root, "--json", json.dumps(row), "--contributions", "--check"
    )
    [answer] = json.loads(done.out)["predictions"]
    parts = {name: value for name, value in answer.items() if name.startswith("contribution_")}
    assert set(parts) == {f"contribution_{name}" for name in ("at", "clock", "day", "clicked")}
    assert sum(parts.values()) + answer["baseline"] == pytest.approx(answer["prediction"], rel=1e-5)


def test_the_run_shows_columns_by_their_names(run):
    whole, _, _ = run
    shown = {column["name"] for column in whole.show()["linear_fit"]["columns"]}
    assert {
        "at[elapsed]",
        "at[hour sin]",
        "at[weekday Monday]",
        "clock[hour 23]",
        "day[month cos]",
        "clicked[year]",
    } < shown
