"""Powers of a number, as they are or made orthonormal over the training rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any


def polynomial(x: Any, entry: Mapping[str, Any], learned: Mapping[str, Any], functions: Any) -> Sequence[Any]:
    """The powers 1 to `degree`. Arguments as of `bases.columns_of`.

    Orthogonal ones have the mean 0 and the variance 1 (ddof 0) over the training rows, and a covariance of 0: with
    z = (x − centre)/spread, they are Σ_k basis[j, k]·z^k. `learned` then has `centre` and `spread`, both [], and `basis`,
    [degree + 1, degree + 1], lower triangular: the inverse of the Cholesky factor of the powers' second moments.
    """
    degrees = range(1, entry["degree"] + 1)
    if not entry["orthogonal"]:
        return [x**degree for degree in degrees]
    z = (x - learned["centre"]) / learned["spread"]
    basis = learned["basis"]
    return [_horner(z, [basis[degree, power] for power in range(degree + 1)]) for degree in degrees]


def _horner(z: Any, factors: Sequence[Any]) -> Any:
    """Σ factors[k]·z^k."""
    found = 0.0 * z + factors[-1]
    for factor in reversed(factors[:-1]):
        found = found * z + factor
    return found
