"""A run of which nothing has changed since the last one is answered from what that left, without TensorFlow."""

from __future__ import annotations

import dataclasses
import hashlib
import importlib.metadata
import json
import platform
import time
from pathlib import Path

from components.errors import EXIT_REFUSED, PlumblineError
from components.fingerprint import whole_code
from components.publishing import versions
from components.table import file_names, stamps
from pipeline.config.file import Config
from pipeline.config.root import METADATA
from pipeline.graph.steps.pusher import PUSHED
from pipeline.local.executions import done_executions
from pipeline.local.summary import RunSummary, read_last_summary

# Of these a run's results may depend.
_PACKAGES = (
    *("apache-beam", "keras", "numpy", "pandas", "pyarrow", "scipy", "tensorflow", "tensorflow-data-validation"),
    *("tensorflow-model-analysis", "tensorflow-transform", "tfx", "tfx-bsl"),
)


def state_of(config: Config, root: Path) -> str:
    """A digest of all that a run depends on: configuration, table, schema, code, the versions of what it stands on.

    Raises:
      PlumblineError: there is no table.
    """
    base, pattern = config.data.location()
    paths = file_names.find_files(str(base), file_names.any_span(pattern))
    told = {
        "config": config.fingerprint(),
        "root": str(root),
        "table": [(path, dataclasses.astuple(stamps.take_local(path))) for path in paths],
        "schema": config.table_schema.read_text() if config.table_schema else None,
        "code": whole_code("components", "pipeline"),
        "python": platform.python_version(),
        "packages": {name: importlib.metadata.version(name) for name in _PACKAGES},
    }
    return hashlib.sha256(json.dumps(told).encode()).hexdigest()


def live_version(config: Config, root: Path) -> int | None:
    """The version that servers take, if it is whole; None for none."""
    newest = versions.newest(config.serving_directory(root))
    return None if newest is None or newest.problem else newest.version


def last_run(config: Config, root: Path, state: str) -> RunSummary | None:
    """The summary of the last run, if it came to its end and a run now would take all from the cache; else None."""
    try:
        last = read_last_summary(root, config.name)
    except PlumblineError:
        return None
    if last.state != state or last.exit_code not in (0, EXIT_REFUSED):
        return None
    if not all(Path(output).exists() for output in last.outputs):
        return None
    if last.live != live_version(config, root) or not set(last.executions) <= done_executions(root / METADATA):
        return None
    return last


def answered(last: RunSummary, run_id: str, log: str, seconds: float) -> RunSummary:
    """The summary of a run that is answered from the last one."""
    now = time.time()
    steps = [step.model_copy(update={"cached": True, "seconds": 0.0, "ended": now}) for step in last.steps]
    summary = last.model_copy(update={"run_id": run_id, "log": log, "seconds": seconds, "steps": steps})
    pushed = last.record(PUSHED)
    if pushed is not None:
        summary.keep(PUSHED, pushed.model_copy(update={"already": True}))
    return summary
