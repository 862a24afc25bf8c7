import numpy as np
import pytest

from components.linear_model.units import Units

GENERATOR = np.random.default_rng(0)
X = np.column_stack(
    [np.ones(50), GENERATOR.normal(size=(50, 3)) * [1e-6, 0.01, 1e8] + [0, 2000, 5e8], np.full(50, 7.0)]
)


def test_columns_come_near_0_and_to_size_1_and_the_intercept_stays():
    units = Units.of(X, intercept=True)
    scaled = units.scaled(X)
    assert (scaled[:, 0] == 1).all()
    assert (np.abs(scaled[:, 1:4].mean(axis=0)) < 1).all()
    assert (np.abs(np.log2(scaled[:, 1:4].std(axis=0))) <= 0.5 + 1e-9).all()
    assert np.isfinite(scaled).all()
    assert (np.exp2(np.round(np.log2(units.size))) == units.size).all()


def test_a_column_far_from_0_is_measured_from_its_origin_without_rounding():
    units = Units.of(X, intercept=True)
    again = units.scaled(X) * units.size + units.origin
    assert (again[:, 2] == X[:, 2]).all()


def test_coefficients_of_raw_columns_give_the_same_predictions():
    units = Units.of(X[:, :4], intercept=True)
    beta = np.array([0.3, -1.0, 2.0, 0.5])
    assert X[:, :4] @ units.raw(beta, [0, 1, 2, 3]) == pytest.approx(units.scaled(X[:, :4]) @ beta, abs=1e-9)
    some = units.raw(np.column_stack([beta[[0, 2]], np.eye(2)]), [0, 2])
    assert some[:, 0] == pytest.approx(units.raw(beta * [1, 0, 1, 0], [0, 1, 2, 3])[[0, 2]], rel=1e-15)
    assert some[:, 2] == pytest.approx([-units.origin[2] / units.size[2], 1 / units.size[2]])


def test_without_an_intercept_nothing_is_moved_and_under_a_penalty_nothing_scaled():
    assert (Units.of(X, intercept=False).origin == 0).all()
    units = Units.of(X, intercept=True, sizes=False)
    assert (units.size == 1).all()
    assert abs(units.origin[2] - 2000) < 0.01
    beta = np.arange(5.0)
    assert units.raw(beta, list(range(5)))[1:].tolist() == beta[1:].tolist()


def test_no_rows():
    assert Units.of(np.zeros((0, 2)), intercept=True).scaled(np.zeros((0, 2))).shape == (0, 2)
