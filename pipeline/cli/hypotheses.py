"""`plumbline test`: hypotheses about coefficients, on the screen."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import CONFIG, ROOT

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.local.hypotheses import HypothesisTests

MOST_SHOWN = 30  # equations


@click.command(name="test")
@CONFIG
@click.argument("hypotheses")
@ROOT
@click.option("--json", "as_json", is_flag=True, help="As JSON.")
def test_(config: Path, hypotheses: str, root: Path, as_json: bool) -> None:
    """Test linear hypotheses about the coefficients of the last run, all together: Wald's test and the likelihood ratio.

    HYPOTHESES are equations with commas between them: 'a = b, 2*c - d/2 = 1'; without "=" a sum is to be 0. A name is a column's
    as 'plumbline show' prints it (payment_type[Cash]), or a feature's, which stands for each of its columns. One with odd
    characters may stand between back-ticks or double quotes.
    """
    from rich.console import Console

    from pipeline.cli.loading import load
    from pipeline.local.hypotheses import hypothesis_tests
    from pipeline.local.summary import read_last_summary

    found = hypothesis_tests(read_last_summary(root.resolve(), load(config).name), hypotheses)
    if as_json:
        click.echo(found.model_dump_json(indent=1))
    else:
        print_hypotheses(Console(), found)


def print_hypotheses(console: Console, found: HypothesisTests) -> None:
    """The equations with their estimates, and both tests of all together."""
    from rich.markup import escape
    from rich.table import Table

    from pipeline.cli.screen import wide
    from pipeline.graph.feature_table import cell
    from pipeline.graph.figures import figure

    console = wide(console)
    console.print(f"{escape(found.models)}; the run of {found.run_id}", highlight=False, soft_wrap=True)
    table = Table(box=None)
    table.add_column("hypothesis", overflow="fold")
    for heading in ("left less right", "std. error"):
        table.add_column(heading, justify="right", no_wrap=True)
    for equation in found.equations[:MOST_SHOWN]:
        table.add_row(escape(equation.text), figure(equation.estimate), figure(equation.standard_error, 4))
    console.print(table)
    if len(found.equations) > MOST_SHOWN:
        console.print(f" and {len(found.equations) - MOST_SHOWN:,} more (--json has all)", highlight=False)
    tests = Table(box=None)
    tests.add_column("all together")
    for heading in ("statistic", "df", "p"):
        tests.add_column(heading, justify="right", no_wrap=True)
    for name, test, residual in (
        (f"Wald, {found.statistic}, {_errors(found)}", found.wald, found.residual),
        ("likelihood ratio, χ²", found.likelihood_ratio, None),
    ):
        if test is not None:
            freedom = f"{test.degrees_of_freedom:,}{'' if residual is None else f' and {residual:,.6g}'}"
            tests.add_row(name, cell("statistic", test.statistic), freedom, cell("p", test.p))
    console.print(tests)
    if found.wald.statistic is None:
        console.print("Wald: none; the covariance of the estimates is singular to rounding", highlight=False)
    if found.because is not None:
        console.print(f"likelihood ratio: none; {escape(found.because)}", highlight=False, soft_wrap=True)
    for sentence in found.said:
        console.print(escape(sentence), highlight=False, soft_wrap=True)


def _errors(found: HypothesisTests) -> str:
    """By which errors Wald tests."""
    from pipeline.graph.errors_in_words import kind_in_words

    clusters = "" if found.clusters is None else f" ({found.clusters:,} clusters)"
    return f"{kind_in_words(found.errors)} errors{clusters}"
