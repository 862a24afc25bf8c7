"""Every kind of feature in one model: fitted as numpy does, and answered alike whichever way it is asked."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pandas as pd
import pytest

from components.linear_model.scoring import score
from components.preprocessing.features import Kind
from tests.conftest import plumbline
from tests.e2e import kinds
from tests.e2e.asking import Client, by_file, by_json, pushed_model, serving
from tests.e2e.gathered import gathered

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ASKED = 60
ODD: dict[str, list[Any]] = {  # what a column has in the last rows that are asked
    "miles": [0.0, -1.0, 1e6, 1e-30, None],
    "fare": [1e4, -5.0, 5.0, None, 20.0],
    "speed": [0.0, None, 1e-3, -4.0, 1e6],
    "angle": [-40.0, 40.0, 0.1, None, 3.0],
    "city": ["never seen", None, "Bergen", "bergen", None],
    "grade": ["none of these", None, "high", "low", "LOW"],
    "note": ["GOOD", None, "goodness", "a bad, good one", "ba d"],
    "begun": pd.to_datetime(
        [
            "2024-02-29T23:59:59",
            "2024-03-31T02:30:00",
            "2024-10-27T02:30:00",
            "1900-02-28T00:00:00",
            "2100-02-28T00:00:00",
        ]
    ).tolist(),
    "day": pd.to_datetime(["2024-02-29", "2000-02-29", "1970-01-01", None, "1969-12-31"]).tolist(),
    "sent": [0, -1, 4107456000123, 951782399999, 1719792000000],
}


@pytest.fixture(scope="module")
def frame():
    """Rows that the model never saw."""
    drawn = kinds.made(ASKED, seed=77)
    for name, values in ODD.items():
        drawn[name] = pd.Series([*drawn[name].tolist()[: -len(values)], *values]).astype(drawn[name].dtype)
    return drawn


@pytest.fixture(scope="module")
def columns(frame):
    return kinds.as_columns(frame)


@pytest.fixture(scope="module")
def model(kinds_run):
    return pushed_model(kinds_run)


@pytest.fixture(scope="module")
def expected(model, columns):
    """Answers by model.json alone."""
    return score(model, columns)


@pytest.fixture(scope="module")
def client(kinds_run, model):
    with serving(kinds_run) as (rest, grpc):
        yield Client(rest, grpc, model, kinds.NAME)


def test_no_kind_is_left_out(model):
    every = {kind.model_fields["kind"].default for kind in Kind.__args__}
    assert {entry["kind"] for entry in model.features} == every - {"offset"}


def test_the_fit_is_numpys_on_the_same_columns(kinds_run):
    from components.linear_model.linear_fit import LinearFit

    [folder] = (kinds_run.root / "pipelines" / kinds.NAME / "Fit/fit").iterdir()
    found = LinearFit.load(str(folder))
    rows = gathered(kinds_run.root, kinds.NAME, found.design)
    x = found.design.dense(rows)
    fitted = found.fit.coefficients[0] + x @ found.fit.coefficients[1:]
    # Levels add up to the intercept and columns are collinear: their space is all that least squares needs.
    full = np.column_stack([np.ones(len(x)), x])
    coefficients, _, rank, _ = np.linalg.lstsq(full, rows["label"], rcond=1e-9)
    assert found.fit.rank == rank
    assert fitted == pytest.approx(full @ coefficients, abs=1e-6)


def test_all_ways_of_asking_agree(kinds_run, model, client, columns, frame, expected, tmp_path):
    answers = client.every_way(columns) | {"Regress": client.by_regress(columns)}
    kinds.as_texts(frame).to_csv(tmp_path / "rows.csv", index=False)
    frame.astype({"id": "int64"}).to_parquet(tmp_path / "rows.parquet")  # with its own times and truth values
    answers |= {
        f"predict {kind}": by_file(kinds_run, tmp_path / f"rows.{kind}", tmp_path) for kind in ("csv", "parquet")
    }
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    answers["predict --json"] = by_json(kinds_run, rows, "--check")
    for way, found in answers.items():
        assert found == pytest.approx(expected["prediction"], rel=1e-5, abs=1e-5), way


def test_explain_has_one_contribution_for_each_feature_and_they_add_up(client, columns, expected):
    sent = {name: [float("nan") if value is None else value for value in values] for name, values in columns.items()}
    found = client.post("predict", {"signature_name": "explain", "inputs": sent})["outputs"]
    assert set(found) == set(expected)
    assert [name for name in expected if name.startswith("contribution_")] == [
        f"contribution_{name}" for name in kinds.FEATURES
    ]
    for name, values in expected.items():
        assert np.array(found[name]) == pytest.approx(values, rel=1e-4, abs=1e-4), name
    parts = sum(np.array(found[f"contribution_{name}"]) for name in kinds.FEATURES)
    assert parts + found["baseline"] == pytest.approx(np.array(found["prediction"]), rel=1e-5, abs=1e-5)
    angle = np.array([0.0 if value is None else value for value in columns["angle"]])
    assert found["outside_angle"] == ((angle < -2) | (angle > 3)).astype(float).tolist()
    assert found["outside_miles"][-4:] == [1.0, 1.0, 1.0, 0.0]


def test_show_tells_each_kinds_columns_and_the_curve_of_each_spline(kinds_run, model):
    summary = kinds_run.show()
    names = [column["name"] for column in summary["linear_fit"]["columns"]]
    assert names == model.columns
    for name in (
        "log_miles[log]",
        "fare[^3]",
        "speed[^-1]",
        "grade[^2]",
        "begun[hour sin]",
        "begun[month May]",
        "note[bad]",
    ):
        assert name in names
    curves = summary["fit"]["curves"]
    assert curves["angle"]["knots"] == [-2, 0.1, 1, 3]
    assert list(curves) == ["miles", "angle"]
    out = plumbline("show", kinds_run.config, "--root", kinds_run.root).out
    assert "spline angle: what it adds to y, in its units, against its first knot; beyond the knots linear" in out
    # Of rows that differ by angle alone, the contributions differ as the curve does.
    row = {name: values[0] for name, values in kinds.as_columns(kinds.made(1)).items()}
    at_knots = score(model, {name: [value] * 4 for name, value in row.items()} | {"angle": curves["angle"]["knots"]})
    found = at_knots["contribution_angle"] - at_knots["contribution_angle"][0]
    assert curves["angle"]["values"] == pytest.approx(found, abs=1e-5)


def test_the_page_has_an_input_for_each_column_and_none_for_each_feature(client, model):
    import urllib.request

    with urllib.request.urlopen(f"http://{client.rest}/", None, 30) as answer:
        text = answer.read().decode()
    for name in model.raw_columns:
        assert text.count(f'data-name="{name}"') == 1
    assert 'data-name="log_miles"' not in text
    assert json.dumps({"riders × miles": ["riders", "miles"]})[1:-1].replace('"', "&#34;") in text
