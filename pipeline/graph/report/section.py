"""What a section of the page is."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Generic, TypeVar

from pydantic import BaseModel

from pipeline.graph.report.source import Source

Figures = TypeVar("Figures", bound=BaseModel)


@dataclasses.dataclass(frozen=True)
class Section(Generic[Figures]):
    """A section: a question, and what answers it.

    Attributes:
      key: of the JSON; `templates/<key>.html` shows it.
      title: the question.
      model: the type of its figures.
      read: makes them; None where a run has nothing to say there.
    """

    key: str
    title: str
    model: type[Figures]
    read: Callable[[Source], Figures | None]
