"""What a summary keeps of the tests of whole features."""

import pytest

from components.linear_model.feature_tests import feature_tests
from pipeline.graph.feature_tests import FeatureTests, read_tests
from tests.components.fits import drawn, fitted


@pytest.mark.parametrize("family", ["gaussian", "binomial", "gamma"])
def test_all_figures_are_kept_through_json(family):
    found = fitted(family, drawn(family))
    tests, kept = feature_tests(found), read_tests(found)
    assert FeatureTests.model_validate_json(kept.model_dump_json()) == kept
    assert kept.statistic == ("χ²" if family == "binomial" else "F")
    assert kept.residual == (None if family == "binomial" else 396)
    for one, entry in zip(tests.features, kept.features, strict=True):
        assert (entry.feature, entry.test.statistic, entry.test.p) == (one.feature, one.test.statistic, one.test.p)
        assert (entry.gvif, entry.gvif_root) == (one.gvif, one.gvif_root)
        assert entry.partial_r_squared == one.partial_r_squared
    assert kept.overall.statistic == tests.overall.statistic
