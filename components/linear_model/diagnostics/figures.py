"""What the pass tells, as plain figures: in raw units, by names."""

from __future__ import annotations

import dataclasses

from components.linear_model.joint_test import JointTest

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)
ALL_SHARES = (0.001, 0.005, 0.01, 0.02, *(part / 20 for part in range(1, 20)), 0.98, 0.99, 0.995, 0.999)
LEAST_BEYOND = 5  # rows that lie beyond a quantile that is told of all residuals
LEVEL = 0.95


@dataclasses.dataclass(frozen=True)
class Row:
    """A training row that stands out.

    Attributes:
      row: its identity (`components.table.row_identity`).
      leverage: h.
      residual: by its standard deviation √(φ(1 − h)/w·V(μ)); None of a row of leverage 1, which has none.
      without: of least squares the same by the deviation that is estimated without the row (externally studentised).
      cooks_distance: as `largest` says; None as `residual`.
      dfbetas: by coefficient, in standard errors of the fit without the row, in raw units; those that it moves most.
    """

    row: int
    leverage: float
    residual: float | None
    without: float | None
    cooks_distance: float | None
    dfbetas: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Tenth:
    """About a tenth of the rows, by their predictions.

    Attributes:
      low, high: the predictions between which they lie.
      rows, weight: of them.
      prediction, label: means over them, weighted.
      label_low, label_high: of an interval of the mean label at `LEVEL`: of classes Wilson's, else by the residuals' spread.
      residuals: quantiles at `SHARES`, to a hundredth of a standard deviation about the median, farther out to 1.5 %: of least
        squares y − μ in the label's units, else Pearson's by √φ.
    """

    low: float
    high: float
    rows: int
    weight: float
    prediction: float
    label: float
    label_low: float
    label_high: float
    residuals: list[float]


@dataclasses.dataclass(frozen=True)
class Quantile:
    """Of all standardised residuals, r by √(φ(1 − h)/w·V(μ)): a share of the rows has less than `residual`.

    Told to a hundredth of a standard deviation about 0, farther out to 1.5 %.
    """

    share: float
    residual: float


@dataclasses.dataclass(frozen=True)
class Bin:
    """Rows that are neighbours in a column.

    Attributes:
      value: mean of the column, raw units.
      rows: how many.
      residual: mean of y − μ, weighted; of a model that fits there it is 0 but for chance.
      error: its standard error, by the residuals in the bin.
    """

    value: float
    rows: int
    residual: float
    error: float


@dataclasses.dataclass(frozen=True)
class Shape:
    """What a column of numbers leaves in the residuals.

    Attributes:
      column: its name.
      bins: in order.
      test: that its square and its cube have coefficients of 0; None where other columns give them.
    """

    column: str
    bins: list[Bin]
    test: JointTest | None


@dataclasses.dataclass(frozen=True)
class Part:
    """What a fold, or a slice, has.

    Attributes:
      name: of it.
      rows: in it.
      residual: mean of y − μ; None of a fold.
      spread: root of the mean square of y − μ; None of a fold.
      moves: how far its absence moves the coefficient that it moves most, in standard errors of the fit with it; of families other
        than least squares' by one weighted step for slices. Coefficients that it alone determines, its own level's say, are not
        among them; None where there is no other.
      column: that coefficient.
    """

    name: str
    rows: int | None
    residual: float | None
    spread: float | None
    moves: float | None
    column: str | None


@dataclasses.dataclass(frozen=True)
class Errors:
    """Weighted means over all rows: of y, of μ, of |y − μ| and of (y − μ)²; of a transformed label on the fitted scale."""

    mean_label: float
    mean_prediction: float
    mean_absolute: float
    mean_square: float


@dataclasses.dataclass(frozen=True)
class Diagnosis:
    """All figures.

    Attributes:
      rows: that were seen, of a weight above 0.
      leverage_sum: of the hat matrix: the rank, with a penalty its trace.
      rank: what that is by the factor.
      full: rows of leverage 1.
      influential, far, outlying: rows of the greatest Cook's distance, leverage, residual.
      tenths: by prediction.
      quantiles: of all residuals, at those of `ALL_SHARES` beyond which at least `LEAST_BEYOND` rows lie.
      calibration: of classes Hosmer and Lemeshow's test over these groups (1980), χ² with two degrees of freedom less.
      shapes: by column of numbers.
      not_looked_at: columns of numbers beyond those.
      spread: Breusch and Pagan's test; None of families other than least squares'.
      link: RESET, or of other families the link test.
      durbin_watson: of the rows in the order of time; None where they have none.
      folds, slices: parts of the rows.
      not_told: sets of columns that have too many slices.
      errors: how far labels and means are apart.
    """

    rows: int
    leverage_sum: float
    rank: float
    full: int
    influential: list[Row]
    far: list[Row]
    outlying: list[Row]
    tenths: list[Tenth]
    quantiles: list[Quantile]
    calibration: JointTest | None
    shapes: list[Shape]
    not_looked_at: int
    spread: JointTest | None
    link: JointTest | None
    durbin_watson: float | None
    folds: list[Part]
    slices: list[Part]
    not_told: list[str]
    errors: Errors
