import numpy as np
import pytest
from sklearn.linear_model import LinearRegression, Ridge

from components.errors import DataError
from components.linear_model import fit
from components.linear_model.ridge import CrossValidation

GENERATOR = np.random.default_rng(11)
X = GENERATOR.normal(size=(300, 6)) + 3
X[:, 5] = X[:, 4] + 1e-3 * GENERATOR.normal(size=300)
Y = X @ GENERATOR.normal(size=6) + GENERATOR.normal(size=300)
W = GENERATOR.uniform(0.5, 2.0, 300)


FOLD = np.arange(300) % 4


def least_norm(x, y, w, intercept):
    """The solution of least norm by numpy's lstsq on centred columns: what penalties tend to as they tend to 0."""
    centre = np.average(np.column_stack([x, y]), axis=0, weights=w) if intercept else np.zeros(x.shape[1] + 1)
    root = np.sqrt(w)[:, None]
    beta = np.linalg.lstsq(root * (x - centre[:-1]), root[:, 0] * (y - centre[-1]), rcond=1e-10)[0]
    return lambda new: centre[-1] + (new - centre[:-1]) @ beta


def scikit_learns_path(x, y, path, fold, weights=None, intercept=True):
    """Mean squared errors on held-out rows, refitting for each penalty and fold."""
    w, errors = np.ones(len(y)) if weights is None else weights, []
    for l2 in path:
        total = 0.0
        for k in np.unique(fold):
            train, held_out = fold != k, fold == k
            if l2 == 0:
                predict = least_norm(x[train], y[train], w[train], intercept)
            else:
                model = Ridge(alpha=l2, fit_intercept=intercept, solver="svd")
                predict = model.fit(x[train], y[train], sample_weight=w[train]).predict
            total += np.sum(w[held_out] * (y[held_out] - predict(x[held_out])) ** 2)
        errors.append(total / w.sum())
    return np.array(errors)


def path_of(found):
    return np.array([[point["l2"], point["cv_error"]] for point in found.ridge_path]).T


@pytest.mark.parametrize("weights", [None, W])
@pytest.mark.parametrize("intercept", [True, False])
def test_the_path_and_its_errors_equal_refits_with_scikit_learn(weights, intercept):
    found = fit(X, Y, weights=weights, intercept=intercept, folds=FOLD, l2=3.0)
    path, errors = path_of(found)
    assert errors == pytest.approx(scikit_learns_path(X, Y, path, FOLD, weights, intercept), rel=1e-8)
    assert found.cv_error == errors[list(path).index(3.0)]
    model = Ridge(alpha=3.0, fit_intercept=intercept, solver="svd").fit(X, Y, sample_weight=weights)
    assert found.coefficients[int(intercept) :] == pytest.approx(model.coef_, rel=1e-8)


def hard_table(rows):
    """40 columns, two pairs of them equal, one a sum, and a level that one fold alone has."""
    generator = np.random.default_rng(rows)
    x = generator.normal(size=(rows, 40)) * 10.0 ** generator.uniform(-2, 2, 40) + 3
    fold = generator.permutation(rows) % 5
    x[:, 7], x[:, 9], x[:, 11] = x[:, 3], x[:, 3], x[:, 1] - 2 * x[:, 2]
    x[:, 20] = (fold == 2) & (np.cumsum(fold == 2) <= 3)
    return x, x[:, :4] @ [1.0, -1.0, 0.5, 2.0] + generator.normal(size=rows), fold


@pytest.mark.parametrize("rows", [30, 200])
def test_more_columns_than_rows_duplicates_and_a_rare_level_are_as_scikit_learn_has_them(rows):
    x, y, fold = hard_table(rows)
    model = Ridge(alpha=1.0, solver="svd").fit(x, y)
    found = fit(x, y, l2=1.0, folds=fold)
    assert found.coefficients == pytest.approx(np.r_[model.intercept_, model.coef_], rel=1e-9, abs=1e-11)
    assert found.coefficients[0] + x @ found.coefficients[1:] == pytest.approx(model.predict(x), rel=1e-9)
    path, errors = path_of(found)
    assert path[0] == 0
    assert errors == pytest.approx(scikit_learns_path(x, y, path, fold), rel=1e-9)
    assert (found.dropped, found.rank) == ([], min(rows, 38))
    assert {"x8", "x10", "x12"} <= {found.names[column.column] for column in found.shared}
    assert [column.because for column in found.shared][:2] == ["x8 = x4", "x10 = x4"]
    matrix = np.column_stack([np.ones(rows), x])
    hat = matrix @ np.linalg.solve(matrix.T @ matrix + np.diag([0.0] + [1.0] * 40), matrix.T)
    assert found.degrees_of_freedom == pytest.approx(rows - np.trace(hat), rel=1e-6)
    assert np.isfinite(found.standard_errors).all()


def test_auto_takes_the_best_penalty_where_there_are_too_few_rows_for_none():
    x, y, fold = hard_table(30)
    found = fit(x, y, l2="auto", folds=fold)
    path, errors = path_of(found)
    assert (found.penalty, found.cv_error) == (path[1 + np.argmin(errors[1:])], errors[1:].min())
    assert found.penalty_rule == (
        "least mean squared error of 5-fold cross-validation, of 49 penalties; there are too few rows for ordinary least squares"
    )
    with pytest.raises(
        DataError, match=r"too few rows: 30 rows can't determine 41 coefficients .* or set a penalty \(l2\)"
    ):
        fit(x, y, folds=fold)


def test_auto_takes_a_penalty_only_where_it_helps_by_more_than_a_standard_error():
    generator = np.random.default_rng(4)
    x = generator.normal(size=(100, 30))
    noise = generator.normal(size=100)
    helped, not_helped = fit(x, 5 * noise, l2="auto"), fit(x, x @ generator.normal(size=30) + noise, l2="auto")
    fold = np.random.default_rng(0).permutation(100) % 5
    for found, label, taken in ((helped, 5 * noise, True), (not_helped, None, False)):
        path, errors = path_of(found)
        best = 1 + np.argmin(errors[1:])
        assert (found.penalty == path[best]) == taken
        assert (found.penalty == 0) == (not taken)
        assert found.cv_error == errors[best if taken else 0]
        if label is not None:  # by hand: folds of equal size, so that the standard error is that of a mean
            gains = []
            for k in range(5):
                both = [
                    model.fit(x[fold != k], label[fold != k]).predict(x[fold == k])
                    for model in (LinearRegression(), Ridge(alpha=path[best], solver="svd"))
                ]
                gains.append(np.mean((label[fold == k] - both[0]) ** 2 - (label[fold == k] - both[1]) ** 2))
            share = 100 / errors[0]
            assert found.penalty_rule == (
                f"of 49 penalties the best lowers the 5-fold error by {np.mean(gains) * share:.2g} %, more than one standard "
                f"error of that difference ({np.std(gains, ddof=1) / np.sqrt(5) * share:.2g} %)"
            )
    assert not_helped.penalty_rule.startswith("ordinary least squares: ")


def test_a_tiny_gain_is_no_reason_for_a_penalty():
    found = fit(X[:, :5], Y, l2="auto")
    assert (found.penalty, found.dropped) == (0.0, [])
    assert found.coefficients == pytest.approx(fit(X[:, :5], Y).coefficients, rel=1e-12)


def test_the_standard_error_weighs_folds_by_their_weight():
    found = CrossValidation(
        np.array([0.0, 1.0]), np.array([[3.0, 1.0], [2.0, 1.0], [5.0, 1.0]]), np.array([1.0, 2.0, 1.0])
    )
    assert found.mean.tolist() == [3.0, 1.0]
    gain, standard_error = found.gain(1, over=0)
    assert gain == 2.0
    assert standard_error == pytest.approx(np.sqrt(3 / 2 * (0 + 0.25 * 1 + 0.0625 * 4)))


def test_a_column_that_the_training_rows_of_a_fold_leave_empty_has_no_say_at_penalty_0():
    """An indicator of two rows, both in one fold, its values 1e-3 of the others', and a twin that differs there alone."""
    x = np.column_stack([X[:, :4], 1e-3 * (np.arange(300) % 150 == 8), X[:, 0] + (np.arange(300) % 150 == 8)])
    found = fit(x, Y, folds=FOLD, l2=0.0)
    path, errors = path_of(found)
    assert errors[0] == pytest.approx(scikit_learns_path(x, Y, path[:1], FOLD)[0], rel=1e-9)
    assert np.all(np.diff(errors[:3]) / errors[0] < 1e-4)


def test_collinear_error_raises_with_a_penalty_too():
    with pytest.raises(DataError, match=r"collinear columns:\n  x7 = 2·x1\nRemove features"):
        fit(np.column_stack([X, 2 * X[:, 0]]), Y, l2=3.0, collinear="error")


def test_covariance_of_a_penalised_fit_is_the_sandwich():
    found = fit(X, Y, l2=5.0)
    matrix = np.column_stack([np.ones(300), X])
    inverse = np.linalg.inv(matrix.T @ matrix + 5.0 * np.diag([0, 1, 1, 1, 1, 1, 1]))
    freedom = 300 - np.trace(matrix @ inverse @ matrix.T)
    assert found.degrees_of_freedom == pytest.approx(freedom, rel=1e-9)
    residual = Y - matrix @ found.coefficients
    expected = residual @ residual / freedom * inverse @ matrix.T @ matrix @ inverse
    assert found.covariance == pytest.approx(expected, rel=1e-6)
