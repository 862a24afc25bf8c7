"""A label that least squares fits on another scale, g(y) = η + e, and that is answered in its own units.

g grows, so that g⁻¹(η) is the median of the label where the residuals e are as often below 0 as above it, and the ends of an
interval of g(y) become those of one of y, exactly. The mean is another number, for a logarithm a greater one. Duan's smearing
estimates it without a law of the residuals: the mean of g⁻¹(η + e) over those of the training rows, weighted as the rows are (Duan
1983, Smearing Estimate: A Nonparametric Retransformation Method, Journal of the American Statistical Association 78, 605-610). Of
the transforms here that have it, it is a formula of η and of averages over the residuals.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, Literal, get_args

from components.linear_model.families.family import Family, Link

if TYPE_CHECKING:  # the configuration asks for these too, and has no need of numpy
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

Name = Literal["log", "log1p", "sqrt", "boxcox"]
NAMES: tuple[Name, ...] = get_args(Name)


@dataclasses.dataclass(frozen=True)
class Smearing:
    """How Duan's mean is computed; both by the functions of arrays, as `Link.inverse`.

    Attributes:
      averages: how many there are.
      of_residuals: of residuals on the fitted scale, of any shape, what is averaged over the training rows, each of that shape.
      mean: of η, and of these averages.
    """

    averages: int
    of_residuals: Callable[[Any, Any], tuple[Any, ...]]
    mean: Callable[[Any, Sequence[Any], Any], Any]


@dataclasses.dataclass(frozen=True)
class LabelTransform:
    """g.

    Attributes:
      name: as the configuration has it.
      forward: g of labels, of any shape, by the functions of arrays.
      link: g⁻¹, as what leads from η to the answer.
      valid: which labels g has a finite value of, bool [n] of [n]; also once they are rounded to 32 bits.
      labels: the valid labels in words.
      smearing: None where there is no formula.
      power: λ of Box and Cox.
    """

    name: str
    forward: Callable[[Any, Any], Any]
    link: Link
    valid: Callable[[Array], NDArray[np.bool_]]
    labels: str
    smearing: Smearing | None = None
    power: float | None = None

    def of(self, family: Family, smearing: bool) -> Family:
        """Least squares of g(y).

        Args:
          family: `gaussian`.
          smearing: whether the mean is answered instead of the median.

        Raises:
          ValueError: the family is another one, or there is no formula of the mean; the text says what to do.
        """
        if family.name != "gaussian":
            raise ValueError(
                f"transform: {self.name} is for least squares (model.family: gaussian); {family.name} has a link of its own. "
                "Leave transform out, or the family"
            )
        if smearing and self.smearing is None:
            raise ValueError(
                f"mean: smearing has no formula for {self.name}. Take log, log1p or sqrt, or serve the median (leave mean out)"
            )
        return dataclasses.replace(
            family,
            link=self.link,
            links=(self.link,),
            valid=self.valid,
            labels=self.labels,
            transform=self,
            smearing=smearing,
        )


def transform_of(name: str, power: float | None = None) -> LabelTransform:
    """The transform of a name, and of λ where it is Box's and Cox's.

    Raises:
      ValueError: there is no such transform, or λ does not suit it.
    """
    if name not in NAMES:
        raise ValueError(f"unknown transform {name!r} of a label. Known: {', '.join(NAMES)}")
    if name != "boxcox":
        if power is not None:
            raise ValueError(f"lambda: is for transform: boxcox; {name} has none. Leave it out")
        return _NAMED[name]
    if power is None or not math.isfinite(power):
        raise ValueError("lambda: transform: boxcox needs it, a finite number")
    if power == 0:
        raise ValueError("lambda: 0 is the logarithm: write transform: log")
    return _box_cox(power)


_LOG = LabelTransform(
    name="log",
    forward=lambda label, functions: functions.log(label),
    link=Link("log of the label", lambda eta, functions: functions.exp(eta), "log of {label}"),
    valid=lambda label: (label > 0) & (label < math.inf),
    labels="numbers above 0",
    smearing=Smearing(
        1,
        lambda residual, functions: (functions.exp(residual),),
        lambda eta, averages, functions: functions.exp(eta) * averages[0],
    ),
)
_LOG1P = LabelTransform(
    name="log1p",
    forward=lambda label, functions: functions.log1p(label),
    link=Link(
        "log1p of the label",
        lambda eta, functions: functions.expm1(eta),
        "log of 1 + {label}",
        change=lambda answer: 1.0 + answer,
    ),
    valid=lambda label: (label > -1 + 2.0**-25) & (label < math.inf),
    labels="numbers above -1",
    smearing=Smearing(
        1,
        lambda residual, functions: (functions.exp(residual),),
        lambda eta, averages, functions: functions.exp(eta) * averages[0] - 1.0,
    ),
)
_SQRT = LabelTransform(
    name="sqrt",
    forward=lambda label, functions: functions.sqrt(label),
    link=Link(
        "square root of the label",
        # Below 0 no square root lies: the least label stands for these.
        lambda eta, functions: functions.maximum(eta, 0.0) * functions.maximum(eta, 0.0),
        "square root of {label}",
        change=lambda answer: 2.0 * answer**0.5,
    ),
    valid=lambda label: (label >= 0) & (label < math.inf),
    labels="numbers of at least 0",
    smearing=Smearing(
        2,
        lambda residual, functions: (residual, residual * residual),
        lambda eta, averages, functions: eta * eta + 2.0 * eta * averages[0] + averages[1],
    ),
)
_NAMED = {transform.name: transform for transform in (_LOG, _LOG1P, _SQRT)}


def _box_cox(power: float) -> LabelTransform:
    """(y^λ − 1)/λ (Box and Cox 1964, An Analysis of Transformations)."""
    return LabelTransform(
        name="boxcox",
        forward=lambda label, functions: functions.expm1(power * functions.log(label)) / power,
        link=Link(
            "Box-Cox of the label",
            # Beyond −1/λ there is no label: 0 stands for these, or of a λ below 0 infinity.
            lambda eta, functions: functions.exp(functions.log1p(functions.maximum(power * eta, -1.0)) / power),
            f"({{label}}^{power:g} - 1)/{power:g}",
            change=lambda answer: answer ** (1.0 - power),
        ),
        valid=_LOG.valid,
        labels=_LOG.labels,
        power=power,
    )
