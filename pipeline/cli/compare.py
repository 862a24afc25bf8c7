"""`plumbline compare` on the screen."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from pipeline.cli.screen import wide
from pipeline.graph.errors_in_words import kind_in_words
from pipeline.graph.feature_table import in_words
from pipeline.graph.figures import figure
from pipeline.local.comparison import Comparison

MOST_NAMED = 20  # columns


def print_comparison(console: Console, found: Comparison) -> None:
    """Both models, what the larger one has besides, and its test."""
    console = wide(console)
    table = Table(box=None)
    table.add_column("model", overflow="fold")
    for heading in ("coefficients", "df", found.measure, "log-likelihood", "AIC", "BIC"):
        table.add_column(heading, justify="right", no_wrap=True)
    for model in (found.smaller, found.larger):
        figures = (model.degrees_of_freedom, model.remaining, model.log_likelihood, model.aic, model.bic)
        table.add_row(escape(model.name), f"{model.coefficients:,}", *(figure(value, 8) for value in figures))
    console.print(table)
    more = ", ".join(found.more[:MOST_NAMED]) + (
        f", and {len(found.more) - MOST_NAMED:,} more" * (len(found.more) > MOST_NAMED)
    )
    console.print(f"{escape(found.larger.name)} has besides: {escape(more)}", highlight=False, soft_wrap=True)
    text = in_words(found.statistic, found.residual, found.test)
    console.print(f"that their coefficients are all 0: {text}", highlight=False, soft_wrap=True)
    robust = {kind_in_words(model.errors) for model in (found.smaller, found.larger)} - {kind_in_words("classical")}
    if robust:
        name = "F test" if found.residual is not None else "likelihood ratio"
        console.print(
            f"this is the classical {name}, though errors are {' and '.join(sorted(robust))}: Wald's with these is what show has "
            "of whole features, and plumbline test of any hypothesis",
            highlight=False,
            soft_wrap=True,
        )
