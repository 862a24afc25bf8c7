"""The metrics of a regression for TFMA, worked out over arrays of rows instead of row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from numpy.typing import ArrayLike
from tensorflow_model_analysis.metrics import metric_types, metric_util


class Sums(NamedTuple):
    """What all metrics are computed from; float64, all but `rows` weighted.

    Attributes:
      rows: their number.
      weight: Σw.
      label: weighted mean of the labels.
      spread: Σw(y − label)².
      squared: Σw(y − ŷ)².
      absolute: Σw|y − ŷ|.
      prediction: Σwŷ.
    """

    rows: float = 0.0
    weight: float = 0.0
    label: float = 0.0
    spread: float = 0.0
    squared: float = 0.0
    absolute: float = 0.0
    prediction: float = 0.0


def sums_of(label: ArrayLike, prediction: ArrayLike, weight: ArrayLike) -> Sums:
    """Sums over rows.

    Args:
      label, prediction: of n rows, of any shape.
      weight: of n rows, or one for all.

    Raises:
      ValueError: there are not as many predictions as labels, or neither one weight nor n.
    """
    y, p, w = (np.asarray(value, np.float64).ravel() for value in (label, prediction, weight))
    if len(p) != len(y) or len(w) not in {1, len(y)}:
        raise ValueError(f"expected a label, a prediction and a weight a row; received {len(y)}, {len(p)} and {len(w)}")
    w = np.broadcast_to(w, y.shape)
    total = float(w.sum())
    if total == 0:
        return Sums(rows=float(len(y)))
    mean = float(w @ y) / total
    error = y - p
    return Sums(
        rows=float(len(y)),
        weight=total,
        label=mean,
        spread=float(w @ (y - mean) ** 2),
        squared=float(w @ error**2),
        absolute=float(w @ np.abs(error)),
        prediction=float(w @ p),
    )


def merge(a: Sums, b: Sums) -> Sums:
    """Merges two sums without cancellation (Chan, Golub, LeVeque 1983)."""
    weight = a.weight + b.weight
    if weight == 0:
        return Sums(rows=a.rows + b.rows)
    delta = b.label - a.label
    return Sums(
        rows=a.rows + b.rows,
        weight=weight,
        label=a.label + delta * b.weight / weight,
        spread=a.spread + b.spread + delta * delta * a.weight * b.weight / weight,
        squared=a.squared + b.squared,
        absolute=a.absolute + b.absolute,
        prediction=a.prediction + b.prediction,
    )


def _mean(total: Callable[[Sums], float]) -> Callable[[Sums], float]:
    return lambda sums: total(sums) / sums.weight if sums.weight > 0 else math.nan


# R² is 1 − SSE/SST, SST about the mean of the evaluated labels: 0 is as good as predicting that mean; NaN if SST is 0.
FORMULAS: dict[str, Callable[[Sums], float]] = {
    "mean_squared_error": _mean(lambda sums: sums.squared),
    "root_mean_squared_error": lambda sums: math.sqrt(FORMULAS["mean_squared_error"](sums)),
    "mean_absolute_error": _mean(lambda sums: sums.absolute),
    "r_squared": lambda sums: 1.0 - sums.squared / sums.spread if sums.spread > 0 else math.nan,
    "mean_label": lambda sums: sums.label if sums.weight > 0 else math.nan,
    "mean_prediction": _mean(lambda sums: sums.prediction),
    "example_count": lambda sums: sums.rows,
}


class _Combine(beam.CombineFn):
    def __init__(self, key: metric_types.MetricKey, eval_config: Any, example_weighted: bool) -> None:
        self._key = key
        self._eval_config = eval_config
        self._example_weighted = example_weighted

    def create_accumulator(self) -> Sums:
        return Sums()

    def add_input(self, accumulator: Sums, element: metric_types.StandardMetricInputs) -> Sums:
        for label, prediction, weight in metric_util.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._example_weighted,
            flatten=False,
        ):
            accumulator = merge(accumulator, sums_of(label, prediction, weight))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[Sums]) -> Sums:
        total = Sums()
        for accumulator in accumulators:
            total = merge(total, accumulator)
        return total

    def extract_output(self, accumulator: Sums) -> dict[metric_types.MetricKey, float]:
        return {self._key: FORMULAS[self._key.name](accumulator)}


def _computations(
    name: str,
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
    **_: Any,
) -> metric_types.MetricComputations:
    key = metric_types.MetricKey(
        name=name, model_name=model_name, output_name=output_name, example_weighted=example_weighted
    )
    combiner = _Combine(key, eval_config, example_weighted)
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]


class RegressionMetric(metric_types.Metric):
    """One of `FORMULAS`, by its name. An extract may hold one row, or arrays of rows (`extractors`)."""

    def __init__(self, name: str, code: str = "") -> None:
        """`code` is the fingerprint of our sources: in the EvalConfig, it shows TFX's cache that they changed."""
        del code
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)


metric_types.register_metric(RegressionMetric)
