"""What the diagnostics tell, as a person reads it: what to doubt, and with `show --all` every figure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from statistics import NormalDist

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.graph.coefficient_tables import print_folded
from pipeline.graph.diagnostics import Diagnostics, Part, Quantile, Row, Shape, Tenth
from pipeline.graph.doubts import doubts, form_in_words
from pipeline.graph.feature_table import in_words
from pipeline.graph.figures import figure
from pipeline.graph.regression import Regression

SHARES = ("5%", "25%", "50%", "75%", "95%")  # of a tenth's residuals
ROUNDING = 1e-9  # of a part's spread: the mean residual of a level that is in the model is 0
LARGEST = {
    "influential": "rows of the greatest Cook's distance",
    "far": "rows of the greatest leverage",
    "outlying": "rows of the greatest residual",
}


def print_diagnostics(console: Console, found: Diagnostics, fit: Regression, whole: bool) -> None:
    """What to doubt, the most important first.

    Args:
      console: where to.
      found: the figures.
      fit: whose they are.
      whole: whether all figures follow.
    """
    lines = doubts(found, fit)
    if lines:
        console.print(
            "[yellow]what to doubt[/yellow]" + ("" if whole else " (every figure: show --all)"), highlight=False
        )
    else:
        console.print(f"what to doubt: nothing stands out among {found.rows:,} rows", highlight=False)
    for line in lines:
        console.print(f"  {escape(line)}", highlight=False, soft_wrap=True)
    if whole:
        _print_all(console, found, fit)


def _print_all(console: Console, found: Diagnostics, fit: Regression) -> None:
    for line in _tests(found, fit):
        console.print(escape(line), highlight=False, soft_wrap=True)
    for measure, title in LARGEST.items():
        _print_rows(console, title, getattr(found, measure))
    _print_tenths(console, found.tenths, fit)
    if found.quantiles:
        _print_quantiles(console, found.quantiles)
    for shape in found.shapes:
        _print_shape(console, shape, fit)
    _print_parts(console, found)


def _tests(found: Diagnostics, fit: Regression) -> Iterator[str]:
    yield f"leverages: their sum is {figure(found.leverage_sum, 10)}; rows of leverage 1: {found.full:,}"
    if found.spread is not None:
        yield f"Breusch–Pagan: {in_words('χ²', None, found.spread)}"
    if found.link is not None:
        yield f"{'RESET' if fit.passes is None else 'link test'}: {form_in_words(found.link, fit)}"
    if found.calibration is not None:
        yield f"Hosmer–Lemeshow: {in_words('χ²', None, found.calibration)}"
    if found.durbin_watson is not None:
        yield f"Durbin–Watson: {figure(found.durbin_watson, 4)}"
    if found.not_looked_at:
        yield f"columns of numbers that were not looked at one by one, beyond {len(found.shapes)}: {found.not_looked_at:,}"
    for names in found.not_told:
        yield f"slices by {names}: too many to be told apart"


def _print_rows(console: Console, title: str, rows: Sequence[Row]) -> None:
    externally = any(row.without is not None for row in rows)
    table = _table(title.partition(" ")[0], ["leverage", "residual", *["without it"] * externally, "Cook's distance"])
    table.add_column("moves most", overflow="fold")
    for row in rows:
        residuals = [row.residual, *([row.without] if externally else [])]
        cells = [figure(row.leverage, 4), *(figure(value, 4) for value in residuals), figure(row.cooks_distance, 4)]
        most = next((f"{name} by {figure(moved, 3)}" for name, moved in row.dfbetas.items()), "")
        table.add_row(escape(row.place), *cells, escape(most))
    console.print(f"{title}; residuals in standard deviations, moves in classical standard errors", highlight=False)
    print_folded(console, table)


def _print_tenths(console: Console, tenths: Sequence[Tenth], fit: Regression) -> None:
    calibration = _table("predictions", ["rows", "mean prediction", "mean label", "2.5%", "97.5%"])
    residuals = _table("predictions", SHARES)
    for tenth in tenths:
        name = f"{figure(tenth.low, 4)} to {figure(tenth.high, 4)}"
        means = (tenth.prediction, tenth.label, tenth.label_low, tenth.label_high)
        calibration.add_row(name, f"{tenth.rows:,}", *(figure(value, 5) for value in means))
        residuals.add_row(name, *(figure(value, 4) for value in tenth.residuals))
    console.print("calibration on the training rows, by tenths of the predictions", highlight=False)
    print_folded(console, calibration)
    unit = "in units of the label" if fit.passes is None else "Pearson's, in standard deviations"
    console.print(f"quantiles of their residuals, {unit}", highlight=False)
    print_folded(console, residuals)


def _print_quantiles(console: Console, quantiles: Sequence[Quantile]) -> None:
    table = _table("share of rows below", ["residual", "normal law"])
    for one in quantiles:
        table.add_row(f"{one.share:.4g}", figure(one.residual, 4), figure(NormalDist().inv_cdf(one.share), 4))
    console.print("quantiles of all residuals, in standard deviations", highlight=False)
    print_folded(console, table)


def _print_shape(console: Console, shape: Shape, fit: Regression) -> None:
    tested = "" if shape.test is None else f"; its square and cube: {form_in_words(shape.test, fit)}"
    console.print(f"mean residuals by {escape(shape.column)}{tested}", highlight=False, soft_wrap=True)
    table = _table("mean value", ["rows", "mean residual", "std. error"])
    for one in shape.bins:
        table.add_row(figure(one.value), f"{one.rows:,}", figure(one.residual, 4), figure(one.error, 3))
    print_folded(console, table)


def _print_parts(console: Console, found: Diagnostics) -> None:
    parts: list[Part] = [*found.folds, *found.slices]
    if not parts:
        return
    table = _table("part of the rows", ["rows", "mean residual", "spread", "moves", "coefficient"])
    for part in parts:
        rows = "" if part.rows is None else f"{part.rows:,}"
        rounding = part.residual is not None and abs(part.residual) < ROUNDING * (part.spread or 0.0)
        figures = (0.0 if rounding else part.residual, part.spread, part.moves)
        table.add_row(escape(part.name), rows, *(figure(value, 3) for value in figures), escape(part.column or ""))
    console.print(
        "folds and slices, and which coefficient moves most without them, in classical standard errors", highlight=False
    )
    print_folded(console, table)


def _table(first: str, headings: Sequence[str]) -> Table:
    table = Table(box=None)
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=heading != "coefficient", overflow="fold")
    return table
