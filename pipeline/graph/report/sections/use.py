"""Can I use it? The verdict, its reasons, and how good the model is beside what else could be done."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import BaseModel

from components.linear_model.families import named
from components.model_gate.check import Check
from components.model_gate.measured import ROWS
from components.model_gate.verdict import LEVEL, Verdict
from components.publishing.versions import versions
from pipeline.graph.report.always_mean import AlwaysMean, always_mean
from pipeline.graph.report.findings import findings
from pipeline.graph.report.mean_error import mean_error
from pipeline.graph.report.outcome import Outcome, outcome
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.report.training_metrics import training_metrics
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION
from pipeline.graph.steps.model_gate import VERDICT
from pipeline.graph.steps.pusher import PUSHED
from pipeline.graph.steps.test_evaluation import UNSEEN_METRICS

ROUNDING = 1e-12  # of the mean label

Values = Mapping[str, float | None]


class Figure(BaseModel):
    """A metric, by the rows that it is of.

    Attributes:
      metric: its name.
      better: whether less or more of it is better; None for what only describes.
      train: of the training rows, which the model was fitted to; None where it is not known without another pass over them.
      cross_validated: of the training rows, each by a fit without its fold.
      held_out: of the eval split, with its interval's ends.
      live: the live model's, of the same rows.
      test: of the test split.
    """

    metric: str
    better: Literal["less", "more"] | None
    train: float | None
    cross_validated: float | None
    held_out: float | None
    low: float | None
    high: float | None
    live: float | None
    test: float | None


class Use(BaseModel):
    """The section.

    Attributes:
      outcome: what became of the model.
      version: that was pushed, or is it; None where it was refused.
      live: the version that answers now; None where none does, or where that is not known.
      reasons: why it was refused, a sentence each.
      checks: the limits that were looked at. Slices of fewer than `FEWEST` rows are left out.
      level: of the intervals.
      unit: of the label, where the configuration says it.
      held_out: whether rows were held out.
      rows: how many figures are of, by their column.
      opening: four metrics.
      others: the family's other ones.
      always_mean: the model beside a constant; None where that is not known.
      findings: how many are worth a look.
    """

    outcome: Outcome
    version: int | None
    live: int | None
    reasons: list[str]
    checks: list[Check]
    level: float
    unit: str | None
    held_out: bool
    rows: dict[str, int]
    opening: list[Figure]
    others: list[Figure]
    always_mean: AlwaysMean | None
    findings: int


def _read(source: Source) -> Use | None:
    verdict, fit = source.record(VERDICT), source.record(REGRESSION)
    if verdict is None or fit is None:
        return None
    family, diagnostics, pushed = named(fit.family), source.record(DIAGNOSTICS), source.record(PUSHED)
    checks = [check for check in verdict.judged if _rows(verdict, check) >= FEWEST]
    told = {check.text for check in checks}
    figures = _figures(source, verdict)
    return Use(
        outcome=outcome(source),
        version=None if pushed is None else pushed.version,
        live=_live(source),
        reasons=[text for text in verdict.reasons if text in told],
        checks=checks,
        level=LEVEL,
        unit=source.config.label.unit,
        held_out=verdict.split == "eval",
        rows=_rows_by_column(source, verdict),
        opening=[figures[name] for name in family.opening],
        others=[figure for name, figure in figures.items() if name not in family.opening],
        always_mean=always_mean(verdict, fit),
        findings=len(findings(fit, diagnostics)),
    )


def _rows(verdict: Verdict, check: Check) -> float:
    """Rows of a check's slice; of one without a slice any number."""
    of_slice = verdict.metrics.get(check.slice)
    return math.inf if check.slice == "overall" or of_slice is None else of_slice.get(ROWS) or 0.0


def _live(source: Source) -> int | None:
    found = [] if source.facts.serving is None else versions(Path(source.facts.serving))
    return found[-1] if found else None


def _figures(source: Source, verdict: Verdict) -> dict[str, Figure]:
    """All metrics of the family, and the mean error, by name."""
    fit, unseen = source.record(REGRESSION), source.record(UNSEEN_METRICS)
    family = named("gaussian" if fit is None else fit.family)
    judged, held_out = _with_error(verdict.metrics["overall"]), verdict.split == "eval"
    columns: dict[str, Values] = {
        "train": _with_error(training_metrics(source)) if held_out else judged,
        "cross_validated": verdict.cross_validated or {},
        "held_out": judged if held_out else {},
        "live": _with_error((verdict.baseline or {}).get("overall", {})) if held_out else {},
        "test": {} if unseen is None else _with_error(unseen.overall),
    }
    error = mean_error(judged, weighted=source.facts.config["weight"] is not None)
    of_error = None if error is None else (error.low, error.high)
    intervals = {**verdict.intervals["overall"], "mean_error": of_error} if held_out else {}
    better = {metric.name: metric.better for metric in family.metrics}
    found = {}
    for name in (*family.metric_names, "mean_error"):
        low, high = intervals.get(name) or (None, None)
        values = {column: of.get(name) for column, of in columns.items()}
        found[name] = Figure(metric=name, better=better.get(name), low=low, high=high, **values)
    return found


def _with_error(values: Values) -> dict[str, float | None]:
    """Metrics, and by how much the mean prediction is above the mean label: 0 for a rounding of it."""
    error, label = mean_error(values, weighted=True), values.get("mean_label") or 0.0
    if error is None:
        return {**values, "mean_error": None}
    return {**values, "mean_error": error.value if abs(error.value) > ROUNDING * abs(label) else 0.0}


def _rows_by_column(source: Source, verdict: Verdict) -> dict[str, int]:
    """How many rows the figures are of."""
    fit, unseen = source.record(REGRESSION), source.record(UNSEEN_METRICS)
    found = {"train": 0 if fit is None else fit.rows}
    if verdict.cross_validated is not None:
        found["cross_validated"] = int(verdict.cross_validated["rows"])
    if verdict.split == "eval":
        found["held_out"] = int(verdict.metrics["overall"].get(ROWS) or 0)
    if unseen is not None:
        found["test"] = int(unseen.overall.get(ROWS) or 0)
    return found


SECTION = Section("use", "Can I use it?", Use, _read)
