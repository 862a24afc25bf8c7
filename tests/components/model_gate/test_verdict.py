import math

import pytest

from components.model_gate.verdict import explain

METRICS = {
    (): {"mean_squared_error": 15.5, "r_squared": 0.8},
    (("company", "Flash, Inc"),): {"mean_squared_error": 70.0},
}
RULES = {"limits": {"mean_squared_error": {"max": 20}}, "slices": [], "no_worse_than_live": 0.01}


def test_a_blessed_model_lists_what_was_checked():
    verdict = explain(True, METRICS, None, RULES, [])
    assert verdict["blessed"]
    assert verdict["reasons"] == []
    assert verdict["checks"] == ["mean_squared_error on overall is 15.5; the limit is at most 20: kept"]
    assert verdict["metrics"]["company=Flash, Inc"] == {"mean_squared_error": 70.0}


def test_a_broken_limit_names_metric_slice_value_and_limit():
    rules = {**RULES, "slices": [{"columns": ["company"], "limits": {"mean_squared_error": {"max": 60}}}]}
    verdict = explain(False, METRICS, None, rules, [])
    assert verdict["reasons"] == ["mean_squared_error on company=Flash, Inc is 70; the limit is at most 60: not kept"]


def test_both_bounds_are_said():
    rules = {**RULES, "limits": {"r_squared": {"min": 0.9, "max": 1}}}
    assert explain(False, METRICS, None, rules, [])["reasons"] == [
        "r_squared on overall is 0.8; the limit is at least 0.9 and at most 1: not kept"
    ]


def test_worse_than_the_live_model():
    live = {(): {"mean_squared_error": 15.0}}
    verdict = explain(False, METRICS, live, RULES, [])
    assert verdict["reasons"] == [
        "mean_squared_error on overall is 15.5 against 15 of the live model (+3.33%); at most +1.00% is allowed: not kept"
    ]
    assert explain(True, METRICS, {(): {"mean_squared_error": 15.4}}, RULES, [])["blessed"]


def test_a_live_model_without_error_allows_no_comparison():
    assert "no relative change" in explain(False, METRICS, {(): {"mean_squared_error": 0.0}}, RULES, [])["reasons"][0]


def test_nan_and_absent_metrics_keep_no_limit():
    rules = {**RULES, "limits": {"r_squared": {"min": 0}}}
    assert not explain(False, {(): {"r_squared": math.nan}}, None, rules, [])["blessed"]
    assert "was not computed" in explain(False, {(): {}}, None, rules, [])["reasons"][0]


def test_a_slice_without_rows_is_a_reason():
    assert explain(False, METRICS, None, RULES, ["company=(any)"])["reasons"] == [
        "limits are set for slice company=(any), and no row fell into it"
    ]


@pytest.mark.parametrize("validation_ok", [True, False])
def test_a_contradiction_to_tfma_is_an_error(validation_ok):
    limit = 1 if validation_ok else 20
    rules = {**RULES, "limits": {"mean_squared_error": {"max": limit}}}
    with pytest.raises(RuntimeError, match="TFMA's validation says"):
        explain(validation_ok, METRICS, None, rules, [])
