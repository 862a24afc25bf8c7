"""What is told of a fit is the same by either kind of factors: a feature's levels eliminated, or with their columns."""

import numpy as np
import pytest

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.distance import distance
from components.linear_model.feature_tests import feature_tests
from components.linear_model.gathered import GatheredRows
from components.linear_model.linear_fit import LinearFit
from components.linear_model.moments import moments
from tests.components.absorbed_fits import Table


@pytest.fixture(scope="module", params=[False, True])
def fits(request):
    table = Table.drawn(900, 120, weights=request.param)
    return table.fit(True), table.fit(False)


def test_each_feature_as_a_whole(fits):
    found, expected = map(feature_tests, fits)
    assert found.because is expected.because is None
    assert found.overall.statistic == pytest.approx(expected.overall.statistic, rel=1e-10)
    for mine, its in zip(found.features, expected.features, strict=True):
        assert mine.feature == its.feature
        assert mine.test.degrees_of_freedom == its.test.degrees_of_freedom
        assert mine.test.statistic == pytest.approx(its.test.statistic, rel=1e-9)
        assert mine.partial_r_squared == pytest.approx(its.partial_r_squared, rel=1e-9)
        assert mine.gvif == pytest.approx(its.gvif, rel=1e-9)


def test_moments(fits):
    found, expected = map(moments, fits)
    assert found.weight == pytest.approx(expected.weight, rel=1e-13)
    for name in ("mean", "deviation", "correlation", "label_mean", "label_deviation"):
        assert getattr(found, name) == pytest.approx(getattr(expected, name), rel=1e-9, abs=1e-12, nan_ok=True), name


def test_raw_units_and_column_means(fits):
    found, expected = fits
    assert found.column_means == pytest.approx(expected.column_means, abs=1e-12)
    assert found.total_weight == pytest.approx(expected.total_weight, rel=1e-13)
    assert found.raw.coefficients == pytest.approx(expected.raw.coefficients, rel=1e-9, abs=1e-9)
    assert found.raw.standard_errors == pytest.approx(expected.raw.standard_errors, rel=1e-9, nan_ok=True)


@pytest.mark.parametrize("l2", [0.0, 1.3])
def test_how_far_other_coefficients_are(l2):
    table = Table.drawn(900, 120)
    found, expected = table.fit(True, l2=l2), table.fit(False, l2=l2)
    other = expected.fit.coefficients + 0.01 * np.random.default_rng(2).normal(size=len(expected.fit.coefficients))
    mine, its = distance(found, other), distance(expected, other)
    assert (mine.length, mine.largest) == pytest.approx((its.length, its.largest), rel=1e-8)
    assert mine.column == its.column


def test_leaks_are_found():
    table = Table.drawn(3000, 60)
    assert table.fit(True).leaks == table.fit(False).leaks == []
    table.y[table.city == 7] = 38.0  # a level that decides the label
    said = table.fit(True).leaks
    assert said == table.fit(False).leaks
    assert len(said) == 1
    assert "all training rows of city[c7]" in said[0]
    table = Table.drawn(3000, 60)
    table.y = 5.0 * table.city  # a feature that does
    said = table.fit(True).leaks
    assert said == table.fit(False).leaks
    assert any("city alone explains" in line for line in said)
    table.b = table.y + 0.001 * table.a
    table.city = (table.city * 7 + np.arange(3000)) % 60
    assert next(line for line in table.fit(True).leaks if "alone" in line).startswith("a leak? b alone")


def test_files_round_trip(tmp_path):
    table = Table.drawn(900, 120, weights=True)
    found = table.fit(True, l2="auto")
    found.save(str(tmp_path))
    again = LinearFit.load(str(tmp_path))
    assert isinstance(again.fit.covariance, AbsorbedCovariance)
    assert again.fit.standard_errors.tolist() == pytest.approx(found.fit.standard_errors.tolist(), nan_ok=True)
    assert again.fit.to_json() == found.fit.to_json()
    assert again.total_weight == found.total_weight
    assert again.column_means.tolist() == found.column_means.tolist()
    gathered = table.gathered(True)
    gathered.save(str(tmp_path))
    back = GatheredRows.load(str(tmp_path))
    assert back.levels == gathered.levels
    assert [part.by_level.tolist() for part in back.parts] == [part.by_level.tolist() for part in gathered.parts]
