"""The regression as a person reads it: what is empty is left out, levels stand in their order, many are folded."""

from __future__ import annotations

import calendar
import itertools
import math
from collections.abc import Callable, Iterator, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.linear_model.families import FAMILIES
from pipeline.graph.figures import figure
from pipeline.graph.regression import Column, Pool, Regression

MOST_LEVELS = 30  # of a feature that are shown
SHOWN_LEVELS = 10  # of one with more
POOLED = 0.05  # of the training rows in `(other)`, from which it is remarked upon
DIGITS = {"coefficient": 6, "standard_error": 4, "t": 4, "p": 3, "low": 6, "high": 6}
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
    family = FAMILIES[found.family]
    units = "its units" if family.link.name == "identity" else f"units of its {family.link.name}"
    console.print(f"{family.title}: {found.label}, in {units} per raw unit of each column", highlight=False)
    print_coefficients(console, found.columns, found.level, family.statistic, whole)
    figures = "".join(f"{words} {figure(getattr(found, name))}, " for words, name in family.figures)
    console.print(
        f"n {found.rows:,}, degrees of freedom {found.degrees_of_freedom:,.6g}, {figures}"
        f"rank {found.rank}, condition {found.condition_number:.3g}",
        highlight=False,
        soft_wrap=True,
    )
    held_out = "" if found.cv_error is None else f"; held-out mean squared error {found.cv_error:.6g}"
    console.print(f"penalty {found.penalty:.6g} ({found.penalty_rule}){held_out}", highlight=False, soft_wrap=True)
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


def print_coefficients(console: Console, columns: Sequence[Column], level: float, statistic: str, whole: bool) -> None:
    """The table of coefficients.

    Args:
      console: where to.
      columns: of the design matrix.
      level: of the confidence intervals.
      statistic: what coefficient by standard error is called.
      whole: whether every level is shown, those without rows among them.
    """
    table = Table(box=None)
    low, high = (f"{100 * share:g}%" for share in ((1 - level) / 2, (1 + level) / 2))
    weighted = any(column.weight is not None for column in columns)
    headings = [
        "column",
        "coefficient",
        "std. error",
        statistic,
        "p",
        low,
        high,
        "rows",
        *(["weight"] if weighted else []),
    ]
    table.add_column(headings[0], no_wrap=True, max_width=LONGEST_NAME)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for _, group in itertools.groupby(columns, lambda column: (column.feature, column.level is None)):
        together = list(group)
        shown, rest = (together, "") if whole or together[0].level is None else _worth_showing(together)
        for column in shown:
            table.add_row(*_cells(column, weighted))
        if rest:
            table.add_row(escape(rest))
    console.print(table)


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


def _cells(column: Column, weighted: bool) -> list[str]:
    cells = [figure(getattr(column, key), digits) for key, digits in DIGITS.items()]
    if column.role is not None:
        cells = [column.role, *[""] * 5]
    counts = ["" if column.rows is None else f"{column.rows:,}"]
    if weighted:
        counts.append("" if column.weight is None else f"{column.weight:,.6g}")
    return [escape(column.name), *cells, *counts]
