"""Families of V(μ) = μᵖ: curves and deviances against 60 digits, log likelihoods against scipy's laws."""

import mpmath as mp
import numpy as np
import pytest
from scipy import stats

from components.linear_model import array_functions
from components.linear_model.families import family_of, named

POWERS = {"poisson": 1, "tweedie(power=1.1)": 1.1, "tweedie": 1.5, "tweedie(power=1.9)": 1.9, "gamma": 2}
ETA = [-40.0, -7.0, -1.0, 0.0, 0.4, 3.0, 12.0, 40.0]
LABELS = [0.0, 1.0, 2.0, 7.0, 12_345_678.0]


def quasi(power, label):
    """Of η the log likelihood, less what does not depend on η: ∫(y − μ)/μᵖ·dμ."""

    def one(eta):
        p, y = mp.mpf(power), mp.mpf(label)
        if power == 1:
            return y * eta - mp.exp(eta)
        if power == 2:
            return -y * mp.exp(-eta) - eta
        return y * mp.exp((1 - p) * eta) / (1 - p) - mp.exp((2 - p) * eta) / (2 - p)

    return one


def labels_of(power):
    return LABELS[1:] if power == 2 else LABELS


@pytest.mark.parametrize(("text", "power"), POWERS.items())
def test_curves_are_derivatives_and_the_deviance_is_to_a_perfect_fit(text, power):
    family = named(text)
    for label in labels_of(power):
        found = family.curves(np.full(len(ETA), label), np.array(ETA))
        deviance = family.deviance(np.full(len(ETA), label), np.array(ETA))
        for index, eta in enumerate(ETA):
            with mp.workdps(60):
                log = quasi(power, label)
                score, observed = mp.diff(log, mp.mpf(eta)), -mp.diff(log, mp.mpf(eta), 2)
                best = log(mp.log(mp.mpf(label))) if label else 0
                exact = 2 * (best - log(mp.mpf(eta)))
            size = abs(found.expected[index]) + label * np.exp(
                (1 - power) * eta
            )  # of what the score is a difference of
            assert abs(found.score[index] - float(score)) <= 1e-13 * size
            assert found.observed[index] == pytest.approx(float(observed), rel=1e-13, abs=0)
            assert deviance[index] == pytest.approx(float(exact), rel=1e-12, abs=0)
    assert found.expected == pytest.approx(np.exp((2 - power) * np.array(ETA)), rel=1e-14, abs=0)


@pytest.mark.parametrize(("text", "power"), POWERS.items())
def test_a_deviance_of_large_labels_near_the_mean_keeps_its_digits(text, power):
    """The likelihoods of both are 20 digits long, and differ in the last ones."""
    label = np.array([1e9, 1e12])
    eta = np.log(label) + np.array([1e-4, -1e-5])
    found = named(text).deviance(label, eta)
    for index in range(2):
        with mp.workdps(60):
            log = quasi(power, label[index])
            exact = 2 * (log(mp.log(mp.mpf(label[index]))) - log(mp.mpf(eta[index])))
        assert found[index] == pytest.approx(float(exact), rel=1e-9, abs=0)


@pytest.mark.parametrize(("text", "power"), POWERS.items())
def test_far_out_there_is_no_nan(text, power):
    family = named(text)
    eta = np.array([-800.0, -40.0, 40.0, 800.0])
    with np.errstate(over="ignore", under="ignore"):
        for label in labels_of(power):
            deviance = family.deviance(np.full(4, label), eta)
            assert not np.isnan(deviance).any()
            assert (deviance >= 0).all()
            assert np.isfinite(deviance[1:3]).all()
            assert np.isfinite(family.curves(np.full(4, label), eta).score[1:3]).all()


@pytest.mark.parametrize(("text", "power"), POWERS.items())
def test_the_loss_differs_from_half_the_deviance_by_what_labels_give(text, power):
    family, eta = named(text), np.linspace(-3, 3, 11)
    for label in labels_of(power)[:3]:
        apart = family.loss(np.full(11, label), eta, array_functions) - family.deviance(np.full(11, label), eta) / 2
        assert apart == pytest.approx(np.full(11, apart[0]), rel=1e-12, abs=1e-12)


def test_the_margin_of_a_positive_label_is_against_any_change():
    margin = family_of("poisson").margin
    assert margin(np.array([0.0, 0.0, 3.0, 3.0]), np.array([-2.0, 2.0, -1.0, 1.0])).tolist() == [2, -2, -1, -1]


def likelihood(family, label, eta, weight, dispersion):
    deviance = weight @ family.deviance(label, eta)
    return family.log_likelihood(deviance, weight.sum(), weight @ family.constant(label), dispersion)


def test_the_log_likelihood_of_counts_is_poisson_s():
    label, eta = np.array([0.0, 1.0, 5.0, 300.0]), np.array([-2.0, 0.1, 1.2, 5.6])
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    expected = weight @ stats.poisson.logpmf(label, np.exp(eta))
    assert likelihood(family_of("poisson"), label, eta, weight, 1.0) == pytest.approx(expected, rel=1e-12, abs=0)


def test_the_log_likelihood_of_costs_is_gamma_s():
    label, eta = np.array([0.1, 1.0, 5.0, 300.0]), np.array([-2.0, 0.1, 1.2, 5.6])
    weight = np.array([1.0, 2.0, 0.5, 3.0])
    expected = weight @ stats.gamma.logpdf(label, 1 / 0.3, scale=0.3 * np.exp(eta))
    assert likelihood(family_of("gamma"), label, eta, weight, 0.3) == pytest.approx(expected, rel=1e-12, abs=0)


def test_tweedie_has_no_log_likelihood_of_closed_form():
    assert family_of("tweedie").log_likelihood is None


@pytest.mark.parametrize(("text", "power"), POWERS.items())
def test_metrics_of_folds(text, power):
    family = named(text)
    assert family.cross_validated(1.0, 4.0) == {f"{family.name}_deviance": 1.0, "deviance_explained": 0.75}
    assert family.link.ratio == "rate ratio"
