"""training.json: what the Trainer did, beside TensorBoard's logs in its `ModelRun`."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, Field

from components.json_file import JsonFile

TRAINING_FILE = "training.json"
WAY_OUT = "Run the step again: plumbline run CONFIG --from Trainer."


class LossPoint(BaseModel):
    """The loss on the training rows after some steps of gradient descent."""

    step: int
    loss: float


class FromExact(BaseModel):
    """How far gradient descent's coefficients are from the exact fit's, in its standard errors (`distance.Distance`)."""

    length: float
    largest: float
    column: str


class Curve(BaseModel):
    """A spline at its knots.

    Attributes:
      knots: in the column's units, increasing.
      values: what the spline adds to η there, against the first knot.
    """

    knots: list[float]
    values: list[float]


class Training(JsonFile):
    """The weights of the Keras graph, and how they came about.

    Attributes:
      label: its name.
      solver: `exact` or `sgd`.
      rows: by split, how many were fitted.
      intercept: in raw units, against the reference levels.
      coefficients: the same by column.
      curves: of the splines, by feature.
      loss: in words.
      loss_trace: of gradient descent; empty for the exact fit.
      from_exact: of gradient descent; None where the exact fit has no standard errors.
    """

    format: Literal[2] = 2
    label: str
    solver: str
    rows: dict[str, int]
    intercept: float
    coefficients: dict[str, float]
    curves: dict[str, Curve] = Field(default={})
    loss: str
    loss_trace: list[LossPoint]
    from_exact: FromExact | None = None
