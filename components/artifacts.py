"""Artifact types of our own. A `TYPE_NAME` doubles as the import path (TFX's contract for custom types)."""

from __future__ import annotations

from tfx.types.artifact import Artifact


class DataReport(Artifact):
    """DataGate's report: `report.json` with `{"anomalies": [{"split", "feature", "rule", "seen"}]}`."""

    TYPE_NAME = "components.DataReport"


class Verdict(Artifact):
    """ModelGate's verdict: `verdict.json`, laid out as `components.model_gate.verdict` says."""

    TYPE_NAME = "components.Verdict"
