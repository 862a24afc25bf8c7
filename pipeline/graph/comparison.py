"""Two models of one label: what moved from the one to the other. Of two runs, or of a run and the version before it.

A coefficient's change is told in standard errors: (b₂ − b₁)/√(s₁² + s₂²), which is the z of two estimates from different rows.
Estimates from rows in common are alike: the variance of their difference is s₁² + s₂² − 2·cov(b₁, b₂). Of least squares the
covariance is the smaller of the two variances, at one σ, where a table grew (the same columns of all the rows before and of
more), and where columns were added on the same rows (Hausman 1978, Specification Tests in Econometrics, Econometrica 46). So with
rows in common the figure is too small as a rule: what is above 2 has moved, and what is below may have.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Literal

from pydantic import BaseModel

from components.errors import ConfigError
from components.linear_model.families import named
from pipeline.graph.sides import Estimate, Side

MOVED = 2.0  # standard errors
_EQUAL = 1e-9  # relative, of knots
_ORTHONORMAL = 1e-6  # what the mean and deviation of an orthonormal column are apart from 0 and 1


class Moved(BaseModel):
    """A coefficient of both models.

    Attributes:
      name: the column's.
      before, before_error, after, after_error: the coefficients and their standard errors.
      change: after − before.
      in_errors: the change by √(s₁² + s₂²); None where a model has no standard errors.
    """

    name: str
    before: float
    before_error: float | None
    after: float
    after_error: float | None
    change: float
    in_errors: float | None


class Measured(BaseModel):
    """A metric of both.

    Attributes:
      name: of the metric.
      better: whether less or more of it is; None for what only describes.
      before, after: None where it is no number, or was not measured.
    """

    name: str
    better: Literal["less", "more"] | None
    before: float | None
    after: float | None


class Mean(BaseModel):
    """The mean of a column, or of the label, over the training rows of both.

    Attributes:
      name: the column's; the label's name first.
      before, after: the means.
      in_deviations: how far it moved, in standard deviations of the rows before; None where these are all equal.
    """

    name: str
    before: float
    after: float
    in_deviations: float | None


class Comparison(BaseModel):
    """From one model to another.

    Attributes:
      coefficients: of the columns of both, those that moved by most standard errors first.
      compared, moved: how many there are, and how many moved by more than `MOVED`.
      new, gone: columns with a coefficient of their own that one of them has alone.
      apart: features of both whose coefficients say different things, and why.
      errors: standard errors before and after, where they are of different kinds; empty where not.
      same_table: whether both read the same table; None where nothing says so.
      metrics: of the splits `Side.split`, where these are the same; else of the cross-validations.
      metrics_of: which of the two.
      means: those that moved by most first.
    """

    coefficients: list[Moved]
    compared: int
    moved: int
    new: list[str]
    gone: list[str]
    apart: dict[str, str]
    errors: list[str]
    same_table: bool | None
    metrics: list[Measured]
    metrics_of: str | None
    means: list[Mean]


def comparison(before: Side, after: Side) -> Comparison:
    """What moved from one model to another.

    Raises:
      ConfigError: they are of different labels, classes or families.
    """
    _check(before, after)
    apart = _apart(before, after)
    ours = {column.name: column for column in after.columns}
    theirs = {column.name: column for column in before.columns}
    both = [name for name in theirs if name in ours]
    told = [name for name in both if theirs[name].feature not in apart]
    coefficients = sorted((_moved(theirs[name], ours[name]) for name in told), key=_size, reverse=True)
    split = _measured_on(before, after)
    means = [mean for name in told if (mean := _mean(theirs[name], ours[name])) is not None]
    means.sort(key=lambda mean: abs(mean.in_deviations or 0.0), reverse=True)
    return Comparison(
        coefficients=coefficients,
        compared=len(coefficients),
        moved=sum(abs(one.in_errors or 0.0) > MOVED for one in coefficients),
        new=[name for name in ours if name not in theirs and ours[name].feature not in apart],
        gone=[name for name in theirs if name not in ours and theirs[name].feature not in apart],
        apart={feature: because for feature, because in apart.items() if feature is not None},
        errors=[] if before.errors == after.errors else [before.errors, after.errors],
        same_table=None if None in (before.table, after.table) else before.table == after.table,
        metrics=[] if split is None else _metrics(before, after, split),
        metrics_of=split,
        means=[*_label(before, after), *means],
    )


def _check(before: Side, after: Side) -> None:
    for what in ("label", "classes", "family"):
        one, other = getattr(before, what), getattr(after, what)
        if one != other and (what != "family" or _kind(one) != _kind(other)):
            raise ConfigError(
                f"{before.name} and {after.name}: expected two models of the same label, classes and family; received the {what} "
                f"{_text(one)} and {_text(other)}. What their coefficients say has nothing in common: compare the metrics that "
                "plumbline show has of each."
            )


def _kind(family: str) -> object:
    """What says what a coefficient is: family, link and transform of the label, whatever the power of the variance."""
    found = named(family)
    return found.name, found.link.name, found.transform


def _text(value: object) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _apart(before: Side, after: Side) -> dict[str | None, str]:
    """By feature of both why its coefficients say different things."""
    found: dict[str | None, str] = {}
    for feature, reference in before.references.items():
        other = after.references.get(feature)
        if other is not None and other != reference:
            found[feature] = f"its levels are compared with {other}, and were with {reference}"
    for feature, knots in before.knots.items():
        others = after.knots.get(feature)
        if others is not None and not _alike(knots, others):
            found[feature] = "its spline has other knots"
    ours = {column.name: column for column in after.columns}
    for column in before.columns:
        other_column = ours.get(column.name)
        if other_column is not None and before.table != after.table and _own(column) and _own(other_column):
            found[column.feature] = "its polynomials are made orthogonal over other rows"
    return found


def _alike(knots: list[float], others: list[float]) -> bool:
    return len(knots) == len(others) and all(
        math.isclose(one, other, rel_tol=_EQUAL) for one, other in zip(knots, others, strict=True)
    )


def _own(column: Estimate) -> bool:
    """Whether a column is made orthonormal over its own rows: one of several of a number, of mean 0 and standard deviation 1."""
    several = bool(column.part) and column.level is None
    if not several or column.mean is None or column.deviation is None:
        return False
    return abs(column.mean) < _ORTHONORMAL and abs(column.deviation - 1) < _ORTHONORMAL


def _moved(before: Estimate, after: Estimate) -> Moved:
    change = after.coefficient - before.coefficient
    error = None
    if before.standard_error is not None and after.standard_error is not None:
        error = math.hypot(before.standard_error, after.standard_error)
    return Moved(
        name=before.name,
        before=before.coefficient,
        before_error=before.standard_error,
        after=after.coefficient,
        after_error=after.standard_error,
        change=change,
        in_errors=change / error if error else None,
    )


def _size(moved: Moved) -> float:
    return -1.0 if moved.in_errors is None else abs(moved.in_errors)


def _measured_on(before: Side, after: Side) -> str | None:
    """What both have metrics of: the same split, or else the cross-validation."""
    if before.split is not None and before.split == after.split:
        return before.split
    return "cross-validation" if before.cross_validated and after.cross_validated else None


def _metrics(before: Side, after: Side, split: str) -> list[Measured]:
    pairs: tuple[Mapping[str, float | None], Mapping[str, float | None]] = (before.metrics, after.metrics)
    if split == "cross-validation":
        pairs = (before.cross_validated, after.cross_validated)
    better = {metric.name: metric.better for metric in named(after.family).metrics}
    names = [name for name in pairs[1] if name in better]
    return [
        Measured(name=name, better=better[name], before=_finite(pairs[0].get(name)), after=_finite(pairs[1][name]))
        for name in names
    ]


def _finite(value: float | None) -> float | None:
    return value if value is not None and math.isfinite(value) else None


def _label(before: Side, after: Side) -> list[Mean]:
    if before.label_mean is None or after.label_mean is None:
        return []
    return [_mean_of(before.label, before.label_mean, after.label_mean, before.label_deviation)]


def _mean(before: Estimate, after: Estimate) -> Mean | None:
    """None of the intercept, and where a run has none."""
    if before.feature is None or before.mean is None or after.mean is None:
        return None
    return _mean_of(before.name, before.mean, after.mean, before.deviation)


def _mean_of(name: str, before: float, after: float, deviation: float | None) -> Mean:
    return Mean(
        name=name, before=before, after=after, in_deviations=(after - before) / deviation if deviation else None
    )
