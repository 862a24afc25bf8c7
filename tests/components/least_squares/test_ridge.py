import numpy as np
import pytest
from sklearn.linear_model import Ridge

from components.least_squares import fit
from components.least_squares.ridge import fold_of_rows

GENERATOR = np.random.default_rng(11)
X = GENERATOR.normal(size=(300, 6)) + 3
X[:, 5] = X[:, 4] + 1e-3 * GENERATOR.normal(size=300)
Y = X @ GENERATOR.normal(size=6) + GENERATOR.normal(size=300)
W = GENERATOR.uniform(0.5, 2.0, 300)


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_path_and_its_errors_equal_refits_with_scikit_learn(weights, intercept):
    found = fit(X, Y, weights=weights, intercept=intercept, folds=4, l2="auto")
    fold = fold_of_rows(X, Y, 4)
    w = np.ones(300) if weights is None else weights
    for point in found.ridge_path[1:]:
        total = 0.0
        for k in range(4):
            model = Ridge(alpha=point["l2"], fit_intercept=intercept, solver="svd")
            model.fit(X[fold != k], Y[fold != k], sample_weight=w[fold != k])
            total += np.sum(w[fold == k] * (Y[fold == k] - model.predict(X[fold == k])) ** 2)
        assert point["cv_error"] == pytest.approx(total / w.sum(), rel=1e-8)
    best = min(found.ridge_path, key=lambda point: point["cv_error"])
    assert (found.penalty, found.cv_error) == (best["l2"], best["cv_error"])
    model = Ridge(alpha=found.penalty, fit_intercept=intercept, solver="svd").fit(X, Y, sample_weight=weights)
    assert found.coefficients[int(intercept) :] == pytest.approx(model.coef_, rel=1e-8)


def test_covariance_of_a_penalised_fit_is_the_sandwich():
    found = fit(X, Y, l2=5.0)
    matrix = np.column_stack([np.ones(300), X])
    inverse = np.linalg.inv(matrix.T @ matrix + 5.0 * np.diag([0, 1, 1, 1, 1, 1, 1]))
    freedom = 300 - np.trace(matrix @ inverse @ matrix.T)
    assert found.degrees_of_freedom == pytest.approx(freedom, rel=1e-9)
    residual = Y - matrix @ found.coefficients
    expected = residual @ residual / freedom * inverse @ matrix.T @ matrix @ inverse
    assert found.covariance == pytest.approx(expected, rel=1e-6)


def test_a_fold_depends_on_the_row_alone_and_folds_are_of_like_size():
    fold = fold_of_rows(X, Y, 5)
    order = GENERATOR.permutation(300)
    assert fold_of_rows(X[order], Y[order], 5).tolist() == fold[order].tolist()
    assert min(np.bincount(fold)) > 30
    assert fold_of_rows(np.array([[0.0]]), np.array([-0.0]), 97) == fold_of_rows(
        np.array([[-0.0]]), np.array([0.0]), 97
    )
