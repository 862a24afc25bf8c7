"""What a report tells: every text and number of its JSON, every number that its page shows or carries."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from tests.conftest import WholeRun, plumbline

DIGITS = re.compile(r"(?<![\w.])[-\N{MINUS SIGN}]?\d[\d,]*(?:\.\d+)?(?:[eE][+-]?\d+)?")


@dataclasses.dataclass(frozen=True)
class Report:
    """The two files of a run.

    Attributes:
      page: the HTML file.
      figures: the JSON file.
    """

    page: Path
    figures: Path

    @property
    def html(self) -> str:
        """The page's text."""
        return self.page.read_text(encoding="utf-8")

    def json(self) -> dict[str, Any]:
        """The figures."""
        return json.loads(self.figures.read_text(encoding="utf-8"))


def report(run: WholeRun) -> Report:
    """The last run's, where `plumbline report` says that it lies."""
    done = plumbline("report", run.config, "--root", run.root)
    assert done.code == 0, done.err
    page = Path(done.out.strip())
    return Report(page, page.with_suffix(".json"))


def leaves(found: Any) -> Iterator[Any]:
    """Every value of a JSON, and every key: keys are texts too."""
    if isinstance(found, dict):
        yield from found
        for value in found.values():
            yield from leaves(value)
    elif isinstance(found, list):
        for value in found:
            yield from leaves(value)
    else:
        yield found


def plain(text: str) -> float:
    """A number as it is written on a page: groups of three, and a minus sign of its own."""
    return float(text.replace(",", "").replace("\N{MINUS SIGN}", "-"))


def numbers(found: Any) -> set[float]:
    """Every number of a JSON, those within texts too."""
    told: set[float] = set()
    for leaf in leaves(found):
        if isinstance(leaf, bool) or leaf is None:
            continue
        if isinstance(leaf, str):
            told.update(plain(text) for text in DIGITS.findall(leaf))
        else:
            told.add(float(leaf))
    return told


class Elements(HTMLParser):
    """The numbers of a page's `<data>` elements with what is shown of them, and each text outside of them.

    Attributes:
      data: value and text.
      loose: texts that stand in neither `<data>`, `<svg>`, `<script>`, `<style>`, `<code>`, `<pre>` nor a form.
    """

    _ASIDE = ("data", "svg", "script", "style", "code", "pre", "form", "title")

    def __init__(self, text: str) -> None:
        super().__init__()
        self.data: list[tuple[str, str]] = []
        self.loose: list[str] = []
        self._within: list[str] = []
        self._value: str | None = None
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag in self._ASIDE:
            self._within.append(tag)
        if tag == "data":
            self._value = dict(attrs)["value"]

    def handle_endtag(self, tag: str) -> None:
        if self._within and self._within[-1] == tag:
            self._within.pop()
        if tag == "data":
            self._value = None

    def handle_data(self, data: str) -> None:
        if self._value is not None:
            self.data.append((self._value, data))
        elif not self._within and data.strip():
            self.loose.append(" ".join(data.split()))
