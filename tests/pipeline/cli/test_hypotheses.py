"""`plumbline test` from outside, on what a run of a fit of a table that comes with statsmodels left."""

import json

import pytest
import statsmodels.api as sm

from pipeline.local.summary import write_summary
from tests.components.table_fits import table_fit
from tests.conftest import REPOSITORY, plumbline
from tests.pipeline.left_runs import run_of

CONFIG = REPOSITORY / "data/tips/pipeline.yaml"  # whose name alone is read


@pytest.fixture(scope="module")
def root(tmp_path_factory):
    table = sm.datasets.fair.load_pandas().data
    table = table.assign(
        some=(table.affairs > 0).astype(float), work=table.occupation.map(lambda value: f"o{value:.0f}, [x]")
    )
    root = tmp_path_factory.mktemp("runs")
    found = table_fit(table, "some", ["age", "educ", "work"], family="binomial")
    write_summary(root, run_of(found, table, root / "pipelines/taxi-tips", "some", name="taxi-tips"))
    return root


def test_both_tests_are_printed(root):
    done = plumbline("test", CONFIG, "age = 2*educ, work[o1, [x]] = work[o3, [x]], educ = age/2", "--root", root)
    assert (done.code, done.err) == (0, "")
    lines = [" ".join(line.split()) for line in done.out.splitlines()]
    assert lines[0] == "log odds of some = yes; the run of 2026-01-01T00:00:00"
    assert lines[1] == "hypothesis left less right std. error"
    assert lines[2].startswith("age - 2*educ = 0 ")
    assert lines[3].startswith("`work[o1, [x]]` = 0 ")
    assert lines[4] == "all together statistic df p"
    assert lines[5].startswith("Wald, χ², classical errors ")
    assert lines[6].startswith("likelihood ratio, χ² ")
    assert [line.split()[-2] for line in lines[5:7]] == ["2", "2"]
    assert lines[7:] == [
        "work[o3, [x]] is a reference level: 0 by definition",
        "educ - 0.5*age = 0 follows from the others: counted once",
    ]


def test_json_has_the_same(root):
    found = json.loads(plumbline("test", CONFIG, "work", "--root", root, "--json").out)
    assert found["wald"]["degrees_of_freedom"] == found["likelihood_ratio"]["degrees_of_freedom"] == 5
    assert len(found["equations"]) == 5
    assert found["name"] == "taxi-tips"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("age = edu", "plumbline: error: hypotheses: no column and no feature is called 'edu'; did you mean 'educ'?"),
        ("age = 1, age = 2", "plumbline: error: hypotheses: age = 2 and those before it contradict each other."),
        ("age =", "plumbline: error: hypotheses: character 6: expected a name or a number; received the end."),
        (
            "work[o3, [x]] = 0",
            "says nothing about any coefficient; work[o3, [x]] is a reference level: 0 by definition.",
        ),
    ],
)
def test_a_wrong_hypothesis_is_bad_usage(root, text, said):
    done = plumbline("test", CONFIG, text, "--root", root)
    assert (done.code, done.out) == (2, "")
    assert said in done.err


def test_without_a_run_it_is_said(tmp_path):
    done = plumbline("test", CONFIG, "age", "--root", tmp_path)
    assert done.code == 1
    assert "pipeline 'taxi-tips' has not run here. Run it first" in done.err
