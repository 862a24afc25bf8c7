"""The gate's metrics that are means of rows or ratios of such means: each with its standard error."""

from __future__ import annotations

import dataclasses
import math

from components.model_gate.sums import Sums, ratio

ONE = {"one": 1.0}


@dataclasses.dataclass(frozen=True)
class Formula:
    """A ratio of sums of measures (`sums.MEASURES`), or the root of one.

    Attributes:
      above, below: factors of the measures.
      root: whether the square root is taken.
      of_classes: whether it is of predicted classes. Each row is 0 or 1 then, and where all are the same, they tell nothing of its
        error.
    """

    above: dict[str, float]
    below: dict[str, float] = dataclasses.field(default_factory=lambda: ONE)
    root: bool = False
    of_classes: bool = False

    def __call__(self, sums: Sums) -> tuple[float, float]:
        """The metric, and its standard error over rows drawn at random; NaN for what can't be told."""
        value, error = ratio(sums, self.above, self.below)
        if self.root:
            value = math.sqrt(value)
            error = error / (2 * value) if value else error
        return value, math.nan if self.of_classes and error == 0 else error


_POSITIVE = {"true_positive": 1.0}
_WRONG = {"false_positive": 1.0, "false_negative": 1.0}
_EXPLAINED = Formula({"null": 1.0, "deviance": -1.0}, {"null": 1.0})
FORMULAS = {
    "mean_deviance": Formula({"deviance": 1.0}),
    "log_loss": Formula({"deviance": 0.5}),
    # 0 is as good as the mean of the evaluated labels for every row; NaN where they are all the same.
    "deviance_explained": _EXPLAINED,
    "r_squared": _EXPLAINED,
    "brier_score": Formula({"squared": 1.0}),
    "mean_squared_error": Formula({"squared": 1.0}),
    "root_mean_squared_error": Formula({"squared": 1.0}, root=True),
    "mean_absolute_error": Formula({"absolute": 1.0}),
    "calibration": Formula({"prediction": 1.0}, {"label": 1.0}),
    "accuracy": Formula({"one": 1.0, "false_positive": -1.0, "false_negative": -1.0}, of_classes=True),
    "precision": Formula(_POSITIVE, {**_POSITIVE, "false_positive": 1.0}, of_classes=True),
    "recall": Formula(_POSITIVE, {**_POSITIVE, "false_negative": 1.0}, of_classes=True),
    "f1": Formula({"true_positive": 2.0}, {"true_positive": 2.0, **_WRONG}, of_classes=True),
    "mean_label": Formula({"label": 1.0}),
    "mean_prediction": Formula({"prediction": 1.0}),
}
