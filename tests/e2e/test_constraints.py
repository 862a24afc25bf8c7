"""Constraints through the whole pipeline: fares by least squares with robust errors, and Fair's marriages by a logit."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import yaml

from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import MODEL_FILE, PortableModel
from components.linear_model.scoring import score
from tests.conftest import REPOSITORY, WholeRun, plumbline
from tests.e2e.gathered import gathered

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FARES = {
    "trip_miles": {"max": 1.5},
    "trip_seconds": "positive",
    "trip_start_hour": "increasing",
    "trip_start_month": "positive",
}
MARRIAGES = """
name: marriages
data: {path: t.csv}
label: affair
model:
  family: binomial
  constraints: {age: increasing, happy: decreasing, educ: positive, religious: {min: -0.25, max: 0.0}, long: positive}
features:
  age: {kind: buckets, quantiles: 5}
  happy: {kind: ordered, levels: ["1", "2", "3", "4", "5"], contrasts: steps}
  educ: numeric
  religious: integer
  long: boolean
  children: numeric
"""


def made(folder, text):
    (folder / "p.yaml").write_text(text)
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(folder / "p.yaml", folder / "R", done.out)


@pytest.fixture(scope="module")
def fares(tmp_path_factory):
    folder = REPOSITORY / "data/taxi"
    config = yaml.safe_load((folder / "pipeline.yaml").read_text())
    config["data"]["path"], config["schema"] = str(folder / "data.csv"), str(folder / "schema.pbtxt")
    config["model"] = {"constraints": FARES, "errors": "hc3"}
    return made(tmp_path_factory.mktemp("fares"), yaml.safe_dump(config))


@pytest.fixture(scope="module")
def marriages(tmp_path_factory):
    import statsmodels.api as sm

    table = sm.datasets.fair.load_pandas().data
    table["affair"], table["long"] = (table.affairs > 0).astype(int), table.yrs_married > 9
    table["happy"], table["religious"] = table.rate_marriage.astype(int), table.religious.astype(int)
    folder = tmp_path_factory.mktemp("marriages")
    table[["affair", "age", "happy", "educ", "religious", "long", "children"]].to_csv(folder / "t.csv", index=False)
    return made(folder, MARRIAGES)


def read(run, name):
    """The fit, and the training rows as a design matrix with all columns."""
    [artifact] = (run.root / "pipelines" / name / "Fit/fit").iterdir()
    found = LinearFit.load(str(artifact))
    rows = gathered(run.root, name, found.design)
    return found, np.column_stack([np.ones(len(rows["label"])), found.design.dense(rows)]), rows["label"]


def left(found, x):
    """The columns whose coefficients are free, those of one coefficient as one, and what is held to a number."""
    names, bounds = found.fit.names, found.fit.bounds
    free = np.flatnonzero(~np.isnan(np.diag(found.fit.covariance)))
    joined = x[:, free].copy()
    for held in bounds.held:
        if held.like is not None:
            joined[:, free.tolist().index(held.like)] += x[:, held.column]
    numbers = [held.column for held in bounds.held if held.like is None]
    return [names[place] for place in free], free, joined, x[:, numbers] @ found.fit.coefficients[numbers]


def test_fares_are_those_of_the_least_error_within_the_bounds(fares):
    """scipy's bounded least squares of the training rows, levels in order as steps from the reference."""
    from scipy.optimize import lsq_linear

    found, x, label = read(fares, "taxi-fare")
    names = found.fit.names
    hours = [names.index(f"trip_start_hour[{level}]") for level in ("< 6", "6 to 10", "10 to 16", "16 to 20", ">= 20")]
    reference = hours.index(found.references["trip_start_hour"])
    low, high = np.full(len(names), -np.inf), np.full(len(names), np.inf)
    steps = x.copy()
    for index, place in enumerate(hours):
        beyond = hours[: index + 1] if index < reference else hours[index:]
        steps[:, place] = x[:, beyond].sum(axis=1)
        low[place], high[place] = (-np.inf, 0.0) if index < reference else (0.0, np.inf)
    low[names.index("trip_seconds")] = low[names.index("trip_start_month")] = 0.0
    terms = {term.key: term for term in found.design.terms}
    high[names.index("trip_miles")] = 1.5 * terms["trip_miles"].std
    dropped = [column.column for column in found.fit.dropped]
    kept = [place for place in range(len(names)) if place not in {*dropped, *found.references.values()}]
    by = lsq_linear(steps[:, kept], label, (low[kept], high[kept]), method="bvls", tol=1e-15)
    predicted = x @ found.fit.coefficients
    assert predicted == pytest.approx(steps[:, kept] @ by.x, rel=1e-8)
    assert found.fit.residual_sum_of_squares == pytest.approx(2 * by.cost, rel=1e-12)
    assert found.fit.bounds.kkt < 1e-12
    raw = dict(zip(names, found.raw.coefficients, strict=True))
    assert raw["trip_miles"] <= 1.5 and raw["trip_seconds"] >= 0 and raw["trip_start_month"] >= 0
    assert (np.diff([raw[names[place]] for place in hours]) >= 0).all()


def test_robust_errors_of_fares_are_statsmodels_of_the_columns_that_are_left(fares):
    import statsmodels.api as sm

    found, x, label = read(fares, "taxi-fare")
    names, free, joined, plus = left(found, x)
    oracle = sm.OLS(label - plus, joined).fit()
    classical = [entry for entry in found.standard_errors["classical"] if entry is not None]
    robust = oracle.get_robustcov_results("HC3").bse
    assert found.fit.coefficients[free] == pytest.approx(oracle.params, rel=1e-8, abs=1e-12)
    assert found.fit.standard_errors[free] == pytest.approx(robust, rel=1e-8)
    assert len(classical) == len(names) < len(found.fit.names) - len(found.fit.dropped) - len(found.references)
    shown = {column["name"]: column for column in fares.show()["linear_fit"]["columns"]}
    held = {name: column["bound"] for name, column in shown.items() if column["role"] == "bound"}
    assert held and set(held) == {found.fit.names[column] for column in found.fit.bounds.columns}
    assert held["trip_start_hour[16 to 20]"] == "trip_start_hour[10 to 16]"


def test_the_screen_says_which_bounds_hold(fares, marriages):
    for run in (fares, marriages):
        linear_fit = run.show()["linear_fit"]
        held = [column for column in linear_fit["columns"] if column["role"] == "bound"]
        assert f"constraints: {linear_fit['constrained']} coefficients have bounds, {len(held)} " in run.out
        assert "KKT residual" in run.out and "conditional on these bounds" in run.out
    assert "  trip_start_hour[16 to 20]: equal to trip_start_hour[10 to 16]" in fares.out


def test_marriages_are_likeliest_within_the_bounds(marriages):
    """L-BFGS-B of the training rows, and statsmodels of the columns that are left."""
    import statsmodels.api as sm

    found, x, label = read(marriages, "marriages")
    raw = dict(zip(found.fit.names, found.raw.coefficients, strict=True))
    _, free, joined, plus = left(found, x)
    oracle = sm.GLM(label, joined, sm.families.Binomial(), offset=plus).fit(tol=1e-14)
    assert found.fit.coefficients[free] == pytest.approx(oracle.params, rel=1e-7, abs=1e-9)
    assert found.fit.standard_errors[free] == pytest.approx(oracle.bse, rel=1e-7)
    assert found.fit.deviance == pytest.approx(oracle.deviance, rel=1e-11)
    assert found.fit.bounds.kkt < 1e-12
    assert -0.25 <= raw["religious"] <= 0 <= raw["educ"] and raw["long[true]"] >= 0
    assert all(value <= 0 for name, value in raw.items() if name.startswith("happy["))
    ages = [raw[name] for name in found.fit.names if name.startswith("age[") and "missing" not in name]
    assert (np.diff(ages) >= 0).all()
    gradient = x.T @ (label - 1 / (1 + np.exp(-x @ found.fit.coefficients)))
    sides = {held.column: held.side for held in found.fit.bounds.held if held.like is None}
    numbers = {place for place, term in found.design.places() if not term.levels}
    for column, side in sides.items():
        if column in numbers:  # what a bound holds, the likelihood draws against it
            assert gradient[column] > -1e-6 if side == "max" else gradient[column] < 1e-6
    assert found.fit.bounds.held


def test_a_row_of_a_level_that_equals_another_is_answered_as_that_one(fares):
    model = PortableModel.from_text((Path(fares.show()["pushed"]["path"]) / MODEL_FILE).read_text())
    row = {name: [None, None] for name in model.raw_columns} | {"trip_start_hour": [12, 17]}
    answers = score(model, row)
    for answer in ("prediction", "low", "high"):
        assert answers[answer][0] == pytest.approx(answers[answer][1], rel=1e-12)
