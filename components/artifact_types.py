"""Artifact types of our own. A `TYPE_NAME` doubles as the import path (TFX's contract for custom types)."""

from __future__ import annotations

from tfx.types.artifact import Artifact


class DataReport(Artifact):
    """DataGate's report: `report.json`, an `AnomalyReport`."""

    TYPE_NAME = "components.DataReport"


class GatheredRows(Artifact):
    """What one pass over the training rows leaves, in the files that `components.linear_model.gathered` describes."""

    TYPE_NAME = "components.GatheredRows"


class LinearFit(Artifact):
    """The exact least-squares fit, in the files that `components.linear_model.linear_fit` describes."""

    TYPE_NAME = "components.LinearFit"


class Report(Artifact):
    """A run's report: `report.html`, a page for people, and `report.json`, every number of it."""

    TYPE_NAME = "components.Report"


class Verdict(Artifact):
    """ModelGate's verdict: `verdict.json`, laid out as `components.model_gate.verdict` says."""

    TYPE_NAME = "components.Verdict"
