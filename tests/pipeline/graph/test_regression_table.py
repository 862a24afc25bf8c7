"""The tables of every family with what they rest on, and what is said of `(other)`, of classes and of errors."""

import dataclasses
import io
import re

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from rich.console import Console
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.linear_model.elastic_net import ElasticNet
from components.linear_model.families import named
from components.linear_model.retransformation import InUnits
from pipeline.graph.regression import Pool, read_regression
from pipeline.graph.regression_table import (
    class_lines,
    dispersion_lines,
    pooled_lines,
    print_regression,
)
from tests.components.fits import drawn, fitted, oracle
from tests.components.table_fits import table_fit


def test_what_is_other_is_said():
    entry = {
        "feature": "c",
        "rows": 367,
        "share": 0.509,
        "values": 4,
        "texts": [["TRUE", 200], ["true", 100]],
        "rarest": 5,
    }
    [line] = pooled_lines([Pool(**entry)])
    assert line == (
        "c: 367 training rows (50.9%) with 4 values are (other), most often TRUE (200), true (100). More levels: "
        "features.c.vocabulary, min_rows"
    )
    [line] = pooled_lines([Pool(**{**entry, "rows": 3, "share": 0.004, "values": 1})])
    assert line == "c: 3 training rows (0.4%) with one value are (other)"


def regression(family, **how):
    return read_regression(fitted(family, drawn(family, **how)), DatasetFeatureStatistics())


def printed_whole(found, width=132):
    out = io.StringIO()
    print_regression(Console(file=out, width=width), found, False)
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_the_table_of_least_squares():
    lines = printed_whole(regression("gaussian"))
    assert lines[0] == "least squares: y, in its units per raw unit of each column"
    assert lines[1].split() == ["column", "coefficient", "std.", "error", "t", "p", "2.5%", "97.5%", "rows"]
    rows = drawn("gaussian")
    by = sm.OLS(rows.label, oracle("gaussian", rows).model.exog).fit()
    assert lines[7].startswith("n 400, degrees of freedom 396, R² 0.")
    assert lines[7].endswith(", rank 4, condition 3.19")
    assert lines[8] == f"log-likelihood {by.llf:.6g}, AIC {by.aic:.6g}, BIC {by.bic:.6g}"
    assert lines[9:11] == ["penalty 0 (given)", "features as a whole"]
    assert lines[-1] == f"all columns together: F {by.fvalue:.5g} on 3 and 396 degrees of freedom, p {by.f_pvalue:.3g}"


def test_the_table_of_a_logistic_regression():
    """Figures are those of statsmodels, see test_regression; here where they stand."""
    by = oracle("binomial", drawn("binomial"))
    lines = printed_whole(regression("binomial"))
    assert lines[0] == "logistic regression: log odds of y = yes, per raw unit of each column"
    assert lines[1].split() == ["column", "coefficient", "std.", "error", "z", "p", "rows"]
    estimates = {line.split()[0]: line.split()[1:] for line in lines[2:7]}
    assert estimates["c[cash]"] == ["reference", "131"]
    assert [float(cell) for cell in estimates["miles"]] == pytest.approx(
        [by.params[1], by.bse[1], by.tvalues[1], by.pvalues[1]], rel=2e-3
    )
    assert lines[7] == "95 % intervals; odds ratio = exp(coefficient)"
    assert lines[8].split() == ["column", "2.5%", "97.5%", "odds", "ratio", "2.5%", "97.5%"]
    assert [line.split()[0] for line in lines[9:13]] == ["(intercept)", "miles", "c[card]", "c[none]"]
    assert [len(line.split()) for line in lines[9:13]] == [3, 6, 6, 6]
    assert lines[13] == "n 400, degrees of freedom 396, rank 4, condition 3.19"
    assert lines[14].startswith(
        f"deviance {by.deviance:.6g}, null deviance {by.null_deviance:.6g}, deviance explained 0.0"
    )
    assert lines[14].endswith(f"AIC {by.aic:.6g}, BIC {by.bic_llf:.6g}")
    assert lines[15].startswith("Newton: ")
    assert lines[15].endswith(" standard errors")
    assert lines[16] == "penalty 0 (given)"


def test_an_exposure_is_named_and_stands_as_offset():
    lines = printed_whole(regression("poisson", exposed=True))
    assert lines[0] == "Poisson regression: log of the mean of y per unit of nights, per raw unit of each column"
    assert [line.split() for line in lines if "nights" in line][1:] == [["nights", "offset"]]


def test_what_is_of_the_fitted_scale_and_what_is_answered_is_said():
    whole = fitted("gaussian", drawn("gaussian"))
    log = dataclasses.replace(
        whole, family="gaussian(label=log, mean=smearing)", in_units=InUnits([1.1], (2.0, 8.0)), label="price"
    )
    found = read_regression(log, DatasetFeatureStatistics())
    lines = printed_whole(found)
    assert lines[0] == "least squares: log of price per raw unit of each column"
    place = next(index for index, line in enumerate(lines) if line.startswith("all of this"))
    assert lines[place : place + 2] == [
        "all of this is of log of price; answered is the mean of price, by Duan's smearing over the residuals of the training rows",
        "in units of price, on held-out folds: mean_squared_error 2, root_mean_squared_error 1.41421, r_squared 0.75",
    ]
    assert (found.fitted, found.held_out["r_squared"]) == ("log of price", 0.75)
    without = dataclasses.replace(log, family="gaussian(label=log)", in_units=InUnits(None, None))
    last = "all of this is of log of price; answered is the median of price: the inverse of what is fitted"
    assert last in printed_whole(read_regression(without, DatasetFeatureStatistics()))


def test_what_an_elastic_net_left_of_the_columns_is_said():
    draw = np.random.default_rng(9)
    table = pd.DataFrame(draw.normal(size=(200, 30)), columns=[f"x{index}" for index in range(30)])
    table["y"] = 5 * table["x0"] + draw.normal(size=200)
    fit = table_fit(table, "y", list(table)[:-1], elastic_net=ElasticNet(1.0, 2.0))
    lines = printed_whole(read_regression(fit, DatasetFeatureStatistics()))
    assert lines[1].split() == ["column", "coefficient", "rows"]
    assert [line.split() for line in lines[4:5]] == [["x1", "left", "out"]]
    place = next(index for index, line in enumerate(lines) if line.startswith("1 of 30 columns have a coefficient"))
    named_out = ", ".join(f"x{index}" for index in range(1, 21))
    assert lines[place] == f"1 of 30 columns have a coefficient; features left out: {named_out} and 9 more"
    assert re.fullmatch(
        r"KKT residual: at most (0|\de-1\d) of the penalty, \de-1\d at any penalty of the path, in any fold",
        lines[place + 1],
    )
    assert (
        lines[place + 2].strip()
        == "there are no standard errors, intervals and p: the same rows have selected the columns"
    )
    assert not [line for line in lines if "bias of the penalty" in line]
    penalty = next(line for line in lines if line.startswith("penalty"))
    assert penalty == f"penalty 2 (lasso: given); held-out mean squared error {fit.fit.cv_error:.6g}"
    all_in = table_fit(table, "y", ["x0"], elastic_net=ElasticNet(0.5, 0.01))
    whole = read_regression(all_in, DatasetFeatureStatistics())
    assert "1 of 1 columns have a coefficient; no feature is left out" in printed_whole(whole)


def test_the_power_of_a_tweedie_regression_is_said():
    assert printed_whole(regression("tweedie"))[0].startswith("Tweedie regression (power 1.5): log of the mean of y,")


@pytest.mark.parametrize("family", ["gamma", "tweedie"])
def test_an_estimated_dispersion_is_within_the_standard_errors(family):
    by = oracle(family, drawn(family))
    assert list(dispersion_lines(regression(family), named(family))) == [
        f"dispersion {by.scale:.6g} (Pearson's statistic by the degrees of freedom), within the standard errors"
    ]


def test_overdispersed_counts_are_said_with_the_way_out():
    """The way out is true: a Tweedie regression of a power near 1 has the same coefficients, and wider standard errors."""
    rows = drawn("poisson", spread=1.0)
    found, by = regression("poisson", spread=1.0), oracle("poisson", rows)
    pearson = by.pearson_chi2 / by.df_resid
    line, warning = dispersion_lines(found, named("poisson"))
    assert line == f"dispersion 1, as the family has it; Pearson's statistic by the degrees of freedom is {pearson:.6g}"
    assert f"vary {pearson:.3g} times as much" in warning
    assert f"{pearson**0.5:.3g} times too small" in warning
    assert "{family: tweedie, power: 1.01}" in warning
    other = fitted("tweedie(power=1.01)", rows).raw
    assert other.coefficients[:2] == pytest.approx(by.params[:2], rel=0.01)
    assert other.standard_errors[:2] == pytest.approx(by.bse[:2] * pearson**0.5, rel=0.02)


def test_robust_errors_need_no_way_out_of_overdispersion():
    found = regression("poisson").model_copy(update={"pearson": 4.0, "errors": "hc3"})
    [_, line] = dispersion_lines(found, named("poisson"))
    assert line == (
        "overdispersed: the labels vary 4 times as much as the family says, so that the classical standard errors are 2 times too "
        "small (the root of it); those by which p and intervals are don't rest on the family's variance"
    )


def test_counts_that_vary_as_their_family_says_are_not_said_to_be_overdispersed():
    assert len(list(dispersion_lines(regression("poisson", rows=5000), named("poisson")))) == 1
    few = regression("poisson", rows=5000).model_copy(update={"degrees_of_freedom": 5.0, "pearson": 1.9})
    assert len(list(dispersion_lines(few, named("poisson")))) == 1


def test_labels_of_0_and_1_tell_no_dispersion():
    assert list(dispersion_lines(regression("binomial"), named("binomial"))) == []


@pytest.mark.parametrize(("decrement", "shown"), [(3.2e-9, "4e-09"), (3e-9, "3e-09"), (9.5e-7, "1e-06"), (0.0, "0")])
def test_the_certificate_is_rounded_up(decrement, shown):
    found = regression("poisson").model_copy(update={"decrement": decrement, "passes": 5})
    assert f"Newton: 5 passes; the next step would be at most {shown} standard errors" in printed_whole(found)


def test_what_cross_validation_left_is_said():
    found = regression("gamma").model_copy(update={"cv_error": 0.25, "penalty": 2.0, "remaining_step": 2e-10})
    lines = printed_whole(found)
    assert "penalty 2 (given); held-out mean deviance 0.25" in lines
    line = "cross-validation: the next step of any fold's fit would be at most 2e-10 standard errors"
    assert line in lines
    path = f"{line}, 4e-05 at any penalty of the path"
    assert path in printed_whole(found.model_copy(update={"remaining_on_path": 3.1e-5}))


def test_what_class_weights_did_and_the_threshold_are_said():
    found = regression("binomial")
    assert list(class_lines(found)) == []
    weighted = found.model_copy(update={"class_weights": (1.0, 5.0), "threshold": 1 / 6})
    left, threshold = class_lines(weighted)
    assert left.startswith(
        "class weights: no 1, yes 5, as if a row were so many, to the standard errors too; probabilities are those"
    )
    assert threshold == "threshold 0.166667: a row of at least this probability is yes"
    taken, _ = class_lines(weighted.model_copy(update={"intercept_shift": 1.6094379}))
    assert taken.endswith("; the intercept is less by 1.60944, what they add to it: probabilities are the table's")
    assert list(class_lines(regression("poisson"))) == []


def test_rows_that_were_counted_are_said():
    found = regression("poisson").model_copy(update={"different_rows": 1234, "passes": 5, "decrement": 1e-9})
    line = "Newton: 5 passes over 1,234 different rows, counted; the next step would be at most 1e-09 standard errors"
    assert line in printed_whole(found)


def test_a_level_in_the_rule_of_the_penalty_is_no_markup():
    rule = "without one the labels are separated by level: c[card]: 9 rows, all 1"
    assert f"penalty 2 ({rule})" in printed_whole(
        regression("binomial").model_copy(update={"penalty": 2.0, "penalty_rule": rule})
    )
