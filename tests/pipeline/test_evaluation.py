import json

import pytest

from tests.pipeline.test_config import GOOD, load

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_every_threshold_names_its_slice(tmp_path):
    """A threshold without a slicing spec would hold for every slice."""
    from pipeline.evaluation import eval_config

    config = eval_config(load(tmp_path, GOOD))
    found = {}
    for metric in config.metrics_specs[0].metrics:
        assert not metric.HasField("threshold")
        for entry in metric.per_slice_thresholds:
            [spec] = entry.slicing_specs
            found.setdefault(json.loads(metric.config)["name"], []).append((list(spec.feature_keys), entry.threshold))
    [limit, change] = found["mean_squared_error"]
    assert (limit[0], limit[1].value_threshold.upper_bound.value) == ([], 20)
    assert not limit[1].value_threshold.HasField("lower_bound")
    assert change[1].change_threshold.relative.value == 0.01
    [(columns, threshold)] = found["r_squared"]
    assert (columns, threshold.value_threshold.lower_bound.value) == (["h"], 0)
    assert [list(spec.feature_keys) for spec in config.slicing_specs] == [[], ["c"], ["h"]]
    assert {spec.label_key for spec in config.model_specs} == {"y"}
