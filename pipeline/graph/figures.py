"""Figures and metrics as a person reads them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from rich.console import Console
from rich.table import Table


def figure(value: float | None, digits: int = 6) -> str:
    """A number with so many digits; nothing for none."""
    return "" if value is None else f"{value:.{digits}g}"


def at_most(value: float) -> str:
    """A bound: one digit, rounded up."""
    if value <= 0 or not math.isfinite(value):
        return f"{value:g}"
    unit = 10.0 ** math.floor(math.log10(value))
    return f"{math.ceil(value / unit) * unit:.1g}"


def print_metrics(console: Console, models: Mapping[str, Mapping[str, float | None]]) -> None:
    """A row a metric, a column for each model's."""
    table = Table(box=None)
    table.add_column("metric")
    for name in models:
        table.add_column(name, justify="right")
    for metric in next(iter(models.values())):
        table.add_row(metric, *(figure(values.get(metric)) for values in models.values()))
    console.print(table)
