"""Labels of at least 0, of which many are 0 and the others spread: claims a policy. V(μ) = μᵖ, p between 1 and 2."""

from __future__ import annotations

import math

from components.linear_model.families.family import Family, known
from components.linear_model.families.powers import of_means

POWER = 1.5  # where nothing is said


def tweedie(power: float) -> Family:
    """The family with a power.

    Raises:
      ValueError: it is not between 1 and 2.
    """
    if not 1 < power < 2:
        raise ValueError(
            f"power: must be above 1 and below 2; received {power:g}. For 1 there is poisson, for 2 gamma, for 0 gaussian"
        )
    return of_means(
        "tweedie",
        power,
        title="Tweedie regression",
        valid=lambda label: (label >= 0) & (label < math.inf),
        labels="numbers of at least 0",
        dispersion="estimated",
        constant=lambda label: label * 0,
        log_likelihood=None,  # a series, without a closed form
        loss_in_words="Tweedie loss",
        statistic="t",
        power=power,
        of_power=tweedie,
    )


TWEEDIE = known(tweedie(POWER))
