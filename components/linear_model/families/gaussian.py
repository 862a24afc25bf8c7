"""Least squares: the label's mean is η itself, and its variance is the same everywhere."""

from __future__ import annotations

import math

from components.linear_model.families.family import REGRESS, Family, Link, Metric, known

SPACING = 2.0**-23  # of 32-bit floats near 1


def cross_validated(mean_squared_error: float, variance: float) -> dict[str, float]:
    """Metrics of held-out folds; R² against the variance of the labels."""
    return {
        "mean_squared_error": mean_squared_error,
        "root_mean_squared_error": math.sqrt(mean_squared_error),
        "r_squared": 1 - mean_squared_error / variance if variance else math.nan,
    }


def allowance(mean: float, variance: float) -> float:
    """How much worse a mean squared error may be.

    Labels and predictions are rounded to 32 bits, so that each error is off by some spacings of the label: a law without noise
    has errors of just that size, and their ratio says nothing. Beside it, a billionth of the labels' variance (that of R²).
    """
    return (4 * SPACING) ** 2 * (mean**2 + variance) + 1e-9 * variance


def log_likelihood(deviance: float, weight: float, constant: float, dispersion: float) -> float:
    """Of a normal distribution."""
    del constant
    return -0.5 * (weight * math.log(2 * math.pi * dispersion) + deviance / dispersion)


IDENTITY = Link("identity", lambda eta, functions: eta, "{label}, in its units")
GAUSSIAN = known(
    Family(
        name="gaussian",
        title="least squares",
        links=(IDENTITY,),
        link=IDENTITY,
        variance=lambda mean: mean**0,
        valid=lambda label: abs(label) < math.inf,
        labels="finite numbers",
        solver="factors",
        curves=None,
        margin=None,
        deviance=lambda label, eta: (label - eta) ** 2,
        unit_deviance=lambda label, mean: (label - mean) ** 2,
        clipped=(-math.inf, math.inf),
        dispersion="estimated",
        constant=lambda label: label * 0,
        log_likelihood=log_likelihood,
        loss=lambda label, eta, functions: (label - eta) ** 2,
        loss_in_words="mean squared error",
        metrics=(
            Metric("mean_squared_error", "less", cross_validated=True),
            Metric("root_mean_squared_error", "less", cross_validated=True),
            Metric("mean_absolute_error", "less"),
            Metric("r_squared", "more", cross_validated=True),
            Metric("mean_label"),
            Metric("mean_prediction"),
        ),
        compared_by="mean_squared_error",
        compared_across_by="mean_squared_error",
        allowance=allowance,
        limits={"r_squared": {"min": 0.0}},
        cross_validated=cross_validated,
        served=REGRESS,
        answer="prediction",
        statistic="t",
        figures=(("R²", "r_squared"), ("adjusted R²", "adjusted_r_squared"), ("σ", "sigma")),
        headline=("mean_squared_error", "r_squared"),
        opening=("root_mean_squared_error", "mean_absolute_error", "r_squared", "mean_error"),
    )
)
