"""What ML Metadata knows of a pipeline's runs, read from its SQLite database, which needs neither its library nor TFX.

Its tables are those of `ml_metadata/util/metadata_source_query_config.cc`; `preconditions` holds their version.
"""

from __future__ import annotations

import contextlib
import dataclasses
import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote

from components.errors import RunError

COMPLETE, FAILED, CACHED = 3, 4, 5  # `Execution.State` of ML Metadata
DONE = (COMPLETE, CACHED)
_RUNS = """
SELECT run.name, run.create_time_since_epoch, execution.id, execution.last_known_state,
       execution.last_update_time_since_epoch, node.name
FROM Context AS run
JOIN Type AS run_type ON run_type.id = run.type_id AND run_type.name = 'pipeline_run'
JOIN Association AS of_run ON of_run.context_id = run.id
JOIN Execution AS execution ON execution.id = of_run.execution_id
JOIN Association AS of_node ON of_node.execution_id = execution.id
JOIN Context AS node ON node.id = of_node.context_id
JOIN Type AS node_type ON node_type.id = node.type_id AND node_type.name = 'node'
JOIN Association AS of_pipeline ON of_pipeline.execution_id = execution.id
JOIN Context AS pipeline ON pipeline.id = of_pipeline.context_id AND pipeline.name = ?
JOIN Type AS pipeline_type ON pipeline_type.id = pipeline.type_id AND pipeline_type.name = 'pipeline'
ORDER BY execution.id
"""


@dataclasses.dataclass(frozen=True)
class Execution:
    """A step of a run.

    Attributes:
      number: ML Metadata's of it.
      step: its name.
      state: `Execution.State`.
    """

    number: int
    step: str
    state: int


@dataclasses.dataclass
class RecordedRun:
    """A run, as far as it came to its steps.

    Attributes:
      run_id: when its steps began, in ISO 8601.
      seconds: from then until the last of them changed its state.
      executions: its steps, in order.
    """

    run_id: str
    seconds: float
    executions: list[Execution]


def recorded_runs(database: Path, pipeline: str) -> list[RecordedRun]:
    """The runs of a pipeline, oldest first; none where no run has begun a database yet.

    Raises:
      RunError: it can't be read.
    """
    found: dict[str, RecordedRun] = {}
    for run_id, began, number, state, changed, node in _ask(database, _RUNS, (pipeline,)):
        run = found.setdefault(run_id, RecordedRun(run_id, 0.0, []))
        run.seconds = max(run.seconds, (changed - began) / 1000)
        run.executions.append(Execution(number, node.removeprefix(f"{pipeline}."), state))
    return [found[run_id] for run_id in sorted(found)]


def done_executions(database: Path) -> set[int]:
    """The numbers of all executions that came to their end; none where no run has begun a database yet.

    Raises:
      RunError: it can't be read.
    """
    rows = _ask(database, "SELECT id, last_known_state FROM Execution")
    return {number for number, state in rows if state in DONE}


def _ask(database: Path, query: str, values: tuple[str, ...] = ()) -> list[tuple[Any, ...]]:
    if not database.exists():
        return []
    try:
        with contextlib.closing(sqlite3.connect(f"file:{quote(str(database))}?mode=ro", uri=True)) as connection:
            return connection.execute(query, values).fetchall()
    except sqlite3.Error as error:
        if "no such table" in str(error):  # the first run has just begun it
            return []
        raise RunError(
            f"{database}: ML Metadata's database can't be read: {error}. Put a copy of it back, or wait for what locks it."
        ) from error
