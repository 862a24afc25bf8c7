"""What ML Metadata's own library writes is read back from its tables."""

import sqlite3

import pytest
from ml_metadata import metadata_store
from ml_metadata.proto import metadata_store_pb2

from components.errors import RunError
from pipeline.local import executions
from pipeline.local.executions import done_executions, recorded_runs

Execution = metadata_store_pb2.Execution


@pytest.fixture
def store(tmp_path):
    config = metadata_store_pb2.ConnectionConfig()
    config.sqlite.filename_uri = str(tmp_path / "metadata.db")
    return metadata_store.MetadataStore(config)


def put(store, pipeline, run_id, states):
    """A run as TFX's launcher records it."""
    step_type = store.put_execution_type(metadata_store_pb2.ExecutionType(name="components.x.Step"))

    def context(kind, name):
        number = store.put_context_type(metadata_store_pb2.ContextType(name=kind))
        return metadata_store_pb2.Context(type_id=number, name=name)

    for step, state in states.items():
        number, _, _ = store.put_execution(
            Execution(type_id=step_type, last_known_state=state),
            [],
            [
                context("pipeline", pipeline),
                context("pipeline_run", run_id),
                context("node", f"{pipeline}.{step}"),
                context("execution_cache", f"{run_id}{step}"),
            ],
            reuse_context_if_already_exist=True,
        )
        yield number


def test_states_are_those_of_ml_metadata():
    assert (executions.COMPLETE, executions.FAILED, executions.CACHED) == (
        Execution.COMPLETE,
        Execution.FAILED,
        Execution.CACHED,
    )


def test_runs_and_their_steps_are_read_back(store, tmp_path):
    second = list(put(store, "taxi", "2026-01-02", {"ExampleGen": Execution.CACHED, "Fit": Execution.FAILED}))
    [first] = put(store, "taxi", "2026-01-01", {"ExampleGen": Execution.COMPLETE})
    list(put(store, "other", "2026-01-03", {"ExampleGen": Execution.RUNNING}))
    runs = recorded_runs(tmp_path / "metadata.db", "taxi")
    assert [run.run_id for run in runs] == ["2026-01-01", "2026-01-02"]
    assert [(one.number, one.step, one.state) for one in runs[1].executions] == [
        (second[0], "ExampleGen", Execution.CACHED),
        (second[1], "Fit", Execution.FAILED),
    ]
    assert 0 <= runs[1].seconds < 60
    assert done_executions(tmp_path / "metadata.db") == {first, second[0]}


def test_before_the_first_run_there_is_nothing(tmp_path):
    assert recorded_runs(tmp_path / "metadata.db", "taxi") == []
    with sqlite3.connect(tmp_path / "metadata.db"):
        pass
    assert done_executions(tmp_path / "metadata.db") == set()


def test_a_damaged_database_is_said(tmp_path):
    (tmp_path / "metadata.db").write_bytes(b"no database at all, and longer than its header would be" * 40)
    with pytest.raises(RunError, match=r"metadata\.db: ML Metadata's database can't be read: file is not a database"):
        recorded_runs(tmp_path / "metadata.db", "taxi")
