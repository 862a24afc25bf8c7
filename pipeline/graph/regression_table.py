"""The regression as a person reads it: tables, what they rest on, and what is to be said of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence

from rich.console import Console
from rich.markup import escape

from components.linear_model.families import Family, named
from components.values.names import shown
from pipeline.graph.bounds import bound_lines
from pipeline.graph.coefficient_tables import is_empty, print_coefficients, print_estimates, print_intervals
from pipeline.graph.errors_in_words import error_lines
from pipeline.graph.feature_table import print_tests
from pipeline.graph.figures import at_most, figure
from pipeline.graph.regression import Pool, Regression

POOLED = 0.05  # of the training rows in `(other)`, from which it is remarked upon
OVERDISPERSED = (
    1.5  # Pearson's statistic by degrees of freedom, of a family that has 1: standard errors are 1.2 times too small
)
CHANCE = 3.0  # standard deviations of that statistic: within these it is chance
SHARED_LINES = 10  # of columns that the penalty keeps
MOST_NAMED = 20  # features that are left out


def print_regression(console: Console, found: Regression, whole: bool) -> None:
    """The table that a statistician expects, and what it rests on.

    Args:
      console: where to.
      found: the regression.
      whole: whether every level is shown, those without rows among them.
    """
    family = named(found.family)
    if found.passes is None:
        _print_least_squares(console, found, family, whole)
    else:
        _print_likelihood(console, found, family, whole)
    if found.tests is not None:
        print_tests(console, found.tests)
    constraints = bound_lines(found.columns, found.constrained, found.kkt)
    for line in (*error_lines(found), *map(escape, (*selection_lines(found), *constraints))):
        console.print(line, highlight=False, soft_wrap=True)
    if found.refined:
        console.print(f"refined in {found.refined} further passes", highlight=False)
    _print_remarks(console, found, whole)


def _print_remarks(console: Console, found: Regression, whole: bool) -> None:
    """What became of columns, and what is to be looked at."""
    empty = {column.name for column in found.columns if is_empty(column)}
    for column in found.dropped:
        if whole or column.name not in empty:
            console.print(f"dropped: {escape(column.because)}", highlight=False, soft_wrap=True)
    for line in pooled_lines(found.other):
        console.print(escape(line), highlight=False, soft_wrap=True)
    for column in found.shared[:SHARED_LINES]:
        console.print(f"kept by the penalty: {escape(column.because)}", highlight=False, soft_wrap=True)
    if len(found.shared) > SHARED_LINES:
        console.print(
            f"kept by the penalty: {len(found.shared) - SHARED_LINES:,} more columns that others give", highlight=False
        )
    for line in found.leaks:
        console.print(f"[yellow]{escape(line)}[/yellow]", highlight=False, soft_wrap=True)


def _print_least_squares(console: Console, found: Regression, family: Family, whole: bool) -> None:
    console.print(f"{family.title}: {escape(found.models)} per raw unit of each column", highlight=False)
    print_coefficients(console, found, whole)
    console.print(
        f"n {found.rows:,}, degrees of freedom {found.degrees_of_freedom:,.6g}, {_figures(found, family)}, "
        f"rank {found.rank}, condition {found.condition_number:.3g}",
        highlight=False,
        soft_wrap=True,
    )
    if found.log_likelihood is not None:
        console.print(
            f"log-likelihood {figure(found.log_likelihood)}, AIC {figure(found.aic)}, BIC {figure(found.bic)}",
            highlight=False,
        )
    _print_penalty(console, found, "mean squared error")
    for line in label_lines(found):
        console.print(escape(line), highlight=False, soft_wrap=True)


def _print_likelihood(console: Console, found: Regression, family: Family, whole: bool) -> None:
    power = "" if family.power is None else f" (power {family.power:g})"
    console.print(
        f"{family.title}{power}: {escape(found.models)}, per raw unit of each column", highlight=False, soft_wrap=True
    )
    print_estimates(console, found, whole)
    print_intervals(console, found, whole)
    console.print(
        f"n {found.rows:,}, degrees of freedom {found.degrees_of_freedom:,.6g}, rank {found.rank}, "
        f"condition {found.condition_number:.3g}\n{_figures(found, family)}",
        highlight=False,
        soft_wrap=True,
    )
    for line in (*dispersion_lines(found, family), *class_lines(found)):
        console.print(line, highlight=False, soft_wrap=True)
    if found.passes is not None and found.decrement is not None:
        different = "" if found.different_rows is None else f" over {found.different_rows:,} different rows, counted"
        console.print(
            f"Newton: {found.passes} passes{different}; the next step would be at most {at_most(found.decrement)} standard errors",
            highlight=False,
            soft_wrap=True,
        )
    _print_penalty(console, found, "mean deviance")
    if found.remaining_step is not None:
        path = found.remaining_on_path
        beside = "" if path is None or path == found.remaining_step else f", {at_most(path)} at any penalty of the path"
        console.print(
            "cross-validation: the next step of any fold's fit would be at most "
            f"{at_most(found.remaining_step)} standard errors{beside}",
            highlight=False,
            soft_wrap=True,
        )


def label_lines(found: Regression) -> Iterator[str]:
    """Which figures are on the fitted scale of a transformed label, and what is answered in its units."""
    if found.answers is None:
        return
    yield f"all of this is of {found.fitted}; answered is {found.answers}"
    if found.held_out is not None:
        held_out = ", ".join(f"{name} {figure(value)}" for name, value in found.held_out.items())
        yield f"in units of {found.label}, on held-out folds: {held_out}"


def selection_lines(found: Regression) -> Iterator[str]:
    """What an elastic net left of the columns, and why there are no standard errors then."""
    selected = found.selected
    if selected is None:
        return
    left_out = selected.features_left_out
    names = ", ".join(shown(name) for name in left_out[:MOST_NAMED])
    if len(left_out) > MOST_NAMED:
        names += f" and {len(left_out) - MOST_NAMED:,} more"
    yield f"{selected.columns:,} of {selected.of:,} columns have a coefficient" + (
        f"; features left out: {names}" if left_out else "; no feature is left out"
    )
    path = f"{at_most(selected.kkt_on_path)} at any penalty of the path, in any fold"
    yield f"KKT residual: at most {at_most(selected.kkt)} of the penalty, {path}"
    yield "there are no standard errors, intervals and p: the same rows have selected the columns"


def _figures(found: Regression, family: Family) -> str:
    figures = ((words, getattr(found, name)) for words, name in family.figures)
    return ", ".join(f"{words} {figure(value)}" for words, value in figures if value is not None)


def _print_penalty(console: Console, found: Regression, error: str) -> None:
    held_out = "" if found.cv_error is None else f"; held-out {error} {found.cv_error:.6g}"
    console.print(
        f"penalty {found.penalty:.6g} ({escape(found.penalty_rule)}){held_out}", highlight=False, soft_wrap=True
    )


def dispersion_lines(found: Regression, family: Family) -> Iterator[str]:
    """What the labels' variance is beside the family's, where the labels can tell; single labels of 0 and 1 can't."""
    if family.dispersion == "estimated":
        yield f"dispersion {figure(found.dispersion)} (Pearson's statistic by the degrees of freedom), within the standard errors"
        return
    pearson = found.pearson
    if family.classes or pearson is None or found.degrees_of_freedom <= 0:
        return
    yield f"dispersion 1, as the family has it; Pearson's statistic by the degrees of freedom is {figure(pearson)}"
    if pearson > max(OVERDISPERSED, 1 + CHANCE * math.sqrt(2 / found.degrees_of_freedom)):
        factor = f"{figure(math.sqrt(pearson), 3)} times too small (the root of it)"
        if found.errors != "classical":
            yield (
                f"overdispersed: the labels vary {figure(pearson, 3)} times as much as the family says, so that the classical "
                f"standard errors are {factor}; those by which p and intervals are don't rest on the family's variance"
            )
            return
        yield (
            f"[yellow]overdispersed: the labels vary {figure(pearson, 3)} times as much as the family says, so that the standard "
            f"errors are {factor}, intervals too narrow and p too low; the coefficients stand. Take model.errors: hc3, add "
            "columns that tell the rows apart, or estimate the dispersion: model: {family: tweedie, power: 1.01} fits nearly "
            "the same means[/yellow]"
        )


def class_lines(found: Regression) -> Iterator[str]:
    """What class weights did, and from which probability on a row is of the positive class."""
    if found.classes is None:
        return
    names = [escape(name) for name in found.classes]
    if found.class_weights is not None:
        weights = ", ".join(f"{name} {figure(weight)}" for name, weight in zip(names, found.class_weights, strict=True))
        yield f"class weights: {weights}, as if a row were so many, to the standard errors too; " + (
            f"the intercept is less by {figure(found.intercept_shift)}, what they add to it: probabilities are the table's"
            if found.intercept_shift
            else "probabilities are those of a table in which the classes are as frequent as they weigh, not of this one"
        )
    if found.threshold is not None:
        yield f"threshold {figure(found.threshold)}: a row of at least this probability is {names[1]}"


def pooled_lines(pools: Sequence[Pool]) -> Iterator[str]:
    """What stands in `(other)`, a line for each feature where it is much, or where levels are too rare."""
    for pool in pools:
        often = ", ".join(f"{text} ({rows:,})" for text, rows in pool.texts)
        values = f"{pool.values:,} values" if pool.values > 1 else "one value"
        line = f"{pool.feature}: {pool.rows:,} training rows ({pool.share:.1%}) with {values} are (other)"
        if pool.share > POOLED:
            most = f", most often {often}" if often else ""
            yield f"{line}{most}. More levels: features.{pool.feature}.vocabulary, min_rows"
        else:
            yield line
