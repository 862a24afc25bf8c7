"""`report.json`, which DataGate writes: every anomaly that ExampleValidator found."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from components.json_file import JsonFile

REPORT_FILE = "report.json"


class Anomaly(BaseModel):
    """One anomaly, as a person can read it.

    Attributes:
      split: where it was seen.
      feature: its name; `(table)` for what concerns the whole table.
      rule: what is broken.
      seen: what was there.
    """

    model_config = ConfigDict(frozen=True)
    split: str
    feature: str
    rule: str
    seen: str

    def __str__(self) -> str:
        return f"split {self.split}, feature {self.feature}: {self.rule}. Seen: {self.seen}"


class AnomalyReport(JsonFile):
    """The file; no anomalies, and the run goes on."""

    format: Literal[1] = 1
    anomalies: list[Anomaly]
