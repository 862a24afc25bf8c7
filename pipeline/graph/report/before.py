"""The report of the version before, which lies beside the pushed versions."""

from __future__ import annotations

from components.publishing.reports import last_report
from pipeline.graph.report.source import Source
from pipeline.graph.steps.pusher import PUSHED


def version_before(source: Source) -> tuple[int, str] | None:
    """The newest version below the pushed one, of a refused model the newest of all, that has a report, and that report's JSON."""
    serving, pushed = source.facts.serving, source.record(PUSHED)
    if serving is None:
        return None
    from tfx.dsl.io import fileio

    found = last_report(fileio, serving, None if pushed is None else pushed.version)
    if found is None:
        return None
    version, path = found
    with fileio.open(path) as file:
        return version, file.read()
