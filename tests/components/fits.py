"""Fits of every family, of rows that are drawn: a number, a text of three levels and, where asked for, an exposure."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np
import statsmodels.api as sm
from numpy.typing import NDArray

from components.linear_model.arrays import Rows
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.factors import BLOCK_ROWS, TriangularFactor
from components.linear_model.families import named
from components.linear_model.likelihood import Likelihood
from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

TEXTS = ("cash", "card", "none")
REFERENCE = 2  # the place of c[cash]
ORACLES = {
    "gaussian": sm.families.Gaussian(),
    "binomial": sm.families.Binomial(),
    "binomial(link=probit)": sm.families.Binomial(sm.families.links.Probit()),
    "binomial(link=cloglog)": sm.families.Binomial(sm.families.links.CLogLog()),
    "poisson": sm.families.Poisson(),
    "gamma": sm.families.Gamma(sm.families.links.Log()),
    "tweedie": sm.families.Tweedie(sm.families.links.Log(), 1.5),
}

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Drawn:
    """Rows, [n] each.

    Attributes:
      miles: a number of mean 3 and standard deviation 2.
      level: places in `TEXTS`.
      label: of the family.
      exposure: above 0; None where there is none.
    """

    miles: Array
    level: NDArray[np.int64]
    label: Array
    exposure: Array | None


def drawn(family: str, rows: int = 400, exposed: bool = False, spread: float = 0.0) -> Drawn:
    """Rows of a family whose linear predictor is −0.4 + 0.2·miles and 0.5 and −0.7 for the levels.

    Args:
      family: its text.
      rows: how many.
      exposed: whether there is an exposure.
      spread: of counts, the variance of what else makes their means differ.
    """
    generator = np.random.default_rng(17)
    miles, level = generator.normal(3, 2, rows), generator.integers(0, 3, rows)
    exposure = generator.uniform(0.5, 4.0, rows) if exposed else None
    eta = -0.4 + 0.2 * miles + np.array([0.0, 0.5, -0.7])[level]
    mean = np.asarray(named(family).link.inverse(eta, _functions())) * (1.0 if exposure is None else exposure)
    if spread:
        mean = mean * generator.gamma(1 / spread, spread, rows)
    name = named(family).name
    if name == "gaussian":
        label = mean + generator.normal(size=rows)
    elif name == "binomial":
        label = (generator.random(rows) < mean).astype(float)
    elif name == "poisson":
        label = generator.poisson(mean).astype(float)
    else:
        label = generator.gamma(2.0, mean / 2.0)
    if name == "tweedie":
        label = label * (generator.random(rows) < 0.7)
    return Drawn(miles, level, label, exposure)


def fitted(family: str, rows: Drawn) -> LinearFit:
    """The fit of such rows, as the step makes it: scaled columns, all levels, the reference `TEXTS[0]`."""
    terms = [Term("miles", "miles", mean=3.0, std=2.0), Term("c", "c", levels=text_levels(TEXTS))]
    columns: dict[str, Any] = {"miles": (rows.miles - 3.0) / 2.0, "c": rows.level}
    if rows.exposure is not None:
        terms.append(Term("nights", "nights", offset=True, log=True))
        columns["nights"] = np.log(rows.exposure)
    design = DesignMatrix(tuple(terms))
    x = np.column_stack([np.ones(len(rows.label)), design.dense(columns)])
    names = [INTERCEPT, *design.column_names]
    factor = TriangularFactor(names).add(x, rows.label)
    settings = Settings(references={REFERENCE, *design.offsets})
    if named(family).solver == "factors":
        fit: Any = Problem([factor], settings).fit()
    else:
        ones = np.ones(len(x))
        offset = x[:, design.offsets].sum(axis=1)
        passes = Rows(x, rows.label, ones, offset, np.zeros(len(x), np.int64), BLOCK_ROWS).passes
        fit = Likelihood(family, [factor], settings, passes).fit
        fit.coefficients[design.offsets] = 1.0
    present = np.count_nonzero(x, axis=0).tolist()
    squares = np.array([factor.square()])
    return LinearFit(
        family,
        "y",
        None,
        design,
        {"c": REFERENCE},
        len(x),
        present,
        fit,
        [len(x)],
        squares,
        classes=["no", "yes"] if named(family).classes else None,
    )


def oracle(family: str, rows: Drawn) -> Any:
    """statsmodels' fit of the same rows, raw: the intercept, miles, card, none."""
    x = np.column_stack([np.ones(len(rows.label)), rows.miles, rows.level == 1, rows.level == 2])
    offset = None if rows.exposure is None else np.log(rows.exposure)
    return sm.GLM(rows.label, x, ORACLES[family], offset=offset).fit(tol=1e-13, maxiter=200)


def _functions() -> Any:
    from components.linear_model import array_functions

    return array_functions
