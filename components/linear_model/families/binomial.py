"""Labels of 0 and 1: the mean is a probability.

Near a probability of 0 or 1 the other one is what counts: the two tails are computed from η, each for itself.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from components.linear_model.families.family import CLASSIFY, Curves, Family, Link, Metric, known

if TYPE_CHECKING:
    from components.linear_model.families.family import Array

SPACING = 2.0**-23  # of 32-bit floats near 1: scikit-learn's log loss clips 32-bit probabilities by it too
ROOT_HALF = math.sqrt(0.5)
FARTHEST = 300.0  # η of cloglog: the square of a rate of e³⁰⁰ is finite


def _logit_loss(label: Any, eta: Any, functions: Any) -> Any:
    # label·log(1 + exp −η) + (1 − label)·log(1 + exp η): the logarithms differ by η.
    wrong = label * functions.maximum(-eta, 0.0) + (1.0 - label) * functions.maximum(eta, 0.0)
    return wrong + functions.log1p(functions.exp(-functions.abs(eta)))


def _logit_curves(label: Array, eta: Array) -> Curves:
    from scipy.special import expit  # the configuration asks families too, and has no need of scipy

    ones, zeros = expit(eta), expit(-eta)
    weight = ones * zeros
    return Curves(label * zeros - (1 - label) * ones, weight, weight)


def _probit_loss(label: Any, eta: Any, functions: Any) -> Any:
    def minus_log(of: Any) -> Any:  # −log Φ(of); beyond what erfc can hold, its asymptote
        near = -functions.log(0.5 * functions.erfc(-ROOT_HALF * functions.maximum(of, -10.0)))
        beyond = functions.maximum(-10.0 - of, 0.0)
        return near + beyond * (10.0 + beyond / 2) + functions.log1p(beyond / 10)

    return label * minus_log(eta) + (1.0 - label) * minus_log(-eta)


def _probit_curves(label: Array, eta: Array) -> Curves:
    import numpy as np
    from scipy.special import erfcx

    # φ/Φ and φ/(1 − Φ): both parts of the fraction have the factor exp(−η²/2), which is in neither here.
    up, down = (math.sqrt(2 / math.pi) / erfcx(sign * ROOT_HALF * eta) for sign in (-1, 1))
    observed = label * up * (up + eta) + (1 - label) * down * (down - eta)
    return Curves(label * up - (1 - label) * down, np.maximum(observed, 0.0), up * down)


def _cloglog_loss(label: Any, eta: Any, functions: Any) -> Any:
    # Straight on beyond ±60, where exp would overflow, or 1 − exp(−rate) underflow, in 32 bits.
    rate = functions.exp(functions.minimum(functions.maximum(eta, -60.0), 60.0))
    positive = -functions.log(-functions.expm1(-rate)) + functions.maximum(-60.0 - eta, 0.0)
    return label * positive + (1.0 - label) * rate * (1.0 + functions.maximum(eta - 60.0, 0.0))


def _cloglog_curves(label: Array, eta: Array) -> Curves:
    import numpy as np
    from scipy.special import exprel

    rate = np.exp(np.minimum(eta, FARTHEST))
    up = 1 / exprel(rate)  # μ'/μ = r/(eʳ − 1); and μ'/(1 − μ) = r
    # Of label 1 −∂²ℓ/∂η² = up·(up + r − 1); up + r − 1 = r/(1 − e⁻ʳ) − 1, which for small rates is a series.
    more = np.where(rate < 0.01, rate / 2 + rate**2 / 12 - rate**4 / 720, 1 / exprel(-rate) - 1)
    return Curves(label * up - (1 - label) * rate, label * up * more + (1 - label) * rate, up * rate)


def _deviance(loss: Callable[[Any, Any, Any], Any]) -> Callable[[Array, Array], Array]:
    def of_rows(label: Array, eta: Array) -> Array:
        import numpy as np

        from components.linear_model import array_functions

        return np.asarray(2 * loss(label, eta, array_functions))

    return of_rows


def unit_deviance(label: Array, mean: Array) -> Array:
    """2·[y·log(y/μ) + (1 − y)·log((1 − y)/(1 − μ))]."""
    import numpy as np
    from scipy.special import kl_div

    return np.asarray(2 * (kl_div(label, mean) + kl_div(1 - label, 1 - mean)))


def _probit_deviance(label: Array, eta: Array) -> Array:
    import numpy as np
    from scipy.special import log_ndtr

    return np.asarray(-2 * (label * log_ndtr(eta) + (1 - label) * log_ndtr(-eta)))


def _symmetric(name: str, inverse: Callable[[Any, Any], Any], measure: str, ratio: str | None = None) -> Link:
    return Link(name, inverse, measure, ratio, lambda eta, functions: inverse(-eta, functions))


LOGIT = _symmetric(
    "logit", lambda eta, functions: 1.0 / (1.0 + functions.exp(-eta)), "log odds of {label}", "odds ratio"
)
PROBIT = _symmetric(
    "probit", lambda eta, functions: 0.5 * functions.erfc(-ROOT_HALF * eta), "probit of the probability of {label}"
)
CLOGLOG = Link(
    "cloglog",
    lambda eta, functions: -functions.expm1(-functions.exp(eta)),
    "complementary log-log of the probability of {label}",
    "hazard ratio",
    lambda eta, functions: functions.exp(-functions.exp(eta)),
)
_OF_LINK = {
    LOGIT: (_logit_loss, _deviance(_logit_loss), _logit_curves, "logistic regression"),
    PROBIT: (_probit_loss, _probit_deviance, _probit_curves, "probit regression"),
    CLOGLOG: (_cloglog_loss, _deviance(_cloglog_loss), _cloglog_curves, "complementary log-log regression"),
}


def _of_link(link: Link) -> Family:
    loss, deviance, curves, title = _OF_LINK[link]
    return dataclasses.replace(BINOMIAL, link=link, loss=loss, curves=curves, deviance=deviance, title=title)


def cross_validated(deviance: float, null_deviance: float) -> dict[str, float]:
    """Metrics of held-out folds."""
    return {
        "log_loss": deviance / 2,
        "deviance_explained": 1 - deviance / null_deviance if null_deviance else math.nan,
    }


def allowance(mean: float, variance: float) -> float:
    """How much worse a log loss may be: probabilities are rounded to 32 bits, and a log loss is a mean of sizes near 1."""
    del mean, variance
    return 1e-7


BINOMIAL = known(
    Family(
        name="binomial",
        title=_OF_LINK[LOGIT][3],
        links=tuple(_OF_LINK),
        link=LOGIT,
        variance=lambda mean: mean * (1 - mean),
        valid=lambda label: (label == 0) | (label == 1),
        labels="0 and 1",
        solver="newton",
        curves=_logit_curves,
        margin=lambda label, change: (2 * label - 1) * change,
        deviance=_deviance(_logit_loss),
        unit_deviance=unit_deviance,
        clipped=(SPACING, 1 - SPACING),
        dispersion="one",
        constant=lambda label: label * 0,
        log_likelihood=lambda deviance, weight, constant, dispersion: -deviance / 2,
        loss=_logit_loss,
        loss_in_words="log loss",
        metrics=(
            Metric("log_loss", "less", cross_validated=True),
            Metric("deviance_explained", "more", cross_validated=True),
            Metric("brier_score", "less", share=True),
            Metric("auc", "more", share=True),
            Metric("auc_precision_recall", "more", share=True),
            Metric("calibration"),
            Metric("accuracy", "more", share=True),
            Metric("precision", "more", share=True),
            Metric("recall", "more", share=True),
            Metric("f1", "more", share=True),
            Metric("mean_label", share=True),
            Metric("mean_prediction", share=True),
        ),
        compared_by="log_loss",
        compared_across_by="brier_score",
        allowance=allowance,
        limits={"deviance_explained": {"min": 0.0}},
        cross_validated=cross_validated,
        served=CLASSIFY,
        answer="probability",
        statistic="z",
        figures=(
            ("deviance", "deviance"),
            ("null deviance", "null_deviance"),
            ("deviance explained", "deviance_explained"),
            ("AIC", "aic"),
            ("BIC", "bic"),
        ),
        headline=("log_loss", "auc"),
        opening=("auc", "log_loss", "brier_score", "calibration"),
        classes=True,
        of_link=_of_link,
    )
)
