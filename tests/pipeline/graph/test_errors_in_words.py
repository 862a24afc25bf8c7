"""Which errors a regression's are, in a line."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

from components.linear_model.diagnostics import FEW_CLUSTERS
from pipeline.graph.errors_in_words import error_lines, statistic_of
from pipeline.graph.regression import Regression, read_regression
from tests.components.fits import drawn, fitted
from tests.components.table_fits import table_look


def looked(**how: str) -> Regression:
    generator = np.random.default_rng(3)
    table = pd.DataFrame({"x": generator.normal(size=200), "few": np.arange(200) % 39, "many": np.arange(200) % 40})
    table["y"] = table.x + generator.normal(size=200)
    return read_regression(table_look(table, "y", ["x"], **how)[0], DatasetFeatureStatistics())


@pytest.mark.parametrize(
    ("how", "line"),
    [
        ({}, "standard errors, p and intervals are classical; HC3 ones stand beside"),
        (
            {"errors": "hc2"},
            "standard errors, p and intervals are HC2, robust to any spread of the labels; classical ones stand beside",
        ),
        (
            {"cluster": "many"},
            "standard errors, p and intervals are by 40 clusters of many, by Student's t with 39 degrees of freedom; classical "
            "ones stand beside",
        ),
    ],
)
def test_a_line_says_which_errors_these_are(how: dict[str, str], line: str) -> None:
    assert list(error_lines(looked(**how))) == [line]


@pytest.mark.parametrize(("family", "errors"), [("gaussian", "tt"), ("poisson", "zt")])
def test_with_clusters_a_coefficient_is_tested_by_students_t(family: str, errors: str) -> None:
    table = pd.DataFrame({"x": np.random.default_rng(3).normal(size=200), "g": np.arange(200) % 50})
    table["y"] = np.random.default_rng(4).poisson(np.exp(table.x / 3)).astype(float)
    both = (table_look(table, "y", ["x"], family=family, **how)[0] for how in ({"errors": "hc1"}, {"cluster": "g"}))
    assert "".join(statistic_of(read_regression(fit, DatasetFeatureStatistics())) for fit in both) == errors


def test_few_clusters_are_a_warning() -> None:
    assert FEW_CLUSTERS == 40
    first, second = error_lines(looked(cluster="few"))
    assert "by 39 clusters of few, by Student's t with 38 degrees" in first
    assert second.startswith("[yellow]39 clusters are few: below some 40 such errors are too small")


def test_a_fit_of_classical_errors_alone_needs_no_line() -> None:
    assert list(error_lines(read_regression(fitted("gaussian", drawn("gaussian")), DatasetFeatureStatistics()))) == []
