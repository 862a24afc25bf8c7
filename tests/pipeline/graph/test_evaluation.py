import json

import pytest

from components.linear_model.families import FAMILIES
from tests.pipeline.config.test_file import GOOD, load

TWEEDIE = """
name: claims
data: {path: t.csv}
label: y
features: {x: numeric}
model: {family: tweedie, power: 1.6}
"""
pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_all_metrics_are_measured_overall_and_by_slice_and_none_is_judged(tmp_path):
    """ModelGate judges; with a threshold, TFX's Evaluator would bless too."""
    from pipeline.graph.evaluation import eval_config

    config = eval_config(load(tmp_path, GOOD))
    metrics = config.metrics_specs[0].metrics
    names = {json.loads(metric.config)["name"] for metric in metrics}
    assert {json.loads(metric.config)["family"] for metric in metrics} == {"gaussian"}
    known = FAMILIES["gaussian"].metric_names
    assert {f"{name}{suffix}" for name in known for suffix in ("", "_standard_error")} | {"example_count"} == names
    assert not any(metric.HasField("threshold") or metric.per_slice_thresholds for metric in metrics)
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["c"], ["h"]]
    assert {spec.label_key for spec in config.model_specs} == {"y"}


def test_the_metrics_are_those_of_the_family_and_come_with_its_tables(tmp_path):
    from pipeline.graph.evaluation import eval_config

    config = eval_config(load(tmp_path, TWEEDIE))
    told = [json.loads(metric.config) for metric in config.metrics_specs[0].metrics]
    assert {"tweedie_deviance", "calibration_standard_error", "tables"} <= {entry["name"] for entry in told}
    assert {entry["family"] for entry in told} == {"tweedie(power=1.6)"}
