"""What each feature does to the label, from the model that is served, its exact fit, and the statistics of the training split."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from components.linear_model.bases.domain import limits
from components.linear_model.design_matrix import Term
from components.linear_model.effects import columns_along, contrast_variance, difference, variance_shares
from components.linear_model.linear_fit import LinearFit
from components.linear_model.looked_up import LookedUpRows
from components.linear_model.portable import FeatureEntry, PortableModel, quantile
from components.linear_model.text_features import TEXTS
from pipeline.graph.coefficient_tables import level_order
from pipeline.graph.regression import LEVEL, Column, Regression
from pipeline.graph.report.quantiles import Quantiles
from pipeline.graph.report.sections.drives import Change, Curve, Effect, LevelEffect
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.steps.trainer import TRAINING

Array = NDArray[np.float64]

INNER = 0.8  # of the rows' values
DEVIATIONS = 1.2815515655446004  # standard deviations to either side that are as much of the normal law
COMMON = 0.9  # of the rows that the levels have together between which a change is told
POINTS, CELLS = 33, 16
MOST_LEVELS = 24  # that are told of a feature or part
_TURN = np.linspace(0.0, 1.0, POINTS)


class Effects:
    """Makes them, a feature at a time."""

    def __init__(self, model: PortableModel, exact: LinearFit, found: Regression, source: Source) -> None:
        """Takes the model, its exact fit, the table of it, and the statistics of the training split by column."""
        self._model, self._columns, self._ratios = model, found.columns, found.ratio is not None
        self._statistics = source.statistics("train")
        shares = variance_shares(exact.whole_factor, model.coefficients)
        self._shares: dict[tuple[str, str], float] = {}
        for place, term in model.design.places():
            key = term.feature, term.part.removesuffix(" sin").removesuffix(" cos") if _is_date(model, term) else ""
            self._shares[key] = self._shares.get(key, 0.0) + float(shares[place : place + term.width].sum())
        self._tests = {one.feature: one.test for one in found.tests.features} if found.tests else {}
        degrees = exact.fit.test_degrees_of_freedom
        self._reach = quantile(LEVEL, degrees if math.isfinite(degrees) else None)
        self._covariance = None if model.interval is None else model.interval.covariance
        training = source.record(TRAINING)
        self._descended = training.coefficients if training is not None and model.solver == "sgd" else None
        self._fewest = {
            name: max(FEWEST, (entry or {}).get("min_rows") or 0)
            for name, entry in source.facts.config["features"].items()
        }

    def all(self) -> list[Effect]:
        """Of every feature, in the configuration's order."""
        return [effect for entry in self._model.features for effect in self._of(entry)]

    def _of(self, entry: FeatureEntry) -> Iterator[Effect]:
        places = [(place, term) for place, term in self._model.design.places() if term.feature == entry["name"]]
        kind = entry["kind"]
        if kind == "offset":
            yield self._effect(entry, "", over="nothing")
        elif kind == "datetime":
            yield from self._of_dates(entry, places)
        elif kind == "ordered":
            yield self._of_ordered(entry)
        elif kind == "text":
            yield self._of_words(entry, places)
        elif kind in TEXTS or kind == "buckets":
            yield self._of_levels(entry, "", *places[0])
        elif kind == "product":
            yield self._by_deviation(entry, "", places[0][0], self._missing(entry, places))
        else:
            yield self._of_numbers(entry, places)

    def _effect(self, entry: FeatureEntry, part: str, **found: Any) -> Effect:
        test = self._tests.get(entry["name"])
        share = self._shares.get((entry["name"], part))
        return Effect(
            feature=entry["name"],
            part=part,
            kind=entry["kind"],
            unit=entry.get("unit"),
            share=share if share is not None and math.isfinite(share) else None,
            p=None if test is None else test.p,
            **found,
        )

    def _change(self, value: float, error: float | None) -> Change:
        """A change of η with its interval, `error` being its standard error."""
        ends = (None, None) if error is None else (value - self._reach * error, value + self._reach * error)
        ratios = [None if end is None or end > 700 or not self._ratios else math.exp(end) for end in (value, *ends)]
        return Change(
            value=value, low=ends[0], high=ends[1], ratio=ratios[0], ratio_low=ratios[1], ratio_high=ratios[2]
        )

    def _of_rows(self, row: LookedUpRows) -> Change:
        """Of one row of differences."""
        error = None if self._covariance is None else float(np.sqrt(row.variances(self._covariance)[0]))
        return self._change(float(row.dot(self._model.coefficients)[0]), error)

    def _raw(self, column: Column) -> Change | None:
        """A column's coefficient, in raw units; None where it has none of its own."""
        if column.role in ("dropped", "reference") or column.coefficient is None:
            return None
        value = column.coefficient if self._descended is None else self._descended[column.name]
        return self._change(value, column.standard_error if self._covariance is not None else None)

    def _missing(self, entry: FeatureEntry, places: Sequence[tuple[int, Term]]) -> Change | None:
        place, _ = places[-1]
        return self._raw(self._columns[place]) if entry.get("indicator") else None

    def _of_numbers(self, entry: FeatureEntry, places: Sequence[tuple[int, Term]]) -> Effect:
        """Along the inner values of a column; where these are one value, so many standard deviations about its mean."""
        [column] = entry["columns"]
        missing = self._missing(entry, places)
        quantiles = Quantiles.of(self._statistics.get(column), *limits(entry), clip=entry["outside"] == "clip")
        ends = None if quantiles is None else quantiles.inner(INNER)
        if quantiles is None or ends is None:
            return self._effect(entry, "", over="nothing", missing=missing)
        over: Literal["inner", "deviations"] = "inner" if ends[0] < ends[1] else "deviations"
        if over == "deviations":  # most rows have one value
            ends = quantiles.about_mean(DEVIATIONS)
        x = np.linspace(*ends, POINTS)
        whole = self._model.raw_columns[column].type == "int64"
        values = [round(value) for value in x.tolist()] if whole else x.tolist()
        rows = columns_along(self._model, entry["name"], column, values)
        edges = np.linspace(*ends, CELLS + 1)
        curve = self._curve([float(value) for value in values], rows, edges.tolist(), quantiles.shares(edges))
        start, end = _extremes(curve.value)
        return self._effect(
            entry,
            "",
            over=over,
            start=curve.x[start],
            end=curve.x[end],
            change=self._of_rows(difference(_row(rows, end), _row(rows, start))),
            curve=curve,
            missing=missing,
        )

    def _curve(self, x: list[float], rows: LookedUpRows, edges: list[float], shares: list[float]) -> Curve:
        value = rows.dot(self._model.coefficients)
        low = high = None
        if self._covariance is not None:
            half = self._reach * np.sqrt(rows.variances(self._covariance))
            low, high = (value - half).tolist(), (value + half).tolist()
        return Curve(x=x, value=value.tolist(), low=low, high=high, edges=edges, rows=shares)

    def _by_deviation(self, entry: FeatureEntry, part: str, place: int, missing: Change | None = None) -> Effect:
        """From so many standard deviations below a column's mean to as many above."""
        column = self._columns[place]
        own = self._raw(column)
        if own is None or not column.deviation or column.mean is None:
            return self._effect(entry, part, over="nothing", missing=missing)
        reach = DEVIATIONS * column.deviation
        error = None if column.standard_error is None or self._covariance is None else column.standard_error * 2 * reach
        return self._effect(
            entry,
            part,
            over="deviations",
            start=column.mean - reach,
            end=column.mean + reach,
            change=self._change(own.value * 2 * reach, error),
            missing=missing,
        )

    def _of_levels(self, entry: FeatureEntry, part: str, place: int, term: Term) -> Effect:
        """Of the levels that rows have; which are too few to be told of, are left out."""
        own = self._columns[place : place + term.width]
        order = level_order(own)
        there = [
            (index, column)
            for index, column in sorted(enumerate(own, place), key=lambda level: order(level[1]))
            if (column.rows or 0) >= self._fewest.get(entry["name"], FEWEST)
        ]
        levels = [
            LevelEffect(
                name=column.level or column.name,
                rows=column.rows,
                change=self._raw(column),
                reference=column.role == "reference",
            )
            for _, column in there
        ]
        common = _most_frequent(there)
        effects = {index: (self._raw(column) or Change(value=0.0)).value for index, column in common}
        told = _told(levels)
        if len(common) < 2:
            return self._effect(entry, part, over="nothing", levels=told, more_levels=len(levels) - len(told))
        start, end = min(effects, key=lambda index: effects[index]), max(effects, key=lambda index: effects[index])
        error = None
        if self._covariance is not None:
            error = math.sqrt(max(contrast_variance(self._covariance, start, end), 0.0))
        return self._effect(
            entry,
            part,
            over="levels",
            start=self._columns[start].level,
            end=self._columns[end].level,
            change=self._change(effects[end] - effects[start], error),
            levels=told,
            more_levels=len(levels) - len(told),
        )

    def _of_ordered(self, entry: FeatureEntry) -> Effect:
        """Of the levels of contrasts, against the first one."""
        [column] = entry["columns"]
        rows = columns_along(self._model, entry["name"], column, entry["levels"])
        number = _texts(self._statistics.get(column))
        value = rows.dot(self._model.coefficients)
        start, end = _extremes(value.tolist())
        levels = [
            LevelEffect(
                name=name,
                rows=number.get(name),
                change=self._of_rows(difference(_row(rows, index), _row(rows, 0))) if index else None,
                reference=not index,
            )
            for index, name in enumerate(entry["levels"])
        ]
        return self._effect(
            entry,
            "",
            over="levels",
            start=entry["levels"][start],
            end=entry["levels"][end],
            change=self._of_rows(difference(_row(rows, end), _row(rows, start))),
            levels=levels,
        )

    def _of_words(self, entry: FeatureEntry, places: Sequence[tuple[int, Term]]) -> Effect:
        """Of each word that a text may have, against a text without it."""
        levels = [
            LevelEffect(name=word, rows=None, change=self._raw(self._columns[place]), reference=False)
            for word, (place, _) in zip(entry["words"], places, strict=False)
        ]
        changes = [level.change for level in levels if level.change is not None]
        largest = max(changes, key=lambda change: abs(change.value), default=None)
        word = next((level.name for level in levels if level.change is largest and largest is not None), None)
        return self._effect(
            entry, "", over="nothing" if largest is None else "levels", end=word, change=largest, levels=levels
        )

    def _of_dates(self, entry: FeatureEntry, places: Sequence[tuple[int, Term]]) -> Iterator[Effect]:
        """A part at a time."""
        by_part = {term.part: (place, term) for place, term in places if term.part}
        for said in entry["parts"]:
            part = said["part"]
            if said["as"] == "levels":
                yield self._of_levels(entry, part, *by_part[part])
            elif said["as"] == "cyclic":
                yield self._of_circle(entry, part, [by_part[f"{part} {name}"][0] for name in ("sin", "cos")])
            else:
                yield self._by_deviation(entry, part, by_part[part][0])

    def _of_circle(self, entry: FeatureEntry, part: str, places: Sequence[int]) -> Effect:
        """Along one turn."""
        layout = self._model.layout
        numbers = np.zeros((POINTS, len(layout.places)))
        for place, along in zip(places, (np.sin(2 * np.pi * _TURN), np.cos(2 * np.pi * _TURN)), strict=True):
            numbers[:, layout.number(place)] = along - self._model.means[place]
        rows = LookedUpRows(layout.places, numbers, [])
        curve = self._curve(_TURN.tolist(), rows, [], [])
        start, end = _extremes(curve.value)
        return self._effect(
            entry,
            part,
            over="circle",
            start=curve.x[start],
            end=curve.x[end],
            change=self._of_rows(difference(_row(rows, end), _row(rows, start))),
            curve=curve,
        )


def _is_date(model: PortableModel, term: Term) -> bool:
    return any(entry["name"] == term.feature and entry["kind"] == "datetime" for entry in model.features)


def _row(rows: LookedUpRows, index: int) -> LookedUpRows:
    return LookedUpRows(rows.places, rows.numbers[index : index + 1], [])


def _extremes(values: Sequence[float]) -> tuple[int, int]:
    """Where to begin and to end: from the lower end to the upper of what rises or falls all along; else from least to greatest."""
    steps = np.diff(values)
    if (steps >= 0).all() or (steps <= 0).all():
        return 0, len(values) - 1
    return int(np.argmin(values)), int(np.argmax(values))


def _most_frequent(levels: Sequence[tuple[int, Column]]) -> list[tuple[int, Column]]:
    """The levels that have `COMMON` of the rows together, two at least, but for those without a coefficient."""
    there = [(index, column) for index, column in levels if column.role != "dropped"]
    ranked = sorted(there, key=lambda level: -(level[1].rows or 0))
    total, seen = sum(column.rows or 0 for _, column in ranked), 0
    for number, (_, column) in enumerate(ranked, 1):
        seen += column.rows or 0
        if number >= 2 and seen >= COMMON * total:
            return ranked[:number]
    return ranked


def _told(levels: list[LevelEffect]) -> list[LevelEffect]:
    """The most frequent ones, in their own order."""
    if len(levels) <= MOST_LEVELS:
        return levels
    ranked = sorted(levels, key=lambda level: (not level.reference, -(level.rows or 0)))
    kept = {id(level) for level in ranked[:MOST_LEVELS]}
    return [level for level in levels if id(level) in kept]


def _texts(statistics: Any) -> Mapping[str, int]:
    """Rows by text."""
    if statistics is None:
        return {}
    return {bucket.label: int(bucket.sample_count) for bucket in statistics.string_stats.rank_histogram.buckets}
