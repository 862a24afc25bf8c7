"""The table of coefficients as a person reads it: what is empty is left out, levels stand in their order, many are folded."""

from __future__ import annotations

import calendar
import itertools
import math
from collections.abc import Iterator, Sequence
from typing import Any

from rich.console import Console
from rich.markup import escape
from rich.table import Table

MOST_LEVELS = 30  # of a feature that are shown
SHOWN_LEVELS = 10  # of one with more
POOLED = 0.05  # of the training rows in `(other)`, from which it is remarked upon
DIGITS = {"coefficient": 6, "standard_error": 4, "t": 4, "p": 3, "low": 6, "high": 6}
LONGEST_NAME = 80  # of a longer one the beginning stands in the table; JSON has all of it
_SPECIAL = ("(other)", "(missing)")
_NAMES = [
    [name.lower() for name in names]
    for names in (calendar.month_name[1:], calendar.month_abbr[1:], calendar.day_name, calendar.day_abbr)
]

Column = dict[str, Any]


def print_coefficients(console: Console, found: dict[str, Any], whole: bool) -> None:
    """The table.

    Args:
      console: where to.
      found: `linear_fit` of a run's summary.
      whole: whether every level is shown, those without rows among them.
    """
    table = Table(box=None)
    low, high = (f"{100 * share:g}%" for share in ((1 - found["level"]) / 2, (1 + found["level"]) / 2))
    weighted = any(column.get("weight") is not None for column in found["columns"])
    headings = ["column", "coefficient", "std. error", "t", "p", low, high, "rows", *(["weight"] if weighted else [])]
    table.add_column(headings[0], no_wrap=True, max_width=LONGEST_NAME)
    for heading in headings[1:]:
        table.add_column(heading, justify="right", no_wrap=True)
    for _, group in itertools.groupby(found["columns"], lambda column: (column["feature"], column["level"] is None)):
        columns = list(group)
        for column in columns if whole or columns[0]["level"] is None else _worth_showing(columns):
            table.add_row(*_cells(column, weighted))
    console.print(table)


def is_empty(column: Column) -> bool:
    """Whether it is a level that no training row has."""
    return column["level"] is not None and not column["rows"]


def pooled_lines(found: dict[str, Any]) -> Iterator[str]:
    """What stands in `(other)`, a line for each feature where it is much, or where levels are too rare."""
    for entry in found["other"]:
        often = ", ".join(f"{text} ({rows:,})" for text, rows in entry["texts"])
        values = f"{entry['values']:,} values" if entry["values"] > 1 else "one value"
        line = f"{entry['feature']}: {entry['rows']:,} training rows ({entry['share']:.1%}) with {values} are (other)"
        if entry["share"] > POOLED:
            yield f"{line}, most often {often}. More levels: features.{entry['feature']}.vocabulary, min_rows"
        else:
            yield line


def _worth_showing(columns: Sequence[Column]) -> Iterator[Column]:
    """A feature's levels with rows; of very many the extreme ones, and the reference."""
    there = sorted((column for column in columns if not is_empty(column)), key=_place(columns))
    if len(there) <= MOST_LEVELS:
        yield from there
        return
    effects = sorted(there, key=lambda column: column["coefficient"])
    half = SHOWN_LEVELS // 2
    kept = {id(column) for column in (*effects[:half], *effects[-half:])}
    for column in there:
        if id(column) in kept or column["role"] == "reference":
            yield column
    rest = len(there) - len(kept | {id(column) for column in there if column["role"] == "reference"})
    yield {"name": f"… {rest:,} more levels of {columns[0]['feature']} (show --all)", "role": "folded", "rows": None}


def _place(columns: Sequence[Column]) -> Any:
    """How levels are ordered: numbers, months and weekdays in their own order, others as they are; `(other)` and so on last."""
    texts = [column["level"] for column in columns if column["level"] not in _SPECIAL]
    lower = [text.lower() for text in texts]
    order = next((names for names in _NAMES if set(lower) <= set(names)), None)
    numbers = [_number(text) for text in texts]
    if order is not None:
        places = {text: float(order.index(name)) for text, name in zip(texts, lower, strict=True)}
    elif all(number is not None for number in numbers):
        places = {text: number for text, number in zip(texts, numbers, strict=True) if number is not None}
    else:
        places = {text: float(index) for index, text in enumerate(texts)}
    return lambda column: places.get(column["level"], float("inf"))


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if math.isfinite(number) else None


def _cells(column: Column, weighted: bool) -> list[str]:
    name = escape(column["name"])
    if column["role"] == "folded":
        return [name]
    cells = [figure(column[key], digits) for key, digits in DIGITS.items()]
    if column["role"] is not None:
        cells = [column["role"], *[""] * 5]
    counts = ["" if column["rows"] is None else f"{column['rows']:,}"]
    if weighted:
        counts.append("" if column["weight"] is None else f"{column['weight']:,.6g}")
    return [name, *cells, *counts]


def figure(value: float | None, digits: int = 6) -> str:
    """A number with so many digits; nothing for none."""
    return "" if value is None else f"{value:.{digits}g}"
