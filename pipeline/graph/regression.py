"""The regression in raw units, and what it rests on, as a run's summary keeps it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Literal

from pydantic import BaseModel

from components.linear_model.families import Family, named
from components.values.names import shown
from pipeline.graph.feature_tests import FeatureTests, finite, read_tests

if TYPE_CHECKING:
    from components.linear_model.elastic_net import Selection
    from components.linear_model.inference import Dropped
    from components.linear_model.linear_fit import LinearFit

LEVEL = 0.95  # of the confidence intervals
BESIDE = ("classical", "hc3")  # what stands beside the errors that were asked for: the first that they are not
MOST_TEXTS, MOST_CHARACTERS = 3, 60  # that are shown of a pool


class Column(BaseModel):
    """A column of the design matrix.

    Attributes:
      name: as shown.
      feature: that it belongs to; None for the intercept.
      part: of that feature, which has several; empty if it has none.
      level: that it stands for; None for a number.
      rows: training rows of the level; None where it is none.
      weight: their weight; None where rows have none.
      role: why it has no coefficient of its own; an offset's is 1, and one on a bound is there;
        that of a column that an elastic net has left out is 0.
      bound: of the role `bound`, which: `min`, `max`, `fixed`, or the name of the level whose coefficient it equals.
      coefficient: in units of η (of least squares the label's) per raw unit; of a level, against the reference.
      standard_error, t, p: of the coefficient, by `Regression.errors`; None where there is none. By the normal law, t is z.
      standard_errors: of all kinds of errors that the run has; empty where it has one.
      low, high: ends of the confidence interval.
      ratio, ratio_low, ratio_high: exp of the coefficient and of the ends, where the link makes it a ratio (`Link.ratio`).
      mean, deviation, correlation: of the column over the training rows (`moments.Moments`).
      standardised: of least squares, the coefficient as of columns and label of standard deviation 1.
    """

    name: str
    feature: str | None
    level: str | None
    rows: int | None
    weight: float | None
    role: Literal["reference", "dropped", "offset", "bound", "left out"] | None
    coefficient: float | None
    standard_error: float | None
    t: float | None
    p: float | None
    low: float | None
    high: float | None
    ratio: float | None = None
    ratio_low: float | None = None
    ratio_high: float | None = None
    mean: float | None = None
    deviation: float | None = None
    correlation: float | None = None
    standardised: float | None = None
    standard_errors: dict[str, float | None] = {}
    part: str = ""
    bound: str | None = None


class Told(BaseModel):
    """A column, and why it was dropped or kept by the penalty alone."""

    name: str
    because: str


class Selected(BaseModel):
    """What an elastic net left of the columns (`components.linear_model.elastic_net.Selection`).

    Attributes:
      l1_ratio, alpha: of the penalty; the rule is the regression's.
      columns, of: how many have a coefficient, and how many it could choose from.
      features_left_out: features of which no column has one.
      kkt: how far the fit is from the conditions of the minimum, in units of the penalty on |β|.
      kkt_on_path: the largest of all fits of the path, those without a fold among them.
      path: by penalty `l1_ratio`, `alpha`, `columns`, and with folds `cv_error` and its `standard_error`.
    """

    l1_ratio: float
    alpha: float
    columns: int
    of: int
    features_left_out: list[str]
    kkt: float
    kkt_on_path: float
    path: list[dict[str, float]]


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
      family: its text (`Family.text`).
      label: its name.
      classes: the names of the negative one and the positive one; None for other families.
      class_weights, intercept_shift, threshold: of classes (`LinearFit`).
      exposure: the column that the mean is proportional to; None where there is none.
      models: what is linear in the columns, in words.
      fitted, answers: of a transformed label what is fitted, and which number it is answered by, in words; None of any other.
      held_out: of a transformed label the metrics of held-out folds, in its own units; None without folds, and of any other.
      ratio: what exp of a coefficient is, in words; None where it is nothing.
      columns: the intercept first.
      errors: what standard errors, t, p and intervals rest on: `classical`, `hc0` to `hc3`, or `cluster`.
      beside: the kind that stands beside these in tables; None where there is none.
      clusters, cluster: how many there are, and by which column; None of other errors.
      level: of the confidence intervals.
      references: by feature, the name of the column that its levels are compared with.
      rows: of the training split, of a weight above 0.
      r_squared, adjusted_r_squared, sigma: of least squares.
      residual_sum_of_squares: of least squares.
      deviance, null_deviance, deviance_explained, dispersion, pearson: of other families (`LikelihoodFit`).
      log_likelihood, aic, bic: None where the likelihood has no closed form, and of least squares with a penalty.
      tests: of each feature as a whole, and of all together.
      weight, label_mean, label_deviation: of the training rows (`moments.Moments`).
      loss: mean of the family's loss over the training rows, weighted.
      condition_number: of the scaled columns.
      dropped: columns that others give.
      shared: columns that the penalty keeps though others give them.
      leaks: features that may be known only once the label is, a line each.
      other: what is pooled.
      penalty, penalty_rule: of the ridge or the elastic net, and how it was chosen.
      selected: what an elastic net left of the columns; None without one.
      cv_error: held-out mean deviance, of least squares the mean squared error; None where there was no cross-validation.
      refined: further passes over the rows, of least squares.
      passes, decrement: of Newton's steps: how many, and how long the next would be, in standard errors.
      different_rows: how many rows were fitted, where equal ones were counted as one.
      constrained, kkt: how many coefficients have bounds, and how far the fit is from an optimum within them
        (`bounded.kkt_residual`); 0 and None without.
      remaining_step, remaining_on_path: of the cross-validation, at the penalty and at any of the path: the longest step that a
        fold's fit would still take, in standard errors.
    """

    family: str
    label: str
    classes: list[str] | None = None
    class_weights: tuple[float, float] | None = None
    intercept_shift: float = 0.0
    threshold: float | None = None
    exposure: str | None = None
    models: str
    fitted: str | None = None
    answers: str | None = None
    held_out: dict[str, float] | None = None
    ratio: str | None = None
    columns: list[Column]
    errors: str = "classical"
    beside: str | None = None
    clusters: int | None = None
    cluster: str | None = None
    level: float
    references: dict[str, str]
    rows: int
    degrees_of_freedom: float
    r_squared: float | None = None
    adjusted_r_squared: float | None = None
    sigma: float | None = None
    residual_sum_of_squares: float | None = None
    deviance: float | None = None
    null_deviance: float | None = None
    deviance_explained: float | None = None
    dispersion: float | None = None
    pearson: float | None = None
    log_likelihood: float | None = None
    aic: float | None = None
    bic: float | None = None
    tests: FeatureTests | None = None
    weight: float | None = None
    label_mean: float | None = None
    label_deviation: float | None = None
    loss: float
    rank: int
    condition_number: float
    dropped: list[Told]
    shared: list[Told]
    leaks: list[str]
    other: list[Pool]
    penalty: float
    penalty_rule: str
    selected: Selected | None = None
    cv_error: float | None
    refined: int = 0
    passes: int | None = None
    decrement: float | None = None
    different_rows: int | None = None
    remaining_step: float | None = None
    remaining_on_path: float | None = None
    constrained: int = 0
    kkt: float | None = None


def read_regression(found: LinearFit, train: Any) -> Regression:
    """The regression.

    Args:
      found: the exact fit.
      train: the training split's `DatasetFeatureStatistics`.
    """
    from components.linear_model.inference import LeastSquaresFit
    from components.linear_model.moments import moments

    raw, rows = found.raw, moments(found)
    standardised = rows.standardised(raw.coefficients) if isinstance(found.fit, LeastSquaresFit) else None
    errors, t_values, p_values = raw.standard_errors, raw.t_values, raw.p_values  # each made of all columns at once
    intervals = raw.confidence_intervals(LEVEL)
    stands_for = _stands_for(found)
    roles: dict[int, Any] = dict.fromkeys(found.design.offsets, "offset")
    roles |= dict.fromkeys((column.column for column in raw.dropped), "dropped")
    roles |= dict.fromkeys(found.references.values(), "reference")
    bounds = _bounds(found)
    roles |= dict.fromkeys(bounds, "bound")
    selected = _selected(found)
    if selected is not None:
        roles |= dict.fromkeys(selected.left_out, "left out")
    family = named(found.family)
    ratios = family.link.ratio is not None
    exposure = next((term.feature for term in found.design.terms if term.log), None)

    def has_ratio(index: int) -> bool:
        return index > 0 and (index not in roles or index in bounds)

    columns = [
        Column(
            name=name,
            **stands_for[index],
            role=roles.get(index),
            coefficient=finite(raw.coefficients[index]),
            standard_error=finite(errors[index]),
            t=finite(t_values[index]),
            p=finite(p_values[index]),
            low=finite(intervals[index, 0]),
            high=finite(intervals[index, 1]),
            mean=finite(rows.mean[index]),
            deviation=finite(rows.deviation[index]),
            correlation=finite(rows.correlation[index]),
            standardised=None if standardised is None or not index or index in roles else finite(standardised[index]),
            bound=bounds.get(index),
            standard_errors={} if index in roles else {kind: of[index] for kind, of in found.standard_errors.items()},
            **(_ratio(raw.coefficients[index], intervals[index]) if ratios and has_ratio(index) else {}),
        )
        for index, name in enumerate(raw.names)
    ]
    return Regression(
        family=found.family,
        label=found.label,
        classes=found.classes,
        class_weights=found.class_weights,
        intercept_shift=found.intercept_shift,
        threshold=found.threshold,
        exposure=exposure,
        models=_models(family, found.label, found.classes, exposure),
        **_of_the_label(found, family),
        ratio=family.link.ratio,
        columns=columns,
        errors=raw.errors,
        beside=next((kind for kind in BESIDE if kind in found.standard_errors and kind != raw.errors), None),
        clusters=raw.clusters,
        cluster=found.cluster,
        level=LEVEL,
        references={feature: raw.names[place] for feature, place in found.references.items()},
        rows=raw.rows,
        degrees_of_freedom=raw.degrees_of_freedom,
        **_of_the_fit(found),
        tests=read_tests(found),
        weight=rows.weight,
        label_mean=rows.label_mean,
        label_deviation=rows.label_deviation,
        rank=raw.rank,
        condition_number=raw.condition_number,
        dropped=[_told(raw.names, column) for column in raw.dropped],
        shared=[_told(raw.names, column) for column in raw.shared],
        leaks=found.leaks,
        other=_pools(found, train),
        penalty=raw.penalty,
        penalty_rule=raw.penalty_rule,
        selected=None if selected is None else _read_selected(selected, found, columns),
        cv_error=raw.cv_error,
        constrained=0 if raw.bounds is None else raw.bounds.constrained,
        kkt=None if raw.bounds is None else raw.bounds.kkt,
    )


def _bounds(found: LinearFit) -> dict[int, str]:
    """By place of a coefficient on a bound, which one: of a level, the name of that whose coefficient it equals."""
    fit = found.fit
    if fit.bounds is None:
        return {}
    equal = {held.column: held.like for held in fit.bounds.held}
    for place, term in found.design.places():
        for column in range(place, place + len(term.levels)):
            if column in equal and equal[column] is None and fit.coefficients[column] == 0:
                equal[column] = found.references[term.key]
    names = {column: None if like is None else fit.names[like] for column, like in equal.items()}
    return {held.column: names[held.column] or held.side for held in fit.bounds.held}


def _of_the_fit(found: LinearFit) -> dict[str, Any]:
    """What only fits of one kind have."""
    from components.linear_model.inference import LeastSquaresFit

    fit = found.fit
    if isinstance(fit, LeastSquaresFit):
        names = ["r_squared", "adjusted_r_squared", "sigma", "residual_sum_of_squares"]
        more: dict[str, Any] = {"loss": fit.residual_sum_of_squares / found.total_weight, "refined": fit.refined}
    else:
        names = ["deviance", "null_deviance", "deviance_explained", "dispersion", "pearson"]
        names += ["decrement", "remaining_step", "remaining_on_path"]
        more = {"loss": fit.loss, "passes": fit.passes, "different_rows": fit.different_rows}
    names += ["log_likelihood", "aic", "bic"]
    return {**more, **{name: finite(getattr(fit, name)) for name in names}}


def _selected(found: LinearFit) -> Selection | None:
    from components.linear_model.inference import LeastSquaresFit

    return found.fit.selection if isinstance(found.fit, LeastSquaresFit) else None


def _read_selected(selected: Selection, found: LinearFit, columns: list[Column]) -> Selected:
    there = {column.feature for column in columns if column.role is None}
    left_out = {column.feature for column in columns if column.role == "left out"} - there
    count = sum(column.role is None for column in columns) - 1
    return Selected(
        l1_ratio=selected.l1_ratio,
        alpha=selected.alpha,
        columns=count,
        of=count + len(selected.left_out),
        features_left_out=[feature for feature in found.design.by_feature() if feature in left_out],
        kkt=selected.kkt,
        kkt_on_path=selected.kkt_on_path,
        path=selected.path,
    )


def _of_the_label(found: LinearFit, family: Family) -> dict[str, Any]:
    """What only a transformed label has."""
    if family.transform is None or found.in_units is None:
        return {}
    held_out = found.in_units.held_out
    if held_out is not None and not math.isfinite(held_out[0]):
        held_out = None
    return {
        "fitted": family.fitted(found.label),
        "answers": family.answers(found.label),
        "held_out": None if held_out is None else family.cross_validated(*held_out),
    }


def _models(family: Family, label: str, classes: list[str] | None, exposure: str | None) -> str:
    """What η is, in words: `log odds of tip = yes`, `log of the mean of visits per unit of nights`."""
    of = label if classes is None else f"{label} = {classes[1]}"
    return family.link.measure.format(label=of) + ("" if exposure is None else f" per unit of {exposure}")


def _ratio(coefficient: float, interval: Any) -> dict[str, Any]:
    """exp of a coefficient and of its interval's ends."""
    found = {"ratio": coefficient, "ratio_low": interval[0], "ratio_high": interval[1]}
    return {name: finite(math.exp(value)) if value < 700 else None for name, value in found.items()}


def _stands_for(found: LinearFit) -> list[dict[str, Any]]:
    """Of each column its feature, part and level; of a level how many rows have it, and their weight where there are weights."""
    nothing: dict[str, Any] = {"feature": None, "level": None, "rows": None, "weight": None}
    entries = [nothing]
    weights = found.column_weights.tolist()
    for place, term in found.design.places():
        if not term.levels:
            entries.append({**nothing, "feature": term.feature, "part": term.part})
        for index, level in enumerate(term.levels, place):
            weight = None if found.weight is None else finite(weights[index])
            entries.append(
                {
                    "feature": term.feature,
                    "part": term.part,
                    "level": level.name,
                    "rows": found.present[index],
                    "weight": weight,
                }
            )
    return entries


def _pools(found: LinearFit, train: Any) -> list[Pool]:
    pools = []
    strings = {feature.path.step[0]: feature.string_stats for feature in train.features}
    for place, term in found.design.places():
        other = term.place("other")
        rows = 0 if other is None else found.present[place + other]
        is_joint = any(isinstance(level.text, tuple) for level in term.levels)  # no column has such texts
        if not rows or is_joint or term.feature not in strings:
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
