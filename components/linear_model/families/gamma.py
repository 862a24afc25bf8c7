"""Positive labels whose standard deviation grows as their mean: costs, durations."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from components.linear_model.families.family import known
from components.linear_model.families.powers import of_means

if TYPE_CHECKING:
    from components.linear_model.families.family import Array


def _log(label: Array) -> Array:
    import numpy as np

    return np.log(label)


def log_likelihood(deviance: float, weight: float, constant: float, dispersion: float) -> float:
    """Each row's log density times its weight, as R has it; `constant` is Σ w·log y, and 1/φ the shape."""
    shape = 1 / dispersion
    return weight * (shape * math.log(shape) - shape - math.lgamma(shape)) - shape * deviance / 2 - constant


GAMMA = known(
    of_means(
        "gamma",
        2.0,
        title="gamma regression",
        valid=lambda label: (label > 0) & (label < math.inf),
        labels="numbers above 0",
        dispersion="estimated",
        constant=_log,
        log_likelihood=log_likelihood,
        loss_in_words="gamma loss",
        statistic="t",
    )
)
