import pytest

from components.model_gate.verdict import judge
from components.publishing import versions as publishing
from pipeline.graph.report.sections import use
from pipeline.graph.report.sections.use import SECTION
from pipeline.graph.steps.model_gate import VERDICT
from pipeline.graph.steps.pusher import PUSHED, Pushed
from pipeline.graph.steps.test_evaluation import UNSEEN_METRICS, UnseenMetrics
from tests.components.model_gate.measurements import described, measured, rules
from tests.pipeline.graph.diagnosed import looked, rows
from tests.pipeline.graph.report.sources import source

METRICS = {
    "mean_squared_error": (4.0, 0.2),
    "root_mean_squared_error": (2.0, 0.05),
    "mean_absolute_error": (1.5, 0.1),
    "r_squared": (0.75, 0.02),
    "mean_label": (10.0, 0.1),
    "mean_prediction": (10.1, 0.1),
}


@pytest.fixture(scope="module")
def fitted():
    found, fit = looked(rows(), slices=["s"])
    return fit, found


def verdict(limits, metrics=METRICS, baseline=None, **changed):
    values = {(): measured(400, **metrics)}
    values |= {(("s", name),): measured(count, **metrics) for name, count in (("u", 100), ("one of a kind", 1))}
    return judge(values, baseline, rules(limits=limits, **changed), described(), described())


def read(fitted, found, *, pushed=None, serving=None, unseen=None, config=None):
    records = {VERDICT: found, PUSHED: pushed, UNSEEN_METRICS: unseen}
    return SECTION.read(source(*fitted, records=records, serving=serving, config=config))


def test_a_pushed_model_keeps_its_limits(fitted):
    given = verdict({"r_squared": {"min": 0.5}})
    found = read(fitted, given, pushed=Pushed(version=7, path="/s/7", already=False))
    assert (found.outcome, found.version, found.reasons) == ("pushed", 7, [])
    [check] = found.checks
    assert (check.metric, check.least, check.greatest, check.value, check.kept) == ("r_squared", 0.5, None, 0.75, True)
    assert [figure.metric for figure in found.opening] == [
        "root_mean_squared_error",
        "mean_absolute_error",
        "r_squared",
        "mean_error",
    ]
    r_squared, error = found.opening[2], found.opening[3]
    assert [r_squared.low, r_squared.high] == list(given.intervals["overall"]["r_squared"])
    assert (r_squared.held_out, r_squared.cross_validated) == (0.75, 0.61)
    assert error.held_out == pytest.approx(0.1)
    assert error.low < 0.1 < error.high
    assert found.rows == {"train": 1000, "cross_validated": 69, "held_out": 400}
    assert found.always_mean.mean == pytest.approx(16 + (10 - fitted[0].label_mean) ** 2)
    told = {figure.metric for figure in found.others}
    assert told == {"mean_squared_error", "mean_label", "mean_prediction"}


def test_a_refused_model_says_why_and_what_goes_on_answering(fitted, tmp_path, monkeypatch):
    monkeypatch.setattr(use, "versions", lambda folder: [3, 5] if folder == tmp_path else [])
    found = read(fitted, verdict({"r_squared": {"min": 0.9}}), serving=str(tmp_path))
    assert (found.outcome, found.version, found.live) == ("refused", None, 5)
    [reason] = found.reasons
    assert reason.endswith("the limit is at least 0.9: not kept")
    assert publishing.versions(tmp_path) == []


def test_slices_of_a_few_rows_are_not_named(fitted):
    given = verdict({}, slices=[{"columns": ["s"], "limits": {"r_squared": {"min": 0.5}}}], min_rows=0)
    assert any("one of a kind" in text for text in given.checks)
    found = read(fitted, given)
    assert [check.slice for check in found.checks] == ["s=u"]
    assert "one of a kind" not in found.model_dump_json()


def test_the_live_model_and_the_test_split_stand_beside(fitted):
    live = {(): measured(400, **{**METRICS, "mean_squared_error": (5.0, 0.2)})}
    unseen = UnseenMetrics({"overall": {"r_squared": 0.7, "example_count": 90.0, "mean_absolute_error": 1.6}})
    found = read(fitted, verdict({}, baseline=live), unseen=unseen)
    squared = next(figure for figure in found.others if figure.metric == "mean_squared_error")
    assert (squared.held_out, squared.live, squared.test) == (4.0, 5.0, None)
    assert found.opening[1].test == 1.6
    assert found.rows["test"] == 90
    assert [(check.metric, check.value, check.live) for check in found.checks] == [("mean_squared_error", 4.0, 5.0)]


def test_without_held_out_rows_the_metrics_are_the_training_rows(fitted):
    found = read(fitted, verdict({"r_squared": {"min": 0.5}}, held_out=False))
    assert not found.held_out
    r_squared = found.opening[2]
    assert (r_squared.train, r_squared.held_out, r_squared.low) == (0.75, None, None)
    assert found.checks[0].by == "cross-validation"
    assert "held_out" not in found.rows


def test_weights_leave_the_mean_error_without_an_interval(fitted):
    found = read(fitted, verdict({}), config={"weight": "w"})
    assert (found.opening[3].low, found.opening[3].held_out is None) == (None, False)


def test_classes_have_their_own_four_figures():
    table = rows()
    table["k"] = (table.x + table.e > 0).astype(float)
    from tests.pipeline.graph.diagnosed import looked as look

    diagnostics, fit = look(table.assign(y=table.k), family="binomial")
    values = {
        name: (0.3, 0.01) for name in ("log_loss", "auc", "brier_score", "calibration", "mean_label", "mean_prediction")
    }
    given = judge({(): measured(400, **values)}, None, rules(family="binomial", limits={}), described(), None)
    found = SECTION.read(source(fit, diagnostics, records={VERDICT: given}))
    assert [figure.metric for figure in found.opening] == ["auc", "log_loss", "brier_score", "calibration"]
    assert next(figure for figure in found.others if figure.metric == "mean_error").low is not None


def test_without_a_verdict_there_is_no_section(fitted):
    assert SECTION.read(source(*fitted)) is None
    assert SECTION.read(source()) is None
