"""The regression in raw units, and what it rests on, as a run's summary keeps it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from components.values.names import shown

if TYPE_CHECKING:
    from components.linear_model.inference import Dropped
    from components.linear_model.linear_fit import LinearFit

LEVEL = 0.95  # of the confidence intervals
MOST_TEXTS, MOST_CHARACTERS = 3, 60  # that are shown of a pool


class Column(BaseModel):
    """A column of the design matrix.

    Attributes:
      name: as shown.
      feature: that it belongs to; None for the intercept.
      level: that it stands for; None for a number.
      rows: training rows of the level; None where it is none.
      weight: their weight; None where rows have none.
      role: why it has no coefficient of its own.
      coefficient: in the label's units per raw unit; of a level, against the reference.
      standard_error, t, p: of the coefficient; None where there is none.
      low, high: ends of the confidence interval.
    """

    name: str
    feature: str | None
    level: str | None
    rows: int | None
    weight: float | None
    role: Literal["reference", "dropped"] | None
    coefficient: float | None
    standard_error: float | None
    t: float | None
    p: float | None
    low: float | None
    high: float | None


class Told(BaseModel):
    """A column, and why it was dropped or kept by the penalty alone."""

    name: str
    because: str


class Pool(BaseModel):
    """What stands in `(other)` of a feature that has training rows there.

    Attributes:
      feature: its name.
      rows: training rows.
      share: of all training rows.
      values: how many texts they have.
      texts: the most frequent of these, with their rows.
      rarest: the fewest rows that a level has; None without any.
    """

    feature: str
    rows: int
    share: float
    values: int
    texts: list[tuple[str, int]]
    rarest: int | None


class Regression(BaseModel):
    """The table, in raw units.

    Attributes:
      family: its name.
      label: its name.
      columns: the intercept first.
      level: of the confidence intervals.
      references: by feature, the name of the column that its levels are compared with.
      rows: of the training split, of a weight above 0.
      mean_squared_error: of the training rows, weighted.
      condition_number: of the scaled columns.
      dropped: columns that others give.
      shared: columns that the penalty keeps though others give them.
      leaks: features that may be known only once the label is, a line each.
      other: what is pooled.
      penalty, penalty_rule: of the ridge, and how it was chosen.
      cv_error: held-out mean squared error; None where there was no cross-validation.
      refined: further passes over the rows.
    """

    family: str
    label: str
    columns: list[Column]
    level: float
    references: dict[str, str]
    rows: int
    degrees_of_freedom: float
    r_squared: float | None
    adjusted_r_squared: float | None
    sigma: float | None
    mean_squared_error: float
    rank: int
    condition_number: float
    dropped: list[Told]
    shared: list[Told]
    leaks: list[str]
    other: list[Pool]
    penalty: float
    penalty_rule: str
    cv_error: float | None
    refined: int


def read_regression(found: LinearFit, train: Any) -> Regression:
    """The regression.

    Args:
      found: the exact fit.
      train: the training split's `DatasetFeatureStatistics`.
    """
    raw = found.raw
    intervals = raw.confidence_intervals(LEVEL)
    stands_for = _stands_for(found)
    dropped = {column.column for column in raw.dropped}
    references = set(found.references.values())
    columns = [
        Column(
            name=name,
            **stands_for[index],
            role="reference" if index in references else "dropped" if index in dropped else None,
            coefficient=_finite(raw.coefficients[index]),
            standard_error=_finite(raw.standard_errors[index]),
            t=_finite(raw.t_values[index]),
            p=_finite(raw.p_values[index]),
            low=_finite(intervals[index, 0]),
            high=_finite(intervals[index, 1]),
        )
        for index, name in enumerate(raw.names)
    ]
    return Regression(
        family=found.family,
        label=found.label,
        columns=columns,
        level=LEVEL,
        references={feature: raw.names[place] for feature, place in found.references.items()},
        rows=raw.rows,
        degrees_of_freedom=raw.degrees_of_freedom,
        r_squared=_finite(raw.r_squared),
        adjusted_r_squared=_finite(raw.adjusted_r_squared),
        sigma=_finite(raw.sigma),
        mean_squared_error=raw.residual_sum_of_squares / found.total_weight,
        rank=raw.rank,
        condition_number=raw.condition_number,
        dropped=[_told(raw.names, column) for column in raw.dropped],
        shared=[_told(raw.names, column) for column in raw.shared],
        leaks=found.leaks,
        other=_pools(found, train),
        penalty=raw.penalty,
        penalty_rule=raw.penalty_rule,
        cv_error=raw.cv_error,
        refined=raw.refined,
    )


def _stands_for(found: LinearFit) -> list[dict[str, Any]]:
    """Of each column its feature and level; of a level how many rows have it, and their weight where there are weights."""
    nothing: dict[str, Any] = {"feature": None, "level": None, "rows": None, "weight": None}
    entries = [nothing]
    weights = found.column_weights.tolist()
    for place, term in found.design.places():
        if not term.levels:
            entries.append({**nothing, "feature": term.feature})
        for index, level in enumerate(term.levels, place):
            weight = None if found.weight is None else _finite(weights[index])
            entries.append(
                {"feature": term.feature, "level": level.name, "rows": found.present[index], "weight": weight}
            )
    return entries


def _pools(found: LinearFit, train: Any) -> list[Pool]:
    pools = []
    strings = {feature.path.step[0]: feature.string_stats for feature in train.features}
    for place, term in found.design.places():
        other = term.place("other")
        rows = 0 if other is None else found.present[place + other]
        if not rows or term.feature not in strings:
            continue
        levels = {level.text for level in term.levels}
        ranked = [
            (bucket.label, int(bucket.sample_count))
            for bucket in strings[term.feature].rank_histogram.buckets
            if bucket.label not in levels
        ]
        counts = [found.present[place + index] for index, level in enumerate(term.levels) if level.special is None]
        pools.append(
            Pool(
                feature=term.feature,
                rows=rows,
                share=rows / max(found.fit.rows, 1),
                values=int(strings[term.feature].unique) - sum(count > 0 for count in counts),
                texts=[(shown(text[:MOST_CHARACTERS]), count) for text, count in ranked[:MOST_TEXTS]],
                rarest=min((count for count in counts if count), default=None),
            )
        )
    return pools


def _told(names: list[str], column: Dropped) -> Told:
    return Told(name=names[column.column], because=column.because)


def _finite(value: float | None) -> float | None:
    """None for what JSON has no number for."""
    return None if value is None or not math.isfinite(value) else float(value)
