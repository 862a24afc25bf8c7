"""Curves and deviances against derivatives of the log likelihood in 200 digits, out to where doubles end."""

import math

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from components.linear_model import array_functions
from components.linear_model.families import family_of

LINKS = ("logit", "probit", "cloglog")
NEAR = [-12.0, -6.5, -2.0, -0.3, 0.0, 0.7, 2.5, 5.0]
FAR = [-800.0, -300.5, -40.0, 40.0, 300.5, 800.0]


def log_likelihood(link, label):
    """ℓ(η), each tail computed for itself."""
    if link == "logit":
        return lambda eta: -mp.log1p(mp.exp(-eta if label else eta))
    if link == "probit":
        return lambda eta: mp.log(mp.erfc((-eta if label else eta) / mp.sqrt(2)) / 2)
    return lambda eta: mp.log(-mp.expm1(-mp.exp(eta))) if label else -mp.exp(eta)


def exact(link, label, eta):
    """ℓ, ∂ℓ/∂η, −∂²ℓ/∂η²."""
    with mp.workdps(200):
        log = log_likelihood(link, label)
        return log(mp.mpf(eta)), mp.diff(log, mp.mpf(eta)), -mp.diff(log, mp.mpf(eta), 2)


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("link", LINKS)
def test_curves_are_derivatives(link, label):
    family = family_of("binomial", link)
    eta = np.array(NEAR)
    found = family.curves(np.full(len(eta), label), eta)
    exactly = [exact(link, label, value) for value in NEAR]
    assert found.score == pytest.approx([float(value[1]) for value in exactly], rel=1e-13, abs=0)
    assert found.observed == pytest.approx([float(value[2]) for value in exactly], rel=1e-10, abs=0)
    deviance = family.deviance(np.full(len(eta), label), eta)
    assert deviance == pytest.approx([float(-2 * value[0]) for value in exactly], rel=1e-13, abs=1e-15)
    loss = family.loss(np.full(len(eta), label), eta, array_functions)
    assert loss == pytest.approx(deviance / 2, rel=1e-3, abs=1e-12)


@pytest.mark.parametrize("link", LINKS)
def test_the_expected_information_is_the_mean_of_the_observed_one_over_labels(link):
    family = family_of("binomial", link)
    eta = np.array([-4.0, -1.0, 0.0, 0.5, 1.2])
    mean = family.link.inverse(eta, array_functions)
    observed = mean * family.curves(np.ones(5), eta).observed + (1 - mean) * family.curves(np.zeros(5), eta).observed
    assert family.curves(np.ones(5), eta).expected == pytest.approx(observed, rel=1e-9, abs=0)
    scores = mean * family.curves(np.ones(5), eta).score + (1 - mean) * family.curves(np.zeros(5), eta).score
    assert scores == pytest.approx(np.zeros(5), abs=1e-14)


@pytest.mark.parametrize("label", [0.0, 1.0])
@pytest.mark.parametrize("link", LINKS)
def test_far_out_there_is_no_nan_and_what_doubles_hold_is_exact(link, label):
    family = family_of("binomial", link)
    with np.errstate(over="ignore", under="ignore"):
        curves = family.curves(np.full(len(FAR), label), np.array(FAR))
        deviance = family.deviance(np.full(len(FAR), label), np.array(FAR))
    assert np.isfinite(curves).all()
    assert np.isfinite(deviance).all()
    beyond = link == "cloglog" and label == 0  # rates of e⁶⁰ and more: no fit's
    for index, eta in enumerate(FAR):
        if beyond and eta > 60:
            assert deviance[index] > 1e26
            continue
        log, score, _ = exact(link, label, eta)
        assert deviance[index] == pytest.approx(float(-2 * log), rel=1e-13, abs=1e-25)
        assert curves.score[index] == pytest.approx(float(score), rel=1e-12, abs=0)


@pytest.mark.parametrize("link", LINKS)
def test_a_wrong_label_far_out_still_says_where_to_go(link):
    """Its information is small, and must not round to 0: the row would say nothing of the step."""
    curves = family_of("binomial", link).curves(np.array([1.0, 1.0]), np.array([-25.0, -35.0]))
    exactly = [float(exact(link, 1.0, eta)[2]) for eta in (-25.0, -35.0)]
    assert curves.observed == pytest.approx(exactly, rel=1e-6, abs=0)


@pytest.mark.parametrize("link", LINKS)
def test_the_loss_goes_on_where_32_bits_end(link):
    loss = family_of("binomial", link).loss
    eta = np.linspace(-500, 500, 2001, dtype=np.float32)
    with np.errstate(over="ignore", under="ignore", divide="ignore"):
        for label in (np.float32(0), np.float32(1)):
            values = loss(label, eta, array_functions)
            assert np.isfinite(values).all()
            assert (np.sign(0.5 - label) * np.diff(values) >= -1e-6).all()


def test_the_log_likelihood_is_bernoulli_s():
    family = family_of("binomial")
    eta, label = np.array([-1.0, 0.3, 2.0]), np.array([1.0, 0.0, 1.0])
    expected = stats.bernoulli.logpmf(label, 1 / (1 + np.exp(-eta))).sum()
    assert family.log_likelihood(family.deviance(label, eta).sum(), 3.0, 0.0, 1.0) == pytest.approx(
        expected, rel=1e-14, abs=0
    )


def test_the_margin_speaks_against_a_wrong_direction():
    margin = family_of("binomial").margin
    assert margin(np.array([0.0, 0.0, 1.0, 1.0]), np.array([-2.0, 2.0, -3.0, 3.0])).tolist() == [2, -2, -3, 3]


def test_the_ratio_of_a_coefficient():
    assert [family_of("binomial", link).link.ratio for link in LINKS] == ["odds ratio", None, "hazard ratio"]


def test_metrics_of_folds():
    assert family_of("binomial").cross_validated(0.5, 1.0) == {"log_loss": 0.25, "deviance_explained": 0.5}
    assert math.isnan(family_of("binomial").cross_validated(0.0, 0.0)["deviance_explained"])
