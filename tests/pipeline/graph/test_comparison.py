"""What moved from one model to another, beside statsmodels and numpy."""

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from components.errors import ConfigError, RunError
from pipeline.graph.comparison import Comparison, comparison
from pipeline.graph.sides import Side, side
from pipeline.graph.steps.model_gate import VERDICT, Verdict
from pipeline.local.summary import RunSummary
from tests.components.table_fits import table_fit
from tests.pipeline.summaries import summary_of


@pytest.fixture(scope="module")
def table():
    rng = np.random.default_rng(23)
    found = pd.DataFrame({"a": rng.normal(3, 2, 600), "b": rng.exponential(1.0, 600)})
    found["kind"] = rng.choice(["x", "y", "z"], 600, p=[0.6, 0.38, 0.02])
    found["label"] = 1 + 2 * found.a - found.b + (found.kind == "y") + rng.normal(0, 1, 600)
    found.loc[300:, "label"] += found.a[300:]  # what a means has changed
    return found


def of(table, features, name="m", **how):
    return side(name, None, summary_of(table_fit(table, "label", features, **how)))


def test_changes_are_statsmodels_in_standard_errors(table):
    parts = table[:300], table[300:]
    found = comparison(*(of(part, ["a", "b"]) for part in parts))
    first, second = (sm.OLS(part.label, sm.add_constant(part[["a", "b"]])).fit() for part in parts)
    z = (second.params - first.params) / np.sqrt(first.bse**2 + second.bse**2)
    told = {one.name: one for one in found.coefficients}
    for name, ours in (("const", "(intercept)"), ("a", "a"), ("b", "b")):
        assert told[ours].in_errors == pytest.approx(z[name], rel=1e-7, abs=1e-7)
        assert told[ours].change == pytest.approx(second.params[name] - first.params[name], rel=1e-7, abs=1e-7)
    assert found.coefficients[0].name == "a"
    assert found.moved == sum(abs(z) > 2)
    assert Comparison.model_validate_json(found.model_dump_json()) == found


def test_with_rows_in_common_the_figure_is_too_small_rather_than_too_large():
    """The exact variance of the difference, of a table that grew and of columns added on the same rows."""
    rng = np.random.default_rng(1)
    x = np.column_stack([np.ones(90), rng.normal(size=(90, 3)) @ rng.normal(size=(3, 3))])
    for before, after in ((x[:60], x), (x[:, :3], x)):
        one = np.zeros((x.shape[1], len(x)))
        one[: before.shape[1], : len(before)] = np.linalg.pinv(before)
        other = np.linalg.pinv(after)
        exact = np.sum((other - one) ** 2, axis=1)[: before.shape[1]]
        told = (np.sum(one**2, axis=1) + np.sum(other**2, axis=1))[: before.shape[1]]
        assert np.all(exact <= told)
        smaller = np.minimum(np.sum(one**2, axis=1), np.sum(other**2, axis=1))[: before.shape[1]]
        np.testing.assert_allclose(exact, told - 2 * smaller, rtol=1e-9, atol=1e-12)  # as the module says


def test_means_move_in_standard_deviations_of_the_rows_before(table):
    found = comparison(of(table[:300], ["a", "b"]), of(table[300:], ["a", "b"]))
    means = {mean.name: mean for mean in found.means}
    assert next(iter(means)) == "label"
    for name in ("label", "a", "b"):
        before, after = table[name][:300], table[name][300:]
        assert means[name].in_deviations == pytest.approx((after.mean() - before.mean()) / before.std(ddof=0), rel=1e-9)


def test_columns_that_one_has_alone_are_new_or_gone(table):
    found = comparison(of(table, ["a"]), of(table, ["b"]))
    assert (found.new, found.gone) == (["b"], ["a"])
    assert [one.name for one in found.coefficients] == ["(intercept)"]


def test_levels_against_another_reference_are_not_compared(table):
    found = comparison(
        of(table, ["a", "kind"]), of(table.assign(kind=table.kind.replace({"x": "y", "y": "x"})), ["a", "kind"])
    )
    assert found.apart == {"kind": "its levels are compared with kind[y], and were with kind[x]"}
    assert {one.name for one in found.coefficients} == {"(intercept)", "a"}
    assert (found.new, found.gone) == ([], [])


def test_splines_of_other_knots_and_polynomials_of_other_rows_are_not_compared(table):
    first = of(table[:300], ["a"])
    columns = [column.model_copy(update={"part": "1", "mean": 0.0, "deviation": 1.0}) for column in first.columns]
    columns[0] = first.columns[0]
    other = first.model_copy(update={"table": "other", "columns": columns})
    found = comparison(first.model_copy(update={"columns": columns, "table": "one"}), other)
    assert found.apart == {"a": "its polynomials are made orthogonal over other rows"}
    splines = [first.model_copy(update={"knots": {"a": knots}}) for knots in ([1.0, 2.0], [1.0, 2.5])]
    assert comparison(*splines).apart == {"a": "its spline has other knots"}
    assert comparison(splines[0], splines[0]).apart == {}


def test_levels_of_few_rows_are_left_out(table):
    summary = summary_of(table_fit(table, "label", ["kind"]))
    rare = {column.name for column in side("m", None, summary).columns} - {
        column.name for column in side("m", None, summary, fewest=50).columns
    }
    assert rare == {"kind[z]"}


def test_without_standard_errors_a_change_has_none_and_comes_last(table):
    first = of(table[:300], ["a", "b"])
    columns = [column.model_copy(update={"standard_error": None}) for column in first.columns]
    found = comparison(first.model_copy(update={"columns": columns}), of(table[300:], ["a", "b"]))
    assert [one.in_errors for one in found.coefficients] == [None, None, None]
    assert found.moved == 0


@pytest.mark.parametrize(("splits", "told"), [("eval eval", "eval"), ("eval train", "cross-validation")])
def test_metrics_are_of_the_same_split_or_of_the_cross_validation(table, splits, told):
    sides = []
    for number, split in enumerate(splits.split()):
        summary = summary_of(table_fit(table, "label", ["a"]))
        metrics = {"overall": {"mean_squared_error": 2.0 + number, "r_squared": None, "example_count": 5.0}}
        more = {"reasons": [], "checks": [], "intervals": {}, "baseline": None}
        folds = {"mean_squared_error": 3.0 + number, "rows": 9.0}
        verdict = Verdict(blessed=True, split=split, metrics=metrics, cross_validated=folds, **more)
        summary.keep(VERDICT, verdict)
        sides.append(side("m", None, summary))
    found = comparison(*sides)
    assert found.metrics_of == told
    by_name = {one.name: one for one in found.metrics}
    base = 2.0 if told == "eval" else 3.0
    mse = by_name["mean_squared_error"]
    assert (mse.better, mse.before, mse.after) == ("less", base, base + 1)
    assert "example_count" not in by_name and "rows" not in by_name


def test_other_families_are_an_error_and_another_power_of_the_variance_is_none(table):
    first = of(table, ["a"])
    with pytest.raises(ConfigError, match="received the family gaussian and poisson"):
        comparison(first, first.model_copy(update={"family": "poisson"}))
    powers = [first.model_copy(update={"family": f"tweedie(power={power})"}) for power in (1.5, 1.6)]
    assert comparison(*powers).coefficients[0].change == 0


def test_a_run_without_a_fit_has_no_side():
    with pytest.raises(RunError, match="m: the run ended before a model was fitted"):
        side("m", None, RunSummary.begin("n", "2026", "x.log"))
    assert Side.model_fields["columns"].is_required()
