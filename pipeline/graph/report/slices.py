"""Slices of the judged rows: how far off predictions are in each, and which limits are set for it."""

from __future__ import annotations

import itertools
import re
from collections.abc import Mapping, Sequence

from pydantic import BaseModel

from components.linear_model.families import Family
from components.model_gate.check import Check
from components.model_gate.measured import ROWS
from components.model_gate.verdict import Verdict
from pipeline.graph.report.mean_error import MeanError, mean_error

MOST = 25  # of a set of columns that are told, those of the most rows

Values = Mapping[str, float | None]


class Slice(BaseModel):
    """A slice.

    Attributes:
      name: its value, or values.
      rows: that are judged.
      prediction, label: means.
      error: prediction less label; None where a mean is not known.
      metric, low, high: that of `Slices.metric`, and ends of its interval.
      limits: that are set for the slice.
    """

    name: str
    rows: int
    prediction: float | None
    label: float | None
    error: MeanError | None
    metric: float | None
    low: float | None
    high: float | None
    limits: list[Check]


class Slices(BaseModel):
    """All slices by some columns.

    Attributes:
      columns: their names.
      metric: the first that is limited in these slices; without limits that by which models of the family are compared, of squared
        errors the root.
      least, greatest: its limits; None for none.
      whole: it of all judged rows.
      slices: those of the most rows first.
      few, few_rows: how many slices are too small to be told, and their rows together.
      more, more_rows: how many are left out because there are so many.
      broken: how many of the slices that are not told break a limit.
    """

    columns: list[str]
    metric: str
    least: float | None
    greatest: float | None
    whole: float | None
    slices: list[Slice]
    few: int
    few_rows: int
    more: int
    more_rows: int
    broken: int


def slices_by(verdict: Verdict, columns: Sequence[str], family: Family, least: int, *, weighted: bool) -> Slices:
    """The slices by some columns.

    Args:
      verdict: which has their metrics.
      columns: their names.
      family: of the model.
      least: rows of a slice that is told by its name.
      weighted: whether rows have weights.
    """
    told = {key: name for key in verdict.metrics if (name := value_of(key, columns)) is not None}
    rows = {key: int(verdict.metrics[key].get(ROWS) or 0) for key in told}
    order = sorted((key for key in told if rows[key] >= least), key=lambda key: (-rows[key], key))
    kept, more, few = order[:MOST], order[MOST:], [key for key in told if rows[key] < least]
    limits: dict[str, list[Check]] = {key: [] for key in told}
    for check in verdict.judged:
        if check.slice in limits:
            limits[check.slice].append(check)
    limited = next((check for checks in limits.values() for check in checks), None)
    metric = _usual(family) if limited is None or limited.metric is None else limited.metric
    return Slices(
        columns=list(columns),
        metric=metric,
        least=None if limited is None else limited.least,
        greatest=None if limited is None else limited.greatest,
        whole=verdict.metrics["overall"].get(metric),
        slices=[_slice(verdict, key, told[key], metric, limits[key], weighted) for key in kept],
        few=len(few),
        few_rows=sum(rows[key] for key in few),
        more=len(more),
        more_rows=sum(rows[key] for key in more),
        broken=sum(any(not check.kept for check in limits[key]) for key in (*few, *more)),
    )


def _usual(family: Family) -> str:
    return "root_mean_squared_error" if family.compared_by == "mean_squared_error" else family.compared_by


def _slice(verdict: Verdict, key: str, name: str, metric: str, limits: list[Check], weighted: bool) -> Slice:
    values = verdict.metrics[key]
    low, high = verdict.intervals.get(key, {}).get(metric) or (None, None)
    return Slice(
        name=name,
        rows=int(values.get(ROWS) or 0),
        prediction=values.get("mean_prediction"),
        label=values.get("mean_label"),
        error=mean_error(values, weighted=weighted),
        metric=values.get(metric),
        low=low,
        high=high,
        limits=limits,
    )


def value_of(key: str, columns: Sequence[str]) -> str | None:
    """What a slice's key says of some columns: `a=1, b=2` is `1, 2`; None where it is of other columns."""
    for names in itertools.permutations(columns):
        pattern = ", ".join(f"{re.escape(name)}=(.*)" for name in names)
        found = re.fullmatch(pattern, key, re.DOTALL)
        if found is not None:
            values = dict(zip(names, found.groups(), strict=True))
            return ", ".join(values[name] or "(empty)" for name in columns)
    return None
