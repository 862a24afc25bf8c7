import os
import shutil
import sqlite3

import pytest
from ml_metadata.proto import metadata_store_pb2

from components.publishing.manifest import write_manifest
from components.publishing.publish import publish
from pipeline.config.file import load_config
from pipeline.graph.steps.pusher import PUSHED, Pushed
from pipeline.local.summary import RunSummary, StepRun, write_summary
from pipeline.local.unchanged import answered, last_run, live_version, state_of

RUNNING, COMPLETE, FAILED, CACHED = (
    metadata_store_pb2.Execution.State.Value(name) for name in ("RUNNING", "COMPLETE", "FAILED", "CACHED")
)
CONFIG = """
name: seed
data: {path: t.csv, split: {train: 0.8, eval: 0.2}}
label: y
features: {x: numeric}
model: {l2: 0}
schema: s.pbtxt
"""


@pytest.fixture
def config(tmp_path):
    (tmp_path / "t.csv").write_text("x,y\n1,2\n3,4\n")
    (tmp_path / "s.pbtxt").write_text("")
    (tmp_path / "p.yaml").write_text(CONFIG)
    return load_config(tmp_path / "p.yaml")


@pytest.fixture
def root(tmp_path, config):
    """As a run leaves it, as far as it is looked at."""
    root = tmp_path / "runs"
    (root / "pipelines" / "seed" / "Fit" / "fit" / "7").mkdir(parents=True)
    with sqlite3.connect(root / "metadata.db") as database:
        database.execute("CREATE TABLE Execution (id INTEGER, last_known_state INTEGER)")
        database.executemany("INSERT INTO Execution VALUES (?, ?)", [(6, FAILED), (7, COMPLETE), (8, CACHED)])
    (tmp_path / "model").mkdir()
    (tmp_path / "model" / "model.json").write_text("{}")
    write_manifest(tmp_path / "model", {})
    version = publish(tmp_path / "model", config.serving_directory(root)).version
    summary = RunSummary.begin("seed", "2026-01-01T00:00:00", "/x.log")
    summary.steps = [StepRun(step="Fit", cached=False, seconds=3.0, ended=1.0, rows={"train": 2})]
    summary.state, summary.executions, summary.live = state_of(config, root), [7, 8], version
    summary.outputs = [str(root / "pipelines" / "seed" / "Fit" / "fit" / "7")]
    summary.keep(PUSHED, Pushed(version=version, path="/p", already=False))
    summary.exit_code = 0
    write_summary(root, summary)
    return root


def found(config, root):
    return last_run(config, root, state_of(config, root))


def test_a_run_of_which_nothing_changed_is_answered(config, root):
    last = found(config, root)
    assert last is not None
    summary = answered(last, "2026-01-02T00:00:00", "/y.log", 0.5)
    assert (summary.run_id, summary.log, summary.seconds, summary.exit_code) == (
        "2026-01-02T00:00:00",
        "/y.log",
        0.5,
        0,
    )
    [step] = summary.steps
    assert (step.step, step.cached, step.seconds, step.rows) == ("Fit", True, 0.0, {"train": 2})
    assert summary.record(PUSHED).already
    write_summary(root, summary)
    assert found(config, root) is not None  # and so is the next


@pytest.mark.parametrize("name", ["t.csv", "s.pbtxt"])
def test_another_table_or_schema_is_not(name, tmp_path, config, root):
    before = (tmp_path / name).stat()
    (tmp_path / name).write_text((tmp_path / name).read_text().replace("4", "5") + "# x\n" * (name == "s.pbtxt"))
    os.utime(tmp_path / name, ns=(before.st_atime_ns, before.st_mtime_ns))
    assert found(config, root) is None


def test_another_configuration_is_not(tmp_path, root):
    (tmp_path / "p.yaml").write_text(CONFIG.replace("l2: 0", "l2: 1"))
    assert found(load_config(tmp_path / "p.yaml"), root) is None


def test_other_code_or_another_library_is_not(monkeypatch, config, root):
    from pipeline.local import unchanged

    version = unchanged.importlib.metadata.version
    monkeypatch.setattr(
        unchanged.importlib.metadata, "version", lambda name: f"{version(name)}{'.post1' * (name == 'keras')}"
    )
    assert found(config, root) is None
    monkeypatch.undo()
    assert found(config, root) is not None
    monkeypatch.setattr(unchanged, "whole_code", lambda *packages: "other")
    assert found(config, root) is None


def test_a_root_that_lost_something_is_not(config, root):
    shutil.rmtree(root / "pipelines" / "seed" / "Fit")
    assert found(config, root) is None


@pytest.mark.parametrize(
    "change",
    [
        "DELETE FROM Execution WHERE id = 7",
        f"UPDATE Execution SET last_known_state = {FAILED} WHERE id = 7",
        f"UPDATE Execution SET last_known_state = {RUNNING} WHERE id = 8",
    ],
)
def test_metadata_that_do_not_know_of_it_are_not(change, config, root):
    with sqlite3.connect(root / "metadata.db") as database:
        database.execute(change)
    assert found(config, root) is None


@pytest.mark.parametrize("how", ["empty", "gone", "without tables"])
def test_no_metadata_are_not(how, config, root):
    (root / "metadata.db").unlink()
    if how == "empty":
        (root / "metadata.db").touch()
    elif how == "without tables":
        with sqlite3.connect(root / "metadata.db") as database:
            database.execute("CREATE TABLE Other (id INTEGER)")
    assert found(config, root) is None


@pytest.mark.parametrize("how", ["gone", "damaged", "another", "a name above"])
def test_another_live_version_is_not(how, tmp_path, config, root):
    serving = config.serving_directory(root)
    folder = serving / str(live_version(config, root))
    if how == "gone":
        shutil.rmtree(folder)
    elif how == "damaged":
        (folder / "model.json").write_text("{ }")
    elif how == "another":
        (tmp_path / "model" / "model.json").write_text("[]")
        write_manifest(tmp_path / "model", {})
        publish(tmp_path / "model", serving)
    else:
        (serving / "99999999999999").touch()
    assert found(config, root) is None


@pytest.mark.parametrize(("key", "value"), [("exit_code", 1), ("exit_code", 3), ("state", None)])
def test_a_run_that_did_not_end_well_is_not(key, value, config, root):
    summary = found(config, root)
    setattr(summary, key, value)
    write_summary(root, summary)
    assert found(config, root) is None


def test_a_refused_model_is_refused_again(config, root):
    summary = found(config, root)
    summary.exit_code = 4
    write_summary(root, summary)
    assert found(config, root).exit_code == 4
