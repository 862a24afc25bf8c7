"""The tables of a verdict as a person reads them: the confusion matrix, and calibration by tenths."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.model_gate.tables import Confusion, Tables, Tenth
from pipeline.graph.figures import figure


def print_tables(console: Console, tables: Tables) -> None:
    """All that there are."""
    if tables.confusion is not None:
        _print_confusion(console, tables.confusion)
    if tables.tenths:
        _print_tenths(console, tables.tenths)
    wide = {name: value for name, value in tables.brackets.items() if value}
    if wide:
        told = ", ".join(f"{name} ±{value:.3g}" for name, value in wide.items())
        console.print(f"computed from bins of the predictions, to within {told}", highlight=False)


def _print_confusion(console: Console, found: Confusion) -> None:
    negative, positive = map(escape, found.classes or ("0", "1"))
    at = "" if found.threshold is None else f" at the threshold {figure(found.threshold)}"
    console.print(f"confusion matrix{at}:", highlight=False)
    table = Table(box=None)
    table.add_column("label")
    for name in (negative, positive):
        table.add_column(f"predicted {name}", justify="right")
    for name, *cells in (
        (negative, found.true_negative, found.false_positive),
        (positive, found.false_negative, found.true_positive),
    ):
        table.add_row(name, *(f"{cell:,.10g}" for cell in cells))
    console.print(table)


def _print_tenths(console: Console, tenths: list[Tenth]) -> None:
    console.print("calibration by tenths of the predictions:")
    table = Table(box=None)
    for heading in ("rows", "mean prediction", "mean label"):
        table.add_column(heading, justify="right")
    for tenth in tenths:
        table.add_row(f"{tenth.rows:,}", figure(tenth.mean_prediction), figure(tenth.mean_label))
    console.print(table)
