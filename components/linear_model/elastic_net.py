"""What an elastic net may be asked for, and what it found."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Literal

Rule = Literal["least", "one_standard_error"]


@dataclasses.dataclass(frozen=True)
class ElasticNet:
    """The penalty α·(ρ·‖β‖₁ + (1 − ρ)/2·‖β‖²) beside Σ w·(y − b − xβ)²/(2·Σ w), in scikit-learn's and glmnet's units.

    Attributes:
      l1_ratio: ρ, above 0 and at most 1, which is the lasso; of several the one with the least cross-validated error is taken.
      alpha: α, above 0, or `"auto"`: by cross-validation.
      rule: which α `"auto"` takes: that of the `"least"` cross-validated error, or the greatest of which the error is within
        `"one_standard_error"` of the least.
    """

    l1_ratio: float | Sequence[float] = 0.5
    alpha: float | Literal["auto"] = "auto"
    rule: Rule = "least"

    def __post_init__(self) -> None:
        """Raises a ValueError that names what is not as the attributes say."""
        if not self.ratios or not all(0 < ratio <= 1 for ratio in self.ratios):
            raise ValueError(
                f"l1_ratio must be above 0 and at most 1, or several such numbers; received {self.l1_ratio!r}"
            )
        if self.alpha != "auto" and not 0 < self.alpha < math.inf:
            raise ValueError(f"alpha must be 'auto' or a finite number above 0; received {self.alpha!r}")
        if self.rule not in ("least", "one_standard_error"):
            raise ValueError(f"rule must be 'least' or 'one_standard_error'; received {self.rule!r}")

    @property
    def ratios(self) -> list[float]:
        """ρ, each once."""
        given = [self.l1_ratio] if isinstance(self.l1_ratio, (int, float)) else self.l1_ratio
        return [float(ratio) for ratio in dict.fromkeys(given)]

    @property
    def by_validation(self) -> bool:
        """Whether the cross-validation has something to choose."""
        return self.alpha == "auto" or len(self.ratios) > 1


@dataclasses.dataclass(frozen=True)
class Selection:
    """What an elastic net left of the columns.

    Attributes:
      l1_ratio: ρ.
      alpha: α.
      left_out: places of the columns without a coefficient, of those that it could choose from.
      kkt: how far the fit is from the conditions of the minimum, in units of αρ (`elastic_net_path.PathSolver`).
      kkt_on_path: the same, the largest of all fits of the path, those without a fold among them.
      path: by penalty `{"l1_ratio", "alpha", "columns"}`, the last how many have a coefficient; with folds `cv_error` and its
        `standard_error` too.
    """

    l1_ratio: float
    alpha: float
    left_out: list[int]
    kkt: float
    kkt_on_path: float
    path: list[dict[str, float]]
