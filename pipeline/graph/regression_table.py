"""The regression as a person reads it: what is empty is left out, levels stand in their order, many are folded.

The table of least squares is one. That of other families is two, for there are more figures than a terminal of 80 columns holds:
estimates, then intervals, with the ratios where exp of a coefficient is one.
"""

from __future__ import annotations

import calendar
import itertools
import math
import shutil
from collections.abc import Callable, Iterator, Mapping, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.linear_model.families import Family, named
from pipeline.graph.feature_table import print_tests
from pipeline.graph.figures import figure
from pipeline.graph.regression import Column, Pool, Regression

MOST_LEVELS = 30  # of a feature that are shown
SHOWN_LEVELS = 10  # of one with more
POOLED = 0.05  # of the training rows in `(other)`, from which it is remarked upon
DIGITS = {"coefficient": 6, "standard_error": 4, "t": 4, "p": 3, "low": 6, "high": 6}
ESTIMATES = ("coefficient", "standard_error", "t", "p")
RATIO_DIGITS = 4
OVERDISPERSED = (
    1.5  # Pearson's statistic by degrees of freedom, of a family that has 1: standard errors are 1.2 times too small
)
CHANCE = 3.0  # standard deviations of that statistic: within these it is chance
SHARED_LINES = 10  # of columns that the penalty keeps
LONGEST_NAME = 80  # of a longer one the beginning stands in the table; JSON has all of it
_SPECIAL = ("(other)", "(missing)")
_NAMES = [
    [name.lower() for name in names]
    for names in (calendar.month_name[1:], calendar.month_abbr[1:], calendar.day_name, calendar.day_abbr)
]


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
    if found.penalty:
        console.print(
            "  the standard errors, intervals and p leave the bias of the penalty out of account", highlight=False
        )
    if found.refined:
        console.print(f"refined in {found.refined} further passes", highlight=False)
    empty = {column.name for column in found.columns if _is_empty(column)}
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
    print_coefficients(console, found.columns, found.level, family.statistic, whole)
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
    print_estimates(console, found.columns, family.statistic, whole)
    print_intervals(console, found.columns, found.level, found.ratio, whole)
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
            f"Newton: {found.passes} passes{different}; the next step would be at most {_at_most(found.decrement)} standard errors",
            highlight=False,
            soft_wrap=True,
        )
    _print_penalty(console, found, "mean deviance")
    if found.remaining_step is not None:
        path = found.remaining_on_path
        beside = (
            "" if path is None or path == found.remaining_step else f", {_at_most(path)} at any penalty of the path"
        )
        console.print(
            "cross-validation: the next step of any fold's fit would be at most "
            f"{_at_most(found.remaining_step)} standard errors{beside}",
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


def _figures(found: Regression, family: Family) -> str:
    figures = ((words, getattr(found, name)) for words, name in family.figures)
    return ", ".join(f"{words} {figure(value)}" for words, value in figures if value is not None)


def _print_penalty(console: Console, found: Regression, error: str) -> None:
    held_out = "" if found.cv_error is None else f"; held-out {error} {found.cv_error:.6g}"
    console.print(
        f"penalty {found.penalty:.6g} ({escape(found.penalty_rule)}){held_out}", highlight=False, soft_wrap=True
    )


def _at_most(value: float) -> str:
    """One digit, rounded up: a bound."""
    if value <= 0 or not math.isfinite(value):
        return f"{value:g}"
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit) * unit:.1g}"


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
        factor = math.sqrt(pearson)
        yield (
            f"[yellow]overdispersed: the labels vary {figure(pearson, 3)} times as much as the family says, so that the standard "
            f"errors are {figure(factor, 3)} times too small (the root of it), intervals too narrow and p too low; the "
            "coefficients stand. Add columns that tell the rows apart, or estimate the dispersion: model: {family: tweedie, "
            "power: 1.01} fits nearly the same means[/yellow]"
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


def print_coefficients(console: Console, columns: Sequence[Column], level: float, statistic: str, whole: bool) -> None:
    """The table of coefficients, with their intervals.

    Args:
      console: where to.
      columns: of the design matrix.
      level: of the confidence intervals.
      statistic: what coefficient by standard error is called.
      whole: whether every level is shown, those without rows among them.
    """
    headings = dict(zip(DIGITS, ["coefficient", "std. error", statistic, "p", *_ends(level)], strict=True))
    table = _table(headings, columns)
    names = table.columns[0]
    names.no_wrap, names.overflow, names.max_width = True, "ellipsis", LONGEST_NAME
    weighted = _weighted(columns)
    fill(table, columns, whole, lambda column: _cells(column, tuple(headings)) + _counts(column, weighted))
    console.print(table)


def print_estimates(console: Console, columns: Sequence[Column], statistic: str, whole: bool) -> None:
    """The table of coefficients without intervals; long names are folded where the terminal is narrow.

    Args:
      console: where to.
      columns: of the design matrix.
      statistic: what coefficient by standard error is called.
      whole: whether every level is shown, those without rows among them.
    """
    headings = dict(zip(ESTIMATES, ["coefficient", "std. error", statistic, "p"], strict=True))
    table = _table(headings, columns)
    weighted = _weighted(columns)
    fill(table, columns, whole, lambda column: _cells(column, ESTIMATES) + _counts(column, weighted))
    _print_folded(console, table)


def print_intervals(console: Console, columns: Sequence[Column], level: float, ratio: str | None, whole: bool) -> None:
    """The table of the confidence intervals, with the ratios and theirs where exp of a coefficient is one.

    Args:
      console: where to.
      columns: of the design matrix; those without a coefficient of their own are left out.
      level: of the intervals.
      ratio: what exp of a coefficient is, in words; None where it is nothing.
      whole: whether every level is shown, those without rows among them.
    """
    ends = _ends(level)
    console.print(
        f"{100 * level:g} % intervals" + ("" if ratio is None else f"; {ratio} = exp(coefficient)"), highlight=False
    )
    table = Table(box=None)
    table.add_column("column", overflow="fold")
    for heading in [*ends, *([] if ratio is None else [ratio, *ends])]:
        table.add_column(heading, justify="right", no_wrap=True)

    def cells(column: Column) -> list[str] | None:
        if column.role is not None:
            return None
        found = [figure(column.low, 5), figure(column.high, 5)]
        if ratio is not None:
            found += [figure(value, RATIO_DIGITS) for value in (column.ratio, column.ratio_low, column.ratio_high)]
        return found

    fill(table, columns, whole, cells)
    _print_folded(console, table)


def _ends(level: float) -> list[str]:
    return [f"{100 * share:g}%" for share in ((1 - level) / 2, (1 + level) / 2)]


def _table(headings: Mapping[str, str], columns: Sequence[Column]) -> Table:
    """An empty table, with the rows of levels and their weight."""
    table = Table(box=None)
    table.add_column("column", overflow="fold")
    for heading in [*headings.values(), "rows", *(["weight"] if _weighted(columns) else [])]:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def fill(table: Table, columns: Sequence[Column], whole: bool, cells: Callable[[Column], list[str] | None]) -> None:
    """Adds a row a column, but for levels that are not worth one, and columns that have no cells.

    Args:
      table: whose first column is the names.
      columns: of the design matrix.
      whole: whether every level is shown.
      cells: the others of a column.
    """
    for _, group in itertools.groupby(columns, lambda column: (column.feature, column.part, column.level is None)):
        together = list(group)
        shown, rest = (together, "") if whole or together[0].level is None else _worth_showing(together)
        for column in shown:
            found = cells(column)
            if found is not None:
                name = column.name if len(column.name) <= LONGEST_NAME else f"{column.name[: LONGEST_NAME - 1]}…"
                table.add_row(escape(name), *found)
        if rest:
            table.add_row(escape(rest))


def _print_folded(console: Console, table: Table) -> None:
    """A table whose first column takes more lines where the terminal is narrower than the console was made."""
    width = min(console.width, shutil.get_terminal_size().columns) if console.is_terminal else console.width
    console.print(table, width=width)


def _is_empty(column: Column) -> bool:
    """Whether it is a level that no training row has."""
    return column.level is not None and not column.rows


def pooled_lines(pools: Sequence[Pool]) -> Iterator[str]:
    """What stands in `(other)`, a line for each feature where it is much, or where levels are too rare."""
    for pool in pools:
        often = ", ".join(f"{text} ({rows:,})" for text, rows in pool.texts)
        values = f"{pool.values:,} values" if pool.values > 1 else "one value"
        line = f"{pool.feature}: {pool.rows:,} training rows ({pool.share:.1%}) with {values} are (other)"
        if pool.share > POOLED:
            yield f"{line}, most often {often}. More levels: features.{pool.feature}.vocabulary, min_rows"
        else:
            yield line


def _worth_showing(columns: Sequence[Column]) -> tuple[list[Column], str]:
    """A feature's levels with rows; of very many the extreme ones, and the reference, and a line that says how many more."""
    there = sorted((column for column in columns if not _is_empty(column)), key=_place(columns))
    if len(there) <= MOST_LEVELS:
        return there, ""
    effects = sorted(there, key=lambda column: column.coefficient or 0.0)
    half = SHOWN_LEVELS // 2
    extreme = {id(column) for column in (*effects[:half], *effects[-half:])}
    kept = [column for column in there if id(column) in extreme or column.role == "reference"]
    return kept, f"… {len(there) - len(kept):,} more levels of {columns[0].feature} (show --all)"


def _place(columns: Sequence[Column]) -> Callable[[Column], float]:
    """How levels are ordered: numbers, months and weekdays in their own order, others as they are; `(other)` and so on last."""
    texts = [column.level for column in columns if column.level is not None and column.level not in _SPECIAL]
    lower = [text.lower() for text in texts]
    order = next((names for names in _NAMES if set(lower) <= set(names)), None)
    numbers = [_number(text) for text in texts]
    if order is not None:
        places = {text: float(order.index(name)) for text, name in zip(texts, lower, strict=True)}
    elif all(number is not None for number in numbers):
        places = {text: number for text, number in zip(texts, numbers, strict=True) if number is not None}
    else:
        places = {text: float(index) for index, text in enumerate(texts)}
    return lambda column: places.get(column.level or "", float("inf"))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _weighted(columns: Sequence[Column]) -> bool:
    return any(column.weight is not None for column in columns)


def _cells(column: Column, keys: Sequence[str]) -> list[str]:
    if column.role is not None:
        return [column.role, *[""] * (len(keys) - 1)]
    return [figure(getattr(column, key), DIGITS[key]) for key in keys]


def _counts(column: Column, weighted: bool) -> list[str]:
    counts = ["" if column.rows is None else f"{column.rows:,}"]
    if weighted:
        counts.append("" if column.weight is None else f"{column.weight:,.6g}")
    return counts
