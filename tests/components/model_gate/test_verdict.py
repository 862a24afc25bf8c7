import json
import math

import pytest
from scipy import stats

from components.linear_model.families import named
from components.model_gate.check import Check
from components.model_gate.tables import Confusion, Tables, Tenth
from components.model_gate.verdict import WAY_OUT, Verdict, interval, judge, within
from tests.components.model_gate.measurements import FOLDS, described, measured, rules


def decide(values, limits, cross_validated=FOLDS, **changed):
    return judge({(): values}, None, rules(limits=limits, **changed), described(cross_validated), None)


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
    [check] = verdict.judged
    assert check == Check(
        text=verdict.checks[0], kept=True, metric="mean_squared_error", greatest=20, by="rows", value=15.5
    )
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
    [check] = verdict.judged
    assert (check.by, check.value, check.least, check.greatest) == ("cross-validation", 0.61, 0, None)
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
    verdict = judge(metrics, None, rules(slices=by_company), described(), None)
    assert [text.partition(" (95")[0] for text in verdict.reasons] == ["mean_squared_error on company=Flash, Inc is 70"]
    assert verdict.checks[1].startswith("mean_squared_error on company=Tiny is 900 (95 % interval")
    assert verdict.checks[1].endswith("3 rows), too few to judge (min_rows 30): not judged")
    assert [(check.slice, check.by, check.kept) for check in verdict.judged] == [
        ("company=Flash, Inc", "rows", False),
        ("company=Tiny", "nothing", True),
    ]
    assert judge({(): measured()}, None, rules(slices=by_company), described(), None).reasons == [
        "limits are set for slices by company, and no row fell into one"
    ]


def test_nan_and_absent_metrics_keep_no_limit():
    verdict = decide(measured(r_squared=(math.nan, math.nan)), {"r_squared": {"min": 0}}, None)
    assert (verdict.blessed, verdict.metrics["overall"]["r_squared"]) == (False, None)
    assert verdict.reasons == ["r_squared on overall is undefined (200 rows); the limit is at least 0: not kept"]
    assert "was not computed" in decide(measured(), {"r_squared": {"min": 0}}, None).reasons[0]
    assert not within(math.nan, {"max": 1})


def test_both_bounds_are_said():
    verdict = decide(measured(r_squared=0.8), {"r_squared": {"min": 0.9, "max": 1}})
    assert verdict.reasons[0].endswith("the limit is at least 0.9 and at most 1: not kept")


def test_one_row_has_no_interval():
    assert interval(measured(1, r_squared=(0.5, math.nan)), "r_squared", named("gaussian")) is None


def test_the_tables_are_kept_and_a_verdict_of_before_has_none():
    tables = Tables(
        tenths=[Tenth(rows=100, mean_prediction=0.25, mean_label=0.2)],
        confusion=Confusion(
            threshold=0.25, classes=["no", "yes"], true_positive=1, false_positive=2, false_negative=3, true_negative=4
        ),
        brackets={"auc": 1e-5},
    )
    verdict = judge({(): measured(r_squared=0.8)}, None, rules(), described(), None, tables)
    back = Verdict.parse(verdict.to_json(), "verdict.json", WAY_OUT)
    assert (back.format, back.tables, back.judged) == (3, tables, verdict.judged)
    old = {name: value for name, value in verdict.model_dump().items() if name != "tables"} | {"format": 1}
    assert Verdict.parse(json.dumps(old), "verdict.json", WAY_OUT).tables is None


def test_the_interval_of_a_share_ends_at_0_and_1():
    values = measured(50, recall=(0.99, 0.02), brier_score=(0.01, 0.02), log_loss=(0.99, 0.02))
    assert interval(values, "recall", named("binomial"))[1] == 1.0
    assert interval(values, "brier_score", named("binomial"))[0] == 0.0
    assert interval(values, "log_loss", named("binomial"))[1] > 1.0
