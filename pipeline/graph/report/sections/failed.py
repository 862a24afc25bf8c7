"""Why did it fail? Of a run that ended before its end: the error, without what it quotes of the table."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel

from pipeline.graph.report.section import Section
from pipeline.graph.report.source import Source
from pipeline.graph.steps.pusher import PUSHED

LEFT_OUT = "…"
_QUOTED = re.compile(r"'(?:[^'\\\n]|\\.)*'|\"(?:[^\"\\\n]|\\.)*\"")
# What TensorFlow Data Validation writes of a column's values.
_VALUES = re.compile(r"(missing from the schema:|Unexpectedly \w+ values?:).*")


class Failed(BaseModel):
    """The section.

    Attributes:
      step: that failed; empty where the run failed before the first.
      lines: of the error.
      left_out: whether values that it quotes are left out of them.
      version: that was pushed before; None where none was.
    """

    step: str
    lines: list[str]
    left_out: bool
    version: int | None


def _read(source: Source) -> Failed | None:
    if source.failure is None:
        return None
    text = without_values(source.failure.error, {source.facts.name, *_texts(source.facts.config)})
    pushed = source.record(PUSHED)
    return Failed(
        step=source.failure.step,
        lines=text.splitlines(),
        left_out=text != source.failure.error,
        version=None if pushed is None else pushed.version,
    )


def without_values(error: str, known: set[str]) -> str:
    """An error without what it quotes, but for what the configuration says itself.

    Args:
      error: its text, whose quotes are Python's.
      known: texts that are no values of the table: names of columns, settings.
    """
    text = _QUOTED.sub(lambda found: found[0] if found[0][1:-1] in known else f"'{LEFT_OUT}'", error)
    return _VALUES.sub(rf"\1 {LEFT_OUT}", text)


def _texts(value: Any) -> Iterator[str]:
    """All texts in a configuration, and the names of its keys."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for key, inner in value.items():
            yield str(key)
            yield from _texts(inner)
    elif isinstance(value, Sequence):
        for inner in value:
            yield from _texts(inner)


SECTION = Section("failed", "Why did it fail?", Failed, _read)
