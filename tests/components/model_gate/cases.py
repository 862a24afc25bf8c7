"""Labels, 32-bit predictions and weights by family, and what scikit-learn makes of them."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from sklearn import metrics

Array = NDArray[np.float64]

THRESHOLD = np.float32(0.3)
POWERS = {"poisson": 1, "gamma": 2, "tweedie": 1.5}


def rows(family: str, n: int = 3000, seed: int = 0) -> tuple[Array, NDArray[Any], Array]:
    """Labels [n], predictions [n] or for classes [n, 2], weights [n]."""
    generator = np.random.default_rng(seed)
    eta = generator.normal(0, 0.8, n)
    weight = generator.integers(1, 5, n).astype(float)
    if family == "gaussian":
        return 1e6 + eta, (1e6 + eta + generator.normal(0, 0.5, n)).astype(np.float32), weight
    if family == "binomial":
        mean = (1 / (1 + np.exp(-eta))).astype(np.float32)
        label = (generator.random(n) < 1 / (1 + np.exp(-eta - 0.2))).astype(float)
        return label, np.column_stack([mean, mean >= THRESHOLD]), weight
    mean = np.exp(eta)
    if family == "poisson":
        label = generator.poisson(mean).astype(float)
    elif family == "gamma":
        label = generator.gamma(2, mean / 2)
    else:
        label = np.array([generator.gamma(1, 1, count).sum() for count in generator.poisson(mean)])
    return label, (mean * 1.1).astype(np.float32), weight


def expected(family: str, label: Array, prediction: NDArray[Any], weight: Array) -> dict[str, float]:
    """By metric what scikit-learn, or numpy's average, gives."""
    mean = prediction if prediction.ndim == 1 else prediction[:, 0].astype(np.float32)
    given = {"sample_weight": weight}
    found = {
        "mean_label": np.average(label, weights=weight),
        "mean_prediction": np.average(mean.astype(float), weights=weight),
    }
    if family != "gaussian":
        found["calibration"] = found["mean_prediction"] / found["mean_label"]
    if family == "binomial":
        predicted = prediction[:, 1]
        return found | {
            "log_loss": metrics.log_loss(label, mean, **given),
            "deviance_explained": metrics.d2_log_loss_score(label, mean, **given),
            "brier_score": metrics.brier_score_loss(label, mean, **given),
            "auc": metrics.roc_auc_score(label, mean, **given),
            "auc_precision_recall": metrics.average_precision_score(label, mean, **given),
            "accuracy": metrics.accuracy_score(label, predicted, **given),
            "precision": metrics.precision_score(label, predicted, **given),
            "recall": metrics.recall_score(label, predicted, **given),
            "f1": metrics.f1_score(label, predicted, **given),
        }
    mean = mean.astype(float)
    found |= {
        "mean_absolute_error": metrics.mean_absolute_error(label, mean, **given),
        "root_mean_squared_error": metrics.root_mean_squared_error(label, mean, **given),
    }
    if family == "gaussian":
        return found | {
            "mean_squared_error": metrics.mean_squared_error(label, mean, **given),
            "r_squared": metrics.r2_score(label, mean, **given),
        }
    power = POWERS[family]
    return found | {
        f"{family}_deviance": metrics.mean_tweedie_deviance(label, mean, power=power, **given),
        "deviance_explained": metrics.d2_tweedie_score(label, mean, power=power, **given),
    }
