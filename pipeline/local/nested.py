"""Two nested models of the same rows, tested by what the summaries of their runs keep. No row is read.

Least squares: F = ((RSS₀ − RSS₁)/q) / (RSS₁/df₁), 0 the model with fewer columns, 1 that with q more (Seber and Lee 2003, §4.3).
Other families: the likelihood ratio D₀ − D₁, D the deviance, of the χ² law with q degrees of freedom; where the dispersion is
estimated, F = ((D₀ − D₁)/q) / φ₁ (McCullagh and Nelder 1989, §2.3). Both are the classical tests, whatever errors the runs have.
"""

from __future__ import annotations

import math
from typing import Any

from pydantic import BaseModel

from pipeline.graph.feature_tests import Joint, joint
from pipeline.graph.regression import Column, Regression
from pipeline.local.summary import RunSummary, regression_of

EQUAL = 1e-9  # relative: rounding of sums over the same rows
MOST_NAMED = 10  # that are told


class NotNestedError(ValueError):
    """Two models that have no such test, and why: a sentence without its full stop."""


class Model(BaseModel):
    """One of the two.

    Attributes:
      name: as the command was given it.
      run_id: when its run began.
      coefficients: how many are estimated.
      degrees_of_freedom: of the residuals.
      errors: what its standard errors are: `classical`, `hc3`, … (`Regression.errors`).
      remaining: the residual sum of squares, of other families the deviance.
      log_likelihood, aic, bic: None where the likelihood has no closed form.
    """

    name: str
    run_id: str
    coefficients: int
    degrees_of_freedom: float
    errors: str
    remaining: float
    log_likelihood: float | None
    aic: float | None
    bic: float | None


class Nested(BaseModel):
    """Of two nested models.

    Attributes:
      measure: what `Model.remaining` is.
      smaller, larger: the models.
      more: names of the columns that the larger one has besides.
      statistic: `F` or `χ²`.
      residual: degrees of freedom of the residuals, by which F is tested; None of χ².
      test: that the coefficients of these are all 0.
    """

    measure: str
    smaller: Model
    larger: Model
    more: list[str]
    statistic: str
    residual: float | None
    test: Joint


def nested_test(first: tuple[str, RunSummary], second: tuple[str, RunSummary]) -> Nested:
    """Tests what the larger model has besides, whichever it is.

    Args:
      first, second: what they are called, and their summaries.

    Raises:
      NotNestedError: the models are of other families, labels or rows, have a penalty, or are not nested.
      RunError: a run has no fit.
    """
    from components.linear_model.families import named
    from components.linear_model.joint_test import joint_test, statistic_name

    pairs = [(name, summary, _fit(name, summary)) for name, summary in (first, second)]
    smaller, larger = sorted(pairs, key=lambda pair: pair[2].rank)
    few, many = smaller[2], larger[2]
    names = smaller[0], larger[0]
    _check_rows(names, few, many)
    more = _check_nested(names, few, many)
    estimated = named(many.family).dispersion == "estimated"
    residual = many.degrees_of_freedom if estimated else math.inf
    models = [_model(*pair) for pair in (smaller, larger)]
    explained = max(models[0].remaining - models[1].remaining, 0.0)
    variance = (many.dispersion or 0.0) if many.sigma is None else many.sigma**2
    return Nested(
        measure="deviance" if many.residual_sum_of_squares is None else "residual sum of squares",
        smaller=models[0],
        larger=models[1],
        more=more,
        statistic=statistic_name(residual),
        residual=residual if estimated else None,
        test=joint(joint_test(explained, variance, many.rank - few.rank, residual)),
    )


def _fit(name: str, summary: RunSummary) -> Regression:
    """A run's fit.

    Raises:
      NotNestedError: it has a penalty, or a coefficient on a bound, or lacks what is compared.
      RunError: there is none.
    """
    from components.linear_model.feature_tests import PENALISED

    found = regression_of(summary)
    if found.tests is None:
        raise NotNestedError(f"an earlier version of Plumbline made the run of {name}; run it again")
    if found.tests.because == PENALISED:
        raise NotNestedError(
            f"{name} has a penalty, {found.penalty:g} ({found.penalty_rule}), and what that leaves unexplained has no F and no "
            "likelihood ratio: set model.l2: 0 without a prior or an elastic net"
        )
    if any(column.role == "bound" for column in found.columns):
        raise NotNestedError(
            f"{name} has constraints that hold, and the error that a bound leaves has no F and no likelihood ratio: leave "
            "model.constraints out"
        )
    return found


def _model(name: str, summary: RunSummary, found: Regression) -> Model:
    remaining = found.deviance if found.residual_sum_of_squares is None else found.residual_sum_of_squares
    return Model(
        name=name,
        run_id=summary.run_id,
        coefficients=found.rank,
        degrees_of_freedom=found.degrees_of_freedom,
        errors=found.errors,
        remaining=remaining or 0.0,
        log_likelihood=found.log_likelihood,
        aic=found.aic,
        bic=found.bic,
    )


def _check_rows(names: tuple[str, str], few: Regression, many: Regression) -> None:
    """Raises a NotNestedError where the models are not of the same label, family and rows.

    Equal rows, weights and moments of the label are no proof that the rows are the same, but the columns that both have are
    compared with the label too (`_check_nested`).
    """
    figures: dict[str, tuple[Any, Any]] = {
        "family": (few.family, many.family),
        "label": (few.label, many.label),
        "classes": (few.classes, many.classes),
        "class weights": (few.class_weights, many.class_weights),
        "training rows": (few.rows, many.rows),
        "sum of the weights": (few.weight, many.weight),
        "mean of the label": (few.label_mean, many.label_mean),
        "standard deviation of the label": (few.label_deviation, many.label_deviation),
    }
    for what, (one, other) in figures.items():
        numbers = isinstance(one, float) and isinstance(other, float)
        if not (math.isclose(one, other, rel_tol=EQUAL) if numbers else one == other):
            raise NotNestedError(
                f"the {what} of {names[0]} and {names[1]} is {_text(one)} and {_text(other)}: both runs need the same table, "
                "label, rules and split"
            )


def _text(value: object) -> str:
    return f"{value:.10g}" if isinstance(value, float) else str(value)


def _check_nested(names: tuple[str, str], few: Regression, many: Regression) -> list[str]:
    """The columns that the larger model has besides.

    Raises:
      NotNestedError: the other has a column that is none of the larger one's, or not fewer coefficients.
    """
    there = {column.name: column for column in many.columns}
    own = [column for column in few.columns if column.role is None and column.standard_error is not None]
    offsets = [{column.name for column in found.columns if column.role == "offset"} for found in (few, many)]
    alone = [column.name for column in own if not _same(column, there.get(column.name))]
    alone += sorted(offsets[0] ^ offsets[1])
    if few.rank == many.rank:
        raise NotNestedError(
            f"{names[0]} and {names[1]} have {few.rank} coefficients each: one has to have more, and all of the other's"
        )
    if alone:
        more = f", and {len(alone) - MOST_NAMED:,} more" * (len(alone) > MOST_NAMED)
        raise NotNestedError(
            f"columns of {names[0]} have no like of the same values in {names[1]}: {', '.join(alone[:MOST_NAMED])}{more}"
        )
    mine = {column.name for column in own}
    return [column.name for column in many.columns if column.standard_error is not None and column.name not in mine]


def _same(column: Column, other: Column | None) -> bool:
    """Whether two columns of equal names have equal moments, with the label too: then they are the same for any fit of it."""
    if other is None or other.role == "offset":
        return False
    return (
        math.isclose(column.mean or 0.0, other.mean or 0.0, rel_tol=EQUAL, abs_tol=EQUAL * (column.deviation or 0.0))
        and math.isclose(column.deviation or 0.0, other.deviation or 0.0, rel_tol=EQUAL)
        and math.isclose(column.correlation or 0.0, other.correlation or 0.0, abs_tol=EQUAL)
    )
