"""What the families have in common whose variance is a power of the mean, V(μ) = μᵖ, under a log link."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from components.linear_model.families.family import REGRESS, Curves, Family, Link, Metric

if TYPE_CHECKING:
    from components.linear_model.families.family import Array

LOG = Link("log", lambda eta, functions: functions.exp(eta), "log of the mean of {label}", "rate ratio")
LEAST = 2.0**-126  # of normal 32-bit floats
FIGURES = (
    ("deviance", "deviance"),
    ("null deviance", "null_deviance"),
    ("deviance explained", "deviance_explained"),
    ("AIC", "aic"),
    ("BIC", "bic"),
)


def curves(power: float, label: Array, eta: Array) -> Curves:
    """The score and both informations; the observed one is at least 0 for a power of 1 to 2."""
    import numpy as np  # the configuration asks families too, and has no need of numpy

    expected = np.exp((2 - power) * eta)
    # Of a label of 0 it is 0, even where exp overflows.
    with np.errstate(over="ignore", invalid="ignore"):
        scaled = np.where(label > 0, label * np.exp((1 - power) * eta), 0.0)
    observed = expected if power == 1 else (power - 1) * scaled + (2 - power) * expected
    return Curves(scaled - expected, observed, expected)


def deviance(power: float, label: Array, eta: Array) -> Array:
    """Twice what each row's log likelihood lacks of a perfect fit's (Jørgensen 1997, The Theory of Dispersion Models, §4.1).

    Of how far η is from the logarithm of the label: in a difference of both likelihoods a large label's deviance would be lost.
    """
    import numpy as np

    positive = label > 0
    filled = np.where(positive, label, 1.0)
    apart = eta - np.log(filled)
    one, other = (np.expm1(k * apart) / k if k else apart for k in (2 - power, 1 - power))
    none = np.exp((2 - power) * eta) / (2 - power) if power < 2 else np.inf
    return np.asarray(2 * np.where(positive, filled ** (2 - power) * (one - other), none))


def unit_deviance(power: float, label: Array, mean: Array) -> Array:
    """The same of means."""
    import numpy as np
    from scipy.special import kl_div

    if power == 1:
        return np.asarray(2 * kl_div(label, mean))
    if power == 2:
        apart = np.log(label) - np.log(mean)
        return np.asarray(2 * (np.expm1(apart) - apart))
    with np.errstate(divide="ignore", invalid="ignore"):
        parts = (
            label ** (2 - power) / ((1 - power) * (2 - power))
            - np.where(label > 0, label * mean ** (1 - power), 0.0) / (1 - power)
            + mean ** (2 - power) / (2 - power)
        )
    return np.maximum(2 * parts, 0.0)


def loss(power: float, label: Any, eta: Any, functions: Any) -> Any:
    """The negative log likelihood of a dispersion of 1, less what the label alone gives to it."""
    if power == 1:
        return functions.exp(eta) - label * eta
    if power == 2:
        return label * functions.exp(-eta) + eta
    return functions.exp((2 - power) * eta) / (2 - power) - label * functions.exp((1 - power) * eta) / (1 - power)


def margin(label: Array, change: Array) -> Array:
    """A label of 0 is likelier the lower the mean; any other one has a best mean."""
    import numpy as np

    return np.where(label > 0, -np.abs(change), -change)


def of_means(name: str, power: float, /, **others: Any) -> Family:
    """A family of means; what is its own stands in `others`."""
    measure = f"{name}_deviance"

    def cross_validated(mean_deviance: float, null: float) -> dict[str, float]:
        return {measure: mean_deviance, "deviance_explained": 1 - mean_deviance / null if null else math.nan}

    return Family(
        name=name,
        links=(LOG,),
        link=LOG,
        variance=lambda mean: mean**power,
        solver="newton",
        curves=lambda label, eta: curves(power, label, eta),
        margin=margin,
        deviance=lambda label, eta: deviance(power, label, eta),
        unit_deviance=lambda label, mean: unit_deviance(power, label, mean),
        clipped=(LEAST, math.inf),
        loss=lambda label, eta, functions: loss(power, label, eta, functions),
        metrics=(
            Metric(measure, "less", cross_validated=True, formula="mean_deviance"),
            Metric("deviance_explained", "more", cross_validated=True),
            Metric("mean_absolute_error", "less"),
            Metric("root_mean_squared_error", "less"),
            Metric("calibration"),
            Metric("mean_label"),
            Metric("mean_prediction"),
        ),
        compared_by=measure,
        compared_across_by="root_mean_squared_error",
        # A mean of deviances of 32-bit labels and predictions.
        allowance=lambda mean, variance: 1e-6 * max(abs(mean), 1.0) ** (2 - power),
        limits={"deviance_explained": {"min": 0.0}},
        cross_validated=cross_validated,
        served=REGRESS,
        answer="prediction",
        figures=FIGURES,
        headline=(measure, "deviance_explained"),
        opening=(measure, "deviance_explained", "mean_absolute_error", "calibration"),
        **others,
    )
