"""What of a model is compared with another one's (`comparison`): from the records of its run, kept in `report.json` too."""

from __future__ import annotations

from pydantic import BaseModel

from components.errors import RunError
from pipeline.graph.regression import Regression
from pipeline.graph.step import Records
from pipeline.graph.steps.example_gen import CLEANING
from pipeline.graph.steps.fit import REGRESSION
from pipeline.graph.steps.model_gate import VERDICT
from pipeline.graph.steps.trainer import TRAINING

_ESTIMATED = (None, "bound")  # roles of columns with a coefficient of their own


class Estimate(BaseModel):
    """A column with a coefficient of its own; attributes as of `pipeline.graph.regression.Column`."""

    name: str
    feature: str | None
    part: str
    level: str | None
    coefficient: float
    standard_error: float | None
    mean: float | None
    deviation: float | None


class Side(BaseModel):
    """What is compared of a model.

    Attributes:
      name: what it is called.
      run_id: when its run began, in ISO 8601; None where nothing says so.
      family, label, classes, errors, penalty: as of its `Regression`.
      references: by feature, the name of the column that its levels are compared with.
      knots: of splines, by feature.
      columns: that have a coefficient of their own.
      table: SHA-256 of the table; None where nothing says so.
      rows: by split.
      label_mean, label_deviation: over the training rows.
      split: that the metrics are of; None where none were measured.
      metrics: of the whole split.
      cross_validated: metrics of the cross-validation.
    """

    name: str
    run_id: str | None
    family: str
    label: str
    classes: list[str] | None
    errors: str
    penalty: float
    references: dict[str, str]
    knots: dict[str, list[float]]
    columns: list[Estimate]
    table: str | None
    rows: dict[str, int]
    label_mean: float | None
    label_deviation: float | None
    split: str | None
    metrics: dict[str, float | None]
    cross_validated: dict[str, float]


def side(name: str, run_id: str | None, records: Records, fewest: int = 0) -> Side:
    """A model as it is compared.

    Args:
      name: what it is called.
      run_id: when its run began.
      records: what its steps left.
      fewest: levels of fewer training rows are left out.

    Raises:
      RunError: no model was fitted.
    """
    found = records.record(REGRESSION)
    if found is None:
        raise RunError(f"{name}: the run ended before a model was fitted. Run it again.")
    counts, verdict, training = records.record(CLEANING), records.record(VERDICT), records.record(TRAINING)
    return Side(
        name=name,
        run_id=run_id,
        family=found.family,
        label=found.label,
        classes=found.classes,
        errors=found.errors,
        penalty=found.penalty,
        references=found.references,
        knots={} if training is None else {feature: curve.knots for feature, curve in training.curves.items()},
        columns=_estimates(found, fewest),
        table=None if counts is None else counts.table.sha256,
        rows={} if counts is None else counts.splits,
        label_mean=found.label_mean,
        label_deviation=found.label_deviation,
        split=None if verdict is None else verdict.split,
        metrics={} if verdict is None else verdict.metrics["overall"],
        cross_validated={} if verdict is None else verdict.cross_validated or {},
    )


def _estimates(found: Regression, fewest: int) -> list[Estimate]:
    return [
        Estimate.model_validate(column.model_dump(include=set(Estimate.model_fields)))
        for column in found.columns
        if column.role in _ESTIMATED
        and column.coefficient is not None
        and (column.rows is None or column.rows >= fewest)
    ]
