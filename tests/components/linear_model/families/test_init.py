import math
import subprocess
import sys

import numpy as np
import pytest

from components.linear_model.families import FAMILIES


def test_a_family_is_known_by_its_own_name():
    assert {name: family.name for name, family in FAMILIES.items()} == {"gaussian": "gaussian"}


def test_families_are_asked_without_numpy():
    code = "import sys, components.linear_model.families; sys.exit('numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@pytest.mark.parametrize("family", FAMILIES.values(), ids=FAMILIES)
def test_what_a_family_says_of_itself_is_of_one_piece(family):
    assert {family.compared_by, *family.limits, *family.cross_validated(2.0, 4.0)} <= set(family.metric_names)
    assert set(family.cross_validated(2.0, 4.0)) == set(family.cross_validated_names)
    label = np.array([1.0, math.nan, math.inf])
    assert family.valid(label).tolist() == [True, False, False]
    assert np.diff(family.link.inverse(np.linspace(-2, 2, 9), np)).min() > 0
    assert family.variance(label[:1]).shape == (1,)


def test_least_squares():
    gaussian = FAMILIES["gaussian"]
    assert gaussian.variance(np.array([3.0, -2.0])).tolist() == [1.0, 1.0]
    assert gaussian.cross_validated(2.0, 4.0) == {
        "mean_squared_error": 2.0,
        "root_mean_squared_error": math.sqrt(2),
        "r_squared": 0.5,
    }
