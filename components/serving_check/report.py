"""`report.json`, which ServingCheck writes into the blessing of a model that it found good."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict

from components.json_file import JsonFile

REPORT_FILE = "report.json"
WAY_OUT = "Run again with --no-cache."


class Latency(BaseModel):
    """How long one row takes through `serving_default`, in milliseconds: median and 99th percentile."""

    model_config = ConfigDict(frozen=True)
    p50: float
    p99: float


class CheckReport(JsonFile):
    """The file.

    Attributes:
      problems: what was wrong, a line each; a model with problems stops the run, so that a file has none.
      compared: how many answers were compared with the fit's own arithmetic.
      latency_ms: None where the model was not asked.
    """

    format: Literal[1] = 1
    problems: list[str]
    compared: int = 0
    latency_ms: Latency | None = None
