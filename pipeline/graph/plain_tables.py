"""The regression as a plain table that can be pasted: LaTeX, CSV or Markdown."""

from __future__ import annotations

import csv
import io
from typing import Literal, get_args

from components.errors import RunError
from components.linear_model.families import named
from pipeline.graph.errors_in_words import kind_in_words, statistic_of
from pipeline.graph.feature_table import Cell, feature_rows
from pipeline.graph.figures import figure
from pipeline.graph.regression import Regression

Style = Literal["latex", "csv", "markdown"]
Of = Literal["coefficients", "features", "fit"]
STYLES, PARTS = get_args(Style), get_args(Of)
ERROR = "std. error"  # how headings of these begin
DIGITS = {"p": 3, "t": 4, "z": 4}  # of figures; 4 of standard errors, 6 of others
IN_LATEX = {"²": r"\textsuperscript{2}", "χ": r"$\chi$", "σ": r"$\sigma$"}  # what pdfLaTeX has no letters for


def plain_table(found: Regression, style: Style, of: Of, whole: bool) -> str:
    """A table as text, without a line break at its end.

    Args:
      found: the regression.
      style: `latex` is a booktabs tabular; `csv` has the numbers with all their digits, the others with those of `show`.
      of: the coefficients; the features as a whole; or the figures of the fit.
      whole: whether levels that no training row has are among the coefficients.

    Raises:
      RunError: features are asked for, and were not tested.
    """
    if of == "coefficients":
        rows = _coefficients(found, whole)
    elif of == "fit":
        rows = [{"figure": name, "value": value} for name, value in _fit(found).items() if value is not None]
    else:
        tests = found.tests
        if tests is None or not tests.features:
            because = "an earlier version made the run" if tests is None else tests.because or "there are none"
            raise RunError(
                f"--of features: there is no table of whole features: {because}. Ask for coefficients or fit."
            )
        rows = feature_rows(tests)
    return _csv(rows) if style == "csv" else _drawn(rows, style)


def _coefficients(found: Regression, whole: bool) -> list[dict[str, Cell]]:
    """A row a column of the design matrix; what no column has is left out."""
    low, high = (f"{100 * share:g}%" for share in ((1 - found.level) / 2, (1 + found.level) / 2))
    ratio = found.ratio or ""
    own = f"{ERROR} ({kind_in_words(found.errors)})" if found.errors != "classical" or found.beside else ERROR
    beside = f"{ERROR} ({kind_in_words(found.beside or '')})"
    rows: list[dict[str, Cell]] = [
        {
            "column": column.name,
            "role": column.role,
            "coefficient": None if column.role in ("reference", "dropped") else column.coefficient,
            own: column.standard_error,
            beside: column.standard_errors.get(found.beside or ""),
            statistic_of(found): column.t,
            "p": column.p,
            low: column.low,
            high: column.high,
            "standardised": column.standardised,
            ratio: column.ratio,
            f"{ratio} {low}": column.ratio_low,
            f"{ratio} {high}": column.ratio_high,
            "rows": column.rows,
            "weight": column.weight,
        }
        for column in found.columns
        if whole or column.level is None or column.rows
    ]
    there = [heading for heading in rows[0] if any(row[heading] is not None for row in rows)]
    return [{heading: row[heading] for heading in there} for row in rows]


def _fit(found: Regression) -> dict[str, Cell]:
    """The figures of the fit as a whole, in words; None for what this one has not."""
    tests = found.tests
    overall = None if tests is None else tests.overall
    return {
        "label": found.label,
        "family": found.family,
        "rows": found.rows,
        "coefficients": found.rank,
        "degrees of freedom": found.degrees_of_freedom,
        "standard errors": kind_in_words(found.errors),
        "clusters": found.clusters,
        **{words: getattr(found, name) for words, name in named(found.family).figures},
        "log-likelihood": found.log_likelihood,
        "AIC": found.aic,
        "BIC": found.bic,
        **(
            {}
            if tests is None or overall is None
            else {tests.statistic: overall.statistic, f"p({tests.statistic})": overall.p}
        ),
        "penalty": found.penalty,
        "condition number": found.condition_number,
    }


def _csv(rows: list[dict[str, Cell]]) -> str:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return buffer.getvalue().rstrip("\n")


def _drawn(rows: list[dict[str, Cell]], style: Style) -> str:
    """By tabulate, which escapes what LaTeX would not print; of Markdown a bar would end a cell."""
    from tabulate import tabulate

    texts = [[_text(heading, value) for heading, value in row.items()] for row in rows]
    if style == "markdown":
        texts = [[text.replace("|", "\\|") for text in row] for row in texts]
    drawn: str = tabulate(
        texts,
        list(rows[0]),
        tablefmt="latex_booktabs" if style == "latex" else "pipe",
        disable_numparse=True,
        colalign=["left", *["right"] * (len(rows[0]) - 1)],
    )
    if style == "latex":
        for letter, command in IN_LATEX.items():
            drawn = drawn.replace(letter, command)
    return drawn


def _text(heading: str, value: Cell) -> str:
    """A value as a person reads it; whole numbers with all their digits."""
    return (
        figure(value, 4 if heading.startswith(ERROR) else DIGITS.get(heading, 6))
        if isinstance(value, float)
        else ""
        if value is None
        else str(value)
    )
