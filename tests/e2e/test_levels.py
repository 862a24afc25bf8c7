"""A feature with very many levels through the whole pipeline: they are eliminated in the fit and looked up where it is served."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.linear_fit import LinearFit
from tests.conftest import plumbline
from tests.e2e.gathered import gathered

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

SHOPS = 700
CONFIG = """
name: levels
data: {path: t.csv}
label: sales
weight: w
features:
  price: numeric
  size: numeric  # the same in all rows of a shop: the shops give it
  day: {kind: categorical}
  shop: {kind: categorical, vocabulary: 1000, min_rows: 1}
model: {solver: exact, l2: 0}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    draw = np.random.default_rng(8)
    shop, day = draw.integers(0, SHOPS, 5000), draw.integers(0, 7, 5000)
    price = np.round(9 + draw.normal(size=5000), 3)
    sales = 20 - price + draw.normal(size=SHOPS)[shop] + 0.1 * day + draw.normal(size=5000)
    table = pd.DataFrame(
        {
            "price": price,
            "size": shop % 50 + 20,
            "day": [f"d{one}" for one in day],
            "shop": [f"shop {one}" for one in shop],
            "w": draw.integers(1, 5, 5000),
            "sales": np.round(sales, 3),
        }
    )
    path = tmp_path_factory.mktemp("levels")
    table.to_csv(path / "t.csv", index=False)
    (path / "p.yaml").write_text(CONFIG)
    done = plumbline("run", path / "p.yaml", "--root", path / "R")
    assert done.code == 0, done.err
    return path


@pytest.fixture(scope="module")
def fitted(folder):
    [artifact] = (folder / "R/pipelines/levels/Fit/fit").iterdir()
    return LinearFit.load(str(artifact))


def test_coefficients_and_errors_are_those_of_a_dense_fit_by_statsmodels(folder, fitted):
    rows = gathered(folder / "R", "levels", fitted.design)
    dense = np.column_stack([np.ones(len(rows["label"])), fitted.design.dense(rows)])
    errors = fitted.fit.standard_errors
    kept = ~np.isnan(errors)
    assert isinstance(fitted.fit.covariance, AbsorbedCovariance)
    assert kept.sum() > SHOPS - 20
    oracle = sm.WLS(rows["label"], dense[:, kept], weights=rows["weight"]).fit()
    assert fitted.fit.coefficients[kept] == pytest.approx(oracle.params, rel=1e-8, abs=1e-9)
    assert errors[kept] == pytest.approx(oracle.bse, rel=1e-9)
    assert fitted.fit.residual_sum_of_squares == pytest.approx(oracle.ssr, rel=1e-11)
    assert fitted.fit.rank == np.linalg.matrix_rank(dense)


def test_what_the_levels_give_is_said_and_few_are_shown(folder):
    shown = plumbline("show", folder / "p.yaml", "--root", folder / "R").out
    assert "dropped: size is the same in all training rows of each level of shop" in shown
    assert "more levels of shop (show --all)" in shown
    assert shown.count("shop[") < 30


def test_the_served_model_answers_with_intervals_of_each_level(folder, fitted):
    """A pushed model's intervals: of rows with a level those of the covariance, of a row whose size is not its shop's none."""
    rows = pd.read_csv(folder / "t.csv").iloc[:40]
    rows["size"] = rows["size"].where(rows.index != 7, 90)
    rows.loc[9, "shop"] = "no such shop"
    rows.to_csv(folder / "some.csv", index=False)
    out = folder / "o.parquet"
    done = plumbline(
        "predict",
        folder / "p.yaml",
        "--root",
        folder / "R",
        "--file",
        folder / "some.csv",
        "--output",
        out,
        "--intervals",
        "--contributions",
    )
    assert done.code == 0, done.err
    answers = pd.read_parquet(out)
    assert np.isnan(answers["standard_error"].iloc[7])  # no finite one: no shop of that name was of that size
    assert answers.standard_error.notna().sum() >= 38
    terms = [name for name in answers.columns if name.startswith("contribution_")]
    together = answers["baseline"] + answers[terms].sum(axis=1)
    assert answers["prediction"].to_numpy() == pytest.approx(together.to_numpy(), abs=1e-4)
    at = {name: place for place, name in enumerate(fitted.raw.names)}
    raw, place = fitted.raw, at["shop[" + rows["shop"].iloc[0] + "]"]
    row = np.zeros(len(raw.names))
    row[[0, place, at["day[" + rows["day"].iloc[0] + "]"]]] = 1
    row[at["price"]] = rows["price"].iloc[0]
    covariance = np.nan_to_num(raw.covariance.dense())
    expected = np.sqrt(raw.sigma**2 + row @ covariance @ row)
    assert answers.standard_error.iloc[0] == pytest.approx(expected, rel=1e-5)
    assert answers.prediction[0] == pytest.approx(row @ raw.coefficients, rel=1e-5)
