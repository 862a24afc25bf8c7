"""`report.json`: every number of the page, by section."""

from __future__ import annotations

import time
from typing import Any, Literal

from pydantic import ConfigDict, create_model

from components.json_file import JsonFile
from pipeline.graph.report.outcome import Outcome, outcome
from pipeline.graph.report.section import Figures, Section
from pipeline.graph.report.sections import card, changed, doubt, drives, failed, learned, made, right, try_it, use
from pipeline.graph.report.source import Source
from pipeline.graph.steps.pusher import PUSHED

REPORT_FILE = "report.json"
SECTIONS: tuple[Section[Any], ...] = (
    failed.SECTION,
    use.SECTION,
    drives.SECTION,
    right.SECTION,
    doubt.SECTION,
    try_it.SECTION,
    learned.SECTION,
    made.SECTION,
    changed.SECTION,
    card.SECTION,
)


class Document(JsonFile):
    """The file. Beside these keys it has one for each section, null where a run has nothing to say there.

    Attributes:
      name: the pipeline's.
      run_id: when the run began, in ISO 8601; None where nothing says so.
      written: when, in seconds since 1970.
      outcome: what became of the model; `failed` where a run came to no end.
      version: that was pushed, or was live already; None where none was.
    """

    model_config = ConfigDict(frozen=True)
    format: Literal[1] = 1
    name: str
    run_id: str | None
    written: float
    outcome: Outcome
    version: int | None

    def section(self, section: Section[Figures]) -> Figures | None:
        """A section's figures; None where there are none."""
        found = getattr(self, section.key)
        return found if isinstance(found, section.model) else None


_FIELDS: dict[str, Any] = {section.key: (section.model | None, None) for section in SECTIONS}
FILE: type[Document] = create_model("_File", __base__=Document, **_FIELDS)


def document_of(source: Source) -> Document:
    """Asks each section."""
    pushed = source.record(PUSHED)
    figures: dict[str, Any] = {section.key: section.read(source) for section in SECTIONS}
    return FILE(
        name=source.facts.name,
        run_id=source.run_id,
        written=time.time(),
        outcome=outcome(source),
        version=None if pushed is None else pushed.version,
        **figures,
    )
