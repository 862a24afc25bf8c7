"""Summaries of runs that were never made: of a fit alone."""

from __future__ import annotations

from typing import Any

from pipeline.graph.regression import read_regression
from pipeline.graph.steps.fit import REGRESSION
from pipeline.local.summary import RunSummary


def summary_of(fit: Any, name: str = "n", run_id: str = "2026-01-01T00:00:00") -> RunSummary:
    """What a run that made this `LinearFit` leaves of it."""
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    summary = RunSummary.begin(name, run_id, "/R/logs/x.log")
    summary.keep(REGRESSION, read_regression(fit, DatasetFeatureStatistics()))
    summary.exit_code = 0
    return summary
