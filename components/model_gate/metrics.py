"""The metrics of a regression for TFMA, worked out over arrays of rows instead of row by row."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from typing import Any, NamedTuple

import apache_beam as beam
import numpy as np
from numpy.typing import ArrayLike, NDArray
from tensorflow_model_analysis import metrics as tfma_metrics

from components.internals import tfma as tfma_internals
from components.model_gate.verdict import STANDARD_ERROR


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
      label_moments: Σw²(y − label)ᵏ, k = 0 … 4. With the rest, for standard errors.
      error_moments: Σw²(y − ŷ)²(y − label)ᵏ, k = 0 … 2.
      prediction_moments: Σw²(ŷ − label)ᵏ, k = 0 … 2.
      fourth: Σw²(y − ŷ)⁴.
      absolute_twice: Σw²|y − ŷ|.
    """

    rows: float = 0.0
    weight: float = 0.0
    label: float = 0.0
    spread: float = 0.0
    squared: float = 0.0
    absolute: float = 0.0
    prediction: float = 0.0
    label_moments: tuple[float, ...] = (0.0,) * 5
    error_moments: tuple[float, ...] = (0.0,) * 3
    prediction_moments: tuple[float, ...] = (0.0,) * 3
    fourth: float = 0.0
    absolute_twice: float = 0.0


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
    centred, shifted, twice = y - mean, p - mean, w * w
    label_square, error_square = centred * centred, error * error
    return Sums(
        rows=float(len(y)),
        weight=total,
        label=mean,
        spread=float(w @ label_square),
        squared=float(w @ error_square),
        absolute=float(w @ np.abs(error)),
        prediction=float(w @ p),
        label_moments=_moments(twice, np.ones_like(y), centred, label_square, label_square * centred, label_square**2),
        error_moments=_moments(twice, error_square, error_square * centred, error_square * label_square),
        prediction_moments=_moments(twice, np.ones_like(y), shifted, shifted * shifted),
        fourth=float(twice @ (error_square * error_square)),
        absolute_twice=float(twice @ np.abs(error)),
    )


def _moments(weights: NDArray[Any], *powers: NDArray[Any]) -> tuple[float, ...]:
    return tuple(float(weights @ power) for power in powers)


def _moved(moments: tuple[float, ...], shift: float) -> tuple[float, ...]:
    """Moments about a centre that lies `shift` lower: Σ(z + shift)ᵏ from Σzᵏ, by the binomial theorem."""
    return tuple(
        sum(math.comb(k, j) * moments[j] * shift ** (k - j) for j in range(k + 1)) for k in range(len(moments))
    )


def merge(a: Sums, b: Sums) -> Sums:
    """Merges two sums without cancellation (Chan, Golub, LeVeque 1983)."""
    weight = a.weight + b.weight
    if weight == 0:
        return Sums(rows=a.rows + b.rows)
    delta = b.label - a.label
    label = a.label + delta * b.weight / weight

    def moments(of: Callable[[Sums], tuple[float, ...]]) -> tuple[float, ...]:
        return tuple(map(sum, zip(_moved(of(a), a.label - label), _moved(of(b), b.label - label), strict=True)))

    return Sums(
        rows=a.rows + b.rows,
        weight=weight,
        label=label,
        spread=a.spread + b.spread + delta * delta * a.weight * b.weight / weight,
        squared=a.squared + b.squared,
        absolute=a.absolute + b.absolute,
        prediction=a.prediction + b.prediction,
        label_moments=moments(lambda sums: sums.label_moments),
        error_moments=moments(lambda sums: sums.error_moments),
        prediction_moments=moments(lambda sums: sums.prediction_moments),
        fourth=a.fourth + b.fourth,
        absolute_twice=a.absolute_twice + b.absolute_twice,
    )


_SUMS = "_sums"  # TFMA keeps what begins with _ to itself


def _mean(total: Callable[[Sums], float]) -> Callable[[Sums], float]:
    return lambda sums: total(sums) / sums.weight if sums.weight > 0 else math.nan


def _standard_error(scatter: Callable[[Sums], float]) -> Callable[[Sums], float]:
    """Of a weighted mean Σw·q/Σw over rows drawn at random: √(n/(n − 1)·Σw²(q − mean)²)/Σw; `scatter` gives the sum.

    Source: Cochran 1977, "Sampling Techniques", §6.4 (the ratio estimator, whose denominator here is Σw).
    """

    def error(sums: Sums) -> float:
        if sums.weight <= 0 or sums.rows < 2:
            return math.nan
        return math.sqrt(sums.rows / (sums.rows - 1) * max(scatter(sums), 0.0)) / sums.weight

    return error


def _about(moments: tuple[float, ...], mean: float) -> float:
    """Σw²(q − mean)² from Σw²qᵏ, k = 0 … 2."""
    return moments[2] - 2 * mean * moments[1] + mean * mean * moments[0]


def _squared_scatter(sums: Sums) -> float:
    return _about((sums.label_moments[0], sums.error_moments[0], sums.fourth), sums.squared / sums.weight)


def _r_squared_scatter(sums: Sums) -> float:
    """Of q = (e² − (1 − R²)(y − ȳ)²)/var(y), R²'s influence function (delta method), whose mean is 0."""
    if sums.spread <= 0:
        return math.nan
    rest, variance = sums.squared / sums.spread, sums.spread / sums.weight
    scatter = sums.fourth - 2 * rest * sums.error_moments[2] + rest * rest * sums.label_moments[4]
    return scatter / variance**2


def _root_error(sums: Sums) -> float:
    root = FORMULAS["root_mean_squared_error"](sums)
    return FORMULAS["mean_squared_error" + STANDARD_ERROR](sums) / (2 * root) if root else 0.0


# R² is 1 − SSE/SST, SST about the mean of the evaluated labels: 0 is as good as predicting that mean; NaN if SST is 0.
FORMULAS: dict[str, Callable[[Sums], float]] = {
    "mean_squared_error": _mean(lambda sums: sums.squared),
    "root_mean_squared_error": lambda sums: math.sqrt(FORMULAS["mean_squared_error"](sums)),
    "mean_absolute_error": _mean(lambda sums: sums.absolute),
    "r_squared": lambda sums: 1.0 - sums.squared / sums.spread if sums.spread > 0 else math.nan,
    "mean_label": lambda sums: sums.label if sums.weight > 0 else math.nan,
    "mean_prediction": _mean(lambda sums: sums.prediction),
    "example_count": lambda sums: sums.rows,
    "mean_squared_error_standard_error": _standard_error(_squared_scatter),
    "root_mean_squared_error_standard_error": _root_error,
    "mean_absolute_error_standard_error": _standard_error(
        lambda sums: _about(
            (sums.label_moments[0], sums.absolute_twice, sums.error_moments[0]), sums.absolute / sums.weight
        )
    ),
    "r_squared_standard_error": _standard_error(_r_squared_scatter),
    "mean_label_standard_error": _standard_error(lambda sums: sums.label_moments[2]),
    "mean_prediction_standard_error": _standard_error(
        lambda sums: _about(sums.prediction_moments, sums.prediction / sums.weight - sums.label)
    ),
}


class _Combine(beam.CombineFn):
    def __init__(self, key: tfma_metrics.MetricKey, eval_config: Any, example_weighted: bool) -> None:
        self._key = key
        self._eval_config = eval_config
        self._example_weighted = example_weighted

    def create_accumulator(self) -> Sums:
        return Sums()

    def add_input(self, accumulator: Sums, element: tfma_metrics.StandardMetricInputs) -> Sums:
        for label, prediction, weight in tfma_metrics.to_label_prediction_example_weight(
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

    def extract_output(self, accumulator: Sums) -> dict[tfma_metrics.MetricKey, Sums]:
        return {self._key: accumulator}


def _computations(
    name: str,
    eval_config: Any = None,
    model_name: str = "",
    output_name: str = "",
    example_weighted: bool = False,
    **_: Any,
) -> list[Any]:
    """The sums, which TFMA computes once for all metrics that name the same ones, and the metric that is derived from them."""

    def key_of(its: str) -> tfma_metrics.MetricKey:
        return tfma_metrics.MetricKey(
            name=its, model_name=model_name, output_name=output_name, example_weighted=example_weighted
        )

    sums, key = key_of(_SUMS), key_of(name)
    return [
        tfma_metrics.MetricComputation(
            keys=[sums], preprocessors=None, combiner=_Combine(sums, eval_config, example_weighted)
        ),
        tfma_metrics.DerivedMetricComputation(keys=[key], result=lambda found: {key: FORMULAS[name](found[sums])}),
    ]


class RegressionMetric(tfma_metrics.Metric):
    """One of `FORMULAS`, by its name. An extract may hold one row, or arrays of rows (`extractors`)."""

    def __init__(self, name: str, code: str = "") -> None:
        """`code` is the fingerprint of our sources: in the EvalConfig, it shows TFX's cache that they changed."""
        del code
        super().__init__(tfma_metrics.merge_per_key_computations(_computations), name=name)


tfma_internals.register(RegressionMetric)
