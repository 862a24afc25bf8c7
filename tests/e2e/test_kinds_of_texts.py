"""A cross, ordered levels, words and buckets by quantiles through a whole run, against statsmodels on the same rows."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pandas as pd
import patsy
import pytest
import statsmodels.api as sm

from tests.conftest import plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

CONFIG = """
name: texts
data: {path: t.csv, split: {train: 1}}
label: y
features:
  member: boolean
  color × member: {kind: cross, of: [color, member], min_rows: 1, reference: [red, false]}
  grade: {kind: ordered, levels: [low, mid, high, 4], indicator: true}
  note: {kind: text, words: [good, very bad]}
  age: {kind: buckets, quantiles: 4, column: x}
  x: numeric
"""
NOTES = ["Good.", "VERY BAD", "goods", "very good", "Nothing to say", "bad"]
ODD_ROWS = [
    {"color": "never seen", "member": "yes", "grade": "4.0", "note": "a very bad, good one", "x": 40.0},
    {"color": None, "member": None, "grade": "none of them", "note": None, "x": None},
    {"color": "blue", "member": "TRUE", "grade": "high", "note": "", "x": -1e6},
]


@pytest.fixture(scope="module")
def table():
    generator = np.random.default_rng(31)
    count = 900
    frame = pd.DataFrame(
        {
            "color": generator.choice(["red", "blue", "green"], count),
            "member": generator.choice(["yes", "no"], count),
            "grade": generator.choice(["low", "mid", "high", "4"], count),
            "note": generator.choice(NOTES, count),
            "x": np.round(generator.gamma(3.0, 10.0, count), 2),
        }
    )
    frame.loc[::25, "grade"] = "?"
    frame.loc[::31, "color"] = None
    effects = frame.grade.map({"low": 0.0, "mid": 1.0, "high": 1.5, "4": 4.0}).fillna(1.0) + 0.05 * frame.x
    effects += 2.0 * ((frame.color == "red") & (frame.member == "yes")) - 3.0 * frame.note.eq("VERY BAD")
    return frame.assign(y=effects + generator.normal(size=count))


@pytest.fixture(scope="module")
def folder(table, tmp_path_factory):
    path = tmp_path_factory.mktemp("texts")
    table.to_csv(path / "t.csv", index=False)
    (path / "p.yaml").write_text(CONFIG, encoding="utf-8")
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.out + done.err
    return path


def shown(folder):
    return json.loads(plumbline("show", folder / "p.yaml", "--root", folder / "R", "--json").out)


def oracle_columns(table, boundaries):
    """The design matrix by pandas and patsy."""
    levels = ["low", "mid", "high", "4"]
    pairs = pd.get_dummies(table.color.fillna("none") + "|" + table.member, dtype=float, drop_first=True)
    unknown = ~table.grade.isin(levels)
    contrasts = patsy.contrasts.Poly().code_without_intercept(levels).matrix
    coded = pd.DataFrame(contrasts, index=levels, columns=["^1", "^2", "^3"]).reindex(table.grade, fill_value=0.0)
    numbers = {
        "x": table.x,
        "grade_missing": unknown.astype(float),
        "note[good]": table.note.str.contains(r"\bgood\b", case=False).astype(float),
        "note[very bad]": table.note.str.contains(r"\bvery bad\b", case=False).astype(float),
        **{f"grade[{name}]": column.to_numpy() for name, column in coded.items()},
    }
    ages = pd.get_dummies(np.digitize(table.x, boundaries), dtype=float, drop_first=True)
    return pd.concat([pd.DataFrame(numbers), pairs, ages.add_prefix("age ")], axis=1).assign(one=1.0)


def test_coefficients_and_predictions_are_statsmodels(folder, table):
    summary = shown(folder)
    model = json.loads((Path(summary["pushed"]["path"]) / "model.json").read_text(encoding="utf-8"))
    boundaries = {entry["name"]: entry for entry in model["features"]}["age"]["learned"]["boundaries"]
    assert boundaries == pytest.approx(table.x.quantile([0.25, 0.5, 0.75]).tolist(), abs=0.2)
    oracle = sm.OLS(table.y, oracle_columns(table, boundaries)).fit()
    columns = {column["name"]: column for column in summary["linear_fit"]["columns"]}
    for name in ("x", "grade_missing", "note[good]", "note[very bad]", "grade[^1]", "grade[^2]", "grade[^3]"):
        assert columns[name]["coefficient"] == pytest.approx(oracle.params[name], rel=1e-6, abs=1e-6), name
        assert columns[name]["standard_error"] == pytest.approx(oracle.bse[name], rel=1e-6), name
    assert columns["color × member[red × false]"]["role"] == "reference"
    rows = json.loads(table.drop(columns="y").head(60).to_json(orient="records"))
    answer = predicted(folder, rows)
    assert answer == pytest.approx(oracle.fittedvalues[:60].tolist(), rel=1e-5)


def test_json_csv_and_parquet_are_answered_alike(folder, table):
    frame = table.drop(columns="y").head(80)
    expected = predicted(folder, json.loads(frame.to_json(orient="records")))
    frame.to_csv(folder / "rows.csv", index=False)
    frame.assign(member=frame.member == "yes", color=frame.color.astype("category")).to_parquet(folder / "rows.parquet")
    for name in ("rows.csv", "rows.parquet"):
        out = folder / f"{name}.answers.csv"
        done = plumbline("predict", folder / "p.yaml", "--root", folder / "R", "--file", folder / name, "--output", out)
        assert done.code == 0, done.err
        assert pd.read_csv(out).prediction.tolist() == pytest.approx(expected, rel=1e-6), name


def test_pairs_never_seen_and_texts_of_any_spelling_are_answered_by_both_models_alike(folder):
    answer = predicted(folder, ODD_ROWS, "--check", "--contributions")
    for row in answer:
        parts = [value for name, value in row.items() if name.startswith("contribution_")]
        assert sum(parts) + row["baseline"] == pytest.approx(row["prediction"], rel=1e-5)
    assert len(answer) == len(ODD_ROWS)
    assert {name.removeprefix("contribution_") for name in answer[0] if name.startswith("contribution_")} == {
        "member", "color × member", "grade", "note", "age", "x",
    }  # fmt: skip


def test_what_is_none_of_the_levels_is_counted(folder):
    assert (
        "grade: none of the levels, taken as missing: 36"
        in plumbline("show", folder / "p.yaml", "--root", folder / "R").out
    )


def predicted(folder, rows, *options):
    done = plumbline("predict", folder / "p.yaml", "--root", folder / "R", "--json", json.dumps(rows), *options)
    assert done.code == 0, done.err
    return json.loads(done.out)["predictions"]
