"""What a family of linear models is: everything that fits, judges, serves or shows a model asks it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:  # the configuration asks families too, and has no need of numpy
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class Link:
    """What leads from the linear predictor η = X·β to the mean of the label: μ = g⁻¹(η).

    Attributes:
      name: of g.
      inverse: μ from η, of any shape. Its second argument has the functions of arrays (`exp` and so on): numpy, or
        TensorFlow's `tf.math` for the served graph. It grows with η, so that an interval's ends go through it.
    """

    name: str
    inverse: Callable[[Any, Any], Any]


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric of the gate (`components.model_gate.metrics` computes it).

    Attributes:
      name: as configurations and reports have it.
      better: whether less or more of it is better; None for what only describes.
      cross_validated: whether the factors of held-out folds give it.
    """

    name: str
    better: Literal["less", "more"] | None = None
    cross_validated: bool = False


@dataclasses.dataclass(frozen=True)
class Served:
    """The signature by which TF Serving's clients ask for it.

    Attributes:
      signature: its name.
      method: TF Serving's.
      output: the key of the predictions.
    """

    signature: str
    method: str
    output: str


@dataclasses.dataclass(frozen=True)
class Family:
    """A family.

    Attributes:
      name: as the configuration has it.
      title: of its table: how it is fitted.
      link: g.
      variance: V(μ), [n] of [n]: a label's variance is σ²·V(μ)/w.
      valid: which labels it can have, bool [n] of [n].
      labels: the valid labels in words.
      response: what is regressed, [n] of labels [n].
      solver: the step of the fit that it needs: the triangular factors alone, without a further pass over the rows.
      loss: what gradient descent lessens: the name of Keras' class, and `loss_in_words`.
      metrics: of the gate, in the order of its tables.
      compared_by: the metric that a candidate is compared with the live model by.
      allowance: how much worse that may be whatever the relative change, from the labels' mean and variance: what 32-bit floats
        can't tell apart.
      limits: by metric `min` or `max`, where a configuration has none.
      cross_validated: its metrics of held-out folds, from the mean squared error there and the labels' variance.
      served: its signature.
      statistic: the name of coefficient by standard error in its table.
      figures: what its table says of the fit as a whole: in words, and the attribute of `pipeline.graph.regression.Regression`.
      headline: metrics that tell versions apart at a glance.
    """

    name: str
    title: str
    link: Link
    variance: Callable[[Array], Array]
    valid: Callable[[Array], NDArray[np.bool_]]
    labels: str
    response: Callable[[Array], Array]
    solver: Literal["factors"]
    loss: str
    loss_in_words: str
    metrics: tuple[Metric, ...]
    compared_by: str
    allowance: Callable[[float, float], float]
    limits: Mapping[str, Mapping[str, float]]
    cross_validated: Callable[[float, float], dict[str, float]]
    served: Served
    statistic: str
    figures: tuple[tuple[str, str], ...]
    headline: tuple[str, ...]

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Of all its metrics."""
        return tuple(metric.name for metric in self.metrics)

    @property
    def cross_validated_names(self) -> tuple[str, ...]:
        """Of those that the factors of held-out folds give."""
        return tuple(metric.name for metric in self.metrics if metric.cross_validated)
