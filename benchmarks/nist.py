"""Correct digits on NIST's certified linear regressions (StRD), ours beside its peers. Run: make nist [DATA=file.json]

The log relative error (LRE) of a value is −log₁₀ of its relative error against the certified one (of its absolute error
where that is 0), at most 15, the digits that NIST gives. A row shows the least over all coefficients, and over all standard
errors. A file may hold further sets: `y` with `x` and `degree`, or `rows` (y first), `intercept`, `coef`, `se`.
"""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, Self, TypeVar

import numpy as np
import scipy.linalg
import statsmodels.api as sm
from numpy.typing import NDArray
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LinearRegression

from components.linear_model import fit

DATA = Path(__file__).parent.parent / "tests" / "data" / "nist_strd_linear.json"
MOST_DIGITS = 15.0
ORDERS = 40

Array = NDArray[np.float64]
Answer = tuple[Array, Array | None]  # coefficients, standard errors


@dataclasses.dataclass(frozen=True)
class Certified:
    """One data set: X [n, p] without the intercept's ones, y [n], and NIST's values, the intercept first."""

    name: str
    x: Array
    y: Array
    intercept: bool
    coefficients: Array
    standard_errors: Array

    @property
    def matrix(self) -> Array:
        """The design matrix, the intercept's ones among it."""
        return np.column_stack([np.ones(len(self.y)), self.x]) if self.intercept else self.x

    def reordered(self, rows: NDArray[np.int64]) -> Certified:
        """The same set with its rows in another order."""
        return dataclasses.replace(self, x=self.x[rows], y=self.y[rows])


class Solved(Protocol):
    """A data set with its solution."""

    @property
    def y(self) -> Array:
        """[n]."""

    @property
    def coefficients(self) -> Array:
        """[1 + p]."""

    @property
    def standard_errors(self) -> Array:
        """[1 + p]."""

    def reordered(self, rows: NDArray[np.int64]) -> Self:
        """The same set with its rows in another order."""


Set = TypeVar("Set", bound=Solved)


def load(path: Path = DATA) -> list[Certified]:
    """Reads the sets of a file."""
    sets = []
    for name, value in json.loads(path.read_text()).items():
        if name.startswith("_"):
            continue
        if "degree" in value:
            y = np.array(value["y"], np.float64)
            powers = np.vander(np.array(value["x"], np.float64), value["degree"] + 1, increasing=True)
            x = powers[:, 1:].astype(np.float64)
        else:
            rows = np.array(next(v for k, v in value.items() if k.startswith("rows")), np.float64)
            y, x = rows[:, 0], rows[:, 1:]
        coefficients, errors = np.array(value["coef"], np.float64), np.array(value["se"], np.float64)
        sets.append(Certified(name, x, y, bool(value.get("intercept", True)), coefficients, errors))
    return sets


def log_relative_error(certified: Array, computed: Array) -> float:
    """The least number of correct digits over all values, 0 to 15."""
    scale = np.where(certified == 0, 1.0, np.abs(certified))
    error = np.abs(computed - certified) / scale
    with np.errstate(divide="ignore"):
        digits = -np.log10(error)
    return float(np.clip(np.nan_to_num(digits, nan=0.0, posinf=MOST_DIGITS), 0.0, MOST_DIGITS).min())


def _ours(refine: bool) -> Callable[[Certified], Answer]:
    def solve(data: Certified) -> Answer:
        found = fit(data.x, data.y, intercept=data.intercept, refine=refine)
        return found.coefficients, found.standard_errors

    return solve


def _lstsq(data: Certified) -> Answer:
    return np.linalg.lstsq(data.matrix, data.y, rcond=None)[0], None


def _qr(data: Certified) -> Answer:
    q, r = scipy.linalg.qr(data.matrix, mode="economic")
    beta = scipy.linalg.solve_triangular(r, q.T @ data.y)
    residual = data.y - data.matrix @ beta
    sigma = np.sqrt(residual @ residual / (len(data.y) - len(beta)))
    inverse = scipy.linalg.solve_triangular(r, np.eye(len(beta)))
    return beta, sigma * np.linalg.norm(inverse, axis=1)


def _scikit_learn(data: Certified) -> Answer:
    model = LinearRegression(fit_intercept=data.intercept).fit(data.x, data.y)
    return np.concatenate([[model.intercept_], model.coef_]) if data.intercept else model.coef_, None


def _statsmodels(data: Certified) -> Answer:
    result: Any = sm.OLS(data.y, data.matrix).fit()
    return result.params, result.bse


SOLVERS: dict[str, Callable[[Certified], Answer]] = {
    "plumbline": _ours(refine=False),
    "plumbline, refined": _ours(refine=True),
    "numpy lstsq": _lstsq,
    "scipy QR": _qr,
    "scikit-learn": _scikit_learn,
    "statsmodels OLS": _statsmodels,
}


def correct_digits(data: Set, solve: Callable[[Set], Answer]) -> tuple[float, float]:
    """The least digits over coefficients, and over standard errors (NaN where a solver gives none)."""
    beta, errors = solve(data)
    of_errors = float("nan") if errors is None else log_relative_error(data.standard_errors, errors)
    return log_relative_error(data.coefficients, beta), of_errors


def over_orders(data: Set, solve: Callable[[Set], Answer], orders: int = ORDERS) -> tuple[float, float]:
    """Means of `correct_digits` over shuffled rows: one order's rounding moves a digit by chance."""
    generator = np.random.default_rng(0)
    found = []
    for _ in range(orders):
        found.append(correct_digits(data.reordered(generator.permutation(len(data.y))), solve))
    coefficients, errors = np.mean(found, axis=0)
    return float(coefficients), float(errors)


def _print(title: str, sets: list[Certified], digits: Callable[..., tuple[float, float]]) -> None:
    table = Table("set", title=title, box=None)
    for name in SOLVERS:
        table.add_column(name, justify="right")
    for data in sets:
        pairs = [digits(data, solve) for solve in SOLVERS.values()]
        table.add_row(data.name, *(f"{a:.1f} / {'-' if np.isnan(b) else f'{b:.1f}'}" for a, b in pairs))
    Console(width=150).print(table)


def main(argv: list[str]) -> None:
    """Prints the two tables: the rows as given, and over many orders of them."""
    sets = load(Path(argv[0]) if argv else DATA)
    _print("least correct digits: coefficients / standard errors", sets, correct_digits)
    _print(f"the same, means over {ORDERS} orders of the rows", sets, over_orders)


if __name__ == "__main__":
    main(sys.argv[1:])
