"""What a family of linear models is: everything that fits, judges, serves or shows a model asks it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

if TYPE_CHECKING:  # the configuration asks families too, and has no need of numpy
    import numpy as np
    from numpy.typing import NDArray

    from components.linear_model.families.label import LabelTransform

    Array = NDArray[np.float64]


class Curves(NamedTuple):
    """What a Newton step takes of rows, [n] each, per unit of weight and with a dispersion of 1.

    Attributes:
      score: ∂ℓ/∂η of the log likelihood ℓ.
      observed: −∂²ℓ/∂η², at least 0.
      expected: the expectation of `observed` over labels: (∂μ/∂η)²/V(μ); a label's variance is φ·V(μ)/w.
    """

    score: Array
    observed: Array
    expected: Array


@dataclasses.dataclass(frozen=True)
class Link:
    """What leads from the linear predictor η = X·β to the mean of the label: μ = g⁻¹(η).

    Attributes:
      name: of g.
      inverse: μ from η, of any shape. Its second argument has the functions of arrays (exp, erfc and so on): `array_functions`
        for numpy, or TensorFlow's `tf.math` for the served graph. It grows with η, so that an interval's ends go through it.
      measure: what η is, in words, `{label}` being the label, or of classes that it is the positive one.
      ratio: what exp of a coefficient is, in words: `odds ratio`, `rate ratio`, …; None where it is nothing.
      other: of probabilities 1 − μ from η, as `inverse`, with digits of its own where μ is near 1.
      change: by how much μ changes with η, at most: of μ of at least 0, of any shape; by default as much as μ is.
    """

    name: str
    inverse: Callable[[Any, Any], Any]
    measure: str
    ratio: str | None = None
    other: Callable[[Any, Any], Any] | None = None
    change: Callable[[Any], Any] = lambda mean: mean

    def complement(self, eta: Any, functions: Any) -> Any:
        """1 − μ of η, by `other` if there is one."""
        return 1.0 - self.inverse(eta, functions) if self.other is None else self.other(eta, functions)


@dataclasses.dataclass(frozen=True)
class Metric:
    """A metric of the gate (`components.model_gate.metrics` computes it).

    Attributes:
      name: as configurations and reports have it.
      better: whether less or more of it is better; None for what only describes.
      cross_validated: whether the held-out folds of the training rows give it.
      formula: which of `components.model_gate.metrics` it is, where that has another name.
      share: whether it lies between 0 and 1, and its interval too.
    """

    name: str
    better: Literal["less", "more"] | None = None
    cross_validated: bool = False
    formula: str | None = None
    share: bool = False


@dataclasses.dataclass(frozen=True)
class Served:
    """The signature by which TF Serving's clients ask for it.

    Attributes:
      signature: its name.
      method: TF Serving's.
      outputs: the keys of its outputs: of the means alone, or of the classes' names and their probabilities.
    """

    signature: str
    method: str
    outputs: tuple[str, ...]


FAMILIES: dict[str, Family] = {}
"""By name, the families whose modules `families` imports."""


def known(family: Family) -> Family:
    """Has a family known by its name."""
    FAMILIES[family.name] = family
    return family


REGRESS = Served("regress", "tensorflow/serving/regress", ("outputs",))
CLASSIFY = Served("classify", "tensorflow/serving/classify", ("classes", "scores"))


@dataclasses.dataclass(frozen=True)
class Family:
    """A family, with its link and, where it has one, its power.

    Attributes:
      name: as the configuration has it.
      title: of its table: how it is fitted.
      links: that it can have, the usual one first.
      link: g.
      variance: V(μ), [n] of [n]: a label's variance is φ·V(μ)/w.
      valid: which labels it can have, bool [n] of [n].
      labels: the valid labels in words.
      solver: the fit that it needs: from the triangular factors alone, or Newton steps, each of which is a pass over the rows.
      curves: what a Newton step takes, of labels and η, [n] each; None for `factors`.
      margin: what each row's label says for a change of η by some direction, [n] of labels and changes, [n] each: at least 0 in all
        rows of a direction along which the likelihood grows without end; None for `factors`.
      deviance: of each row, [n] of labels and η, [n] each: twice what the log likelihood lacks of that of a perfect fit, with a
        dispersion of 1.
      unit_deviance: the same of labels and means, [n] each, whatever the link; labels may be means of valid ones.
      clipped: the means that it is computed of: what 32-bit floats round beyond is taken for the nearest of these.
      dispersion: φ: 1, or estimated from the residuals.
      constant: what the log likelihood needs of the labels besides, [n] of [n].
      log_likelihood: of all rows, from their deviance, their total weight, Σ w·constant and φ; None where it has no closed form.
      loss: what gradient descent lessens: of labels, η and the functions of arrays; and `loss_in_words`.
      metrics: of the gate, in the order of its tables.
      compared_by: the metric that a candidate is compared with the live model by.
      compared_across_by: the same where the live model is of another family: a mean square, which is least for the true means
        whatever the family.
      allowance: how much worse the first may be whatever the relative change, from the labels' mean and variance: what 32-bit
        floats can't tell apart.
      limits: by metric `min` or `max`, where a configuration has none.
      cross_validated: its metrics of held-out folds, from the mean deviance there, and that of the best constant.
      served: its signature.
      answer: what the model's answer is called: `prediction`, or `probability`.
      statistic: the name of coefficient by standard error in its table.
      figures: what its table says of the fit as a whole: in words, and the attribute of `pipeline.graph.regression.Regression`.
      headline: metrics that tell versions apart at a glance.
      opening: the four that a report opens with; `mean_error` is `mean_prediction` less `mean_label`.
      classes: whether labels are 0 and 1, two classes.
      power: p of V(μ) = μᵖ, where the configuration says it.
      of_power: the family with another one; None where there is none to be said.
      transform: what is done with labels before they are fitted, and undone in the answers by `link`; None for nothing.
      smearing: whether then the label's mean is answered, and not its median.
    """

    name: str
    title: str
    links: tuple[Link, ...]
    link: Link
    variance: Callable[[Array], Array]
    valid: Callable[[Array], NDArray[np.bool_]]
    labels: str
    solver: Literal["factors", "newton"]
    curves: Callable[[Array, Array], Curves] | None
    margin: Callable[[Array, Array], Array] | None
    deviance: Callable[[Array, Array], Array]
    unit_deviance: Callable[[Array, Array], Array]
    clipped: tuple[float, float]
    dispersion: Literal["one", "estimated"]
    constant: Callable[[Array], Array]
    log_likelihood: Callable[[float, float, float, float], float] | None
    loss: Callable[[Any, Any, Any], Any]
    loss_in_words: str
    metrics: tuple[Metric, ...]
    compared_by: str
    compared_across_by: str
    allowance: Callable[[float, float], float]
    limits: Mapping[str, Mapping[str, float]]
    cross_validated: Callable[[float, float], dict[str, float]]
    served: Served
    answer: str
    statistic: str
    figures: tuple[tuple[str, str], ...]
    headline: tuple[str, ...]
    opening: tuple[str, str, str, str]
    classes: bool = False
    power: float | None = None
    of_power: Callable[[float], Family] | None = None
    of_link: Callable[[Link], Family] | None = None
    transform: LabelTransform | None = None
    smearing: bool = False

    def __reduce__(self) -> tuple[Callable[[str], Family], tuple[str]]:
        """Travels between an engine's workers by its text, for its functions can't."""
        from components.linear_model.families import named

        return named, (self.text,)

    @property
    def text(self) -> str:
        """The family as artifacts have it, with what the configuration says of it: `families.named` reads it."""
        options = [f"power={self.power!r}"] if self.power is not None else []
        options += [f"link={self.link.name}"] if self.link != self.links[0] else []
        if self.transform is not None:
            options += [f"label={self.transform.name}"]
            options += [f"lambda={self.transform.power!r}"] if self.transform.power is not None else []
            options += ["mean=smearing"] if self.smearing else []
        return f"{self.name}({', '.join(options)})" if options else self.name

    @property
    def key(self) -> str:
        """What of the configuration says which labels are valid."""
        return f"model.family: {self.name}" if self.transform is None else f"label.transform: {self.transform.name}"

    def fitted(self, label: str) -> str:
        """What of a label is fitted, in words: of a transformed one `log of price`, of any other its name."""
        return label if self.transform is None else self.link.measure.format(label=label)

    def fitted_label(self, label: Any, functions: Any) -> Any:
        """Labels, of any shape, as they are fitted, by the functions of arrays."""
        return label if self.transform is None else self.transform.forward(label, functions)

    def answered(self, eta: Any, averages: Sequence[Any] | None, functions: Any) -> Any:
        """What is answered to η, of any shape, by the functions of arrays: the mean; of a transformed label its median, or its mean
        where there are averages over the residuals (`label.Smearing`).
        """
        if self.transform is None or self.transform.smearing is None or averages is None:
            return self.link.inverse(eta, functions)
        return self.transform.smearing.mean(eta, averages, functions)

    def answers(self, label: str) -> str | None:
        """Which number a transformed label is answered by, in words; None of any other."""
        if self.transform is None:
            return None
        if self.smearing:
            return f"the mean of {label}, by Duan's smearing over the residuals of the training rows"
        return f"the median of {label}: the inverse of what is fitted"

    @property
    def tables(self) -> bool:
        """Whether the gate keeps rows by their prediction too: where that can be compared with the label, by tenths."""
        return "calibration" in self.metric_names

    @property
    def metric_names(self) -> tuple[str, ...]:
        """Of all its metrics."""
        return tuple(metric.name for metric in self.metrics)

    @property
    def cross_validated_names(self) -> tuple[str, ...]:
        """Of those that held-out folds give."""
        return tuple(metric.name for metric in self.metrics if metric.cross_validated)
