"""TFMA metrics that TFMA lacks: the coefficient of determination, and the root of the mean squared error."""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import Any

import apache_beam as beam
import numpy as np
from tensorflow_model_analysis.metrics import metric_types, metric_util

# weight, mean of the labels, sum of squared deviations of the labels, sum of squared errors; all weighted, float64
_Sums = tuple[float, float, float, float]
_EMPTY: _Sums = (0.0, 0.0, 0.0, 0.0)


def merge(a: _Sums, b: _Sums) -> _Sums:
    """Merges two sums without cancellation (Chan, Golub, LeVeque 1983)."""
    weight = a[0] + b[0]
    if weight == 0:
        return _EMPTY
    delta = b[1] - a[1]
    return (
        weight,
        a[1] + delta * b[0] / weight,
        a[2] + b[2] + delta * delta * a[0] * b[0] / weight,
        a[3] + b[3],
    )


def r_squared(sums: _Sums) -> float:
    """1 − SSE/SST, SST about the mean of the evaluated labels: 0 is as good as predicting that mean; NaN if SST is 0."""
    return 1.0 - sums[3] / sums[2] if sums[2] > 0 else math.nan


def root_mean_squared_error(sums: _Sums) -> float:
    """√(SSE/Σw), in units of the label."""
    return math.sqrt(sums[3] / sums[0]) if sums[0] > 0 else math.nan


class _SquaredErrors(beam.CombineFn):
    def __init__(self, key: metric_types.MetricKey, eval_config: Any, example_weighted: bool) -> None:
        self._key = key
        self._eval_config = eval_config
        self._example_weighted = example_weighted

    def create_accumulator(self) -> _Sums:
        return _EMPTY

    def add_input(self, accumulator: _Sums, element: metric_types.StandardMetricInputs) -> _Sums:
        for label, prediction, weight in metric_util.to_label_prediction_example_weight(
            element,
            eval_config=self._eval_config,
            model_name=self._key.model_name,
            output_name=self._key.output_name,
            example_weighted=self._example_weighted,
        ):
            y, p, w = (float(np.asarray(value).item()) for value in (label, prediction, weight))
            accumulator = merge(accumulator, (w, y, 0.0, w * (y - p) ** 2))
        return accumulator

    def merge_accumulators(self, accumulators: Iterable[_Sums]) -> _Sums:
        total = _EMPTY
        for accumulator in accumulators:
            total = merge(total, accumulator)
        return total

    def extract_output(self, accumulator: _Sums) -> dict[metric_types.MetricKey, float]:
        formula = r_squared if self._key.name == "r_squared" else root_mean_squared_error
        return {self._key: formula(accumulator)}


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
    combiner = _SquaredErrors(key, eval_config, example_weighted)
    return [metric_types.MetricComputation(keys=[key], preprocessors=None, combiner=combiner)]


class RSquared(metric_types.Metric):
    """Coefficient of determination; see `r_squared`."""

    def __init__(self, name: str = "r_squared") -> None:
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)


class RootMeanSquaredError(metric_types.Metric):
    """Root of the mean squared error; see `root_mean_squared_error`."""

    def __init__(self, name: str = "root_mean_squared_error") -> None:
        super().__init__(metric_util.merge_per_key_computations(_computations), name=name)


metric_types.register_metric(RSquared)
metric_types.register_metric(RootMeanSquaredError)
