"""Makes the certificates beside it: generalised linear models solved in 60 digits. Run: python -m tests.data.certificates.make

Fisher scoring by mpmath, from the definition: with μ = g⁻¹(η) a step is (XᵀWX)⁻¹·XᵀW·(y − μ)/(dμ/dη), W = w·(dμ/dη)²/V(μ). It
shares no formula with `components`, whose steps are of the observed information, by QR. A set's values are doubles, written so
that they are read as the same ones; coefficients and standard errors are rounded to doubles at the end.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import mpmath as mp
import numpy as np
from numpy.typing import NDArray

HERE = Path(__file__).parent
DIGITS = 60
SETTLED = mp.mpf(10) ** -45  # of a step, relative to the coefficients
MOST_STEPS = 2_000

Array = NDArray[np.float64]


class Given(NamedTuple):
    """A set: the family's text, X [n, p], y [n], weights [n] or none, offset [n] or none, and whether there is an intercept."""

    family: str
    x: Array
    y: Array
    weights: Array | None = None
    offset: Array | None = None
    intercept: bool = True


class Law(NamedTuple):
    """Of η the mean and dμ/dη, and 1 − μ where that is a probability; V of them; and the η of a mean."""

    mean: Callable[[Any], tuple[Any, Any, Any]]
    variance: Callable[[Any, Any], Any]
    eta: Callable[[Any], Any]
    dispersion: bool


def _logit(eta: Any) -> tuple[Any, Any, Any]:
    up, down = 1 / (1 + mp.exp(-eta)), 1 / (1 + mp.exp(eta))
    return up, up * down, down


def _probit(eta: Any) -> tuple[Any, Any, Any]:
    root = mp.sqrt(2)
    return mp.erfc(-eta / root) / 2, mp.npdf(eta), mp.erfc(eta / root) / 2


def _cloglog(eta: Any) -> tuple[Any, Any, Any]:
    rate = mp.exp(eta)
    return -mp.expm1(-rate), rate * mp.exp(-rate), mp.exp(-rate)


def _log(eta: Any) -> tuple[Any, Any, Any]:
    return mp.exp(eta), mp.exp(eta), None


def _of_power(power: Any) -> Law:
    return Law(_log, lambda mean, _: mean**power, mp.log, power > 1)


def _of_classes(mean: Callable[[Any], tuple[Any, Any, Any]], eta: Callable[[Any], Any]) -> Law:
    return Law(mean, lambda up, down: up * down, eta, False)


LAWS = {
    "binomial": _of_classes(_logit, lambda mean: mp.log(mean / (1 - mean))),
    "binomial(link=probit)": _of_classes(_probit, lambda mean: mp.sqrt(2) * mp.erfinv(2 * mean - 1)),
    "binomial(link=cloglog)": _of_classes(_cloglog, lambda mean: mp.log(-mp.log1p(-mean))),
    "poisson": _of_power(1),
    "gamma": _of_power(2),
    "tweedie(power=1.5)": _of_power(mp.mpf("1.5")),
}


def solve(given: Given) -> tuple[list[Any], list[Any]]:
    """Coefficients and standard errors, the intercept first, in 60 digits."""
    mp.mp.dps = DIGITS
    law = LAWS[given.family]
    rows = [([1.0] if given.intercept else []) + list(row) for row in given.x.tolist()]
    x = [[mp.mpf(value) for value in row] for row in rows]
    y = [mp.mpf(value) for value in given.y.tolist()]
    weights = [mp.mpf(value) for value in (np.ones(len(y)) if given.weights is None else given.weights).tolist()]
    offset = [mp.mpf(value) for value in (np.zeros(len(y)) if given.offset is None else given.offset).tolist()]
    centre = mp.fsum(y) / len(y)
    eta = [
        law.eta((label + 3 * centre) / 4) for label in y
    ]  # a working label, of which the first step is least squares
    beta = _step(x, [value - plus for value, plus in zip(eta, offset, strict=True)], weights)[0]
    for _ in range(MOST_STEPS):
        eta = [mp.fdot(row, beta) + plus for row, plus in zip(x, offset, strict=True)]
        found = [law.mean(value) for value in eta]
        variances = [law.variance(mean, other) for mean, _, other in found]
        information = [w * d**2 / v for w, (_, d, _), v in zip(weights, found, variances, strict=True)]
        apart = [(label - mean) / d for label, (mean, d, _) in zip(y, found, strict=True)]
        step, inverse = _step(x, apart, information)
        reach = max(abs(mp.fdot(row, step)) for row in x)
        part = min(mp.mpf(1), 2 / reach) if reach else mp.mpf(1)  # far steps are shortened
        beta = [value + part * change for value, change in zip(beta, step, strict=True)]
        if all(abs(change) <= SETTLED * max(abs(value), SETTLED) for value, change in zip(beta, step, strict=True)):
            break
    else:
        raise ValueError(f"no solution within {MOST_STEPS} steps")
    pearson = mp.fsum(
        w * (label - mean) ** 2 / v for w, label, (mean, _, _), v in zip(weights, y, found, variances, strict=True)
    )
    dispersion = pearson / (len(y) - len(beta)) if law.dispersion else mp.mpf(1)
    return beta, [mp.sqrt(dispersion * inverse[index, index]) for index in range(len(beta))]


def _step(x: list[list[Any]], response: list[Any], weights: list[Any]) -> tuple[list[Any], Any]:
    """Least squares with weights, by the normal equations: 60 digits bear their squared condition. And (XᵀWX)⁻¹."""
    width = len(x[0])
    scaled = [[w * value for value in row] for row, w in zip(x, weights, strict=True)]
    columns, by_weight = list(zip(*x, strict=True)), list(zip(*scaled, strict=True))
    matrix = mp.matrix(width)
    for row in range(width):
        for column in range(row + 1):
            matrix[row, column] = matrix[column, row] = mp.fdot(by_weight[row], columns[column])
    inverse = matrix**-1
    projected = [mp.fdot(column, response) for column in by_weight]
    return [mp.fdot([inverse[row, column] for column in range(width)], projected) for row in range(width)], inverse


def _binary(generator: np.random.Generator, probability: Array) -> Array:
    return (generator.random(len(probability)) < probability).astype(np.float64)


def _inverse_logit(eta: Array) -> Array:
    return np.asarray(1 / (1 + np.exp(-eta)))


def _of_zeros_and_ones() -> dict[str, Given]:
    found: dict[str, Given] = {}
    g = np.random.default_rng(1)
    x = g.normal(size=(150, 4))
    found["logit"] = Given("binomial", x, _binary(g, _inverse_logit(0.3 + x @ [1.0, -0.5, 0.0, 2.0])))

    x = np.column_stack([np.sort(g.normal(size=120)), g.normal(size=120)])
    y = (x[:, 0] > x[60, 0]).astype(np.float64)
    y[58], y[63] = 1.0, 0.0
    found["logit_near_separated"] = Given("binomial", x, y)

    x = np.column_stack([2000 + 0.01 * g.normal(size=150), g.normal(size=150)])
    found["logit_year"] = Given("binomial", x, _binary(g, _inverse_logit(80 * (x[:, 0] - 2000) - x[:, 1])))

    for power in (5, 7):
        z = g.normal(size=(150, 3))
        x = np.column_stack([z[:, 0], z[:, 0] + 10.0**-power * z[:, 1], z[:, 2]])
        found[f"logit_collinear_{power}"] = Given("binomial", x, _binary(g, _inverse_logit(z @ [1.0, 0.5, -1.0])))

    x = g.normal(size=(400, 2))
    y = np.zeros(400)
    y[np.argsort(x @ [1.0, 0.5] + 2 * g.normal(size=400))[-4:]] = 1.0
    found["logit_rare"] = Given("binomial", x, y)

    x = g.normal(size=(150, 3)) + 1.0
    y = _binary(g, _inverse_logit(x @ [1.0, -1.0, 0.5]))
    found["logit_no_intercept"] = Given("binomial", x, y, weights=g.integers(1, 5, 150) * 1.0, intercept=False)

    x = g.normal(size=(150, 3))
    found["probit"] = Given("binomial(link=probit)", x, (0.2 + x @ [1.0, -0.5, 2.0] > g.normal(size=150)) * 1.0)

    x = g.normal(size=(150, 3))
    found["cloglog"] = Given("binomial(link=cloglog)", x, _binary(g, -np.expm1(-np.exp(-0.5 + x @ [0.8, -0.5, 0.4]))))
    return found


def _of_counts() -> dict[str, Given]:
    found: dict[str, Given] = {}
    g = np.random.default_rng(2)
    z = g.normal(size=(150, 5))
    units = np.array([1e-8, 1e-4, 1.0, 1e4, 1e8])
    found["poisson_units"] = Given("poisson", z * units, g.poisson(np.exp(1 + z @ [0.4, -0.3, 0.2, 0.3, -0.5])) * 1.0)

    z = g.normal(size=(150, 3))
    x = np.column_stack([z[:, 0], z[:, 0] + 1e-7 * z[:, 1], z[:, 2]])
    found["poisson_collinear_7"] = Given("poisson", x, g.poisson(np.exp(1 + z @ [0.4, 0.3, -0.5])) * 1.0)

    x = g.normal(size=(120, 3))
    found["poisson_large_counts"] = Given("poisson", x, g.poisson(np.exp(16 + x @ [1.5, -1.0, 0.5])) * 1.0)

    x = g.normal(size=(200, 2))
    found["poisson_rare"] = Given("poisson", x, g.poisson(np.exp(-3 + x @ [1.0, -0.7])) * 1.0)

    x = g.normal(size=(150, 3))
    exposure = g.uniform(0.01, 100.0, 150)
    y = g.poisson(exposure * np.exp(-0.5 + x @ [0.3, 0.2, -0.6])) * 1.0
    found["poisson_exposure"] = Given("poisson", x, y, offset=np.log(exposure))
    return found


def _of_costs() -> dict[str, Given]:
    found: dict[str, Given] = {}
    g = np.random.default_rng(3)
    x = g.normal(size=(150, 3))
    found["gamma_wide"] = Given("gamma", x, np.exp(2 + x @ [4.0, -3.0, 1.0]) * g.gamma(2.0, 0.5, 150))

    x = np.column_stack([g.integers(1990, 2020, 150), g.normal(size=150)]).astype(np.float64)
    y = np.exp(0.02 * (x[:, 0] - 2000) + 0.5 * x[:, 1]) * g.gamma(3.0, 1.0, 150)
    found["gamma_weights"] = Given("gamma", x, y, weights=g.uniform(0.2, 5.0, 150))

    x = g.normal(size=(150, 3))
    exposure = g.uniform(0.1, 3.0, 150)
    counts = g.poisson(exposure * np.exp(0.2 + x @ [0.5, -0.3, 0.2]))
    costs = np.array([g.gamma(2.0, 100.0, count).sum() for count in counts])
    found["tweedie"] = Given("tweedie(power=1.5)", x, costs, weights=exposure, offset=np.log(exposure))
    return found


def main() -> None:
    """Writes a file a set."""
    for name, given in (_of_zeros_and_ones() | _of_counts() | _of_costs()).items():
        beta, errors = solve(given)
        value: dict[str, Any] = {"family": given.family, "intercept": given.intercept}
        value |= {"coef": [float(number) for number in beta], "se": [float(number) for number in errors]}
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
