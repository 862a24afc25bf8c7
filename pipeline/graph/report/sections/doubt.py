"""What to doubt? Findings, columns that are told apart badly, rows that carry much, curves that are left, drift."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from typing import Literal

from pydantic import BaseModel, ValidationError

from components.linear_model.families import named
from components.values.names import shown
from pipeline.graph.coefficient_tables import is_empty
from pipeline.graph.diagnostics import Bin, Diagnostics, Row
from pipeline.graph.doubts import LEAST_ROWS, bent_shapes, explained_share
from pipeline.graph.regression import Regression, Told
from pipeline.graph.report.distributions import Distribution
from pipeline.graph.report.drift import CHANCE, Drift, Side, drifts
from pipeline.graph.report.findings import findings
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.steps.example_gen import CLEANING
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION

COLLINEAR = math.sqrt(5)  # GVIF^(1/2df): a variance inflation factor of 5, of a feature of one column
WIDE = 2.0  # standard deviations of the label that the interval of a level reaches over; of a link, on its scale
COOK = 4.0  # by the rows: a row's Cook's distance from which it is told (Bollen and Jackman 1985)
LEVERAGE = 3.0  # times the mean leverage, rank by rows (Belsley, Kuh and Welsch 1980 take 2)
MOST_ROWS = 10  # that are told of a kind
MOST_COLUMNS = 20  # of a kind
ROUNDED = "rounded to 32-bit floats"  # what ingest says of lost digits


class Collinear(BaseModel):
    """A feature that others nearly give, and by how much longer its standard errors are for it: GVIF^(1/2df)."""

    feature: str
    gvif: float
    gvif_root: float


class Thin(BaseModel):
    """A level of which rows tell little: few have it, or its interval is wide."""

    column: str
    rows: int
    coefficient: float
    standard_error: float | None
    low: float | None
    high: float | None
    why: Literal["few rows", "wide interval"]


class OddRow(BaseModel):
    """A row by file and number; no value of it."""

    place: str
    leverage: float
    cooks_distance: float | None


class Bent(BaseModel):
    """What a column of numbers leaves in the residuals.

    Attributes:
      column: its name.
      share: of the residuals' variance that its square and cube explain; None where that is not known.
      p: that they have none.
      bins: mean of the column, rows, mean residual and its standard error; empty where no curve is left.
    """

    column: str
    share: float | None
    p: float | None
    bins: list[Bin]

    def ends(self, errors: float) -> list[float | None]:
        """Of each bin the mean residual, and so many standard errors more."""
        return [None if one.error is None else one.residual + errors * one.error for one in self.bins]


class Doubt(BaseModel):
    """The section.

    Attributes:
      findings: what is worth a look, the most important first.
      not_looked: why no rows were looked at; None where they were.
      dropped: columns that others give, and why, but for levels without a row; `dropped_more` are not named.
      shared: columns that the penalty keeps though others give them.
      leaks: features that may be known only once the label is.
      collinear: features of a GVIF^(1/2df) above `collinear_from`.
      thin: levels of fewer than `thin_below` rows, or whose interval is wide.
      influential: rows of the greatest Cook's distance, above `influential_from`.
      far: rows of the greatest leverage, above `far_from`.
      shapes: of columns of numbers, those that leave a curve first.
      digits: columns whose whole numbers were rounded, and in how many rows.
      drift: of eval against train; None without eval rows.
      drift_before: of train against the training rows of version `before`; None where there is none.
      chance: of a false alarm in any column.
    """

    findings: list[str]
    not_looked: str | None
    dropped: list[Told]
    dropped_more: int
    shared: list[Told]
    leaks: list[str]
    collinear: list[Collinear]
    collinear_from: float
    thin: list[Thin]
    thin_below: int
    influential: list[OddRow]
    influential_from: float | None
    far: list[OddRow]
    far_from: float | None
    shapes: list[Bent]
    digits: dict[str, int]
    drift: list[Drift] | None
    drift_before: list[Drift] | None = None
    before: int | None = None
    chance: float


def _read(source: Source) -> Doubt | None:
    fit, found = source.record(REGRESSION), source.record(DIAGNOSTICS)
    if fit is None:
        return None
    dropped, more = _dropped(fit)
    influential, far = ([], []) if found is None else _rows(found)
    before = _drift_before(source)
    return Doubt(
        findings=findings(fit, found),
        not_looked=None if found is not None else _not_looked(source),
        dropped=dropped,
        dropped_more=more,
        shared=fit.shared[:MOST_COLUMNS],
        leaks=fit.leaks,
        collinear=list(_collinear(fit)),
        collinear_from=COLLINEAR,
        thin=list(_thin(fit))[:MOST_COLUMNS],
        thin_below=LEAST_ROWS,
        influential=influential[:MOST_ROWS],
        influential_from=None if found is None else _influential_from(found),
        far=far[:MOST_ROWS],
        far_from=None if found is None else _far_from(found),
        shapes=[] if found is None else list(_shapes(found, fit)),
        digits=_digits(source),
        drift=_drift(source),
        drift_before=None if before is None else before[1],
        before=None if before is None else before[0],
        chance=CHANCE,
    )


def _not_looked(source: Source) -> str:
    if source.facts.config["model"].get("diagnostics") is False:
        return "model.diagnostics is false: no pass over the rows looked at them with the fit at hand."
    return "the levels of a feature are eliminated from the fit, which no pass over the rows goes with."


def _dropped(fit: Regression) -> tuple[list[Told], int]:
    """Columns that others give, and how many more; levels without a row are no news, and those of a few rows are not named."""
    columns = {column.name: column for column in fit.columns}
    news = [one for one in fit.dropped if not is_empty(columns[one.name])]
    told = [one for one in news if columns[one.name].level is None or (columns[one.name].rows or 0) >= FEWEST]
    return told[:MOST_COLUMNS], len(news) - len(told[:MOST_COLUMNS])


def _collinear(fit: Regression) -> Iterator[Collinear]:
    features = [] if fit.tests is None else fit.tests.features
    for one in sorted(features, key=lambda one: -(one.gvif_root or 0.0)):
        if one.gvif is not None and one.gvif_root is not None and one.gvif_root > COLLINEAR:
            yield Collinear(feature=shown(one.feature), gvif=one.gvif, gvif_root=one.gvif_root)


def _thin(fit: Regression) -> Iterator[Thin]:
    """The rarest first."""
    scale = (fit.label_deviation or math.inf) if named(fit.family).link.name == "identity" else 1.0
    levels = [column for column in fit.columns if column.level is not None and column.role is None]
    for column in sorted(levels, key=lambda column: column.rows or 0):
        rows = column.rows or 0
        wide = column.low is not None and column.high is not None and column.high - column.low > WIDE * scale
        if column.coefficient is not None and rows >= FEWEST and (wide or rows < LEAST_ROWS):
            yield Thin(
                column=column.name,
                rows=rows,
                coefficient=column.coefficient,
                standard_error=column.standard_error,
                low=column.low,
                high=column.high,
                why="few rows" if rows < LEAST_ROWS else "wide interval",
            )


def _influential_from(found: Diagnostics) -> float:
    return COOK / max(found.rows, 1)


def _far_from(found: Diagnostics) -> float:
    return LEVERAGE * found.rank / max(found.rows, 1)


def _rows(found: Diagnostics) -> tuple[list[OddRow], list[OddRow]]:
    """Rows of influence, and of leverage."""
    influential = [_odd(row) for row in found.influential if (row.cooks_distance or 0.0) > _influential_from(found)]
    return influential, [_odd(row) for row in found.far if row.leverage > _far_from(found)]


def _odd(row: Row) -> OddRow:
    return OddRow(place=row.place, leverage=row.leverage, cooks_distance=row.cooks_distance)


def _shapes(found: Diagnostics, fit: Regression) -> Iterator[Bent]:
    """Bins of a few rows are left out."""
    bent = [shape.column for _, shape, _ in bent_shapes(found, fit)]
    rank = {column: place for place, column in enumerate(bent[:MOST_COLUMNS])}
    for shape in sorted(found.shapes, key=lambda shape: rank.get(shape.column, len(rank))):
        bins = shape.bins if shape.column in rank else []
        yield Bent(
            column=shape.column,
            share=explained_share(shape.test, fit),
            p=None if shape.test is None else shape.test.p,
            bins=[one for one in bins if one.rows >= FEWEST],
        )


def _digits(source: Source) -> dict[str, int]:
    counts = source.record(CLEANING)
    rules = {} if counts is None else counts.by_rule
    return {rule.partition(": whole numbers")[0]: rows for rule, rows in rules.items() if ROUNDED in rule}


def _drift(source: Source) -> list[Drift] | None:
    """Of the eval split against the training rows."""
    both = [one for one in source.distributions if {"train", "eval"} <= one.spreads.keys()]
    return drifts([(Side(one, "eval"), Side(one, "train")) for one in both]) if both else None


def _drift_before(source: Source) -> tuple[int, list[Drift]] | None:
    """The version before, and the training rows against its, by its report."""
    found = source.before
    if found is None:
        return None
    version, text = found
    try:
        columns = [Distribution.model_validate(one) for one in json.loads(text)["learned"]["columns"]]
    except (KeyError, TypeError, ValidationError, json.JSONDecodeError):
        return None  # the section of what changed says that the report is damaged
    before = {one.column: one for one in columns if "train" in one.spreads}
    both = [one for one in source.distributions if "train" in one.spreads and one.column in before]
    pairs = [(Side(one, "train"), Side(before[one.column], "train")) for one in both]
    return version, drifts(pairs)


SECTION = Section("doubt", "What to doubt?", Doubt, _read)
