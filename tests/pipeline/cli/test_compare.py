"""`plumbline compare` from outside, on summaries of fits of a table that comes with statsmodels."""

import json

import pytest
import statsmodels.api as sm

from pipeline.local.summary import write_summary
from tests.components.table_fits import table_fit, table_look
from tests.conftest import plumbline
from tests.pipeline.summaries import summary_of


@pytest.fixture(scope="module")
def summaries(tmp_path_factory):
    table = sm.datasets.grunfeld.load_pandas().data
    root = tmp_path_factory.mktemp("runs")
    models = {"few": ["value"], "many": ["value", "capital", "firm"], "other": ["year"], "label": ["value"]}
    return {
        name: write_summary(
            root, summary_of(table_fit(table, "capital" if name == "label" else "invest", features), name)
        )
        for name, features in models.items()
    }


def test_what_moved_and_the_test_are_printed(summaries):
    done = plumbline("compare", summaries["few"], summaries["many"])
    assert (done.code, done.err) == (0, "")
    told, heading, first, *_ = done.out.splitlines()
    assert told == "coefficients: 1 of 2 moved by more than 2 standard errors"
    assert heading.split()[:2] == ["column", "before"]
    assert first.split()[0] in ("(intercept)", "value")
    assert "new: capital, firm[" in done.out
    assert "metrics: not compared; they are of other splits" in done.out
    assert "means: none has moved" in done.out
    assert "/many/runs/2026-01-01T00:00:00.json has besides: capital, firm[" in done.out
    assert "that their coefficients are all 0: F " in done.out
    assert "classical" not in done.out
    assert " on 11 and 207 degrees of freedom, p " in done.out


def test_of_robust_errors_it_is_said_that_the_test_is_the_classical_one(tmp_path):
    table = sm.datasets.grunfeld.load_pandas().data
    fits = {"few": table_look(table, "invest", ["value"])[0]}
    fits["many"] = table_look(table, "invest", ["value", "capital"], errors="hc3")[0]
    paths = [write_summary(tmp_path, summary_of(fit, name)) for name, fit in fits.items()]
    done = plumbline("compare", *paths)
    by = [sm.OLS(table.invest, sm.add_constant(table[names])).fit() for names in (["value"], ["value", "capital"])]
    f, p, _ = by[1].compare_f_test(by[0])
    assert f"that their coefficients are all 0: F {f:.5g} on 1 and 217 degrees of freedom, p {p:.3g}\n" in done.out
    assert "this is the classical F test, though errors are HC3: Wald's with these" in done.out
    assert json.loads(plumbline("compare", *paths, "--json").out)["nested"]["larger"]["errors"] == "hc3"


def test_json_has_the_same(summaries):
    found = json.loads(plumbline("compare", summaries["many"], summaries["few"], "--json").out)
    assert found["nested"]["test"]["degrees_of_freedom"] == len(found["nested"]["more"]) == 11
    assert found["nested"]["smaller"]["name"] == found["after"]["name"] == str(summaries["few"])
    assert set(found["changed"]["gone"]) == set(found["nested"]["more"])


def test_models_that_are_not_nested_are_compared_and_a_wrong_pair_is_bad_usage(summaries):
    done = plumbline("compare", summaries["few"], summaries["other"])
    assert (done.code, done.err) == (0, "")
    assert "no test of what one has besides: " in done.out
    assert " have 2 coefficients each: one has to have more, and all of the other's\n" in done.out
    done = plumbline("compare", summaries["few"], summaries["label"])
    assert (done.code, done.out) == (2, "")
    assert "received the label invest and capital" in done.err
    assert plumbline("compare", summaries["many"], "nix.json").code == 1
