import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression, PoissonRegressor

from components.linear_model import fit

FOLDS = np.arange(400) % 5


def table(seed: int, columns: int = 6, effect: float = 0.8):
    generator = np.random.default_rng(seed)
    x = generator.normal(size=(400, columns))
    eta = x @ (effect * generator.normal(size=columns)) - 0.5
    return x, (generator.random(400) < 1 / (1 + np.exp(-eta))).astype(float), generator.poisson(np.exp(eta / 2))


def held_out(family, x, y, predict):
    """Mean deviance by fold of models that `predict(train, test)` fits without it, over all rows."""
    total = 0.0
    for fold in range(5):
        train, test = fold != FOLDS, fold == FOLDS
        mean = predict(train, test)
        if family == "binomial":
            total -= 2 * np.sum(np.log(np.where(y[test] == 1, mean, 1 - mean)))
        else:
            total += 2 * np.sum(
                np.where(y[test] > 0, y[test] * np.log(np.maximum(y[test], 1) / mean), 0) - y[test] + mean
            )
    return total / len(y)


@pytest.mark.parametrize("seed", range(3))
def test_errors_on_held_out_folds_are_those_of_scikit_learns_logistic_regression(seed):
    x, y, _ = table(seed)
    found = fit(x, y, family="binomial", folds=FOLDS, l2="auto")
    assert len(found.ridge_path) == 21
    assert found.ridge_path[0]["l2"] == 0.0
    for point in found.ridge_path[12:]:

        def predict(train, test, l2=point["l2"]):
            model = LogisticRegression(C=1 / l2, solver="newton-cholesky", tol=1e-10, max_iter=1000)
            return model.fit(x[train], y[train]).predict_proba(x[test])[:, 1]

        assert point["cv_error"] == pytest.approx(held_out("binomial", x, y, predict), rel=1e-5)


def test_errors_on_held_out_folds_are_those_of_scikit_learns_poisson_regression():
    x, _, y = table(5)
    found = fit(x, y, family="poisson", folds=FOLDS, l2="auto")
    for point in found.ridge_path[12::2]:

        def predict(train, test, l2=point["l2"]):
            model = PoissonRegressor(alpha=l2 / train.sum(), solver="newton-cholesky", tol=1e-10, max_iter=1000)
            return model.fit(x[train], y[train]).predict(x[test])

        assert point["cv_error"] == pytest.approx(held_out("poisson", x, y, predict), rel=1e-5)


@pytest.mark.parametrize("family", ["binomial", "binomial(link=probit)", "binomial(link=cloglog)", "poisson", "gamma"])
def test_a_given_penalty_has_the_error_of_fits_without_each_fold(family):
    x, ones, counts = table(2)
    y = ones if "binomial" in family else counts + (0.5 if family == "gamma" else 0)
    generator = np.random.default_rng(0)
    weights, offset = generator.uniform(0.5, 2, 400), 0.3 * generator.normal(size=400)
    found = fit(x, y, family=family, folds=FOLDS, l2=3.0, weights=weights, offset=offset)
    total = 0.0
    for fold in range(5):
        train, test = fold != FOLDS, fold == FOLDS
        part = fit(x[train], y[train], family=family, l2=3.0, weights=weights[train], offset=offset[train])
        eta = part.coefficients[0] + x[test] @ part.coefficients[1:] + offset[test]
        # A model that is fitted nowhere else: a column of η with a coefficient of 1 has the deviance of η.
        total += deviance(family, y[test], eta, weights[test])
    assert found.cv_error == pytest.approx(
        total / weights.sum(), rel=5e-5
    )  # as far as a step of 1e-3 standard errors leads
    assert found.remaining_step < 1e-3
    assert found.remaining_on_path == found.remaining_step


def deviance(family, y, eta, weights):
    """By statsmodels."""
    import statsmodels.api as sm

    links = sm.families.links
    kinds = {
        "binomial": sm.families.Binomial(),
        "binomial(link=probit)": sm.families.Binomial(links.Probit()),
        "binomial(link=cloglog)": sm.families.Binomial(links.CLogLog()),
        "poisson": sm.families.Poisson(),
        "gamma": sm.families.Gamma(links.Log()),
    }
    kind = kinds[family]
    return kind.deviance(y, kind.fitted(eta), var_weights=weights)


def test_auto_takes_a_penalty_where_it_helps_and_says_why():
    generator = np.random.default_rng(3)
    x = generator.normal(size=(200, 60))
    y = (generator.random(200) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    many = fit(x, y, family="binomial", l2="auto")
    assert many.penalty > 1
    assert "more than one standard error" in many.penalty_rule or "separated" in many.penalty_rule
    again = fit(x, y, family="binomial", l2=many.penalty)
    assert again.coefficients == pytest.approx(many.coefficients, abs=1e-9)
    few = fit(x[:, :1], y, family="binomial", l2="auto")
    assert few.penalty == 0
    assert few.penalty_rule.startswith("maximum likelihood: ")


def test_separated_labels_leave_auto_the_penalties_above_zero():
    x = np.linspace(-1, 1, 60)[:, None]
    found = fit(x, (x[:, 0] > 0).astype(float), family="binomial", l2="auto", names=["size"])
    assert found.penalty > 0
    assert "without one the labels are separated: size tells the classes apart" in found.penalty_rule
    assert found.ridge_path[0]["l2"] > 0
    assert found.remaining_step < 0.1


def test_dependent_columns_share_under_auto_and_are_dropped_without_a_penalty():
    x, y, _ = table(4)
    both = np.column_stack([x, x[:, 0] - x[:, 1]])
    found = fit(both, y, family="binomial", l2="auto", folds=FOLDS)
    plain = fit(x, y, family="binomial", l2=0.0, folds=FOLDS)
    assert found.ridge_path[0]["cv_error"] == pytest.approx(plain.cv_error, rel=1e-5)
    assert [column.column for column in [*found.shared, *found.dropped]] == [7]


def test_a_fold_that_a_level_lives_in_alone_is_predicted_without_it():
    x, y, _ = table(6)
    alone = ((FOLDS == 2) & (np.arange(400) % 3 == 0)).astype(float)
    found = fit(np.column_stack([x, alone]), y, family="binomial", folds=FOLDS)
    assert found.remaining_step < 1e-3

    def predict(train, test):
        columns = np.column_stack([x, alone]) if alone[train].any() else np.column_stack([x, alone * 0])
        kept = columns[:, columns[train].any(axis=0)]
        model = fit(kept[train], y[train], family="binomial")
        return 1 / (1 + np.exp(-(model.coefficients[0] + kept[test] @ model.coefficients[1:])))

    assert found.cv_error == pytest.approx(held_out("binomial", x, y, predict), rel=1e-5)
