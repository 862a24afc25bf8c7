"""Scoring of families with a link, from model.json alone, against statsmodels on the same rows."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
import statsmodels.api as sm

from components.errors import DataError
from components.linear_model import fit
from components.linear_model.design_matrix import DesignMatrix, Term
from components.linear_model.factors import TriangularFactor
from components.linear_model.linear_fit import LinearFit
from components.linear_model.portable import UNBOUNDED, PortableModel, portable_model
from components.linear_model.scoring import rounding_sizes, score
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.offset import Offset
from components.values.names import INTERCEPT

ROWS = 400
GENERATOR = np.random.default_rng(17)
MILES = GENERATOR.uniform(0, 9, ROWS).astype(np.float32)
YEARS = GENERATOR.uniform(0.5, 3, ROWS).astype(np.float32)
LABELS = {
    "binomial": (GENERATOR.random(ROWS) < 1 / (1 + np.exp(2 - 0.5 * MILES))).astype(float),
    "poisson": GENERATOR.poisson(YEARS * np.exp(0.2 * MILES)).astype(float),
    "gamma": YEARS * GENERATOR.gamma(2, np.exp(0.2 * MILES)),
}
ORACLES = {
    "binomial": sm.families.Binomial(),
    "binomial(link=probit)": sm.families.Binomial(sm.families.links.Probit()),
    "binomial(link=cloglog)": sm.families.Binomial(sm.families.links.CLogLog()),
    "poisson": sm.families.Poisson(),
    "gamma": sm.families.Gamma(sm.families.links.Log()),
}
X = np.column_stack([np.ones(ROWS), MILES]).astype(float)


def fitted(family, exposure):
    """model.json of the fit, with the logarithm of an exposure as a column, or without."""
    name = family.partition("(")[0]
    terms = [Term("miles", "miles", mean=4.0, std=2.0)] + [Term("years", "years", offset=True)] * exposure
    features = {"miles": Numeric(), **({"years": Offset(log=True)} if exposure else {})}
    z = ((MILES - 4.0) / 2.0).astype(np.float32).astype(float)
    offset = np.log(YEARS.astype(float)).astype(np.float32).astype(float)
    found = fit(z[:, None], LABELS[name], family=family, names=["miles"], offset=offset if exposure else None)
    design = DesignMatrix(tuple(terms))
    matrix = np.column_stack([np.ones(ROWS), z, *([offset] if exposure else [])])
    factor = TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(matrix, LABELS[name])
    if exposure:
        covariance = np.full((3, 3), np.nan)
        covariance[:2, :2] = found.covariance
        found = dataclasses.replace(
            found,
            names=[*found.names, "years"],
            coefficients=np.append(found.coefficients, 1.0),
            covariance=covariance,
        )
    whole = LinearFit(family, "y", None, design, {}, ROWS, [], found, [ROWS], np.array([factor.square()]))
    model = portable_model(
        whole, features_to_json(features), {"miles": {"fill": 4.0}}, found.coefficients, 0.95, "exact", ["NA", "9"]
    )
    return PortableModel.from_text(model.to_text())


@pytest.mark.parametrize(
    ("family", "exposure"), [(name, False) for name in ORACLES] + [("poisson", True), ("gamma", True)]
)
@pytest.mark.parametrize("level", [None, 0.5])
def test_means_and_intervals_are_statsmodels(family, exposure, level):
    model = fitted(family, exposure)
    given = {"offset": np.log(YEARS.astype(float))} if exposure else {}
    estimated = family == "gamma"  # then Student's t, with Pearson's dispersion
    labels = LABELS[family.partition("(")[0]]
    oracle = sm.GLM(labels, X, family=ORACLES[family], **given).fit(tol=1e-13, maxiter=200, use_t=estimated)
    frame = oracle.get_prediction(X, **given).summary_frame(alpha=1 - (level or 0.95))
    answer = score(model, {"miles": MILES.tolist(), "years": YEARS.tolist()}, level)
    for name, column in ((model.of_family.answer, "mean"), ("low", "mean_ci_lower"), ("high", "mean_ci_upper")):
        assert answer[name] == pytest.approx(frame[column].to_numpy(), rel=3e-6), name
    parts = [values for name, values in answer.items() if name.startswith("contribution_")]
    assert sum(parts) + answer["baseline"] == pytest.approx(answer["linear_predictor"], abs=1e-12)


def test_the_class_changes_at_the_threshold():
    model = fitted("binomial", False)
    at = score(model, {"miles": [3.0]})["probability"][0]
    rows = {"miles": [2.9, 3.0, 3.1]}
    named = dataclasses.replace(model, classes=["no", "yes"], threshold=at)
    assert score(named, rows)["class"].tolist() == ["no", "yes", "yes"]


def test_no_end_of_an_interval_is_beyond_what_a_mean_can_be():
    far = {"miles": [-3e38, -300.0, 4.0, 300.0, 3e38], "years": [1.0] * 5}
    for family in ("binomial", "binomial(link=probit)", "binomial(link=cloglog)"):
        answer = score(fitted(family, False), far)
        for name in ("probability", "low", "high"):
            assert np.all((answer[name] >= 0) & (answer[name] <= 1)), (family, name)
        assert np.all(answer["low"] <= answer["high"])
    answer = score(fitted("poisson", True), far)
    assert np.all(answer["low"] >= 0) and answer["high"][-1] == UNBOUNDED
    unlike = dataclasses.replace(
        fitted("binomial", False).interval, dropped=[{"column": 1, "on": {"0": 0.0}}]
    )  # miles were 0 in every row, so to say
    answer = score(dataclasses.replace(fitted("binomial", False), interval=unlike), {"miles": [6.0]})
    assert (answer["standard_error"][0], answer["low"][0], answer["high"][0]) == (UNBOUNDED, 0.0, 1.0)


@pytest.mark.parametrize(
    ("years", "received"), [(None, "none"), (9, "none"), (float("nan"), "none"), (0.0, "0"), (-2.5, r"-2\.5")]
)
def test_a_row_without_its_exposure_is_refused(years, received):
    rows = {"miles": [1.0, 2.0], "years": [1.0, years]}
    message = rf"^row 2, column 'years': expected an exposure, a number above 0, in every row; received {received}\."
    with pytest.raises(DataError, match=message):
        score(fitted("poisson", True), rows)


def test_rounding_is_relative_in_a_mean_and_not_in_units_of_the_link():
    model = fitted("binomial", False)
    rows = {"miles": [-20.0, 4.0, 30.0]}
    answer = score(model, rows)
    terms = np.array([12.0, 3.0, 12.0])
    sizes = rounding_sizes(model, answer, terms)
    assert sizes["probability"] == pytest.approx(answer["probability"] * (1 + terms))
    assert sizes["linear_predictor"] == pytest.approx(terms + np.abs(answer["linear_predictor"]))
    assert set(sizes) == set(answer) - {"class"}
    moved = score(dataclasses.replace(model, coefficients=model.coefficients + np.array([1e-7, 0.0])), rows)
    for name in ("probability", "low", "high", "linear_predictor"):
        assert np.all(np.abs(moved[name] - answer[name]) <= 1.01e-7 * sizes[name]), name
