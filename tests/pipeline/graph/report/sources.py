"""What a report is made from, of runs that were never made: of records alone."""

from __future__ import annotations

from typing import Any

from pipeline.config.file import Config
from pipeline.graph.diagnostics import Diagnostics
from pipeline.graph.regression import Regression
from pipeline.graph.report.distributions import Distribution
from pipeline.graph.report.document import FILE
from pipeline.graph.report.source import Facts, Source, StepTime
from pipeline.graph.step import Kept, Results
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION
from pipeline.local.summary import RunSummary

CONFIG: dict[str, Any] = {"name": "n", "data": {"path": "/home/me/t.csv"}, "label": "y", "features": {"x": "numeric"}}


def source(
    fit: Regression | None = None,
    diagnostics: Diagnostics | None = None,
    *,
    config: dict[str, Any] | None = None,
    records: dict[Kept[Any], Any] | None = None,
    distributions: list[Distribution] | None = None,
    serving: str | None = None,
    times: list[StepTime] | None = None,
) -> Source:
    """Of records, as a run's summary keeps them.

    Args:
      fit, diagnostics: of Fit.
      config: keys of the configuration beside `CONFIG`.
      records: others, by what is kept.
      distributions: of the columns.
      serving: the folder of the pushed versions.
      times: of the steps.
    """
    summary = RunSummary.begin("n", "2026-01-01T00:00:00", "x.log")
    given: dict[Any, Any] = {REGRESSION: fit, DIAGNOSTICS: diagnostics, **(records or {})}
    for kept, record in given.items():
        if record is not None:
            summary.keep(kept, record)
    whole = Config.model_validate({**CONFIG, **(config or {})})
    facts = Facts(
        name="n",
        config=whole.model_dump(mode="json", exclude={"targets", "beam"}),
        written=whole.model_dump(mode="json", exclude={"targets", "beam"}, exclude_unset=True, by_alias=True),
        fingerprint=whole.fingerprint(),
        summaries=None,
        serving=serving,
    )
    found = Source(facts, Results({}, summary), "2026-01-01T00:00:00", times or [])
    found.__dict__.update(distributions=distributions or [], exact=None)  # what is read of artifacts, and kept
    return found


def document(**sections: Any) -> Any:
    """A document of some sections, by key."""
    return FILE(name="n", run_id=None, written=0.0, outcome="failed", version=None, **sections)
