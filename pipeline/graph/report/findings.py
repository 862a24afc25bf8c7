"""What of a fit is worth a look, in sentences: the same as a run prints, but for what tells of a few rows."""

from __future__ import annotations

from collections.abc import Iterator

from rich.text import Text

from components.linear_model.families import named
from pipeline.graph.diagnostics import Diagnostics
from pipeline.graph.doubts import doubts
from pipeline.graph.errors_in_words import error_lines
from pipeline.graph.regression import Regression
from pipeline.graph.regression_table import dispersion_lines
from pipeline.graph.report.source import FEWEST


def findings(fit: Regression, found: Diagnostics | None) -> list[str]:
    """The sentences, the most important first; of no diagnostics what the fit alone tells."""
    return [*_warnings(fit), *([] if found is None else doubts(_without_few(found), fit))]


def _warnings(fit: Regression) -> Iterator[str]:
    """What a run says of its errors in another colour."""
    lines = [*error_lines(fit)]
    lines += [] if fit.passes is None else dispersion_lines(fit, named(fit.family))
    return (Text.from_markup(line).plain for line in lines if line.startswith("[yellow]"))


def _without_few(found: Diagnostics) -> Diagnostics:
    """Without slices of so few rows that their values are these rows'."""
    return found.model_copy(update={"slices": [part for part in found.slices if (part.rows or 0) >= FEWEST]})
