"""Transforms of a label, against scipy and numpy, and their answers against Duan's definition."""

from __future__ import annotations

import math
import pickle

import numpy as np
import pytest
from scipy import special

from components.linear_model import array_functions
from components.linear_model.families import FAMILIES, family_of, named
from components.linear_model.families.label import transform_of

LABELS = np.array([0.4, 1.0, 2.5, 7.0, 71.0])
POWERS = (-2.0, -0.5, 0.01, 0.5, 1.0, 3.0)
OF = {
    "gaussian(label=log)": (np.log, np.exp),
    "gaussian(label=log1p)": (np.log1p, np.expm1),
    "gaussian(label=sqrt)": (np.sqrt, np.square),
    **{
        f"gaussian(label=boxcox, lambda={power!r})": (
            lambda y, power=power: special.boxcox(y, power),
            lambda z, power=power: special.inv_boxcox(z, power),
        )
        for power in POWERS
    },
}


@pytest.mark.parametrize("text", OF)
def test_forth_and_back_are_numpys_and_scipys(text):
    family, (forward, inverse) = named(text), OF[text]
    z = family.fitted_label(LABELS, array_functions)
    assert z == pytest.approx(forward(LABELS), rel=1e-12)
    some = np.linspace(z.min(), z.max(), 50)
    assert family.link.inverse(some, array_functions) == pytest.approx(inverse(some), rel=1e-9)
    assert family.link.inverse(z, array_functions) == pytest.approx(LABELS, rel=1e-9)


@pytest.mark.parametrize("text", [*OF, "gaussian(label=log, mean=smearing)"])
def test_the_text_names_the_family_and_travels(text):
    family = named(text)
    assert (family.text, family.name, family.links) == (text, "gaussian", (family.link,))
    assert pickle.loads(pickle.dumps(family)).text == text  # noqa: S301


@pytest.mark.parametrize("text", OF)
def test_the_inverse_never_falls_whatever_is_predicted(text):
    with np.errstate(over="ignore", divide="ignore"):
        found = named(text).link.inverse(np.linspace(-1e3, 1e3, 20_001), array_functions)
    assert not np.isnan(found).any()
    assert (np.diff(found[np.isfinite(found)]) >= 0).all()
    assert found.min() >= (-1 if "log1p" in text else 0)


@pytest.mark.parametrize("text", OF)
def test_by_how_much_an_answer_changes(text):
    link = named(text).link
    eta = named(text).fitted_label(LABELS, array_functions)
    step = 1e-6
    slope = (link.inverse(eta + step, array_functions) - link.inverse(eta - step, array_functions)) / (2 * step)
    assert link.change(LABELS) == pytest.approx(slope, rel=1e-4)


@pytest.mark.parametrize("name", ["log", "log1p", "sqrt"])
def test_smearing_is_duans_mean_over_the_residuals(name):
    generator = np.random.default_rng(3)
    eta, residual, weight = generator.uniform(1, 4, 7), generator.normal(0.1, 0.3, 400), generator.uniform(0, 3, 400)
    family = named(f"gaussian(label={name}, mean=smearing)")
    parts = family.transform.smearing.of_residuals(residual, array_functions)
    averages = [float(np.average(part, weights=weight)) for part in parts]
    inverse = OF[f"gaussian(label={name})"][1]
    expected = np.average(inverse(eta[:, None] + residual), axis=1, weights=weight)
    assert family.answered(eta, averages, array_functions) == pytest.approx(expected, rel=1e-12)
    assert family.answered(eta, None, array_functions) == pytest.approx(inverse(eta), rel=1e-12)


@pytest.mark.parametrize(
    ("name", "labels", "valid"),
    [
        ("log", [0, -1, 1e-30, math.inf], [False, False, True, False]),
        ("log1p", [-1, -1 + 1e-9, -0.999, 0], [False, False, True, True]),  # a 32-bit float is -1 there
        ("sqrt", [-1e-9, 0, 2], [False, True, True]),
        ("boxcox, lambda=2.0", [-1, 0, 2], [False, False, True]),
    ],
)
def test_which_labels_it_takes(name, labels, valid):
    family = named(f"gaussian(label={name})")
    assert family.valid(np.array(labels, float)).tolist() == valid
    assert family.key == f"label.transform: {name.partition(',')[0]}"


def test_what_is_said_of_it():
    median, mean = named("gaussian(label=log)"), named("gaussian(label=sqrt, mean=smearing)")
    assert (median.fitted("price"), mean.fitted("price")) == ("log of price", "square root of price")
    assert median.answers("price") == "the median of price: the inverse of what is fitted"
    assert mean.answers("price") == "the mean of price, by Duan's smearing over the residuals of the training rows"
    assert (FAMILIES["gaussian"].answers("price"), FAMILIES["gaussian"].fitted("price")) == (None, "price")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("log2",), "unknown transform 'log2' of a label. Known: log, log1p, sqrt, boxcox"),
        (("log", 0.5), "lambda: is for transform: boxcox; log has none. Leave it out"),
        (("boxcox",), "lambda: transform: boxcox needs it, a finite number"),
        (("boxcox", math.nan), "lambda: transform: boxcox needs it, a finite number"),
        (("boxcox", 0.0), "lambda: 0 is the logarithm: write transform: log"),
    ],
)
def test_what_there_is_not(arguments, message):
    with pytest.raises(ValueError) as caught:
        transform_of(*arguments)
    assert str(caught.value) == message


def test_of_which_families():
    with pytest.raises(ValueError, match=r"transform: log is for least squares .*poisson has a link of its own"):
        transform_of("log").of(family_of("poisson"), smearing=False)
    with pytest.raises(ValueError, match=r"mean: smearing has no formula for boxcox. Take log, log1p or sqrt"):
        transform_of("boxcox", 0.5).of(family_of("gaussian"), smearing=True)
