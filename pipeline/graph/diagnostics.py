"""What one more pass over the training rows told, as a run's summary keeps it: figures as of `components.linear_model.diagnostics`.

Rows are named by file and number, and no value of a row is kept.
"""

from __future__ import annotations

import json
from typing import Any

from pydantic import BaseModel

from components.ingest.counts import Counts
from pipeline.graph.feature_tests import Joint


class Row(BaseModel):
    """A training row that stands out.

    Attributes:
      place: `trips-01.csv, row 17` (`row_identity.places`).
      leverage: h, from 0 to 1.
      residual: by its standard deviation; None of a row of leverage 1.
      without: of least squares, by the deviation estimated without the row; None otherwise.
      cooks_distance: how far all coefficients together move; None of a row of leverage 1.
      dfbetas: by coefficient, how far the row moves it, in standard errors; those that it moves most, the greatest first.
    """

    place: str
    leverage: float
    residual: float | None
    without: float | None
    cooks_distance: float | None
    dfbetas: dict[str, float | None]


class Tenth(BaseModel):
    """About a tenth of the rows, by their predictions.

    Attributes:
      low, high: the predictions between which they lie; None for no bound.
      rows, weight: of them.
      prediction, label: means.
      label_low, label_high: of the mean label's 95 % interval.
      residuals: quantiles at 5, 25, 50, 75 and 95 %: of least squares in the label's units, else Pearson's by √φ.
    """

    low: float | None
    high: float | None
    rows: int
    weight: float
    prediction: float
    label: float
    label_low: float
    label_high: float
    residuals: list[float | None]


class Quantile(BaseModel):
    """Of all standardised residuals: a share of the rows has less than `residual`; None where the residuals have no deviation."""

    share: float
    residual: float | None


class Bin(BaseModel):
    """Rows that are neighbours in a column: the column's mean, how many, mean residual y − μ and its standard error."""

    value: float
    rows: int
    residual: float
    error: float | None


class Shape(BaseModel):
    """What a column of numbers leaves in the residuals.

    Attributes:
      column: its name.
      bins: in order.
      test: that its square and cube have coefficients of 0; None where other columns give them, or with a penalty.
    """

    column: str
    bins: list[Bin]
    test: Joint | None


class Errors(BaseModel):
    """Weighted means over all rows: of y, of μ, of |y − μ| and of (y − μ)²."""

    mean_label: float
    mean_prediction: float
    mean_absolute: float
    mean_square: float


class Part(BaseModel):
    """A fold, or a slice.

    Attributes:
      name: of it.
      rows: in it; None of a fold.
      residual, spread: mean of y − μ and root of its mean square; None of a fold.
      moves: how far the coefficient that its absence moves most moves, in classical standard errors; None where there is none.
      column: that coefficient.
    """

    name: str
    rows: int | None
    residual: float | None
    spread: float | None
    moves: float | None
    column: str | None


class Diagnostics(BaseModel):
    """All figures.

    Attributes:
      rows: that were seen.
      leverage_sum, rank: equal but for rounding; with a penalty both the trace of the hat matrix.
      full: rows of leverage 1.
      influential, far, outlying: the 20 rows of the greatest Cook's distance, leverage, residual.
      tenths: by prediction.
      quantiles: of all residuals, but for those beyond which few rows lie; empty in summaries of earlier versions.
      calibration: Hosmer and Lemeshow's χ²; None of other families than binomial.
      shapes: by column of numbers.
      not_looked_at: columns of numbers beyond those.
      spread: Breusch and Pagan's χ²; None of other families than least squares.
      link: RESET, of other families the link test; F or χ² as `FeatureTests.statistic` of classical errors.
      durbin_watson: of rows in order of time; None where they have none.
      folds, slices: parts of the rows.
      not_told: sets of columns that have too many slices.
      errors: how far labels and means are apart; of a transformed label on the fitted scale.
    """

    rows: int
    leverage_sum: float
    rank: float
    full: int
    influential: list[Row]
    far: list[Row]
    outlying: list[Row]
    tenths: list[Tenth]
    quantiles: list[Quantile] = []
    calibration: Joint | None
    shapes: list[Shape]
    not_looked_at: int
    spread: Joint | None
    link: Joint | None
    durbin_watson: float | None
    folds: list[Part]
    slices: list[Part]
    not_told: list[str]
    errors: Errors | None = None


def read_diagnostics(text: str, counts: Counts) -> Diagnostics:
    """The figures that Fit wrote, with its rows named.

    Args:
      text: of `diagnostics.json`.
      counts: ExampleGen's, by which files are known.
    """
    value: dict[str, Any] = json.loads(text)
    for measure in ("influential", "far", "outlying"):
        value[measure] = _named(value[measure], counts)
    return Diagnostics.model_validate(value)


def _named(rows: list[dict[str, Any]], counts: Counts) -> list[dict[str, Any]]:
    """Rows, with their places for their identities."""
    import numpy as np

    from components.table.row_identity import places

    identities = np.array([row["row"] for row in rows], np.int64)
    return [{**row, "place": place} for row, place in zip(rows, places(identities, counts.files), strict=True)]
