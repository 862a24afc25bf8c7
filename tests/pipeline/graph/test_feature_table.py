"""How tests of whole features are printed."""

import io

import pandas as pd
from rich.console import Console

from components.linear_model.feature_tests import PENALISED
from pipeline.graph.feature_table import print_tests
from pipeline.graph.feature_tests import FeatureTests, read_tests
from tests.components.fits import drawn, fitted
from tests.components.table_fits import table_fit


def printed(tests):
    out = io.StringIO()
    print_tests(Console(file=out, width=132), tests)
    return out.getvalue().splitlines()


def test_a_row_a_feature_and_a_line_of_all_together():
    found = fitted("gaussian", drawn("gaussian"))
    title, heading, *rows, overall = printed(read_tests(found))
    assert title == "features as a whole"
    assert heading.split() == ["feature", "df", "F", "p", "partial", "R²", "GVIF", "GVIF^(1/2df)"]
    assert [row.split()[:2] for row in rows] == [["miles", "1"], ["c", "2"]]
    assert overall.startswith("all columns together: F ")
    assert " on 3 and 396 degrees of freedom, p " in overall
    counts = printed(read_tests(fitted("poisson", drawn("poisson"))))
    assert counts[1].split() == ["feature", "df", "χ²", "p", "GVIF", "GVIF^(1/2df)"]
    assert " on 3 degrees of freedom, p " in counts[-1]


def test_a_feature_that_others_give_has_no_figures():
    table = pd.DataFrame({"a": [1.0, 2.0, 4.0, 3.0, 7.0], "y": [1.0, 2.0, 3.0, 5.0, 4.0]}).assign(
        b=lambda table: 2 * table.a
    )
    found = table_fit(table, "y", ["a", "b"])
    assert [row.split() for row in printed(read_tests(found)) if row.startswith(" b")] == [["b", "0"]]


def test_with_a_penalty_it_is_said_that_there_are_none():
    tests = FeatureTests(statistic="F", residual=9.5, features=[], overall=None, because=PENALISED)
    assert printed(tests) == [f"features as a whole: not tested; {PENALISED}"]
