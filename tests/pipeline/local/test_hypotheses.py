"""Hypotheses about the coefficients of a run, from the files that its steps left; no test here loads TensorFlow."""

import dataclasses
import shutil

import numpy as np
import pytest
import statsmodels.api as sm
import statsmodels.formula.api as smf

from components.errors import ConfigError, RunError
from components.gather.shards import ROWS
from components.linear_model.bounded import Bounds
from components.linear_model.inference import PRIORS
from components.trainer.training import LossPoint, Training
from pipeline.graph.steps import trainer
from pipeline.local.hypotheses import HypothesisTests, hypothesis_tests
from tests.components.table_fits import table_fit
from tests.pipeline.left_runs import run_of

FEATURES = ["occupation", "children", "age"]
FORMULA = "C(occupation, Treatment('o3')) + children + age"


@pytest.fixture(scope="module")
def fair():
    """Fair (1978)."""
    table = sm.datasets.fair.load_pandas().data
    table["occupation"] = table.occupation.map(lambda value: f"o{value:.0f}")
    return table.assign(
        counts=table.affairs.round(), some=(table.affairs > 0).astype(float), weight=(table.educ % 3) / 2
    )


@pytest.mark.parametrize("weight", [None, "weight"])
def test_least_squares_beside_statsmodels(fair, tmp_path, weight):
    summary = run_of(table_fit(fair, "affairs", FEATURES, weight=weight), fair, tmp_path, "affairs", weight)
    shutil.rmtree(tmp_path / "Gather")  # no row is read
    found = hypothesis_tests(summary, "age = children, occupation[o1] = occupation[o2]")
    used = fair if weight is None else fair[fair.weight > 0]
    oracle = smf.wls(f"affairs ~ {FORMULA}", used, weights=1.0 if weight is None else used.weight).fit()
    level = "C(occupation, Treatment('o3'))[T.{}]"
    its = oracle.f_test(f"age = children, {level.format('o1')} = {level.format('o2')}")
    assert (found.statistic, found.residual, found.errors) == ("F", oracle.df_resid, "classical")
    assert [found.wald.statistic, found.wald.p] == pytest.approx([float(its.fvalue), float(its.pvalue)], rel=1e-9)
    part = used.assign(occupation=used.occupation.replace("o1", "o2"))
    nested = smf.wls(
        f"affairs ~ {FORMULA.replace('children + age', 'I(children + age)')}", part, weights=oracle.model.weights
    ).fit()
    ratio, p, number = oracle.compare_lr_test(nested)
    assert [found.likelihood_ratio.statistic, found.likelihood_ratio.p] == pytest.approx([ratio, p], rel=1e-8)
    assert found.likelihood_ratio.degrees_of_freedom == number == 2
    assert [one.text for one in found.equations] == ["age - children = 0", "occupation[o1] - occupation[o2] = 0"]
    assert found.equations[0].estimate == pytest.approx(oracle.params["age"] - oracle.params["children"], rel=1e-9)
    assert found.because is None
    assert HypothesisTests.model_validate_json(found.model_dump_json()) == found


@pytest.mark.parametrize("weight", [None, "weight"])
def test_other_families_are_fitted_again_over_the_gathered_rows(fair, tmp_path, weight):
    summary = run_of(
        table_fit(fair, "counts", FEATURES, family="poisson", weight=weight), fair, tmp_path, "counts", weight
    )
    found = hypothesis_tests(summary, "age = children/2, occupation")
    used = fair if weight is None else fair[fair.weight > 0]
    weights = None if weight is None else used.weight
    whole, nested = (
        smf.glm(f"counts ~ {text}", used, family=sm.families.Poisson(), freq_weights=weights).fit(tol=1e-14)
        for text in (FORMULA, "I(children + age/2)")
    )
    ratio = 2 * (whole.llf - nested.llf)
    assert (found.statistic, found.residual) == ("χ²", None)
    assert found.likelihood_ratio.statistic == pytest.approx(ratio, rel=1e-9)
    assert found.likelihood_ratio.degrees_of_freedom == found.wald.degrees_of_freedom == 6
    levels = [f"C(occupation, Treatment('o3'))[T.o{n}] = 0" for n in (1, 2, 4, 5, 6)]
    its = whole.wald_test(f"age = children/2, {', '.join(levels)}", scalar=True)
    assert [found.wald.statistic, found.wald.p] == pytest.approx([float(its.statistic), float(its.pvalue)], rel=1e-8)


def test_robust_errors_are_in_walds_test_alone(fair, tmp_path):
    """The clusters' degrees of freedom are theirs."""
    plain = table_fit(fair, "counts", FEATURES, family="poisson")
    robust = dataclasses.replace(
        plain, fit=dataclasses.replace(plain.fit, covariance=plain.fit.covariance * 4, errors="cluster", clusters=50)
    )
    by = [
        hypothesis_tests(run_of(one, fair, tmp_path / name, "counts"), "age")
        for name, one in (("plain", plain), ("robust", robust))
    ]
    assert (by[1].errors, by[1].clusters, by[1].statistic, by[1].residual) == ("cluster", 50, "F", 49)
    assert by[1].wald.statistic == pytest.approx(by[0].wald.statistic / 4, rel=1e-12)
    assert by[1].likelihood_ratio == by[0].likelihood_ratio
    assert by[1].said == ["the likelihood ratio is the classical one: it knows nothing of robust errors"]


def test_class_weights_leave_walds_test_alone_and_it_is_said(fair, tmp_path):
    found = dataclasses.replace(table_fit(fair, "some", FEATURES, family="binomial"), class_weights=(0.5, 2.0))
    tests = hypothesis_tests(run_of(found, fair, tmp_path, "some"), "age = 0")
    assert tests.likelihood_ratio is None
    assert tests.because == "class weights are no counts of rows, so that deviances by them are no likelihoods"
    assert any("class weights are in the covariance" in sentence for sentence in tests.said)
    assert tests.wald.p is not None


@pytest.mark.parametrize("family", ["gaussian", "poisson"])
def test_what_is_on_a_bound_is_taken_as_known(fair, tmp_path, family):
    """As without the column, whose coefficient is held at 0: it is negative in truth."""

    def above_0(design):
        low = np.full(1 + design.width, -np.inf)
        low[1 + design.column_names.index("religious")] = 0.0
        return Bounds.simple(low, np.full(len(low), np.inf))

    label = "affairs" if family == "gaussian" else "counts"
    found = table_fit(fair, label, [*FEATURES, "religious"], family=family, bounds=above_0)
    assert found.raw.coefficients[-1] == 0
    summary = run_of(found, fair, tmp_path, label)
    tests = hypothesis_tests(summary, "age = children, occupation")
    less = hypothesis_tests(
        run_of(table_fit(fair, label, FEATURES, family=family), fair, tmp_path / "less", label),
        "age = children, occupation",
    )
    assert [tests.wald.statistic, tests.wald.p] == pytest.approx([less.wald.statistic, less.wald.p], rel=1e-9)
    assert tests.likelihood_ratio is None
    assert tests.because == "coefficients are on bounds, so that the ratio has no χ² law"
    assert tests.said == [
        "coefficients on bounds are taken as known: Wald's test is of the others, conditional on these"
    ]
    with pytest.raises(
        ConfigError, match="'religious' has no coefficient of its own; it is on a bound, and has no standard error"
    ):
        hypothesis_tests(summary, "religious = 0")


def test_what_is_far_from_all_labels_has_no_likelihood_ratio(fair, tmp_path):
    table = fair.assign(amount=fair.affairs + 0.5)
    summary = run_of(table_fit(table, "amount", FEATURES, family="gamma"), table, tmp_path, "amount")
    tests = hypothesis_tests(summary, "age = 1000")
    assert tests.likelihood_ratio is None
    assert "could not be fitted: with these coefficients means are beyond the range of 64 bits" in tests.because


@pytest.mark.parametrize("prior", [False, True])
def test_a_penalty_or_a_prior_has_no_tests(fair, tmp_path, prior):
    found = table_fit(fair, "some", FEATURES, family="binomial", l2=0.0 if prior else 2.0)
    if prior:
        found = dataclasses.replace(found, fit=dataclasses.replace(found.fit, penalty_rule=PRIORS))
    with pytest.raises(ConfigError, match="expected a fit without a penalty or a prior, which draw coefficients to 0"):
        hypothesis_tests(run_of(found, fair, tmp_path, "some"), "age = 0")


def test_gradient_descent_is_not_what_is_tested(fair, tmp_path):
    summary = run_of(table_fit(fair, "affairs", FEATURES), fair, tmp_path, "affairs")
    assert hypothesis_tests(summary, "age").said == []
    descent = Training.model_construct(loss_trace=[LossPoint(step=0, loss=1.0)])
    summary.keep(trainer.TRAINING, descent)
    [said] = hypothesis_tests(summary, "age").said
    assert said == "the tests are of the exact fit, not of the coefficients of gradient descent, which are served"


def test_what_is_gone_is_named(fair, tmp_path):
    summary = run_of(table_fit(fair, "counts", FEATURES, family="poisson"), fair, tmp_path, "counts")
    (tmp_path / "Gather/gathered/6" / ROWS / "design-00001-of-00003.arrow").unlink()
    with pytest.raises(
        RunError, match=r"Gather/gathered/6: expected the 6,366 rows that were fitted; received 3,866\. Run it again"
    ):
        hypothesis_tests(summary, "age")
    shutil.rmtree(tmp_path / "Gather")
    with pytest.raises(
        RunError, match=r"Gather/gathered/6: no such folder; expected what Gather left in the run of 2026"
    ):
        hypothesis_tests(summary, "age")
    shutil.rmtree(tmp_path / "Fit")
    with pytest.raises(RunError, match=r"Fit/fit/7: no such folder; expected what Fit left in the run of 2026"):
        hypothesis_tests(summary, "age")
    summary.outputs.pop()
    with pytest.raises(RunError, match=r"n: the run of 2026-01-01T00:00:00 ended before Fit\. Run it again"):
        hypothesis_tests(summary, "age")


@pytest.mark.parametrize(
    ("file", "of"), [("Fit/fit/7/fit.json", "a fit"), ("Gather/gathered/6/gathered.json", "gathered rows")]
)
def test_what_an_earlier_version_left_is_to_be_made_again(fair, tmp_path, file, of):
    summary = run_of(table_fit(fair, "counts", FEATURES, family="poisson"), fair, tmp_path, "counts")
    path = tmp_path / file
    path.write_text(path.read_text().replace('"format": ', '"format": 10', 1))
    with pytest.raises(RunError, match=rf"{path.parent}: expected {of} of format \d+\. Run the step again"):
        hypothesis_tests(summary, "age")
