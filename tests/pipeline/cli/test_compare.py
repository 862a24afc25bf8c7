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
    models = {"few": ["value"], "many": ["value", "capital", "firm"], "other": ["year"]}
    return {
        name: write_summary(root, summary_of(table_fit(table, "invest", features), name))
        for name, features in models.items()
    }


def test_both_models_and_the_test_are_printed(summaries):
    done = plumbline("compare", summaries["many"], summaries["few"])
    assert (done.code, done.err) == (0, "")
    heading, few, many, *_ = (line for line in done.out.splitlines() if not line.startswith(" 2"))
    assert heading.split()[:3] == ["model", "coefficients", "df"]
    assert "/few/" in few
    assert "/many/" in many
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
    assert json.loads(plumbline("compare", *paths, "--json").out)["larger"]["errors"] == "hc3"


def test_json_has_the_same(summaries):
    found = json.loads(plumbline("compare", summaries["many"], summaries["few"], "--json").out)
    assert found["test"]["degrees_of_freedom"] == len(found["more"]) == 11
    assert found["smaller"]["name"] == str(summaries["few"])


def test_a_wrong_pair_is_bad_usage(summaries):
    done = plumbline("compare", summaries["few"], summaries["other"])
    assert (done.code, done.out) == (2, "")
    assert "expected nested models, one with more coefficients than the other; received 2 in both" in done.err
    done = plumbline("compare", summaries["many"], summaries["other"])
    assert done.code == 2
    assert "received otherwise: year" in done.err
    assert plumbline("compare", summaries["many"], "nix.json").code == 1
