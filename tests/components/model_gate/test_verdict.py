import math

import pytest
from scipy import stats

from components.linear_model.families import FAMILIES
from components.model_gate.verdict import Rules, allowance, interval, judge, within

RULES = Rules(family="gaussian", limits={}, slices=[], no_worse_than_live=0.01, min_rows=30, held_out=True)
FOLDS = {"mean_squared_error": 5.0, "root_mean_squared_error": 5.0**0.5, "r_squared": 0.61, "rows": 69}


def rules(**changed):
    return Rules(**{**vars(RULES), **changed})


def measured(rows=200, label=10.0, **values):
    """Metrics, each a value or `(value, standard error)`; the label's standard deviation is 3."""
    table = {"example_count": rows, "mean_label": label, "mean_label_standard_error": 3 / math.sqrt(rows)}
    for name, found in values.items():
        table[name], table[name + "_standard_error"] = found if isinstance(found, tuple) else (found, 1e-9)
    return table


def decide(values, limits, cross_validated=FOLDS, **changed):
    return judge({(): values}, None, rules(limits=limits, **changed), cross_validated, None)


def test_enough_rows_and_a_limit_outside_the_interval_decide():
    verdict = decide(measured(mean_squared_error=(15.5, 1.0)), {"mean_squared_error": {"max": 20}})
    half = stats.t.ppf(0.975, 199)
    assert verdict.blessed
    assert verdict.checks == [
        f"mean_squared_error on overall is 15.5 (95 % interval {15.5 - half:.6g} to {15.5 + half:.6g}, 200 rows); the limit is at "
        "most 20: kept"
    ]
    assert verdict.intervals["overall"]["mean_squared_error"] == pytest.approx([15.5 - half, 15.5 + half])
    assert "mean_squared_error_standard_error" not in verdict.metrics["overall"]
    refused = decide(measured(mean_squared_error=(25.0, 1.0)), {"mean_squared_error": {"max": 20}})
    assert not refused.blessed, "the cross-validated 5.0 is not asked"
    assert refused.reasons == refused.checks


def test_few_rows_leave_it_to_the_cross_validation():
    """hprice1 of Wooldridge: R² −1.74 on 19 held-out rows, 0.61 over the folds of the other 69."""
    verdict = decide(measured(19, r_squared=(-1.737, 1.9)), {"r_squared": {"min": 0.0}})
    assert verdict.blessed
    [text] = verdict.checks
    assert text.startswith("r_squared on overall is -1.737 (95 % interval -5.72")
    assert text.endswith(
        "19 rows), too few to judge (min_rows 30); cross-validated on 69 rows it is 0.61; the limit is at least 0: kept"
    )
    assert not decide(measured(19, r_squared=(0.9, 0.1)), {"r_squared": {"min": 0.7}}).blessed
    assert not decide(
        measured(19, r_squared=(-1.737, 1.9)), {"r_squared": {"min": 0.0}}, cross_validated=None, min_rows=0
    ).blessed


@pytest.mark.parametrize(("value", "folds", "kept"), [(0.69, 0.72, True), (0.71, 0.68, False)])
def test_a_limit_inside_the_interval_is_left_to_the_cross_validation(value, folds, kept):
    verdict = decide(measured(r_squared=(value, 0.05)), {"r_squared": {"min": 0.7}}, {**FOLDS, "r_squared": folds})
    assert verdict.blessed is kept
    assert f", which can't tell it from the limit; cross-validated on 69 rows it is {folds:g};" in verdict.checks[0]


def test_without_a_cross_validated_figure_the_split_decides_and_the_doubt_is_said():
    for folds in (None, FOLDS):
        verdict = decide(measured(mean_absolute_error=(2.1, 0.3)), {"mean_absolute_error": {"max": 2}}, folds)
        assert not verdict.blessed
        assert "which can't tell it from the limit; the limit is at most 2: not kept" in verdict.reasons[0]


def test_no_rows_held_out():
    verdict = decide(measured(88, r_squared=(0.99, 0.001)), {"r_squared": {"min": 0.7}}, held_out=False)
    assert verdict.reasons == [
        "r_squared, cross-validated on 69 rows as none is held out, is 0.61; the limit is at least 0.7: not kept"
    ]
    assert verdict.split == "train"
    assert "was not computed" in decide(measured(), {"r_squared": {"min": 0}}, None, held_out=False).reasons[0]


def test_slices():
    by_company = [{"columns": ["company"], "limits": {"mean_squared_error": {"max": 60}}}]
    metrics = {
        (): measured(),
        (("company", "Flash, Inc"),): measured(100, mean_squared_error=(70.0, 1.0)),
        (("company", "Tiny"),): measured(3, mean_squared_error=(900.0, 400.0)),
    }
    verdict = judge(metrics, None, rules(slices=by_company), FOLDS, None)
    assert [text.partition(" (95")[0] for text in verdict.reasons] == ["mean_squared_error on company=Flash, Inc is 70"]
    assert verdict.checks[1].startswith("mean_squared_error on company=Tiny is 900 (95 % interval")
    assert verdict.checks[1].endswith("3 rows), too few to judge (min_rows 30): not judged")
    assert judge({(): measured()}, None, rules(slices=by_company), FOLDS, None).reasons == [
        "limits are set for slices by company, and no row fell into one"
    ]


def against(value, live, rows=200, live_folds=None, **changed):
    metrics, baseline = ({(): measured(rows, mean_squared_error=mse)} for mse in (value, live))
    verdict = judge(metrics, baseline, rules(**changed), FOLDS, live_folds)
    [text] = verdict.checks
    return verdict.blessed, text


def test_against_the_live_model():
    kept, text = against(15.5, 15.0)
    assert (kept, text.partition(", or")[0]) == (
        False,
        "mean_squared_error on overall is 15.5 against 15 of the live model (+3.33%); at most +1.00%",
    )
    assert against(15.1, 15.0)[0]
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


def test_nan_and_absent_metrics_keep_no_limit():
    verdict = decide(measured(r_squared=(math.nan, math.nan)), {"r_squared": {"min": 0}}, None)
    assert (verdict.blessed, verdict.metrics["overall"]["r_squared"]) == (False, None)
    assert "was not computed" in decide(measured(), {"r_squared": {"min": 0}}, None).reasons[0]
    assert not within(math.nan, {"max": 1})


def test_both_bounds_are_said():
    verdict = decide(measured(r_squared=0.8), {"r_squared": {"min": 0.9, "max": 1}})
    assert verdict.reasons[0].endswith("the limit is at least 0.9 and at most 1: not kept")


def test_one_row_has_no_interval():
    assert interval(measured(1, r_squared=(0.5, math.nan)), "r_squared") is None
