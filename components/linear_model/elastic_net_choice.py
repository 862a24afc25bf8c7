"""Which penalty of an elastic net its cross-validation chooses."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.linear_model.elastic_net import Rule
from components.linear_model.ridge import CrossValidation

Array = NDArray[np.float64]


def standard_errors(found: CrossValidation) -> Array:
    """Of each mean error ē of a path, [m], by glmnet's formula: √(Σ w_k·(e_k − ē)²/Σ w_k/(K − 1)), of K folds of weights w."""
    spread = found.weights @ (found.errors - found.mean) ** 2 / found.weights.sum()
    return np.asarray(np.sqrt(spread / (len(found.weights) - 1)))


def chosen(found: CrossValidation, rule: Rule) -> tuple[int, str]:
    """Which α of a path is taken, and in words why.

    Args:
      found: of a path from the greatest α downwards.
      rule: see `ElasticNet`.

    Returns:
      Its place on the path.
    """
    mean, last = found.mean, len(found.path) - 1
    least = int(np.argmin(mean))
    words = f"least mean squared error of {len(found.weights)}-fold cross-validation, of {last + 1} penalties"
    if rule == "one_standard_error":
        place = int(np.flatnonzero(mean <= mean[least] + standard_errors(found)[least])[0])
        return place, f"the greatest within one standard error of the {words}"
    return least, f"{words}, the smallest of them" if least == last > 0 else words
