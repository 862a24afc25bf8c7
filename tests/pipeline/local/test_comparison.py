"""Two runs: which are meant, what can be compared at all, and where the nested test is added."""

import pytest
import statsmodels.api as sm

from components.errors import ConfigError, RunError
from pipeline.config.root import runs_directory
from pipeline.graph.steps.pusher import PUSHED, Pushed
from pipeline.local.comparison import ComparedRuns, compare, read_run
from pipeline.local.nested import nested_test
from pipeline.local.summary import RunSummary, write_summary
from tests.components.table_fits import table_fit
from tests.conftest import REPOSITORY
from tests.pipeline.summaries import summary_of

TAXI = str(REPOSITORY / "data/taxi/pipeline.yaml")


@pytest.fixture(scope="module")
def grunfeld():
    return sm.datasets.grunfeld.load_pandas().data


def run(table, features, label="invest", **how):
    return summary_of(table_fit(table, label, features, **how))


def test_nested_models_of_the_same_rows_are_tested_too(grunfeld):
    pair = ("a", run(grunfeld, ["value"])), ("b", run(grunfeld, ["value", "capital"]))
    found = compare(*pair)
    assert found.nested == nested_test(*pair)
    assert found.because is None
    assert (found.changed.new, found.changed.gone) == (["capital"], [])
    assert ComparedRuns.model_validate_json(found.model_dump_json()) == found


def test_others_are_compared_without_and_it_is_said_why(grunfeld):
    found = compare(("a", run(grunfeld, ["value"])), ("b", run(grunfeld.iloc[:150], ["value", "capital"])))
    assert found.nested is None
    assert found.because == (
        "the training rows of a and b is 220 and 150: both runs need the same table, label, rules and split"
    )
    assert [one.name for one in found.changed.coefficients] != []


@pytest.mark.parametrize(
    ("how", "said"),
    [
        ({"label": "capital"}, "received the label invest and capital"),
        ({"family": "gamma"}, "received the family gaussian and gamma"),
    ],
)
def test_what_has_nothing_in_common_is_an_error(grunfeld, how, said):
    with pytest.raises(ConfigError) as error:
        compare(("a", run(grunfeld, ["value"])), ("b", run(grunfeld, ["value"], **how)))
    assert f"a and b: expected two models of the same label, classes and family; {said}" in str(error.value)


def test_a_run_without_a_fit_is_an_error(grunfeld):
    with pytest.raises(RunError, match="b: the run ended before a model was fitted"):
        compare(("a", run(grunfeld, ["value"])), ("b", RunSummary.begin("n", "2026", "x.log")))


def test_a_run_is_named_by_its_configuration_its_root_or_its_summary(grunfeld, tmp_path):
    summary = summary_of(table_fit(grunfeld, "invest", ["value"]), name="taxi-fare")
    path = write_summary(tmp_path, summary)
    for place in (TAXI, str(tmp_path), str(path)):
        assert read_run(place, tmp_path).to_json() == summary.to_json()
    with pytest.raises(RunError, match=r"nix\.json: no such file; expected the summary of a run"):
        read_run(str(tmp_path / "nix.json"), tmp_path)
    runs_directory(tmp_path, "tips").mkdir(parents=True)
    with pytest.raises(
        ConfigError, match="expected a root in which one pipeline has run; received one with 2: taxi-fare, tips"
    ):
        read_run(str(tmp_path), tmp_path)
    with pytest.raises(ConfigError, match=r"received one with 0\. Name"):
        read_run(str(tmp_path / "pipelines"), tmp_path)


def test_an_earlier_run_is_named_by_its_beginning_or_its_version(tmp_path):
    for day, version in ((1, 100), (2, 200), (12, None)):
        summary = RunSummary.begin("taxi-fare", f"2026-01-{day:02}T00:00:00", "x.log")
        summary.keep(PUSHED, None if version is None else Pushed(version=version, path="p", already=False))
        write_summary(tmp_path, summary)
    for place in (TAXI, str(tmp_path)):
        for run_, day in (("2026-01-01", "01"), ("2026-01-12T00", "12"), ("200", "02"), ("100", "01")):
            assert read_run(f"{place}@{run_}", tmp_path).run_id == f"2026-01-{day}T00:00:00"
    for run_, said in (("2026-01-", "that of 3: 2026-01-01T"), ("300", "that of none"), ("", "that of none")):
        with pytest.raises(ConfigError, match=f"@{run_}: expected one run of taxi-fare below .*; received {said}"):
            read_run(f"{TAXI}@{run_}", tmp_path)
