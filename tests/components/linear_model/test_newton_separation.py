"""Separated labels are proven so and named; what linear programming does not find separated is fitted."""

import numpy as np
import pytest
from scipy.optimize import linprog, minimize
from sklearn.datasets import load_breast_cancer

from components.errors import DataError
from components.linear_model import fit

LINKS = ("binomial", "binomial(link=probit)", "binomial(link=cloglog)")


def separated(x, y, counts):
    """Albert and Anderson (1984): some direction speaks for all labels, and for one of them strictly. By linear programming."""
    matrix = np.column_stack([np.ones(len(y)), x])
    signed = -matrix[y == 0] if counts else (2 * y - 1)[:, None] * matrix
    level = matrix[y > 0] if counts else None
    if not len(signed):
        return False
    found = linprog(
        -signed.sum(0),
        A_ub=-signed,
        b_ub=np.zeros(len(signed)),
        A_eq=level,
        b_eq=None if level is None else np.zeros(len(level)),
        bounds=(-1, 1),
    )
    return -found.fun > 1e-7


def random_set(seed):
    """Some rows of numbers, levels or rounded numbers of odd units, and labels that few or many of them tell apart."""
    g = np.random.default_rng(seed)
    n, p = int(g.integers(8, 80)), int(g.integers(1, 6))
    x = (
        g.normal(size=(n, p)),
        g.integers(0, 2, (n, p)) * 1.0,
        np.round(g.normal(size=(n, p)), 1) * 10 ** g.uniform(-3, 3, p),
    )[g.integers(3)]
    spread = np.maximum(x.std(0), 1e-9)
    eta = 1.5 * g.normal() + (x - x.mean(0)) / spread @ g.normal(size=p) * g.uniform(0.2, 4)
    if seed % 3 == 2:
        return "poisson", x, g.poisson(np.exp(np.minimum(eta - 1, 4))) * 1.0
    return LINKS[g.integers(3)], x, (g.random(n) < 1 / (1 + np.exp(-eta))) * 1.0


def outcomes(seeds):
    """(separated by linear programming, told so) and how often."""
    counted = {}
    for seed in seeds:
        family, x, y = random_set(seed)
        if not y.any() or (family != "poisson" and y.all()):
            continue
        try:
            fit(x, y, family=family)
            told = False
        except DataError as error:
            if "too few rows" in str(error):
                continue
            assert "the labels are separated" in str(error)
            told = True
        key = (separated(x, y, family == "poisson"), told)
        counted[key] = counted.get(key, 0) + 1
    return counted


def test_no_false_alarm_and_every_separated_set_is_proven():
    counted = outcomes(range(90))
    assert set(counted) == {(True, True), (False, False)}
    assert min(counted.values()) > 20


@pytest.mark.slow
def test_no_false_alarm_on_many_sets():
    counted = outcomes(range(90, 1_500))
    assert counted.get((False, True), 0) == 0
    assert counted.get((True, False), 0) <= 0.01 * counted[True, True]
    assert min(counted[True, True], counted[False, False]) > 300


GENERATOR = np.random.default_rng(3)
N = 200
A, B = GENERATOR.normal(size=(2, N))
LEVEL = (np.arange(N) % 20 == 0) * 1.0


def test_complete_separation_names_the_column():
    y = (A > 0.1) * 1.0
    with pytest.raises(DataError) as caught:
        fit(np.column_stack([B, A]), y, names=["income", "age"], family="binomial")
    assert str(caught.value) == (
        "the labels are separated: age tells the classes apart without an error in some rows. No finite coefficients fit best. "
        "Remove or merge these columns or levels (rare ones into (other), by the feature's min_rows or vocabulary), or set a "
        "penalty (model.l2, a number or auto), or model.prior: log_f."
    )


@pytest.mark.parametrize("family", LINKS)
def test_a_level_whose_rows_are_of_one_class_is_named(family):
    y = (GENERATOR.random(N) < 1 / (1 + np.exp(-A))) * 1.0
    y[LEVEL > 0] = 1.0
    with pytest.raises(DataError, match=r"the labels are separated: paid_by\[voucher\] tells the classes apart"):
        fit(np.column_stack([A, B, LEVEL]), y, names=["fare", "miles", "paid_by[voucher]"], family=family)


def test_quasi_separation_by_ties_is_named():
    """At age 40 both classes are; above there are ones alone, below zeros."""
    age = np.repeat([20.0, 30.0, 40.0, 50.0], 10)
    y = np.where(age == 40, np.arange(40) % 2, age > 40).astype(float)
    with pytest.raises(DataError, match="the labels are separated: age tells"):
        fit(age[:, None], y, names=["age"], family="binomial")


def test_breast_cancer_is_separated_and_fitted_with_a_penalty_or_a_prior():
    data = load_breast_cancer()
    with pytest.raises(DataError, match=r"the labels are separated: mean radius, mean area, .* tell the classes apart"):
        fit(data.data, data.target, names=list(data.feature_names), family="binomial")
    assert separated((data.data - data.data.mean(0)) / data.data.std(0), data.target * 1.0, False)
    for ways_out in ({"l2": 1.0}, {"prior": "log_f"}):
        found = fit(data.data, data.target, family="binomial", **ways_out)
        assert np.isfinite(found.standard_errors).all()
        assert found.decrement < 1e-6


@pytest.mark.parametrize("family", ["poisson", "tweedie"])
def test_counts_that_are_all_zero_at_a_level(family):
    y = GENERATOR.poisson(np.exp(0.5 * A)) * 1.0
    y[LEVEL > 0] = 0.0
    x, names = np.column_stack([A, LEVEL]), ["age", "region[north]"]
    with pytest.raises(DataError) as caught:
        fit(x, y, names=names, family=family)
    assert str(caught.value) == (
        "the labels are separated: region[north] tells some rows of label 0 from all others. No finite coefficients fit best. "
        "Remove or merge these columns or levels (rare ones into (other), by the feature's min_rows or vocabulary), or set a "
        "penalty (model.l2, a number or auto)."
    )
    assert fit(x, y, family=family, l2=1.0).coefficients[2] < -1


@pytest.mark.parametrize("gap", [1e-2, 1e-4, 1e-6, 1e-8])
def test_two_rows_that_overlap_by_a_little_have_a_best_fit(gap):
    """Its slope is in the thousands; another solver of it is the oracle of its likelihood."""
    x = np.sort(np.random.default_rng(1).normal(size=100))
    y = (np.arange(100) >= 50) * 1.0
    x[50] = x[49] + gap
    y[49], y[50] = 1.0, 0.0
    found = fit(x[:, None], y, family="binomial")

    def minus_log_likelihood(beta):
        signed = (2 * y - 1) * (beta[0] + beta[1] * 100 * (x - x[49]))
        return np.sum(np.logaddexp(0, -signed))

    oracle = minimize(minus_log_likelihood, [0.0, 5.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-13})
    assert found.deviance == pytest.approx(2 * oracle.fun, rel=1e-8)
    assert found.coefficients[1] == pytest.approx(100 * oracle.x[1], rel=1e-3)
    assert found.decrement < 1e-9


@pytest.mark.parametrize(
    ("y", "message"),
    [
        (np.zeros(N), "every training row's label is 0: there is nothing to tell apart. Give rows of both classes."),
        (np.ones(N), "every training row's label is 1: there is nothing to tell apart. Give rows of both classes."),
    ],
)
def test_labels_of_one_class(y, message):
    with pytest.raises(DataError) as caught:
        fit(A[:, None], y, family="binomial")
    assert str(caught.value) == message


def test_counts_of_0_alone():
    with pytest.raises(DataError, match="every training row's label is 0: there is nothing to fit"):
        fit(A[:, None], np.zeros(N), family="poisson")
