"""What became of a run's model."""

from __future__ import annotations

from typing import Literal

from pipeline.graph.report.source import Source
from pipeline.graph.steps.model_gate import VERDICT
from pipeline.graph.steps.pusher import PUSHED

Outcome = Literal["pushed", "already live", "refused", "not pushed", "failed"]


def outcome(source: Source) -> Outcome:
    """`failed` where a run came to no end."""
    if source.failure is not None:
        return "failed"
    verdict, pushed = source.record(VERDICT), source.record(PUSHED)
    if pushed is not None:
        return "already live" if pushed.already else "pushed"
    if verdict is None:
        return "failed"
    return "not pushed" if verdict.blessed else "refused"
