"""`plumbline compare` on the screen."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.screen import wide
from pipeline.graph.comparison import MOVED, Comparison
from pipeline.graph.errors_in_words import kind_in_words
from pipeline.graph.feature_table import in_words
from pipeline.graph.figures import figure
from pipeline.graph.sides import Side
from pipeline.local.comparison import ComparedRuns
from pipeline.local.nested import Nested

MOST_NAMED = 20  # columns
MOST_MEANS = 10
SHORT = 12  # characters of a digest


def print_comparison(console: Console, found: ComparedRuns) -> None:
    """What moved from the first model to the second, what each rests on, and the test where they are nested."""
    console = wide(console)
    before, after, changed = found.before, found.after, found.changed
    _print_coefficients(console, changed)
    for told, names in (("new", changed.new), ("gone", changed.gone)):
        if names:
            _say(console, f"{told}: {_some(names)}")
    for feature, because in changed.apart.items():
        _say(console, f"{feature} is not compared: {because}")
    if changed.errors:
        _say(console, f"standard errors are {' before and '.join(map(kind_in_words, changed.errors))} after")
    _print_metrics(console, changed)
    _print_data(console, before, after, changed)
    if found.nested is None:
        _say(console, f"no test of what one has besides: {found.because}")
    else:
        _print_nested(console, found.nested)


def _say(console: Console, text: str) -> None:
    console.print(escape(text), highlight=False, soft_wrap=True)


def _some(names: Sequence[str]) -> str:
    return ", ".join(names[:MOST_NAMED]) + f", and {len(names) - MOST_NAMED:,} more" * (len(names) > MOST_NAMED)


def _table(first: str, headings: Sequence[str]) -> Table:
    table = Table(box=None)
    table.add_column(first, overflow="fold")
    for heading in headings:
        table.add_column(heading, justify="right", no_wrap=True)
    return table


def _print_coefficients(console: Console, changed: Comparison) -> None:
    count = changed.compared
    _say(console, f"coefficients: {changed.moved:,} of {count:,} moved by more than {MOVED:g} standard errors")
    table = _table("column", ["before", "std. error", "after", "std. error", "change", "in std. errors"])
    for one in changed.coefficients[:MOST_NAMED]:
        errors = figure(one.before_error, 4), figure(one.after_error, 4)
        cells = (figure(one.before), errors[0], figure(one.after), errors[1], figure(one.change, 4))
        table.add_row(escape(one.name), *cells, figure(one.in_errors, 3))
    console.print(table)
    if count > MOST_NAMED:
        _say(console, f" and {count - MOST_NAMED:,} more, that moved less (--json has all)")


def _print_metrics(console: Console, changed: Comparison) -> None:
    if changed.metrics_of is None:
        _say(console, "metrics: not compared; they are of other splits")
        return
    table = _table(f"metric ({changed.metrics_of})", ["before", "after", "change"])
    for one in changed.metrics:
        change = None if one.before is None or one.after is None else one.after - one.before
        table.add_row(one.name, figure(one.before), figure(one.after), figure(change, 4))
    console.print(table)


def _print_data(console: Console, before: Side, after: Side, changed: Comparison) -> None:
    table = _table("", ["run", "table", "rows"])
    for one in (before, after):
        rows = "  ".join(f"{split} {count:,}" for split, count in one.rows.items())
        table.add_row(escape(one.name), one.run_id or "", (one.table or "")[:SHORT], rows)
    console.print(table)
    moved = [mean for mean in changed.means if mean.in_deviations]
    if not moved:
        _say(console, "means: none has moved")
        return
    table = _table("mean of", ["before", "after", "change in std. deviations"])
    for mean in moved[:MOST_MEANS]:
        table.add_row(escape(mean.name), figure(mean.before), figure(mean.after), figure(mean.in_deviations, 3))
    console.print(table)
    if len(moved) > MOST_MEANS:
        _say(console, f" and {len(moved) - MOST_MEANS:,} more, that moved less (--json has all)")


def _print_nested(console: Console, found: Nested) -> None:
    table = _table("model", ["coefficients", "df", found.measure, "log-likelihood", "AIC", "BIC"])
    for model in (found.smaller, found.larger):
        figures = (model.degrees_of_freedom, model.remaining, model.log_likelihood, model.aic, model.bic)
        table.add_row(escape(model.name), f"{model.coefficients:,}", *(figure(value, 8) for value in figures))
    console.print(table)
    _say(console, f"{found.larger.name} has besides: {_some(found.more)}")
    _say(console, f"that their coefficients are all 0: {in_words(found.statistic, found.residual, found.test)}")
    robust = {kind_in_words(model.errors) for model in (found.smaller, found.larger)} - {kind_in_words("classical")}
    if robust:
        name = "F test" if found.residual is not None else "likelihood ratio"
        _say(
            console,
            f"this is the classical {name}, though errors are {' and '.join(sorted(robust))}: Wald's with these is what show has "
            "of whole features, and plumbline test of any hypothesis",
        )
