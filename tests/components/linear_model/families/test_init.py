import math
import pickle
import subprocess
import sys

import numpy as np
import pytest

from components.linear_model import array_functions
from components.linear_model.families import FAMILIES, family_of, named

EVERY = [family_of(name, link.name) for name, family in FAMILIES.items() for link in family.links]


def test_a_family_is_known_by_its_own_name():
    assert {name: family.name for name, family in FAMILIES.items()} == {name: name for name in FAMILIES}
    assert list(FAMILIES) == ["binomial", "gamma", "gaussian", "poisson", "tweedie"]


def test_families_are_asked_without_numpy():
    code = "import sys, components.linear_model.families; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("family", [*EVERY, family_of("tweedie", power=1.6)], ids=lambda family: family.text)
def test_a_family_travels_to_workers_by_its_text(family):
    there = pickle.loads(pickle.dumps(family))  # noqa: S301
    label, eta = np.array([1.0]), np.array([0.3])
    assert there.text == family.text
    assert there.deviance(label, eta) == family.deviance(label, eta)


@pytest.mark.parametrize("family", EVERY, ids=lambda family: family.text)
def test_what_a_family_says_of_itself_is_of_one_piece(family):
    assert {family.compared_by, *family.limits, *family.cross_validated(2.0, 4.0)} <= set(family.metric_names)
    assert set(family.cross_validated(2.0, 4.0)) == set(family.cross_validated_names)
    assert set(family.headline) <= set(family.metric_names)
    label = np.array([1.0, math.nan, math.inf, -math.inf])
    assert family.valid(label).tolist() == [True, False, False, False]
    assert np.diff(family.link.inverse(np.linspace(-2, 2, 9), array_functions)).min() > 0
    assert (family.curves is None) == (family.margin is None) == (family.solver == "factors")


@pytest.mark.parametrize("family", EVERY, ids=lambda family: family.text)
def test_a_text_names_its_family(family):
    again = named(family.text)
    assert (again.text, again.name, again.link, again.power) == (family.text, family.name, family.link, family.power)


@pytest.mark.parametrize(
    ("text", "name", "link", "power"),
    [
        ("binomial", "binomial", "logit", None),
        ("binomial(link=cloglog)", "binomial", "cloglog", None),
        ("tweedie", "tweedie", "log", 1.5),
        ("tweedie(power=1.25)", "tweedie", "log", 1.25),
    ],
)
def test_texts(text, name, link, power):
    family = named(text)
    assert (family.name, family.link.name, family.power) == (name, link, power)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("logistic",), "unknown family 'logistic'. Known: binomial, gamma, gaussian, poisson, tweedie"),
        (("binomial", "log"), "link: the family binomial has no link 'log'. Its own: logit, probit, cloglog"),
        (("poisson", None, 1.5), "power: the family poisson has none; leave it out"),
        (("tweedie", None, 2.0), "power: must be above 1 and below 2; received 2. For 1 there is poisson, for 2 gamma"),
        (("tweedie", None, math.nan), "power: must be above 1 and below 2; received nan"),
    ],
)
def test_what_there_is_not(arguments, message):
    with pytest.raises(ValueError) as caught:
        family_of(*arguments)
    assert message in str(caught.value)


def test_least_squares():
    gaussian = FAMILIES["gaussian"]
    assert gaussian.cross_validated(2.0, 4.0) == {
        "mean_squared_error": 2.0,
        "root_mean_squared_error": math.sqrt(2),
        "r_squared": 0.5,
    }


@pytest.mark.parametrize(
    ("name", "labels", "valid"),
    [
        ("binomial", [0, 1, 0.5, 2, -1], [True, True, False, False, False]),
        ("poisson", [0, 1, 7e9, 0.5, -1], [True, True, True, False, False]),
        ("gamma", [0, 1e-9, 5.5, -1], [False, True, True, False]),
        ("tweedie", [0, 1e-9, 5.5, -1], [True, True, True, False]),
    ],
)
def test_labels(name, labels, valid):
    assert FAMILIES[name].valid(np.array(labels, np.float64)).tolist() == valid
