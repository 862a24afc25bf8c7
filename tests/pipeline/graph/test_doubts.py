"""What is said to be doubted: each finding where it was put in, with statsmodels' figure; nothing where there is none."""

from __future__ import annotations

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from pipeline.graph.doubts import doubts
from tests.pipeline.graph.diagnosed import looked, rows

MODEL = "y ~ x + z + C(c)"


def starting(lines: list[str], start: str) -> list[str]:
    return [line for line in lines if line.startswith(start)]


@pytest.mark.parametrize("seed", range(10))
@pytest.mark.parametrize("family", ["gaussian", "binomial", "poisson", "gamma"])
def test_rows_of_the_model_itself_leave_nothing_to_doubt(family: str, seed: int) -> None:
    table, generator = rows(2000, seed), np.random.default_rng(seed)
    mean = np.exp(0.5 * table.x + 0.3 * table.z)
    if family != "gaussian":
        table["y"] = {
            "binomial": generator.random(2000) < mean / (1 + mean),
            "poisson": generator.poisson(mean),
            "gamma": generator.gamma(3.0, mean / 3.0),
        }[family].astype(float)
    assert doubts(*looked(table, family=family, time="t", slices=["s", "c"])) == []


def test_a_spread_that_grows_is_told_by_hc3_and_breusch_and_pagan() -> None:
    table = rows()
    table["y"] = table.x + np.exp(table.x) * table.e
    [line] = starting(doubts(*looked(table)), "standard errors")
    by = smf.ols(MODEL, table).fit()
    ratio = by.HC3_se["x"] / by.bse["x"]
    statistic, p = sm.stats.het_breuschpagan(by.resid, by.model.exog)[:2]
    assert line == (
        f"standard errors: HC3 is up to {ratio:.3g} times the classical one (x); Breusch–Pagan χ² {statistic:.5g} on 4 degrees of "
        f"freedom, p {p:.3g}: t, p and intervals promise too much; set model.errors: hc3"
    )
    assert starting(doubts(*looked(table, errors="hc3")), "standard errors") == []


def test_neighbours_in_time_that_are_alike_are_told() -> None:
    table = rows()
    errors = np.zeros(1000)
    for place in range(1, 1000):
        errors[place] = 0.6 * errors[place - 1] + table.e[place]
    table["y"] = table.x + errors
    [line] = starting(doubts(*looked(table, time="t")), "order")
    durbin_watson = sm.stats.durbin_watson(smf.ols(MODEL, table).fit().resid)
    assert (
        f"correlated by {1 - durbin_watson / 2:.3g} (Durbin–Watson {durbin_watson:.3g}; chance is within ±0.1)" in line
    )


def test_rows_that_make_a_coefficient_are_named() -> None:
    table = rows()
    table.loc[41, ["x", "y"]] = 12.0, -20.0
    [line] = starting(doubts(*looked(table)), "rows")
    by = smf.ols(MODEL, table).fit()
    moved = by.get_influence().dfbetas[41][by.model.exog_names.index("x")]
    assert line.startswith(
        f"rows: 1 of 1,000 rows move a coefficient by more than a standard error each: a.csv, row 42 (x by {moved:.3g}): look at"
    )


def test_that_a_row_of_few_moves_its_own_level_is_not_told() -> None:
    table = rows()
    table.loc[:4, "c"] = "rare"
    table.loc[3, "y"] = 12.0
    found, fit = looked(table)
    first = found.influential[0]
    assert (first.place, next(iter(first.dfbetas))) == ("a.csv, row 4", "c[rare]")
    assert abs(first.dfbetas["c[rare]"] or 0.0) > 1
    assert starting(doubts(found, fit), "rows") == []


def test_a_row_that_alone_determines_a_coefficient_is_named() -> None:
    table = rows()
    table.loc[17, "c"] = "alone"
    [line] = starting(doubts(*looked(table)), "leverage")
    assert line.startswith("leverage: 1 row alone determines a coefficient: a.csv, row 18: the fit meets")


def test_a_curve_is_told_by_its_share_of_the_residuals_variance() -> None:
    table = rows()
    table["y"] = table.x + 0.4 * table.x**2 + table.e
    lines = doubts(*looked(table))
    [line] = starting(lines, "curvature")
    small, large = (smf.ols(MODEL + more, table).fit() for more in ("", " + I(x**2) + I(x**3)"))
    f, p, _ = large.compare_f_test(small)
    share = 1 - large.ssr / small.ssr
    told = f"{share:.1%} of the residuals' variance, F {f:.5g} on 2, p {p:.3g}"
    assert line == f"curvature is left in x ({told}): give it kind: spline, or more knots"
    [form] = starting(lines, "form")
    reset = sm.stats.diagnostic.linear_reset(small, power=3, use_f=True)
    assert f"(RESET F {float(reset.statistic):.5g} on 2, p" in form
    assert starting(lines, "calibration") != []


@pytest.mark.parametrize("family", ["poisson", "binomial"])
def test_a_curve_of_another_family_is_told_too(family: str) -> None:
    table, generator = rows(4000), np.random.default_rng(1)
    mean = np.exp(-0.5 + 0.3 * table.x + 0.3 * table.x**2).clip(upper=5)
    table["y"] = generator.poisson(mean) if family == "poisson" else (generator.random(4000) < mean / (1 + mean)) * 1.0
    lines = doubts(*looked(table, family=family))
    assert starting(lines, "curvature is left in x (")
    assert [line for line in starting(lines, "calibration") if ("Hosmer–Lemeshow" in line) == (family == "binomial")]


def test_slices_that_are_unlike_the_others_are_told() -> None:
    table = rows()
    strange = table.s == "v"
    table["y"] = table.x * np.where(strange, 4.0, -4.0) + 8.0 * strange + table.e * np.where(strange, 10.0, 1.0)
    missed, spread, moved = starting(doubts(*looked(table, slices=["s"])), "slices")
    by, without = smf.ols(MODEL, table).fit(), smf.ols(MODEL, table[~strange]).fit()
    assert f"s = v (labels are {by.resid[strange].mean():.3g} off, of {strange.sum()} rows)" in missed
    times = np.sqrt((by.resid[~strange] ** 2).mean() / (by.resid**2).mean())
    assert f"s = u ({times:.3g} times)" in spread
    assert f"s = v (x by {((without.params - by.params) / by.bse)['x']:.3g})" in moved


def test_a_fold_that_carries_a_coefficient_is_told() -> None:
    table = rows()
    table.loc[table.index % 3 == 1, "y"] += 3.0 * table.x
    [line] = starting(doubts(*looked(table)), "folds")
    by, without = smf.ols(MODEL, table).fit(), smf.ols(MODEL, table[table.index % 3 != 1]).fit()
    moved = ((without.params - by.params) / by.bse)["x"]
    assert f"fold 2 (x by {moved:.3g})" in line


def test_folds_are_told_in_the_errors_that_the_run_has() -> None:
    """Rows of a cluster are alike, and clusters stay together in a fold: by their errors no fold moves a coefficient far."""
    table = rows()
    table["g"] = table.t % 60  # three folds of 20 clusters each
    generator = np.random.default_rng(0)
    table["x"] = generator.normal(size=60)[table.g]
    table["y"] = table.x + generator.normal(size=60)[table.g] + 0.3 * table.e
    assert starting(doubts(*looked(table)), "folds") != []
    assert starting(doubts(*looked(table, cluster="g")), "folds") == []


def test_a_penalty_leaves_what_needs_no_test() -> None:
    table = rows()
    table["y"] = table.x + 0.4 * table.x**2 + table.e
    assert starting(doubts(*looked(table, l2=5.0)), "curvature") == []
    assert starting(doubts(*looked(table, l2=5.0)), "calibration") != []
