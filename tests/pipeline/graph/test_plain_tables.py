"""Tables to be pasted: CSV read back by pandas, Markdown and LaTeX as their readers take them."""

import io

import pandas as pd
import pytest
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.errors import RunError
from pipeline.graph.plain_tables import PARTS, STYLES, plain_table
from pipeline.graph.regression import read_regression
from tests.components.fits import drawn, fitted
from tests.components.table_fits import table_fit, table_look

ODD = pd.DataFrame(
    {"a_b|c": [1.0, 2.0, 4.0, 3.0, 7.0], "50% &": [3.0, 1.0, 4.0, 1.0, 5.0], "y": [1.0, 2.0, 3.0, 5.0, 4.0]}
)


def kept(found):
    return read_regression(found, DatasetFeatureStatistics())


def read(text):
    return pd.read_csv(io.StringIO(text), float_precision="round_trip")


def test_csv_has_every_coefficient_with_all_digits():
    regression = kept(fitted("gaussian", drawn("gaussian")))
    table = read(plain_table(regression, "csv", "coefficients", whole=False))
    columns = ["column", "role", "coefficient", "std. error", "t", "p", "2.5%", "97.5%", "standardised", "rows"]
    assert list(table) == columns
    assert table["column"].tolist() == ["(intercept)", "miles", "c[cash]", "c[card]", "c[none]"]
    assert table["role"].dropna().tolist() == ["reference"]
    there = [column for column in regression.columns if column.role is None]
    estimated = table[table.role.isna()]
    for heading, name in (
        ("coefficient", "coefficient"),
        ("std. error", "standard_error"),
        ("p", "p"),
        ("2.5%", "low"),
    ):
        assert estimated[heading].tolist() == [getattr(column, name) for column in there]
    assert estimated["standardised"].tolist()[1:] == [column.standardised for column in there[1:]]
    assert len(read(plain_table(regression, "csv", "coefficients", whole=True))) == 7


def test_errors_of_two_kinds_are_named():
    regression = kept(table_look(ODD, "y", ["a_b|c"], errors="hc1")[0])
    table = read(plain_table(regression, "csv", "coefficients", whole=False))
    assert list(table)[2:4] == ["std. error (HC1)", "std. error (classical)"]
    for heading, kind in (("std. error (HC1)", "hc1"), ("std. error (classical)", "classical")):
        assert table[heading].tolist() == [column.standard_errors[kind] for column in regression.columns]
    latex = plain_table(regression, "latex", "coefficients", whole=False)
    assert f"{regression.columns[0].standard_errors['classical']:.4g}" in latex
    fit = read(plain_table(regression, "csv", "fit", whole=False)).set_index("figure")["value"]
    assert fit["standard errors"] == "HC1"


def test_of_classes_the_odds_ratios_are_there():
    regression = kept(fitted("binomial", drawn("binomial")))
    table = read(plain_table(regression, "csv", "coefficients", whole=False))
    assert {"z", "odds ratio", "odds ratio 2.5%", "odds ratio 97.5%"} < set(table)
    assert "standardised" not in table
    assert table["odds ratio"].dropna().tolist() == [one.ratio for one in regression.columns if one.ratio is not None]


def test_features_and_the_fit():
    regression = kept(fitted("gaussian", drawn("gaussian")))
    features = read(plain_table(regression, "csv", "features", whole=False))
    assert features["F"].tolist() == [one.test.statistic for one in regression.tests.features]
    fit = read(plain_table(regression, "csv", "fit", whole=False)).set_index("figure")["value"]
    assert float(fit["AIC"]) == regression.aic
    assert float(fit["R²"]) == regression.r_squared
    assert float(fit["F"]) == regression.tests.overall.statistic
    assert float(fit["p(F)"]) == regression.tests.overall.p


def test_markdown_and_latex_escape_what_would_not_be_printed():
    regression = kept(table_fit(ODD, "y", ["a_b|c", "50% &"]))
    markdown = plain_table(regression, "markdown", "coefficients", whole=False)
    assert all(line.replace(r"\|", "").count("|") == 9 for line in markdown.splitlines())
    assert r"| a_b\|c " in markdown
    latex = plain_table(regression, "latex", "coefficients", whole=False)
    assert r"a\_b|c" in latex
    assert r"50\% \&" in latex
    assert latex.count("\\\\") == 4
    assert all(line.count("&") - line.count(r"\&") == 7 for line in latex.splitlines() if line.endswith("\\\\"))
    for of in PARTS:
        assert plain_table(regression, "latex", of, whole=False).isascii()


@pytest.mark.parametrize("of", PARTS)
@pytest.mark.parametrize("style", STYLES)
def test_every_table_is_drawn_and_ends_without_a_line_break(style, of):
    text = plain_table(kept(fitted("gamma", drawn("gamma"))), style, of, whole=True)
    assert len(text.splitlines()) > 2
    assert not text.endswith("\n")


def test_features_that_were_not_tested_have_no_table():
    penalised = kept(table_fit(ODD, "y", ["a_b|c"], l2=1.0))
    with pytest.raises(
        RunError, match="--of features: there is no table of whole features: coefficients that a penalty"
    ):
        plain_table(penalised, "csv", "features", whole=False)
    earlier = penalised.model_copy(update={"tests": None})
    with pytest.raises(RunError, match="an earlier version made the run"):
        plain_table(earlier, "csv", "features", whole=False)
    assert "\nF," not in plain_table(penalised, "csv", "fit", whole=False)
