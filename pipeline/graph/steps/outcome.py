"""Outcome: ends a run in containers by its verdict. On this machine the command does that."""

from __future__ import annotations

from typing import Any

from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import model_gate, report


def _node(wiring: Wiring) -> Any:
    if wiring.places.target is None:
        return None
    from components.outcome.component import Outcome

    return Outcome(verdict=wiring.output(model_gate.STEP, "verdict"), report=wiring.output(report.STEP, "report"))


STEP = Step("Outcome", _node, retried=False)
