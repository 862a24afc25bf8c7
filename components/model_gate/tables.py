"""What a verdict shows beside the metrics: the confusion matrix, and how predictions and labels agree by tenths."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict


class Tenth(BaseModel):
    """A tenth of the rows, by their weight and from the lowest predictions up.

    Attributes:
      rows: their number.
      mean_prediction, mean_label: weighted.
    """

    model_config = ConfigDict(frozen=True)
    rows: int
    mean_prediction: float
    mean_label: float


class Confusion(BaseModel):
    """Labels by predicted classes, in rows, or in weight where rows have one.

    Attributes:
      threshold: the probability from which on a row is of the positive class.
      classes: names of the negative class and the positive one.
      true_positive, false_positive, false_negative, true_negative: the sums.
    """

    model_config = ConfigDict(frozen=True)
    threshold: float | None = None
    classes: list[str] | None = None
    true_positive: float
    false_positive: float
    false_negative: float
    true_negative: float


class Tables(BaseModel):
    """Of a model on the evaluated rows.

    Attributes:
      tenths: from the lowest predictions up; rows that are predicted the same stay together, so there may be fewer.
      confusion: of a family of classes.
      brackets: by metric how far it may be off as it was computed from bins; 0 where each bin is one prediction.
    """

    model_config = ConfigDict(frozen=True)
    tenths: list[Tenth]
    confusion: Confusion | None = None
    brackets: dict[str, float | None] = {}
