"""What a formula's configuration fits is what formulaic's own columns give, by statsmodels: every coefficient and its error."""

from __future__ import annotations

import formulaic
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from tests.conftest import WholeRun, plumbline

pytestmark = pytest.mark.e2e

FORMULA = (
    "np.log1p(affairs) ~ age + I(age**2) + np.log(yrs_married) + C(occupation, Treatment(3)) + age:educ + poly(religious, 2)"
    " + cr(rate_marriage, knots=[2, 3.5], constraints='center') + C(children):C(occupation_husb)"
)


@pytest.fixture(scope="module")
def frame():
    """Fair's survey (1978), as statsmodels ships it, with gaps."""
    found = sm.datasets.fair.load_pandas().data
    found.loc[::500, "educ"] = np.nan
    return found


@pytest.fixture(scope="module")
def oracle(frame):
    y, x = formulaic.model_matrix(FORMULA, frame.dropna())  # formulaic's poly() is over rows that it drops, too
    return sm.OLS(y, x.loc[:, x.any()]).fit()  # without pairs of levels that no row holds


@pytest.fixture(scope="module")
def run(frame, tmp_path_factory):
    folder = tmp_path_factory.mktemp("affairs")
    frame.to_csv(folder / "fair.csv", index=False)
    done = plumbline("init", folder / "fair.csv", "--formula", FORMULA)
    assert done.code == 0, done.err
    done = plumbline("run", folder / "fair.yaml", "--root", folder / "runs")
    assert done.code == 0, done.out + done.err
    return WholeRun(folder / "fair.yaml", folder / "runs", done.out)


def test_coefficients_and_standard_errors(run, oracle):
    fit = run.show()["linear_fit"]
    found = {column["name"]: column for column in fit["columns"]}
    names = {
        "age": "age",
        "age_2[^2]": "I(age ** 2)",
        "log_yrs_married[log]": "np.log(yrs_married)",
        "age_x_educ": "age:educ",
        **{f"occupation[{level}]": f"C(occupation, Treatment(3))[T.{level}.0]" for level in (1, 2, 4, 5, 6)},
    }
    for ours, theirs in names.items():
        assert found[ours]["coefficient"] == pytest.approx(oracle.params[theirs], rel=1e-6), ours
        assert found[ours]["standard_error"] == pytest.approx(oracle.bse[theirs], rel=1e-6), ours
    for degree in (1, 2):  # of columns with the variance 1, not the sum of squares 1
        theirs = oracle.params[f"poly(religious, 2)[{degree}]"] / np.sqrt(oracle.nobs)
        assert found[f"religious[^{degree}]"]["coefficient"] == pytest.approx(theirs, rel=1e-6)
    assert fit["rows"] == oracle.nobs
    assert fit["rank"] == oracle.df_model + 1
    assert fit["r_squared"] == pytest.approx(oracle.rsquared, rel=1e-6)
    assert fit["sigma"] == pytest.approx(np.sqrt(oracle.scale), rel=1e-6)


def test_predictions(run, oracle, frame, tmp_path):
    rows = frame.dropna()
    rows.to_csv(tmp_path / "rows.csv", index=False)
    done = plumbline(
        "predict", run.config, "--root", run.root, "--file", tmp_path / "rows.csv", "-o", tmp_path / "out.csv"
    )
    assert done.code == 0, done.err
    found = pd.read_csv(tmp_path / "out.csv")["prediction"]
    np.testing.assert_allclose(found, np.expm1(oracle.fittedvalues), atol=5e-6)  # served as 32-bit floats
