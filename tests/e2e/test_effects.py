"""What the report says that features do, beside statsmodels and the training rows themselves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import statsmodels.api as sm

from components.linear_model.scoring import score, transformed_columns
from pipeline.graph.report.sections.drives import Drives
from tests.e2e import kinds
from tests.e2e.asking import pushed_model
from tests.e2e.gathered import gathered

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

LEVELS = ("buckets", "categorical", "boolean")


@pytest.fixture(scope="module")
def model(kinds_run):
    return pushed_model(kinds_run)


@pytest.fixture(scope="module")
def drives(kinds_run) -> Drives:
    report = json.loads(Path(kinds_run.show()["report"]["figures"]).read_text())
    return Drives.model_validate(report["drives"])


@pytest.fixture(scope="module")
def rows(kinds_run, model) -> dict[str, Any]:
    return gathered(kinds_run.root, kinds.NAME, model.design)


@pytest.fixture(scope="module")
def fitted(model, rows):
    """statsmodels' least squares on the columns that have a coefficient."""
    x = np.column_stack([np.ones(len(rows["label"])), model.design.dense(rows)])
    variances = np.diag(model.interval.covariance)
    own = np.flatnonzero(variances > 0)
    return own, sm.OLS(rows["label"], x[:, own]).fit()


def contrast(model, effect) -> Any:
    """The design matrix' row at the end less that at the start, by the scoring of whole rows; None where it has no values."""
    entry = next(entry for entry in model.features if entry["name"] == effect.feature)
    if (
        effect.over not in ("inner", "deviations", "levels")
        or len(entry["columns"]) > 1
        or effect.part
        or effect.start is None
    ):
        return None
    given: dict[str, Any] = {name: [None, None] for name in model.raw_columns}
    given[entry["columns"][0]] = [effect.start, effect.end]
    found = model.layout.rows(transformed_columns(model, given)).numbers
    apart = np.zeros(found.shape[1])
    own = model.layout.features[effect.feature].numbers  # other features may be made of the same column
    apart[own] = (found[1] - found[0])[own]
    return apart


def test_a_change_is_that_of_the_contribution_with_statsmodels_interval(model, drives, fitted):
    own, oracle = fitted
    compared = 0
    for effect in drives.features:
        apart = None if effect.kind in LEVELS else contrast(model, effect)
        if apart is None:
            continue
        found = oracle.t_test(apart[own])
        assert effect.change.value == pytest.approx(float(found.effect[0]), rel=1e-6), effect.name
        low, high = found.conf_int()[0]
        assert (effect.change.low, effect.change.high) == pytest.approx((low, high), rel=1e-6), effect.name
        compared += 1
    assert compared >= 5


def test_levels_are_against_their_reference_as_statsmodels_has_them(model, drives, fitted):
    own, oracle = fitted
    names = {name: place for place, name in enumerate(np.array(model.columns)[own])}
    compared = 0
    for effect in drives.features:
        if effect.kind not in LEVELS:
            continue
        for level in effect.levels:
            if level.reference or level.change is None:  # one that others give has none
                continue
            place = names[f"{effect.feature}[{level.name}]"]
            assert level.change.value == pytest.approx(oracle.params[place], rel=1e-6)
            assert (level.change.low, level.change.high) == pytest.approx(tuple(oracle.conf_int()[place]), rel=1e-6)
            compared += 1
        weights = np.zeros(len(own))
        for name, sign in ((effect.end, 1.0), (effect.start, -1.0)):
            if f"{effect.feature}[{name}]" in names:  # the reference has no coefficient
                weights[names[f"{effect.feature}[{name}]"]] += sign
        assert effect.change.value == pytest.approx(float(weights @ oracle.params), rel=1e-6)
        assert (effect.change.low, effect.change.high) == pytest.approx(
            tuple(oracle.t_test(weights).conf_int()[0]), rel=1e-6
        )
    assert compared >= 5


def test_shares_are_of_the_training_rows(model, drives, rows):
    x = np.column_stack([np.ones(len(rows["label"])), model.design.dense(rows)])
    eta = x @ model.coefficients
    by_feature = model.design.by_feature()
    for name, places in by_feature.items():
        contribution = x[:, places] @ model.coefficients[places]
        share = sum(effect.share for effect in drives.features if effect.feature == name)
        assert share == pytest.approx(np.cov(contribution, eta)[0, 1] / np.var(eta, ddof=1), abs=1e-9)
    assert sum(effect.share for effect in drives.features) == pytest.approx(1.0)


def test_a_curve_is_the_contribution_that_is_served(model, drives):
    curves = [
        effect for effect in drives.features if effect.curve is not None and effect.over in ("inner", "deviations")
    ]
    assert {"spline", "integer"} <= {effect.kind for effect in curves}
    for effect in curves:
        [column] = next(entry["columns"] for entry in model.features if entry["name"] == effect.feature)
        given: dict[str, Any] = {name: [None] * len(effect.curve.x) for name in model.raw_columns}
        given[column] = effect.curve.x
        found = score(model, given)[f"contribution_{effect.feature}"]
        np.testing.assert_allclose(effect.curve.value, found, rtol=1e-9, atol=1e-12)
