import numpy as np
import pytest

from components.linear_model.bounded import Bounds
from components.linear_model.bounded_path import BoundedFit

INF = np.inf
G = np.random.default_rng(4)
X = G.normal(size=(40, 3))
Y = X @ [1.0, -1.0, 2.0] + G.normal(size=40)
BOUNDS = Bounds.simple(np.array([-INF, 0.0, -INF]), np.array([INF, INF, 1.5]))
ANCHOR = np.array([3.0, 5.0, 0.0])


def begun(penalty=0.0, known=ANCHOR, x=X):
    """Of least squares, whose quadratic model is the thing itself."""
    factor = np.linalg.qr(np.column_stack([x, Y - x @ ANCHOR]), mode="r")
    return BoundedFit(ANCHOR, known, factor, penalty, False, BOUNDS)


@pytest.mark.parametrize("known", [ANCHOR, np.array([3.0, -9.0, 4.0])])
def test_the_first_step_of_least_squares_is_the_last_wherever_it_begins(known):
    fit = begun(known=known)
    assert fit.beta[1:].tolist() == [0.0, 1.5]
    assert fit.beta[0] == pytest.approx(X[:, 0] @ (Y - 1.5 * X[:, 2]) / (X[:, 0] @ X[:, 0]), rel=1e-12)
    assert fit.next(X.T @ (Y - X @ fit.beta)) < 1e-12


def test_a_penalty_is_in_every_step():
    fit = begun(penalty=7.0)
    free = X[:, 0]
    assert fit.beta[0] == pytest.approx(free @ (Y - X[:, 1:] @ fit.beta[1:]) / (free @ free + 7), rel=1e-12)
    assert fit.next(X.T @ (Y - X @ fit.beta)) < 1e-12


def test_the_length_is_that_of_the_step_that_the_bounds_leave():
    fit = begun()
    there = fit.beta.copy()
    gradient = X.T @ (Y - X @ there) + X.T @ X @ [0.5, 0.0, 0.0]  # as if the first coefficient were off by ½
    assert fit.next(gradient) == pytest.approx(0.5 * np.linalg.norm(X[:, 0]), rel=1e-9)
    fit.take()
    assert fit.beta == pytest.approx(there + np.array([0.5, 0.0, 0.0]), rel=1e-9)
    assert fit.next(np.array([np.inf, 0.0, 0.0])) == np.inf  # of a fold without a maximum: back to where it was
    assert fit.beta.tolist() == there.tolist()
    fit.take()
    assert fit.beta.tolist() == there.tolist()


def test_a_column_that_is_not_in_the_training_rows_stays():
    fit = begun(x=X * [1.0, 0.0, 1.0])
    assert fit.beta[1] == 5.0
    assert fit.next(np.zeros(3)) < 1e-12
