"""Words of the page."""

from __future__ import annotations

import pytest

from components.linear_model.families import FAMILIES
from pipeline.graph.report.words import headed, listed, metric_words


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("standard errors: HC3 is <b>", "<strong>standard errors</strong>: HC3 is &lt;b&gt;"),
        ("curvature is left in x (13 %): give it a spline", "curvature is left in x (13 %): give it a spline"),
        ("no colon", "no colon"),
        ("a:b", "a:b"),
    ],
)
def test_what_a_sentence_is_about_stands_out(text: str, shown: str) -> None:
    assert headed(text) == shown


def test_metrics_have_words():
    assert metric_words("root_mean_squared_error") == "root mean squared error"
    assert metric_words("auc") == "AUC"
    names = {name for family in FAMILIES.values() for name in (*family.metric_names, *family.opening)}
    assert not any("_" in metric_words(name) for name in names)


def test_long_lists_are_cut_off():
    assert listed(["a", "b"]) == "a, b"
    assert listed(list("abcdefg"), 3) == "a, b, c and 4 more"
