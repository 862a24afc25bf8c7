"""Makes the certificates beside it: models with bounds solved in 60 digits. Run: python -m tests.data.bounded.make

Which bounds hold is found by the primal-dual active-set method (Hintermüller, Ito and Kunisch 2002): what leaves its bounds is put
on them, and what its multiplier draws inwards is let go, until neither is so. With these held, the model is solved in 60 digits
from its definition (`tests.data.certificates.make`), and what Karush, Kuhn and Tucker ask is checked in 60 digits: of a convex
problem that is a proof. It shares neither the method nor a formula with `components`. Bounds are of γ: of a coefficient, or of its
difference to that of the column that it comes after.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
from numpy.typing import NDArray
from statsmodels.datasets import longley

from tests.data.certificates import make

HERE = Path(__file__).parent
MOST_SETS = 50
INFINITE = None  # in the files, of a bound that is not there

Array = NDArray[np.float64]


class Given(NamedTuple):
    """A set: the family's text, X [n, p] with the intercept's ones, y [n], and of γ [p] the bounds; `after` is −1 for none."""

    family: str
    x: Array
    y: Array
    low: list[float]
    high: list[float]
    after: list[int]
    weights: Array | None = None
    offset: Array | None = None


class Solved(NamedTuple):
    """In 60 digits: the coefficients, the standard errors (None of what is held), and the sides: −1, 1, or 0 for free."""

    beta: list[Any]
    errors: list[Any]
    sides: list[int]


def solve(given: Given) -> Solved:
    """Solves a set.

    Raises:
      ValueError: no set of bounds settles.
    """
    mp.mp.dps = make.DIGITS
    sides = [0] * len(given.low)
    for _ in range(MOST_SETS):
        beta, errors = _held(given, sides)
        gamma = [value - (beta[after] if after >= 0 else 0) for value, after in zip(beta, given.after, strict=True)]
        pulls = _gradient(given, beta)
        following = []
        for side, value, pull, low, high in zip(sides, gamma, pulls, given.low, given.high, strict=True):
            if side == 0:
                following.append(-1 if value < low else 1 if value > high else 0)
            else:
                following.append(side if low == high or side * pull > 0 else 0)
        if following == sides:
            return Solved(beta, errors, sides)
        sides = following
    raise ValueError(f"no set of bounds settles within {MOST_SETS}")


def _held(given: Given, sides: list[int]) -> tuple[list[Any], list[Any]]:
    """The model with some γ on their bounds: columns of one coefficient are one (0 and 1 add up exactly), beside an offset."""
    width = len(sides)
    leader: list[int | None] = []  # the free column whose coefficient a column has, but for what is held
    held: list[Any] = []
    for column, side in enumerate(sides):
        after = given.after[column]
        if side == 0:
            leader.append(column)
            held.append(mp.mpf(0))
        else:
            leader.append(leader[after] if after >= 0 else None)
            bound = mp.mpf(given.low[column] if side < 0 else given.high[column])
            held.append(bound + (held[after] if after >= 0 else 0))
    free = [column for column in range(width) if sides[column] == 0]
    rows = given.x.tolist()
    joined = np.array(
        [[sum(row[column] for column in range(width) if leader[column] == at) for at in free] for row in rows]
    )
    plus = [
        mp.mpf(value) + mp.fdot([mp.mpf(number) for number in row], held)
        for value, row in zip(_or(given.offset, 0.0, given.y), rows, strict=True)
    ]
    found, errors = _solve(given, joined, np.array(plus, object))
    beta, told = dict(zip(free, found, strict=True)), dict(zip(free, errors, strict=True))
    return (
        [(mp.mpf(0) if at is None else beta[at]) + more for at, more in zip(leader, held, strict=True)],
        [told.get(column) for column in range(width)],
    )


def _solve(given: Given, x: Array, offset: Any) -> tuple[list[Any], list[Any]]:
    if given.family != "gaussian":
        return make.solve(make.Given(given.family, x, given.y, given.weights, offset, intercept=False))
    rows = [[mp.mpf(value) for value in row] for row in x.tolist()]
    y = [mp.mpf(label) - plus for label, plus in zip(given.y.tolist(), offset, strict=True)]
    weights = [mp.mpf(weight) for weight in _or(given.weights, 1.0, given.y)]
    beta, inverse = make._step(rows, y, weights)
    squares = mp.fsum(
        weight * (label - mp.fdot(row, beta)) ** 2 for weight, label, row in zip(weights, y, rows, strict=True)
    )
    variance = squares / (len(y) - len(beta))
    return beta, [mp.sqrt(variance * inverse[index, index]) for index in range(len(beta))]


def _gradient(given: Given, beta: list[Any]) -> list[Any]:
    """Of the log likelihood (of least squares −½·Σ w·(y − xβ)²) by γ."""
    scores = []
    for row, label, weight, plus in zip(
        given.x.tolist(),
        given.y.tolist(),
        _or(given.weights, 1.0, given.y),
        _or(given.offset, 0.0, given.y),
        strict=True,
    ):
        eta = mp.fdot([mp.mpf(value) for value in row], beta) + mp.mpf(plus)
        if given.family == "gaussian":
            scores.append(mp.mpf(weight) * (mp.mpf(label) - eta))
        else:
            law = make.LAWS[given.family]
            mean, slope, other = law.mean(eta)
            scores.append(mp.mpf(weight) * (mp.mpf(label) - mean) * slope / law.variance(mean, other))
    by_beta = [
        mp.fsum(score * mp.mpf(value) for score, value in zip(scores, column, strict=True))
        for column in given.x.T.tolist()
    ]
    for column in reversed(range(len(by_beta))):
        if given.after[column] >= 0:
            by_beta[given.after[column]] += by_beta[column]
    return by_beta


def _or(values: Array | None, default: float, like: Array) -> list[float]:
    return [default] * len(like) if values is None else values.tolist()


Ends = tuple[list[float], list[float], list[int]]


def _free(*wanted: tuple[float, float]) -> Ends:
    """Bounds of the coefficients themselves, the intercept's free."""
    both = [(-np.inf, np.inf), *wanted]
    return [low for low, _ in both], [high for _, high in both], [-1] * len(both)


def _with_ones(*columns: Array) -> Array:
    return np.column_stack([np.ones(len(columns[0])), *columns])


POSITIVE, NEGATIVE, ANY = (0.0, np.inf), (-np.inf, 0.0), (-np.inf, np.inf)


def _of_squares() -> dict[str, Given]:
    found: dict[str, Given] = {}
    g = np.random.default_rng(11)
    x = g.normal(size=(60, 6))
    y = x @ [1.0, -0.2, 0.5, -0.1, 0.0, 2.0] + g.normal(size=60)
    found["squares"] = Given(
        "gaussian", _with_ones(x), y, *_free(POSITIVE, POSITIVE, (-1.0, 0.25), POSITIVE, POSITIVE, ANY)
    )

    table = longley.load_pandas()
    found["longley"] = Given(
        "gaussian", _with_ones(table.exog.to_numpy()), table.endog.to_numpy(), *_free(*[POSITIVE] * 6)
    )

    year = 2000 + 0.01 * g.normal(size=80)
    x = np.column_stack([year, g.normal(size=80), 1e-8 * g.normal(size=80), 1e8 * g.normal(size=80)])
    y = 40 * (year - 2000) - x[:, 1] + 1e7 * x[:, 2] + 2e-9 * x[:, 3] + g.normal(size=80)
    found["year_and_units"] = Given(
        "gaussian", _with_ones(x), y, *_free((0.0, 64.0), POSITIVE, (0.0, 2.0**23), POSITIVE)
    )

    z = g.normal(size=(70, 3))
    x = np.column_stack([z[:, 0], z[:, 0] + 1e-6 * z[:, 1], z[:, 2]])
    found["collinear"] = Given(
        "gaussian", _with_ones(x), z @ [1.0, 0.3, -1.0] + g.normal(size=70), *_free(POSITIVE, POSITIVE, NEGATIVE)
    )

    level, x = g.integers(0, 8, 200), g.normal(size=200)
    y = np.sqrt(level) - 0.8 * (level == 5) - x + g.normal(size=200)
    rising: Ends = ([-np.inf, *[0.0] * 7, -np.inf], [np.inf, *[np.inf] * 7, 0.0], [-1, -1, *range(1, 7), -1])
    found["monotone_weights"] = Given(
        "gaussian",
        _with_ones(*(1.0 * (level == index) for index in range(1, 8)), x),
        y,
        *rising,
        g.uniform(0.2, 4, 200),
    )
    return found


def _of_means() -> dict[str, Given]:
    found: dict[str, Given] = {}
    g = np.random.default_rng(12)
    x = g.normal(size=(160, 4))
    y = (g.random(160) < 1 / (1 + np.exp(-0.3 - x @ [1.0, -0.4, 0.1, 0.0]))) * 1.0
    found["logit"] = Given("binomial", _with_ones(x), y, *_free((0.0, 0.5), POSITIVE, ANY, NEGATIVE))

    level, exposure = g.integers(0, 6, 200), g.uniform(0.2, 3.0, 200)
    y = g.poisson(exposure * np.exp(-0.5 + 0.2 * level - 0.5 * (level == 3))) * 1.0
    falling: Ends = ([-np.inf] * 6, [np.inf, *[0.0] * 5], [-1, -1, *range(1, 5)])
    columns = [1.0 * (level == 5 - index) for index in range(1, 6)]
    found["poisson_monotone"] = Given("poisson", _with_ones(*columns), y, *falling, offset=np.log(exposure))

    x = g.normal(size=(150, 3))
    y = np.exp(1 + x @ [0.5, -0.3, 0.2]) * g.gamma(2.0, 0.5, 150)
    found["gamma_weights"] = Given(
        "gamma", _with_ones(x), y, *_free((0.75, 2.0), POSITIVE, (-np.inf, 0.125)), weights=g.uniform(0.3, 3.0, 150)
    )

    x = g.normal(size=(150, 3))
    counts = g.poisson(np.exp(0.2 + x @ [0.5, -0.3, 0.2]))
    costs = np.array([g.gamma(2.0, 100.0, count).sum() for count in counts])
    found["tweedie"] = Given("tweedie(power=1.5)", _with_ones(x), costs, *_free((-np.inf, 0.25), POSITIVE, ANY))
    return found


def main() -> None:
    """Writes a file a set."""
    for name, given in (_of_squares() | _of_means()).items():
        solved = solve(given)
        value: dict[str, Any] = {"family": given.family, "sides": solved.sides, "after": given.after}
        value |= {
            key: [bound if np.isfinite(bound) else INFINITE for bound in bounds]
            for key, bounds in (("low", given.low), ("high", given.high))
        }
        value |= {"coef": [float(number) for number in solved.beta]}
        value |= {"se": [None if number is None else float(number) for number in solved.errors]}
        value |= {
            key: array.tolist()
            for key, array in (("y", given.y), ("weights", given.weights), ("offset", given.offset))
            if array is not None
        }
        lines = [f"{json.dumps(key)}: {json.dumps(content)}" for key, content in value.items()]
        rows = ",\n".join(json.dumps(row) for row in given.x.tolist())
        (HERE / f"{name}.json").write_text("{" + ",\n".join([*lines, f'"x": [\n{rows}\n]']) + "}\n")


if __name__ == "__main__":
    main()
