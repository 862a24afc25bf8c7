import pytest

from components.linear_model.families import FAMILIES
from components.model_gate.live import allowance
from components.model_gate.verdict import judge
from tests.components.model_gate.measurements import FOLDS, described, measured, rules


def against(value, live, rows=200, live_folds=None, **changed):
    metrics, baseline = ({(): measured(rows, mean_squared_error=mse)} for mse in (value, live))
    verdict = judge(metrics, baseline, rules(**changed), described(), described(live_folds))
    [text] = verdict.checks
    return verdict.blessed, text


def test_against_the_live_model():
    kept, text = against(15.5, 15.0)
    assert (kept, text.partition(", or")[0]) == (
        False,
        "mean_squared_error on overall is 15.5 against 15 of the live model (+3.33%); at most +1.00%",
    )
    assert against(15.1, 15.0)[0]
    metrics, baseline = ({(): measured(200, mean_squared_error=mse)} for mse in (15.5, 15.0))
    [check] = judge(metrics, baseline, rules(), described(), described()).judged
    assert (check.metric, check.value, check.live, check.by, check.least) == (
        "mean_squared_error",
        15.5,
        15.0,
        "rows",
        None,
    )
    assert check.greatest == pytest.approx(15.15)
    assert against(15.5, 15.0, no_worse_than_live=0.05)[0]


def test_a_live_model_of_an_exact_law_can_be_followed():
    """y = 2x + 1: the errors are the rounding of 32-bit floats, and their ratio is 68."""
    assert against(1.38881e-10, 2.04237e-12)[0]
    assert against(0.0, 0.0)[0]
    kept, text = against(1e-3, 0.0)
    assert (kept, "(+0.001)" in text) == (False, True)
    assert not against(1e-3, 2.04237e-12)[0]


def test_the_allowance_is_below_anything_that_matters():
    allowed = allowance(measured(label=1e6), FAMILIES["gaussian"])
    assert allowed == pytest.approx((4 * 2**-23 * 1e6) ** 2 + 1e-9 * 9 * 199 / 200, rel=1e-2)


def test_with_few_rows_the_cross_validations_are_compared():
    kept, text = against(900.0, 15.0, rows=5, live_folds={**FOLDS, "mean_squared_error": 4.99})
    assert kept
    assert "cross-validated on 69 rows, as 5 rows are too few to judge, is 5 against 4.99" in text
    assert not against(15.0, 15.0, rows=5, live_folds={**FOLDS, "mean_squared_error": 4.0})[0]
    kept, text = against(900.0, 15.0, rows=5)
    assert (kept, "no cross-validation of both models" in text) == (False, True)
    assert against(1.0, 1.0, held_out=False, live_folds={**FOLDS, "mean_squared_error": 4.99})[0]
    assert against(1.0, 1.0, held_out=False) == (
        True,
        "not compared with the live model: no rows are held out, and its cross-validation is not known",
    )


def of_families(candidate, live, value, before, **changed):
    """The verdict's one check of two models; each is `(family, folds)`, their metrics `value` and `before`."""
    models = [
        described(folds, family, **changed.pop(name, {}))
        for name, (family, folds) in zip("ab", (candidate, live), strict=True)
    ]
    rows = changed.pop("rows", 200)
    metrics, baseline = ({(): measured(rows, 0.3, **found)} for found in (value, before))
    verdict = judge(metrics, baseline, rules(family=candidate[0], **changed), *models)
    [text] = verdict.checks
    return verdict.blessed, text


def test_a_live_model_of_another_family_is_compared_by_a_mean_square():
    kept, text = of_families(
        ("binomial", None),
        ("gaussian", None),
        {"log_loss": 0.5, "brier_score": 0.16},
        {"log_loss": 0.4, "brier_score": 0.17},
    )
    assert kept
    assert text.startswith(
        "the live model is of another family, gaussian; by what both have, brier_score on overall is 0.16 against 0.17 of the live "
        "model (-5.88%); at most +1.00%"
    )
    counts = (
        {"poisson_deviance": 1.0, "root_mean_squared_error": 2.0},
        {"poisson_deviance": 9.0, "root_mean_squared_error": 1.9},
    )
    kept, text = of_families(("poisson", None), ("tweedie(power=1.5)", None), *counts)
    assert (kept, "by what both have, root_mean_squared_error on overall is 2 against 1.9" in text) == (False, True)


def test_another_link_or_power_is_said():
    losses = {"log_loss": 0.5}, {"log_loss": 0.4}
    kept, text = of_families(("binomial", None), ("binomial(link=probit)", None), *losses)
    assert (
        kept,
        text.startswith("the live model is binomial(link=probit); log_loss on overall is 0.5 against 0.4"),
    ) == (
        False,
        True,
    )
    folds = {"log_loss": 0.45, "rows": 69}
    assert (
        "cross-validated on 69 rows"
        in of_families(("binomial", folds), ("binomial(link=probit)", folds), *losses, rows=5)[1]
    )


def test_cross_validations_of_other_measures_are_not_compared():
    """Those of a family are by its own deviance, which a power changes."""
    folds, deviances = {"tweedie_deviance": 1.0, "rows": 69}, ({"tweedie_deviance": 1.0}, {"tweedie_deviance": 1.0})
    powers = ("tweedie(power=1.5)", folds), ("tweedie(power=1.6)", folds)
    assert "no cross-validation of both models" in of_families(*powers, *deviances, rows=5)[1]
    assert of_families(*powers, *deviances, held_out=False) == (
        True,
        "not compared with the live model: no rows are held out, and its cross-validation is by another measure, that of "
        "tweedie(power=1.6)",
    )


@pytest.mark.parametrize(
    ("classes", "live_classes", "label", "said"),
    [
        (["no", "yes"], ["yes", "no"], "y", "it predicts 'y' being 'no', and this one 'y' being 'yes'"),
        (["no", "yes"], None, "y", "it predicts 'y', and this one 'y' being 'yes'"),
        (["0", "1"], None, "z", "it predicts 'z', and this one 'y'"),
    ],
)
def test_a_live_model_of_something_else_is_not_compared(classes, live_classes, label, said):
    live_family = "gaussian" if live_classes is None else "binomial"
    found = of_families(
        ("binomial", None),
        (live_family, None),
        {"log_loss": 0.5},
        {"log_loss": 0.4},
        a={"classes": classes},
        b={"classes": live_classes, "label": label},
    )
    assert found == (True, f"not compared with the live model: {said}")
