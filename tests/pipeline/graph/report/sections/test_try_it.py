"""The form of a report: what the page holds is what the JSON holds, and a browser scores by that."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from components.linear_model.portable import PortableModel
from components.linear_model.scoring import score
from pipeline.form.example import example_of
from pipeline.graph.report.document import FILE, Document
from pipeline.graph.report.page import page
from pipeline.graph.report.sections.try_it import SECTION
from tests.browser import chromium, needs_chromium, visit
from tests.pipeline.form.every_kind import every_kind

EVIL = '</script><script>document.title="broken"</script>&\' x'
FEATURES = {"num": {"kind": "numeric", "unit": "miles"}, "city": "categorical", "night": "boolean"}


@pytest.fixture
def model() -> PortableModel:
    """A model of few columns, of a label whose name is no name."""
    found = every_kind("gaussian(label=log)", 6, FEATURES)
    places = {term.key: place for place, term in found.design.places()}
    return dataclasses.replace(
        found, label=EVIL, unit="dollars", references={"city": places["city"], "night": places["night"]}
    )


def document(model: PortableModel | None) -> Document:
    figures: Any = {"try_it": SECTION.read(SimpleNamespace(model=model))}  # type: ignore[arg-type]
    return FILE(name="n", run_id=None, written=0.0, outcome="refused", version=None, **figures)


def test_without_a_model_there_is_no_form_and_no_script() -> None:
    assert SECTION.read(SimpleNamespace(model=None)) is None  # type: ignore[arg-type]
    assert "<script" not in page(document(None))


def test_the_json_is_read_again_as_it_was(model: PortableModel) -> None:
    found = document(model)
    again = FILE.parse(found.to_json(), "report.json", "Run again.")
    assert again.to_json() == found.to_json()
    assert page(again) == page(found)


@needs_chromium
def test_the_page_answers_as_scoring_does(model: PortableModel, tmp_path: Path) -> None:
    file, found = tmp_path / "report.html", document(model)
    file.write_text(page(found))
    figures = found.section(SECTION)
    with chromium() as browser, visit(browser, file) as seen:
        held = json.loads(seen.page.locator("#try_it-model").text_content() or "")
        assert held == json.loads(json.dumps(figures.model if figures else None))

        def told() -> dict[str, float]:
            script = "() => [...document.querySelectorAll('.said data')].map((data) => Number(data.value))"
            return dict(zip(("prediction", "low", "high", "standard_error"), seen.page.evaluate(script), strict=True))

        def expected(**row: Any) -> dict[str, float]:
            answer = score(model, {name: [value] for name, value in row.items()})
            return {name: float(answer[name][0]) for name in ("prediction", "low", "high", "standard_error")}

        example = {"num": 2.2, "city": "Bergen", "night": "false", "units": float(example_of(model)["units"])}
        assert told() == pytest.approx(expected(**example), rel=1e-9)
        seen.page.get_by_label("num miles").fill("7.5")
        seen.page.get_by_label("city", exact=True).select_option("Zürich")
        assert told() == pytest.approx(expected(**example | {"num": 7.5, "city": "Zürich"}), rel=1e-9)
        seen.page.get_by_label("units").fill("")
        assert seen.page.locator(".said").inner_text() == "No answer: an entry is not valid."
        assert "The model needs an offset" in seen.page.locator(".wrong").inner_text()
        seen.page.get_by_role("button", name="Back to the example").click()
        seen.page.locator(".prediction").wait_for()
        assert told() == pytest.approx(expected(**example), rel=1e-9)
        assert (seen.page.title(), seen.faults, seen.axe()) == ("n – report", [], [])
