"""Elastic nets from the folds' factors: beside scikit-learn's ElasticNetCV with the same folds, and glmnet's stored results."""

from pathlib import Path

import mpmath
import numpy as np
import pytest
import statsmodels.api as sm
from sklearn.datasets import load_diabetes
from sklearn.linear_model import ElasticNet as Peer
from sklearn.linear_model import ElasticNetCV
from statsmodels.regression.tests.results import glmnet_r_results

from components.errors import DataError
from components.linear_model import ElasticNet, fit
from components.linear_model.elastic_net_choice import standard_errors
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factors import TriangularFactor
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.linear_fit import LinearFit
from components.linear_model.ridge import CrossValidation
from components.linear_model.solve import Settings
from tests.components.absorbed_fits import Table

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")
TIGHT = {"tol": 1e-14, "max_iter": 1_000_000}
# JuliaStats/GLMNet.jl, test/runtests.jl: R's glmnet, with each fold's columns in z-scores of its own.
GLMNET_X = np.array(
    [
        [74, 1, 93, 93, 79, 18],
        [98, 36, 2, 27, 65, 70],
        [61, 8, 99, 53, 77, 92],
        [47, 51, 67, 84, 87, 80],
        [81, 32, 9, 18, 32, 10],
        [78, 67, 92, 98, 4, 65],
        [67, 94, 30, 20, 85, 73],
        [51, 100, 75, 76, 86, 18],
        [93, 71, 76, 64, 70, 91],
        [30, 5, 13, 89, 19, 2],
    ],
    float,
)
GLMNET_Y = np.array([9, 67, 91, 80, 2, 61, 70, 13, 83, 21], float)
GLMNET_FOLD = np.array([0, 0, 0, 0, 1, 1, 1, 2, 2, 2])


def z_scores(x, of=None):
    of = x if of is None else of
    return (x - of.mean(axis=0)) / of.std(axis=0)


def diabetes():
    x, y = load_diabetes(return_X_y=True)
    return z_scores(x), y


def longley():
    data = sm.datasets.longley.load()
    return z_scores(data.exog.to_numpy(float)), data.endog.to_numpy(float)


def wide():
    """More columns than rows, of which ten are copies and one constant."""
    draw = np.random.default_rng(2)
    x = draw.normal(size=(60, 80))
    x[:, 70:] = x[:, :10]
    x[:, 40] = 0.0
    return x, x[:, :5] @ [2.0, -1.0, 0.5, 1.0, -2.0] + draw.normal(size=60)


def one():
    x, y = diabetes()
    return x[:, [2]], y


def splits(fold):
    return [(np.flatnonzero(fold != index), np.flatnonzero(fold == index)) for index in range(fold.max() + 1)]


def errors_of(found: LeastSquaresFit):
    assert found.selection is not None
    return np.array([entry["cv_error"] for entry in found.selection.path])


@pytest.mark.parametrize("ratio", [1.0, 0.5, 0.1])
@pytest.mark.parametrize("data", [diabetes, longley, wide, one])
def test_path_errors_and_choice_are_scikit_learns(data, ratio):
    x, y = data()
    if data is wide and ratio == 1.0:
        x = x[:, :70]  # of equal columns a lasso may take either
    fold = np.arange(len(y)) % 4
    found = fit(x, y, elastic_net=ElasticNet(ratio), folds=fold)
    peer = ElasticNetCV(l1_ratio=ratio, cv=splits(fold), **TIGHT).fit(x, y)
    assert found.selection.kkt_on_path < 1e-10
    assert [entry["alpha"] for entry in found.selection.path] == pytest.approx(peer.alphas_, rel=1e-11)
    weights = np.bincount(fold) / len(y)
    digits = 1e-7 if data is longley else 1e-9  # coordinate descent gets no nearer there: see the test in 60 digits
    assert errors_of(found) == pytest.approx(peer.mse_path_ @ weights, rel=digits)
    assert found.selection.path[0]["columns"] == 0
    place = np.argmin(peer.mse_path_ @ weights)
    assert found.penalty == pytest.approx(peer.alphas_[place], rel=1e-11)
    assert found.cv_error == errors_of(found)[place]
    peer = Peer(alpha=found.penalty, l1_ratio=ratio, **TIGHT).fit(x, y)
    assert found.coefficients == pytest.approx([peer.intercept_, *peer.coef_], rel=digits, abs=digits * np.abs(y).max())
    assert found.selection.left_out == [1 + place for place in np.flatnonzero(peer.coef_ == 0) if x[:, place].any()]


def exact_lasso(x, y, alpha, signs):
    """Slopes [q] and intercept in mpmath's digits, from the signs that they are believed to have; the conditions are checked."""
    rows, columns = x.shape
    x, y = mpmath.matrix(x.tolist()), mpmath.matrix(y.tolist())
    means = [mpmath.fsum(x[:, column]) / rows for column in range(columns)]
    x = mpmath.matrix([[x[i, j] - means[j] for j in range(columns)] for i in range(rows)])
    z = y - mpmath.matrix([mpmath.fsum(y) / rows] * rows)
    bound, there = rows * mpmath.mpf(alpha), np.flatnonzero(signs).tolist()
    some = mpmath.matrix([[x[i, j] for j in there] for i in range(rows)])
    beta = mpmath.matrix(columns, 1)
    for place, value in zip(
        there, mpmath.lu_solve(some.T * some, some.T * z - bound * mpmath.matrix(signs[there].tolist())), strict=True
    ):
        beta[place] = value
    gradient = x.T * (z - x * beta)
    for place in range(columns):
        assert abs(gradient[place]) <= bound * (1 + mpmath.mpf(10) ** -40)
        assert mpmath.sign(beta[place]) == signs[place]
    return beta, mpmath.fsum(y) / rows - mpmath.fsum(m * b for m, b in zip(means, beta, strict=True))


def test_longleys_held_out_errors_in_sixty_digits():
    x, y = longley()
    fold = np.arange(len(y)) % 4
    found = fit(x, y, elastic_net=ElasticNet(1.0), folds=fold)
    with mpmath.workdps(60):
        for entry in found.selection.path[5::19]:
            total = mpmath.mpf(0)
            for train, held_out in splits(fold):
                mine = fit(x[train], y[train], elastic_net=ElasticNet(1.0, entry["alpha"]))
                beta, intercept = exact_lasso(x[train], y[train], entry["alpha"], np.sign(mine.coefficients[1:]))
                assert mine.coefficients[1:] == pytest.approx(np.array(beta.tolist(), float)[:, 0], rel=1e-10)
                for row in held_out:
                    answer = intercept + mpmath.fsum(
                        mpmath.mpf(a) * b for a, b in zip(x[row].tolist(), beta, strict=True)
                    )
                    total += (mpmath.mpf(y[row]) - answer) ** 2
            assert entry["cv_error"] == pytest.approx(float(total / len(y)), rel=1e-11)


@pytest.mark.parametrize("intercept", [True, False])
def test_weighted_rows_are_scikit_learns(intercept):
    x, y = diabetes()
    draw = np.random.default_rng(3)
    x, w, fold = x + 0.3, draw.integers(0, 4, len(y)) / 2, draw.integers(0, 5, len(y))
    found = fit(x, y, weights=w, folds=fold, intercept=intercept, elastic_net=ElasticNet(0.7))
    errors, alphas = errors_of(found), [entry["alpha"] for entry in found.selection.path]
    for place in (0, 20, 60, 99):
        total = 0.0
        for train, held_out in splits(fold):
            peer = Peer(alpha=alphas[place], l1_ratio=0.7, fit_intercept=intercept, **TIGHT)
            peer.fit(x[train], y[train], sample_weight=w[train])
            total += w[held_out] @ (y[held_out] - peer.predict(x[held_out])) ** 2
        assert errors[place] == pytest.approx(total / w.sum(), rel=1e-9)
    peer = ElasticNetCV(l1_ratio=0.7, cv=splits(fold), alphas=alphas, fit_intercept=intercept, **TIGHT)
    peer.fit(x, y, sample_weight=w)
    weights = np.bincount(fold, w) / w.sum()
    assert errors == pytest.approx(peer.mse_path_ @ weights, rel=1e-9)
    assert found.penalty == alphas[int(np.argmin(errors))]
    centre = (lambda of: of - np.average(of, axis=0, weights=w)) if intercept else np.asarray
    greatest = np.abs(centre(x).T @ (w * centre(y))).max() / (
        w.sum() * 0.7
    )  # scikit-learn's default path knows no weights
    assert alphas[0] == pytest.approx(greatest, rel=1e-12)


def test_of_several_ratios_the_one_with_the_least_error():
    x, y = diabetes()
    fold, ratios = np.arange(len(y)) % 4, [0.1, 0.5, 0.9, 1.0]
    found = fit(x, y, elastic_net=ElasticNet(ratios), folds=fold)
    peer = ElasticNetCV(l1_ratio=ratios, cv=splits(fold), **TIGHT).fit(x, y)
    assert (found.selection.l1_ratio, found.penalty) == (peer.l1_ratio_, pytest.approx(peer.alpha_, rel=1e-11))
    assert len(found.selection.path) == 400
    assert found.penalty_rule.startswith(
        f"elastic net with l1_ratio {peer.l1_ratio_:g}, of 4 the one with the least held-out error: least mean squared error"
    )
    given = fit(x, y, elastic_net=ElasticNet(ratios, alpha=3.0), folds=fold)
    at = {entry["l1_ratio"]: entry["cv_error"] for entry in given.selection.path if entry["alpha"] == 3.0}
    assert given.selection.l1_ratio == min(at, key=at.__getitem__)
    assert (given.penalty, given.cv_error) == (3.0, min(at.values()))


def test_the_one_standard_error_rule_takes_a_greater_penalty():
    x, y = diabetes()
    least = fit(x, y, elastic_net=ElasticNet(1.0), folds=10)
    fewer = fit(x, y, elastic_net=ElasticNet(1.0, rule="one_standard_error"), folds=10)
    path = fewer.selection.path
    best = min(path, key=lambda entry: entry["cv_error"])
    within = [entry["alpha"] for entry in path if entry["cv_error"] <= best["cv_error"] + best["standard_error"]]
    assert (least.penalty, fewer.penalty) == (best["alpha"], max(within))
    assert len(fewer.selection.left_out) > len(least.selection.left_out)


def test_glmnets_results_in_statsmodels():
    """54 fits. glmnet's ridge part is of a label of standard deviation 1, its lasso part of the label as it is."""
    data = np.loadtxt(Path(glmnet_r_results.__file__).parent / "lasso_data.csv", delimiter=",")
    stored = [getattr(glmnet_r_results, name) for name in dir(glmnet_r_results) if name.startswith("rslt_")]
    stored = [entry for entry in stored if entry[2] > 0]
    assert len(stored) == 54
    for rows, columns, ratio, penalty, *expected in stored:
        z = data[: int(rows), : int(columns) + 1]
        z = (z - z.mean(axis=0)) / z.std(axis=0, ddof=1)
        lasso, ridge = penalty * ratio, penalty * (1 - ratio) / z[:, 0].std()
        net = ElasticNet(lasso / (lasso + ridge), lasso + ridge)
        found = fit(z[:, 1:], z[:, 0], intercept=False, elastic_net=net)
        assert found.coefficients == pytest.approx(expected, abs=5e-6)
        assert ((found.coefficients == 0) == (np.array(expected) == 0)).all()


def test_glmnets_path_and_cross_validation_in_julias_tests():
    """To its digits: 12 where one column has a coefficient, so that a sweep of it is exact; 3 where several have."""
    scale = GLMNET_X.std(axis=0)
    for penalty, explained, intercept, digits in (
        (31.8289169496, 0.0, 49.7, 1e-9),
        (29.0013236919, 0.1611406847, 45.3564158503177, 1e-9),
        (12.5539807098, 0.8014516657, 20.090965068475, 1e-9),
        (0.4837712363, 0.9921544907, 21.3405100552143, 5e-3),
    ):
        found = fit(z_scores(GLMNET_X), GLMNET_Y, elastic_net=ElasticNet(1.0, penalty))
        raw = found.coefficients[1:] / scale
        assert found.r_squared == pytest.approx(explained, abs=digits)
        assert found.coefficients[0] - raw @ GLMNET_X.mean(axis=0) == pytest.approx(intercept, rel=digits)
    for penalty, mean, error, digits in (
        (31.8289169496, 1196.1831818915, 136.322352820689, 1e-10),
        (12.5539807098, 256.744852390135, 88.2039985031141, 1e-10),
        (4.1108627024, 121.759979920248, 16.8747291292415, 1e-3),
    ):
        folds = []
        for train, held_out in splits(GLMNET_FOLD):
            found = fit(z_scores(GLMNET_X[train]), GLMNET_Y[train], elastic_net=ElasticNet(1.0, penalty))
            x = z_scores(GLMNET_X[held_out], GLMNET_X[train])
            answered = found.coefficients[0] + x @ found.coefficients[1:]
            folds.append(np.mean((GLMNET_Y[held_out] - answered) ** 2))
        validation = CrossValidation(
            np.array([penalty]), np.array(folds)[:, None], np.bincount(GLMNET_FOLD).astype(float)
        )
        assert validation.mean[0] == pytest.approx(mean, rel=digits)
        assert standard_errors(validation)[0] == pytest.approx(error, rel=digits)


@pytest.mark.parametrize("ratio", [1.0, 0.4])
@pytest.mark.parametrize("weights", [False, True])
def test_levels_that_are_eliminated_change_nothing(ratio, weights, tmp_path):
    table = Table.drawn(2000, 40, weights=weights)
    dense, absorbed = (table.fit(absorbed, elastic_net=ElasticNet(ratio)) for absorbed in (False, True))
    assert absorbed.fit.coefficients == pytest.approx(dense.fit.coefficients, abs=1e-11)
    assert absorbed.fit.penalty == pytest.approx(dense.fit.penalty, rel=1e-12)
    assert 0 < dense.fit.selection.path[20]["columns"] < dense.fit.selection.path[-1]["columns"]
    assert absorbed.fit.selection.left_out == dense.fit.selection.left_out
    absorbed.save(str(tmp_path))
    back = LinearFit.load(str(tmp_path))
    assert back.fit.selection == absorbed.fit.selection
    assert back.raw.coefficients.tolist() == absorbed.raw.coefficients.tolist()
    assert back.raw.coefficients == pytest.approx(dense.raw.coefficients, abs=1e-9)
    for found in (back, dense):
        assert np.isnan(found.raw.standard_errors).all()


def test_what_is_not_claimed_and_what_is():
    x, y = diabetes()
    found = fit(x, y, elastic_net=ElasticNet(1.0), folds=5)
    assert np.isnan(found.covariance).all()
    assert np.isnan(found.p_values).all()
    assert (found.log_likelihood, found.aic) == (None, None)
    assert found.penalised
    there = np.count_nonzero(found.coefficients[1:])
    assert found.degrees_of_freedom == pytest.approx(len(y) - 1 - there, abs=1e-9)
    assert there + len(found.selection.left_out) == 10
    residual = y - found.coefficients[0] - x @ found.coefficients[1:]
    assert found.residual_sum_of_squares == pytest.approx(residual @ residual, rel=1e-12)
    back = LeastSquaresFit.from_json(found.to_json(), found.covariance)
    assert back.selection == found.selection


def test_degrees_of_freedom_are_the_trace_of_the_hat_matrix():
    x, y = diabetes()
    found = fit(x, y, elastic_net=ElasticNet(0.3, 5.0))
    there = x[:, found.coefficients[1:] != 0]
    ridge = len(y) * 5.0 * 0.7
    hat = there @ np.linalg.solve(there.T @ there + ridge * np.eye(there.shape[1]), there.T)
    assert found.degrees_of_freedom == pytest.approx(len(y) - 1 - np.trace(hat), rel=1e-12)
    settings = Settings(elastic_net=ElasticNet(0.3, 5.0))
    factor = TriangularFactor(found.names, intercept=True).add(x, y)
    root = ElasticNetProblem([factor], settings).root()
    leverage = np.sum((np.column_stack([np.ones(len(y)), x]) @ root) ** 2, axis=1)
    assert leverage == pytest.approx(1 / len(y) + np.diag(hat), rel=1e-9)
    assert (found.penalty_rule, found.cv_error) == ("elastic net with l1_ratio 0.3: given", None)
    assert "cv_error" not in found.selection.path[0]


def test_a_penalty_beyond_the_path_is_on_it():
    x, y = diabetes()
    for alpha in (1000.0, 1e-4):
        found = fit(x, y, elastic_net=ElasticNet(1.0, alpha), folds=3)
        path = [entry["alpha"] for entry in found.selection.path]
        assert path == sorted(path, reverse=True)
        assert alpha in (path[0], path[-1])
        assert found.penalty == alpha
    none = fit(x, y, elastic_net=ElasticNet(1.0, 1000.0))
    assert none.coefficients[0] == pytest.approx(y.mean(), rel=1e-14)
    assert not none.coefficients[1:].any()
    assert none.degrees_of_freedom == len(y) - 1


def test_columns_that_nothing_can_be_learnt_of():
    """A constant one is dropped; of copies a lasso takes one; a fold may leave a level empty."""
    draw = np.random.default_rng(4)
    level = np.arange(90) < 30
    x = np.column_stack([np.full(90, 7.0), draw.normal(size=(90, 2)), level])
    x = np.column_stack([x, x[:, 1]])
    y = 3 * x[:, 1] + level + draw.normal(size=90)
    fold = np.repeat([0, 1, 2], 30)  # only the first has the level
    found = fit(x, y, elastic_net=ElasticNet(1.0), folds=fold, names=["flat", "a", "b", "level", "again"])
    assert [found.names[column.column] for column in found.dropped] == ["flat"]
    assert np.count_nonzero(found.coefficients[[2, 5]]) == 1
    assert [column.because for column in found.shared] == ["again = a"] * int(found.coefficients[5] != 0)
    both = fit(x, y, elastic_net=ElasticNet(0.5), folds=fold, names=["flat", "a", "b", "level", "again"])
    assert [column.because for column in both.shared] == ["again = a"]
    assert both.coefficients[2] == pytest.approx(both.coefficients[5], rel=1e-11)
    assert found.selection.kkt_on_path < 1e-11
    rest = fit(np.delete(x, 4, axis=1), y, elastic_net=ElasticNet(1.0), folds=fold)
    assert errors_of(found) == pytest.approx(errors_of(rest), rel=1e-10)
    with pytest.raises(DataError, match="collinear columns:\n  flat is 7 in every training row\n  again = a"):
        fit(
            x, y, elastic_net=ElasticNet(1.0), folds=fold, collinear="error", names=["flat", "a", "b", "level", "again"]
        )


def test_a_constant_label_leaves_no_column():
    x, _ = diabetes()
    found = fit(x, np.full(len(x), 4.0), elastic_net=ElasticNet(0.5))
    assert found.coefficients[0] == pytest.approx(4.0, rel=1e-14)
    assert found.coefficients[1:] == pytest.approx(np.zeros(10), abs=1e-14)


def test_what_is_refused():
    x, y = diabetes()
    with pytest.raises(DataError, match="elastic_net: alpha: auto, and several l1_ratio, need at least two folds"):
        fit(x, y, elastic_net=ElasticNet(1.0), folds=np.zeros(len(y), int))
    for wrong in ({"l2": 1.0}, {"refine": True}, {"bounds": np.zeros((10, 2))}, {"family": "poisson"}):
        with pytest.raises(ValueError, match="elastic_net: is of family gaussian, without l2, bounds and refine"):
            fit(x, np.abs(y), elastic_net=ElasticNet(1.0), **wrong)
    with pytest.raises(DataError, match="4,011 columns, those of levels among them; expected at most 3,000"):
        Table.drawn(5000, 4000).fit(absorbed=True, elastic_net=ElasticNet(1.0))
