"""Fits within bounds of differences too, which arrays have no argument for; and the sets of `tests/data/bounded`."""

import json
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import statsmodels.api as sm

from components.linear_model.arrays import PRECISION, Rows
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_solve import BoundedProblem
from components.linear_model.factors import TriangularFactor
from components.linear_model.likelihood import Likelihood
from components.linear_model.solve import Settings
from components.values.names import INTERCEPT
from tests.components.table_fits import table_fit

FOLDER = Path(__file__).parent.parent / "data" / "bounded"
PATHS = {path.stem: path for path in sorted(FOLDER.glob("*.json"))}


class Rowwise(NamedTuple):
    """X [n, p] with the intercept's ones, y, weights, offset and fold [n]."""

    x: Any
    y: Any
    weights: Any = None
    offset: Any = None
    fold: Any = None


def bounds_of(low: Any, high: Any, after: Any) -> Bounds:
    """Bounds of lists, None for infinite ones."""
    least, greatest = (
        np.array([infinite if value is None else value for value in given], float)
        for given, infinite in ((low, -np.inf), (high, np.inf))
    )
    return Bounds(least, greatest, np.array(after))


def fit_within(rows: Rowwise, bounds: Bounds, family: str = "gaussian", **settings: Any) -> Any:
    """A fit of columns as they are, from a factor a fold."""
    count = len(rows.y)
    ones, fold = np.ones(count), np.zeros(count, int) if rows.fold is None else rows.fold
    weights = ones if rows.weights is None else rows.weights
    offset = 0 * ones if rows.offset is None else rows.offset
    names = [INTERCEPT, *(f"x{index}" for index in range(1, rows.x.shape[1]))]
    label = rows.y - offset if family == "gaussian" else rows.y
    factors = [
        TriangularFactor(names, intercept=True).add(rows.x[fold == at], label[fold == at], weights[fold == at])
        for at in range(fold.max() + 1)
    ]
    how = Settings(bounds=bounds, precision=PRECISION, **settings)
    if family == "gaussian":
        return BoundedProblem(factors, how).fit()
    passes = Rows(rows.x, rows.y, weights, offset, fold, 64).passes
    return Likelihood(family, factors, how, passes).fit


class Certificate(NamedTuple):
    """A set, and what 60 digits say of it: NaN of a standard error that there is not."""

    family: str
    rows: Rowwise
    bounds: Bounds
    coefficients: Any
    errors: Any
    held: list[int]


def certificate(name: str) -> Certificate:
    """The stored set of a name."""
    stored = json.loads(PATHS[name].read_text())
    arrays = [np.array(stored[key]) if key in stored else None for key in ("x", "y", "weights", "offset")]
    return Certificate(
        stored["family"],
        Rowwise(*arrays),
        bounds_of(stored["low"], stored["high"], stored["after"]),
        np.array(stored["coef"]),
        np.array(stored["se"], float),
        np.flatnonzero(stored["sides"]).tolist(),
    )


def fair() -> Any:
    """6,366 women of Fair (1978), with how happy a marriage is and an occupation as levels."""
    table = sm.datasets.fair.load_pandas().data
    texts = {"rate_marriage": "r", "occupation": "o"}
    table = table.assign(**{name: [f"{lead}{value:.0f}" for value in table[name]] for name, lead in texts.items()})
    return table.assign(some=(table.affairs > 0).astype(float))


FAIR = ["age", "yrs_married", "religious", "educ", "occupation", "rate_marriage"]


def bounds_of_fair(design: Any) -> Bounds:
    """Age up, education between −0.001 and 0.001 a year, and occupations in their order upwards; counted from o3, the reference."""
    width = 1 + design.width
    bounds = Bounds(np.full(width, -np.inf), np.full(width, np.inf), np.full(width, -1))
    places = {name: place for place, name in enumerate(design.column_names, 1)}
    scales = design.scales()[1]
    bounds.low[places["age"]] = 0.0
    at = places["educ"]
    bounds.low[at], bounds.high[at] = -0.001 * scales[at], 0.001 * scales[at]
    for level, neighbour in ((2, None), (1, 2), (4, None), (5, 4), (6, 5)):
        at = places[f"occupation[o{level}]"]
        bounds.after[at] = -1 if neighbour is None else places[f"occupation[o{neighbour}]"]
        if level < 3:
            bounds.high[at] = 0.0
        else:
            bounds.low[at] = 0.0
    return bounds


def fair_fit(family: str = "gaussian") -> Any:
    """The fit of it within these bounds."""
    label = "affairs" if family == "gaussian" else "some"
    return table_fit(fair(), label, FAIR, family=family, bounds=bounds_of_fair)
