"""The tables of coefficients: levels stand in their order, many are folded, and a narrow terminal has two tables for one.

The table of least squares is one where the terminal holds it. That of other families is two, for there are more figures than 80
columns hold: estimates, then intervals, with the ratios where exp of a coefficient is one.
"""

from __future__ import annotations

import calendar
import dataclasses
import itertools
import math
import shutil
from collections.abc import Callable, Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.graph.errors_in_words import kind_in_words, statistic_of
from pipeline.graph.figures import figure
from pipeline.graph.regression import Column, Regression

MOST_LEVELS = 30  # of a feature that are shown
SHOWN_LEVELS = 10  # of one with more
RATIO_DIGITS = 4
NARROW = (
    100  # characters of a terminal, below which rows stand with the intervals, if errors of two kinds stand before them
)
WIDEST = 1000  # characters: more than any table has
LONGEST_NAME = 80  # of a longer one the beginning stands in the table; JSON has all of it
_SPECIAL = ("(other)", "(missing)")
_NAMES = [
    [name.lower() for name in names]
    for names in (calendar.month_name[1:], calendar.month_abbr[1:], calendar.day_name, calendar.day_abbr)
]


def print_coefficients(console: Console, found: Regression, whole: bool) -> None:
    """The table of coefficients with their intervals, if there are any; two tables where it is too wide for one.

    Args:
      console: where to.
      found: the regression.
      whole: whether every level is shown, those without rows among them.
    """
    if found.selected is not None:
        print_folded(console, _estimates(found, _figures_of(found), whole, counts=True))
        return
    ends = [Figure(heading, 6, key) for heading, key in zip(_ends(found.level), ("low", "high"), strict=True)]
    ends = ends if _has_errors(found) else []
    table = _estimates(found, [*_figures_of(found), *ends], whole, counts=True)
    names = table.columns[0]
    names.no_wrap, names.overflow, names.max_width = True, "ellipsis", LONGEST_NAME
    if console.measure(table, options=console.options.update(max_width=WIDEST)).maximum > _width(console):
        print_estimates(console, found, whole)
        print_intervals(console, found, whole)
    else:
        console.print(table)


def print_estimates(console: Console, found: Regression, whole: bool) -> None:
    """The table of coefficients without intervals; long names are folded where the terminal is narrow.

    Args:
      console: where to.
      found: the regression.
      whole: whether every level is shown, those without rows among them.
    """
    counts = _width(console) >= NARROW or found.beside is None
    print_folded(console, _estimates(found, _figures_of(found), whole, counts))


def print_intervals(console: Console, found: Regression, whole: bool) -> None:
    """The table of the confidence intervals, with the ratios and theirs where exp of a coefficient is one.

    Columns without a coefficient of their own are left out, but where rows stand here.

    Args:
      console: where to.
      found: the regression.
      whole: whether every level is shown, those without rows among them.
    """
    ends, ratio, columns = _ends(found.level), found.ratio, found.columns
    counts = _width(console) < NARROW and found.beside is not None
    console.print(
        f"{100 * found.level:g} % intervals" + ("" if ratio is None else f"; {ratio} = exp(coefficient)"),
        highlight=False,
    )
    headings = [*ends, *([] if ratio is None else [ratio, *ends])]
    table = _table([*headings, *_count_headings(columns, counts)])

    def cells(column: Column) -> list[str] | None:
        if column.role is not None and column.ratio is None:
            return [column.role, *[""] * (len(headings) - 1), *_counts(column, columns)] if counts else None
        own = [figure(column.low, 5), figure(column.high, 5)]
        if ratio is not None:
            own += [figure(value, RATIO_DIGITS) for value in (column.ratio, column.ratio_low, column.ratio_high)]
        return own + (_counts(column, columns) if counts else [])

    fill(table, columns, whole, cells)
    print_folded(console, table)


@dataclasses.dataclass(frozen=True)
class Figure:
    """A figure of each column.

    Attributes:
      heading: of its column in the table; may have two lines.
      digits: that are shown.
      key: the attribute of a `Column`; or
      kind: of `Column.standard_errors`.
    """

    heading: str
    digits: int
    key: str
    kind: str | None = None

    def of(self, column: Column) -> float | None:
        """Its value."""
        if self.kind is not None:
            return column.standard_errors.get(self.kind)
        value: float | None = getattr(column, self.key)
        return value

    def text(self, column: Column) -> str:
        """Its value as it is shown."""
        return figure(self.of(column), self.digits)


def _figures_of(found: Regression) -> list[Figure]:
    """Coefficient, its errors of both kinds, what it is by the first, and p; the first alone where there are no errors."""
    if not _has_errors(found):
        return [Figure("coefficient", 6, "coefficient")]
    errors = [Figure("std. error", 4, "standard_error")]
    if found.beside is not None or found.errors != "classical":
        errors = [Figure(f"std. error\n{kind_in_words(found.errors)}", 4, "standard_error")]
    if found.beside is not None:
        errors.append(Figure(f"std. error\n{kind_in_words(found.beside)}", 4, "standard_errors", found.beside))
    return [Figure("coefficient", 6, "coefficient"), *errors, Figure(statistic_of(found), 4, "t"), Figure("p", 3, "p")]


def _has_errors(found: Regression) -> bool:
    return any(column.standard_error is not None for column in found.columns)


def _ends(level: float) -> list[str]:
    return [f"{100 * share:g}%" for share in ((1 - level) / 2, (1 + level) / 2)]


def _estimates(found: Regression, figures: Sequence[Figure], whole: bool, counts: bool) -> Table:
    """A table with a row a column, with the rows of levels and their weight where these are wanted."""
    table = _table([*(one.heading for one in figures), *_count_headings(found.columns, counts)])

    def cells(column: Column) -> list[str]:
        if column.role == "bound":
            own = [figures[0].text(column), "bound", *[""] * (len(figures) - 2)]
        elif column.role is not None:
            own = [column.role, *[""] * (len(figures) - 1)]
        else:
            own = [one.text(column) for one in figures]
        return own + (_counts(column, found.columns) if counts else [])

    fill(table, found.columns, whole, cells)
    return table


def _table(headings: Sequence[str]) -> Table:
    table = Table(box=None)
    table.add_column("column", overflow="fold")
    for heading in headings:
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


def print_folded(console: Console, table: Table) -> None:
    """A table whose first column takes more lines where the terminal is narrower than the console was made."""
    console.print(table, width=_width(console))


def _width(console: Console) -> int:
    """Of the terminal, which may be narrower than the console was made; of a file the console's."""
    return min(console.width, shutil.get_terminal_size().columns) if console.is_terminal else console.width


def is_empty(column: Column) -> bool:
    """Whether it is a level that no training row has."""
    return column.level is not None and not column.rows


def _worth_showing(columns: Sequence[Column]) -> tuple[list[Column], str]:
    """A feature's levels with rows; of very many the extreme ones, and the reference, and a line that says how many more."""
    there = sorted((column for column in columns if not is_empty(column)), key=level_order(columns))
    if len(there) <= MOST_LEVELS:
        return there, ""
    effects = sorted(there, key=lambda column: column.coefficient or 0.0)
    half = SHOWN_LEVELS // 2
    extreme = {id(column) for column in (*effects[:half], *effects[-half:])}
    kept = [column for column in there if id(column) in extreme or column.role == "reference"]
    return kept, f"… {len(there) - len(kept):,} more levels of {columns[0].feature} (show --all)"


def level_order(columns: Sequence[Column]) -> Callable[[Column], float]:
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


def _count_headings(columns: Sequence[Column], counts: bool) -> list[str]:
    if not counts:
        return []
    return ["rows", "weight"] if _weighted(columns) else ["rows"]


def _weighted(columns: Sequence[Column]) -> bool:
    return any(column.weight is not None for column in columns)


def _counts(column: Column, columns: Sequence[Column]) -> list[str]:
    """Rows of a level, and their weight where any column has one."""
    counts = ["" if column.rows is None else f"{column.rows:,}"]
    if _weighted(columns):
        counts.append("" if column.weight is None else f"{column.weight:,.6g}")
    return counts
