"""DataGate: stops the run on any anomaly."""

from __future__ import annotations

from typing import Any

from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import example_validator


def _node(wiring: Wiring) -> Any:
    from components.data_gate.component import DataGate

    return DataGate(anomalies=wiring.output(example_validator.STEP, "anomalies"))


STEP = Step("DataGate", _node, retried=False)
