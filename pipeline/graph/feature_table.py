"""Tests of whole features as a person reads them."""

from __future__ import annotations

from rich.console import Console
from rich.markup import escape
from rich.table import Table

from components.values.names import shown
from pipeline.graph.feature_tests import FeatureTests, Joint
from pipeline.graph.figures import figure

Cell = str | int | float | None
DIGITS = {"p": 3}  # of figures; 5 of others
LONGEST_NAME = 40  # of a longer one the beginning


def print_tests(console: Console, tests: FeatureTests) -> None:
    """The table of features, and the test of all together.

    Args:
      console: where to.
      tests: of a regression.
    """
    if tests.because is not None:
        console.print(f"features as a whole: not tested; {tests.because}", highlight=False, soft_wrap=True)
        return
    rows = feature_rows(tests)
    if rows:
        table = Table(box=None)
        table.add_column("feature", no_wrap=True, overflow="ellipsis", max_width=LONGEST_NAME)
        for heading in list(rows[0])[1:]:
            table.add_column(heading, justify="right", no_wrap=True)
        for row in rows:
            table.add_row(*(escape(cell(heading, value)) for heading, value in row.items()))
        console.print("features as a whole", highlight=False)
        console.print(table)
    if tests.overall is not None:
        text = in_words(tests.statistic, tests.residual, tests.overall)
        console.print(f"all columns together: {text}", highlight=False, soft_wrap=True)


def feature_rows(tests: FeatureTests) -> list[dict[str, Cell]]:
    """The table of features, by heading: a row a feature."""
    squares, inflated = (
        any(getattr(one, name) is not None for one in tests.features) for name in ("partial_r_squared", "gvif")
    )
    return [
        {
            "feature": shown(one.feature),
            "df": 0 if one.test is None else one.test.degrees_of_freedom,
            tests.statistic: None if one.test is None else one.test.statistic,
            "p": None if one.test is None else one.test.p,
            **({"partial R²": one.partial_r_squared} if squares else {}),
            **({"GVIF": one.gvif, "GVIF^(1/2df)": one.gvif_root} if inflated else {}),
        }
        for one in tests.features
    ]


def cell(heading: str, value: Cell) -> str:
    """A value of that table as a person reads it."""
    return figure(value, DIGITS.get(heading, 5)) if isinstance(value, float) else "" if value is None else str(value)


def in_words(statistic: str, residual: float | None, test: Joint) -> str:
    """A test with its degrees of freedom: `F 4.5 on 3 and 96 degrees of freedom, p 0.005`."""
    freedom = f"{test.degrees_of_freedom:,}{'' if residual is None else f' and {residual:,.6g}'} degrees of freedom"
    return f"{statistic} {cell(statistic, test.statistic)} on {freedom}, p {cell('p', test.p)}"
