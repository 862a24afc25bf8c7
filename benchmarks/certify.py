"""Correct digits on models solved in 60 digits (`tests/data/certificates`), ours beside its peers. Run: make certify

As in `benchmarks.nist`: the least log relative error over all coefficients, and over all standard errors; means over some orders of
the rows, for one order's rounding moves a digit by chance. Each peer's tolerance is as tight as it takes. A cell is empty where a
peer does not have the family, or offsets.
"""

from __future__ import annotations

import dataclasses
import json
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import statsmodels.api as sm
from glum import GeneralizedLinearRegressor
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import GammaRegressor, LogisticRegression, PoissonRegressor, TweedieRegressor

from benchmarks.nist import Answer, Array, over_orders
from components.linear_model import fit
from components.linear_model.families import named

FOLDER = Path(__file__).parent.parent / "tests" / "data" / "certificates"
ORDERS = 20


@dataclasses.dataclass(frozen=True)
class Certified:
    """One set: X [n, p] without the intercept's ones, y, weights and offset [n], and the solution, the intercept first."""

    name: str
    family: str
    x: Array
    y: Array
    weights: Array | None
    offset: Array | None
    intercept: bool
    coefficients: Array
    standard_errors: Array

    @property
    def matrix(self) -> Array:
        """The design matrix, the intercept's ones among it."""
        return np.column_stack([np.ones(len(self.y)), self.x]) if self.intercept else self.x

    def reordered(self, rows: NDArray[np.int64]) -> Certified:
        """The same set with its rows in another order."""
        weights, offset = (None if values is None else values[rows] for values in (self.weights, self.offset))
        return dataclasses.replace(self, x=self.x[rows], y=self.y[rows], weights=weights, offset=offset)

    def with_intercept(self, intercept: Any, others: Array) -> Array:
        """The coefficients as they are certified."""
        return np.concatenate([[float(np.ravel(intercept)[0])], others]) if self.intercept else others


def load() -> list[Certified]:
    """Reads all sets."""
    sets = []
    for path in sorted(FOLDER.glob("*.json")):
        value = json.loads(path.read_text())
        arrays = {key: np.array(value[key]) for key in ("x", "y", "coef", "se")}
        further = {key: np.array(value[key]) if key in value else None for key in ("weights", "offset")}
        sets.append(
            Certified(
                name=path.stem,
                family=value["family"],
                x=arrays["x"],
                y=arrays["y"],
                weights=further["weights"],
                offset=further["offset"],
                intercept=value["intercept"],
                coefficients=arrays["coef"],
                standard_errors=arrays["se"],
            )
        )
    return sets


def ours(data: Certified) -> Answer:
    """By `components.linear_model`."""
    found = fit(data.x, data.y, weights=data.weights, intercept=data.intercept, family=data.family, offset=data.offset)
    return found.coefficients, found.standard_errors


def statsmodels(data: Certified) -> Answer:
    """By its GLM; dispersion by Pearson's statistic, as ours."""
    families: dict[str, Any] = {
        "binomial": sm.families.Binomial,
        "binomial(link=probit)": lambda: sm.families.Binomial(sm.families.links.Probit()),
        "binomial(link=cloglog)": lambda: sm.families.Binomial(sm.families.links.CLogLog()),
        "poisson": sm.families.Poisson,
        "gamma": lambda: sm.families.Gamma(sm.families.links.Log()),
        "tweedie(power=1.5)": lambda: sm.families.Tweedie(var_power=1.5),
    }
    model = sm.GLM(data.y, data.matrix, family=families[data.family](), offset=data.offset, var_weights=data.weights)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        result: Any = model.fit(maxiter=200, tol=1e-15, tol_criterion="params")
    return result.params, result.bse


def glum(data: Certified) -> Answer:
    """By IRLS. Its finite-sample factor, by which its variances are larger than R's, is taken out of them."""
    families = {
        "binomial": ("binomial", "logit"),
        "binomial(link=cloglog)": ("binomial", "cloglog"),
        "poisson": ("poisson", "log"),
        "gamma": ("gamma", "log"),
        "tweedie(power=1.5)": ("tweedie(1.5)", "log"),
    }
    family, link = families[data.family]
    model = GeneralizedLinearRegressor(
        alpha=0, family=family, link=link, fit_intercept=data.intercept, gradient_tol=1e-14, max_iter=200
    )
    weights = np.ones(len(data.y)) if data.weights is None else data.weights
    rows, total, width = len(data.y), float(weights.sum()), len(data.coefficients)
    power = named(data.family).power or 2.0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data.x, data.y, sample_weight=weights, offset=data.offset)
        mean = model.predict(data.x, offset=data.offset)
        pearson = float(weights @ ((data.y - mean) ** 2 / mean**power)) / (rows - width)
        errors = model.std_errors(
            data.x,
            data.y,
            sample_weight=weights,
            offset=data.offset,
            dispersion=pearson if named(data.family).dispersion == "estimated" else 1.0,
            robust=False,
            expected_information=True,
        )
    errors = np.asarray(errors, np.float64) * np.sqrt((total - width) / total)
    return data.with_intercept(model.intercept_, model.coef_), errors


def scikit_learn(data: Certified) -> Answer:
    """By `newton-cholesky`; it gives no standard errors."""
    common: dict[str, Any] = {
        "solver": "newton-cholesky",
        "tol": 1e-13,
        "max_iter": 200,
        "fit_intercept": data.intercept,
    }
    models = {
        "binomial": lambda: LogisticRegression(penalty=None, **common),
        "poisson": lambda: PoissonRegressor(alpha=0, **common),
        "gamma": lambda: GammaRegressor(alpha=0, **common),
        "tweedie(power=1.5)": lambda: TweedieRegressor(power=1.5, link="log", alpha=0, **common),
    }
    if data.offset is not None:
        raise KeyError("offset")
    model = models[data.family]()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model.fit(data.x, data.y, sample_weight=data.weights)
    return data.with_intercept(model.intercept_, np.ravel(model.coef_)), None


SOLVERS: dict[str, Callable[[Certified], Answer]] = {
    "plumbline": ours,
    "statsmodels GLM": statsmodels,
    "glum": glum,
    "scikit-learn": scikit_learn,
}


def _digits(data: Certified, solve: Callable[[Certified], Answer]) -> tuple[float, float]:
    """Of a solver; NaN where it does not have the family, or offsets."""
    try:
        return over_orders(data, solve, ORDERS)
    except KeyError:
        return float("nan"), float("nan")


def main() -> None:
    """Prints the table."""
    title = f"least correct digits, means over {ORDERS} orders of the rows: coefficients / standard errors"
    table = Table("set", "condition number", title=title, box=None)
    for name in SOLVERS:
        table.add_column(name, justify="right")
    for data in load():
        pairs = [_digits(data, solve) for solve in SOLVERS.values()]
        columns = data.matrix / np.linalg.norm(data.matrix, axis=0)
        cells = (" / ".join("-" if np.isnan(value) else f"{value:.1f}" for value in pair) for pair in pairs)
        table.add_row(data.name, f"{np.linalg.cond(columns):.0e}", *("" if cell == "- / -" else cell for cell in cells))
    Console(width=130).print(table)


if __name__ == "__main__":
    main()
