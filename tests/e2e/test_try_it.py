"""The form of a report and that of the model server's page, filled in alike: both tell the same numbers, to 1e-5."""

from __future__ import annotations

import random
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser import chromium, needs_chromium, visit
from tests.conftest import WholeRun
from tests.e2e.asking import serving
from tests.e2e.told import report

pytestmark = [pytest.mark.e2e, needs_chromium]

SETTINGS = 10
INPUTS = """() => [...document.querySelectorAll(".whatif [data-name]")].map((input) => ({
  name: input.dataset.name, kind: input.dataset.kind, value: input.value, required: input.required,
  choices: input.options ? [...input.options].map((option) => option.value) : null,
}))"""
TOLD = """() => Object.fromEntries([...document.querySelectorAll(".said data, .parts tr")].map((element, index) => {
  const data = element.querySelector("data") || element;
  return [element.querySelector("th")?.innerText.split("\\n")[0] ?? `said ${index}`, data.value];
}).filter(([name]) => name !== "Feature").map(([name, value]) => [name, Number(value)]))"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


def setting(inputs: list[dict[str, Any]], source: random.Random) -> dict[str, str]:
    """Something for each input: one of its choices or another text, a number about the example, far from it or none, a date."""
    made = {}
    for field in inputs:
        if field["choices"]:
            made[field["name"]] = source.choice(field["choices"])
        elif field["kind"] in ("date", "time"):
            text = f"20{source.randint(10, 29)}-{source.randint(1, 12):02}-{source.randint(1, 28):02}T{source.randint(0, 23):02}:30"
            made[field["name"]] = text[:10] if field["kind"] == "date" else text
        elif not field["required"] and source.random() < 0.15:
            made[field["name"]] = ""
        else:
            number = float(field["value"]) * source.choice([1, source.uniform(0.5, 1.5), source.uniform(0.9, 1.1), 20])
            made[field["name"]] = str(round(number)) if field["kind"] == "whole" else f"{number:.6g}"
    return made


def fill(page: Any, entered: dict[str, str]) -> None:
    for name, value in entered.items():
        input = page.locator(f'[data-name="{name}"]')
        if input.evaluate("(input) => input.tagName") == "INPUT":
            input.fill(value)
            continue
        input.select_option(value)
        if value == "another text …":
            page.get_by_label(f"{name}: another text").fill("elsewhere")


@pytest.mark.parametrize("run", ["taxi_run", "tips_run", "delays_kinds_run"])
def test_ten_settings_are_answered_as_the_served_model_answers(
    run: str, browser: Any, request: pytest.FixtureRequest
) -> None:
    found: WholeRun = request.getfixturevalue(run)
    source = random.Random(run)  # noqa: S311 - settings of a test
    with visit(browser, report(found).page) as seen, serving(found) as (rest, _):
        offline, server = seen.page, browser.new_page()
        server.goto(f"http://{rest}/")
        inputs = offline.evaluate(INPUTS)
        assert server.evaluate(INPUTS) == inputs
        unlike = 0
        for number in range(SETTINGS):
            entered = setting(inputs, source) if number else {}
            for page in (offline, server):
                fill(page, entered)
            server.evaluate("document.querySelector('.said').replaceChildren()")
            server.get_by_role("button", name="Predict").click()
            server.locator(".said p").first.wait_for()
            own, served = (page.evaluate(TOLD) for page in (offline, server))
            assert own.keys() == served.keys() and len(own) > len(inputs) / 2
            assert offline.locator(".error").count() == server.locator(".error").count() == 0
            unlike += "No interval can be given" in server.locator(".said").inner_text()
            size = max(abs(value) for name, value in served.items() if not name.startswith("said"))
            for name, value in served.items():
                slack = 1e-6 * size if not name.startswith("said") else 0
                assert own[name] == pytest.approx(value, rel=1e-5, abs=slack), (number, name, entered)
            notes = [
                page.evaluate(
                    "[...document.querySelectorAll('.whatif .note:not([hidden])')].map((note) => note.innerText)"
                )
                for page in (offline, server)
            ]
            assert notes[0] == notes[1]
        assert unlike < SETTINGS
        assert (seen.faults, seen.axe()) == ([], [])
        server.close()


SCORED = """(rows) => {
  const score = plumblineScore(JSON.parse(document.getElementById("try_it-model").textContent));
  return rows.map((row) => { try { return score(row); } catch (error) { return error.message; } });
}"""


@pytest.mark.parametrize("run", ["taxi_run", "delays_kinds_run"])
def test_every_part_of_the_model_is_in_the_page(
    run: str, browser: Any, request: pytest.FixtureRequest, tfx_loaded: None
) -> None:
    """By rows that ask for each level, each edge, values at the limits, missing and odd ones."""
    from components.linear_model.portable import MODEL_FILE, PortableModel
    from components.linear_model.scoring import score, term_sizes
    from components.serving_check.made_rows import made_rows

    found: WholeRun = request.getfixturevalue(run)
    path = max((found.root / "serving").glob(f"*/*/{MODEL_FILE}"))
    model = PortableModel.from_text(path.read_text())
    columns = made_rows(model)
    expected, sizes = score(model, columns), term_sizes(model, columns)
    rows = [dict(zip(columns, values, strict=True)) for values in zip(*columns.values(), strict=True)]
    with visit(browser, report(found).page) as seen:
        answers = seen.page.evaluate(SCORED, rows)
    assert len(answers) > 10
    for index, answer in enumerate(answers):
        for name, values in expected.items():
            slack = sizes[index] if name.startswith("contribution_") else 0
            assert answer[name] == pytest.approx(values[index], rel=1e-9, abs=1e-9 * slack), (rows[index], name)
