"""What drives it? What each feature does to the label, and how much of what the model explains it brings."""

from __future__ import annotations

from collections import Counter
from typing import Literal

from pydantic import BaseModel

from components.values.names import shown
from pipeline.graph.regression import LEVEL, Regression
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import Source
from pipeline.graph.steps.fit import REGRESSION

IN_UNITS = ", in its units"
FIRST = 24  # features that a picture has room for
CLOSE = 12  # of which a picture of their own is made


class Change(BaseModel):
    """By how much η changes from one place to another.

    Attributes:
      value: in units of η (of least squares the label's).
      low, high: ends of the interval; None where the model has no standard errors.
      ratio, ratio_low, ratio_high: exp of these, where the link makes it a ratio; None elsewhere.
    """

    value: float
    low: float | None = None
    high: float | None = None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None


class Curve(BaseModel):
    """A feature's contribution along its values, against the mean training row, in units of η.

    Attributes:
      x: values, from the lower end of what is looked at to the upper; of a part of dates that is cyclic, turns from 0 to 1.
      value, low, high: contribution, and ends of its interval (None where there are no standard errors), at each.
      edges: [m + 1], of cells of equal width over x; empty where no distribution is known.
      rows: [m], share of the training rows in each cell.
    """

    x: list[float]
    value: list[float]
    low: list[float] | None
    high: list[float] | None
    edges: list[float] = []
    rows: list[float] = []


class LevelEffect(BaseModel):
    """A level.

    Attributes:
      name: of it.
      rows: training rows that have it; None where that is not known.
      change: against the reference; None of a level that has no coefficient.
      reference: whether it is that.
    """

    name: str
    rows: int | None
    change: Change | None
    reference: bool


class Effect(BaseModel):
    """What a feature, or a part of one, does.

    Attributes:
      feature: its name.
      part: of dates, which; empty for all of the feature.
      kind: as the configuration has it.
      unit: what its numbers are counted in; None where the configuration says none.
      share: of the variance of η that it brings (`effects.variance_shares`); None where η does not vary.
      p: that all coefficients of the feature are 0; None where it is not tested.
      over: what `change` is over: the inner 80 % of the training rows' values; 1.28 standard deviations about the mean, which is
        the same of normal values, where no quantiles are known; levels, of the most frequent ones with 90 % of the rows together;
        or nothing, where the feature has no coefficient.
      start, end: the values, or levels, that `change` is from and to; of levels and bent curves those of the least and the greatest
        contribution.
      change: None where there is none.
      curve: of numbers, of the first features that have one, or levels.
      levels: the most frequent ones, of these features; `more_levels` how many are not told.
      missing: of a feature with an indicator, what a missing value does against the number that stands for it.
    """

    feature: str
    part: str
    kind: str
    unit: str | None
    share: float | None
    p: float | None
    over: Literal["inner", "deviations", "levels", "circle", "nothing"]
    start: float | str | None = None
    end: float | str | None = None
    change: Change | None = None
    curve: Curve | None = None
    levels: list[LevelEffect] = []
    more_levels: int = 0
    missing: Change | None = None

    @property
    def name(self) -> str:
        """For eyes: `date (weekday)`."""
        return f"{shown(self.feature)} ({self.part})" if self.part else shown(self.feature)

    @property
    def is_drawn(self) -> bool:
        """Whether it has figures for a picture of its own."""
        return self.curve is not None or bool(self.levels)


class Drives(BaseModel):
    """All features.

    Attributes:
      models: what η is, in words.
      axis: the same, to be written at an axis: of least squares the label, with its unit.
      ratio: what exp of a change of η is, in words: `odds ratio`; None where it is nothing.
      level: of the intervals.
      errors: what they rest on; None where there are none.
      shared: columns that several features are made of.
      features: in the order of their shares, the greatest first.
    """

    models: str
    axis: str
    ratio: str | None
    level: float
    errors: str | None
    shared: list[str]
    features: list[Effect]

    @property
    def first(self) -> list[Effect]:
        """Those that the picture of all has."""
        return [effect for effect in self.features if effect.change is not None][:FIRST]

    @property
    def close(self) -> list[Effect]:
        """Those that have a picture of their own."""
        return [effect for effect in self.features if effect.is_drawn]


def _read(source: Source) -> Drives | None:
    found, model, exact = source.record(REGRESSION), source.model, source.exact
    if found is None or model is None or exact is None:
        return None
    from pipeline.graph.report.effects import Effects

    columns = [column for entry in model.features for column in entry["columns"]]
    effects = Effects(model, exact, found, source).all()
    return Drives(
        models=found.models,
        axis=_axis(found, model.unit),
        ratio=found.ratio,
        level=LEVEL,
        shared=[shown(column) for column, number in Counter(columns).items() if number > 1],
        errors=found.errors if model.interval is not None else None,
        features=_told(sorted(effects, key=lambda effect: -(effect.share or 0.0))),
    )


def _told(effects: list[Effect]) -> list[Effect]:
    """All of them, but the figures of pictures of the first alone: a wide table has hundreds."""
    drawn = [effect for effect in effects if effect.is_drawn]
    plain = {id(effect) for effect in drawn[CLOSE:]}
    return [
        effect.model_copy(update={"curve": None, "levels": [], "more_levels": 0}) if id(effect) in plain else effect
        for effect in effects
    ]


def _axis(found: Regression, unit: str | None) -> str:
    if found.fitted is not None:
        return found.fitted
    label = found.models.removesuffix(IN_UNITS)
    return f"{label} ({unit})" if unit is not None and label != found.models else label


SECTION = Section("drives", "What drives it?", Drives, _read)
