"""Counts: a label's variance is its mean."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from components.linear_model.families.family import known
from components.linear_model.families.powers import of_means

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from components.linear_model.families.family import Array


def _counts(label: Array) -> NDArray[np.bool_]:
    import numpy as np  # the configuration asks families too, and has no need of numpy

    return (label >= 0) & (label < math.inf) & (np.floor(label) == label)


def _constant(label: Array) -> Array:
    """log of the probability of a label whose mean is the label itself."""
    from scipy.special import gammaln, xlogy

    return xlogy(label, label) - label - gammaln(label + 1)


POISSON = known(
    of_means(
        "poisson",
        1.0,
        title="Poisson regression",
        valid=_counts,
        labels="whole numbers of at least 0",
        dispersion="one",
        constant=_constant,
        log_likelihood=lambda deviance, weight, constant, dispersion: constant - deviance / 2,
        loss_in_words="Poisson loss",
        statistic="z",
    )
)
