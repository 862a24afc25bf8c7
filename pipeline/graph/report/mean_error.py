"""By how much the predictions of some rows are off in the mean, from the metrics that the gate keeps of them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from pydantic import BaseModel

from components.model_gate.measured import ROWS
from components.model_gate.verdict import LEVEL


class MeanError(BaseModel):
    """Mean prediction less mean label.

    Attributes:
      value: of it.
      low, high: ends of its interval, by Student's t; None with weights, and of fewer than two rows. The errors' variance is their
        mean square less the square of their mean, both of which are measured.
    """

    value: float
    low: float | None = None
    high: float | None = None


def mean_error(values: Mapping[str, float | None], *, weighted: bool) -> MeanError | None:
    """Of the rows of which these are the metrics; None where their means are not known.

    Args:
      values: by metric, `example_count` among them.
      weighted: whether the rows have weights.
    """
    prediction, label, rows = (values.get(name) for name in ("mean_prediction", "mean_label", ROWS))
    if prediction is None or label is None:
        return None
    error, square = prediction - label, _mean_square(values)
    if rows is None or rows < 2 or square is None or weighted:
        return MeanError(value=error)
    from scipy import stats

    half = float(stats.t.ppf(0.5 + LEVEL / 2, rows - 1)) * math.sqrt(max(square - error**2, 0.0) / (rows - 1))
    return MeanError(value=error, low=error - half, high=error + half)


def _mean_square(values: Mapping[str, float | None]) -> float | None:
    """Of classes the Brier score is it."""
    root = values.get("root_mean_squared_error")
    return values.get("brier_score") if root is None else root**2
