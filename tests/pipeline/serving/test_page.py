"""The page at `/`: its markup, and what a browser makes of it (where there is a Chromium)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import json
import re
import threading
from collections.abc import Callable, Coroutine, Iterator
from html.parser import HTMLParser
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer

from components.linear_model.design_matrix import DesignMatrix, Term
from pipeline.form.embedded import text_rules
from pipeline.form.fields import FormField
from pipeline.form.form import Form
from pipeline.serving.page import HEADERS, ModelView, page, page_routes, view
from tests.browser import chromium, needs_chromium
from tests.components.models import made_model

FLOAT, INT64, STRING, BOOL, HALF = 1, 9, 7, 10, 19
EVIL = '"><script>document.title="broken"</script>&\' x'
VIEW = ModelView(
    "taxi",
    7,
    "explain",
    Form(
        [
            FormField("miles", "number"),
            FormField("riders", "integer"),
            FormField(EVIL, "text"),
            FormField("night", "truth"),
        ]
    ),
)


class Elements(HTMLParser):
    """Collects elements with their attributes, and the text in scripts and styles."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.inline: dict[str, str] = {}
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        if self.found and self.found[-1][0] in ("script", "style") and data.strip():
            self.inline.setdefault(self.found[-1][0], data)

    def all(self, *tags: str) -> list[dict[str, str | None]]:
        return [attributes for tag, attributes in self.found if tag in tags]


def test_names_are_escaped() -> None:
    elements = Elements(page([VIEW, ModelView(EVIL, 1, "explain", Form([FormField(EVIL, "number")]))]))
    assert len(elements.all("script")) == 1
    assert [model["data-model"] for model in elements.all("section")] == ["taxi", EVIL]
    assert [field["data-name"] for field in elements.all("input")] == ["miles", "riders", EVIL, EVIL]


def test_every_field_has_a_label_and_every_id_is_one() -> None:
    elements = Elements(page([VIEW, VIEW]))
    ids = [attributes["id"] for _, attributes in elements.found if "id" in attributes]
    assert len(ids) == len(set(ids))
    labelled = {label["for"] for label in elements.all("label")}
    assert labelled == {field["id"] for field in elements.all("input", "select")}
    assert all(section["aria-labelledby"] in ids for section in elements.all("section"))


def test_nothing_but_the_script_and_the_style_may_run() -> None:
    policy = HEADERS["Content-Security-Policy"]
    elements = Elements(page([VIEW]))
    for tag in ("script", "style"):
        digest = base64.b64encode(hashlib.sha256(elements.inline[tag].encode()).digest()).decode()
        assert f"{tag}-src 'sha256-{digest}'" in policy
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    for _, attributes in elements.found:
        assert not [name for name in attributes if name in ("src", "style") or name.startswith("on")]
    assert re.findall(r"(?:https?:)?//[a-z]", page([VIEW])) == []


def test_models_without_a_form() -> None:
    assert "No model is configured" in page([])
    assert "No version of this model is loaded" in page([ModelView("m")])
    assert '<p class="error">m: because &lt;it&gt; is so.</p>' in page(
        [ModelView("m", notes=["m: because <it> is so."])]
    )
    assert "Why. (Version 6 answers.)" in page([ModelView("m", 6, notes=["Why."])])
    assert "no signature that takes plain values" in page([ModelView("m", 1)])
    assert not Elements(page([ModelView("m"), ModelView("n", 1)])).all("form")


def test_view() -> None:
    def signature(**dtypes: int) -> Any:
        return SimpleNamespace(inputs={name: SimpleNamespace(dtype=dtype) for name, dtype in dtypes.items()})

    default, explain = signature(x=FLOAT), signature(b=BOOL, a=STRING, c=INT64)
    assert view("m", 2, {"serving_default": default}) == ModelView(
        "m", 2, "serving_default", Form([FormField("x", "number")])
    )
    assert view("m", 2, {"serving_default": default, "explain": explain}) == ModelView(
        "m", 2, "explain", Form([FormField("a", "text"), FormField("b", "truth"), FormField("c", "integer")])
    )
    assert view("m", 2, {"explain": signature(x=HALF)}) == view("m", 2, {}) == ModelView("m", 2)


def test_a_transformed_label_is_told_with_its_scale() -> None:
    model = made_model([], DesignMatrix((Term("x", "x"),)))
    signatures: Any = {"explain": SimpleNamespace(inputs={"x": SimpleNamespace(dtype=FLOAT)})}
    assert "The prediction is y." in page([view("m", 2, signatures, model)])
    assert "The prediction is y, in dollars." in page(
        [view("m", 2, signatures, dataclasses.replace(model, unit="dollars"))]
    )
    log = dataclasses.replace(model, label="price", family="gaussian(label=log)")
    shown = view("m", 2, signatures, log)
    assert shown.form and shown.form.parts == "log of price"
    assert "The prediction is the median of price: the inverse of what is fitted." in page([shown])
    mean = dataclasses.replace(log, family="gaussian(label=log, mean=smearing)", smearing=[1.1])
    assert "The prediction is the mean of price, by Duan&#39;s smearing over" in page([view("m", 2, signatures, mean)])


ANSWER = {
    "prediction": 15.73, "baseline": 11.83, "low": 13.3, "high": 18.2, "standard_error": 1.25,
    "contribution_miles": 4.2, f"contribution_{EVIL}": -0.3, "contribution_riders": 0.0,
}  # fmt: skip


CLASSES = ModelView("taxi", 7, "explain", Form([FormField("miles", "number")], parts="log odds ratio", level=0.95))
PROBABILITY = {
    "probability": 0.25, "class": "<b>tipped", "baseline": -1.5, "low": 0.2, "high": 0.31, "standard_error": 0.15,
    "linear_predictor": -1.0986123, "contribution_miles": 0.4013877,
}  # fmt: skip


@contextlib.contextmanager
def served(bodies: list[str], answer: Callable[[], web.Response], shown: ModelView) -> Iterator[str]:
    """The page, and a server that remembers what it is asked, in a thread of its own."""

    async def predict(request: web.Request) -> web.Response:
        bodies.append(await request.text())
        return answer()

    async def status(request: web.Request) -> web.Response:
        return web.json_response({"model_version_status": [{"version": "8", "state": "AVAILABLE"}]})

    app = web.Application()
    app.add_routes(page_routes(lambda: [shown, ModelView("other")]))
    app.add_routes([web.post("/v1/models/taxi:predict", predict), web.get("/v1/models/taxi", status)])
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    def wait(coroutine: Coroutine[Any, Any, Any]) -> None:
        asyncio.run_coroutine_threadsafe(coroutine, loop).result(30)

    server = TestServer(app)
    try:
        wait(server.start_server())
        yield str(server.make_url("/"))
        wait(server.close())
    finally:
        loop.call_soon_threadsafe(loop.stop)
        thread.join()
        loop.close()


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    with chromium() as found:
        yield found


@contextlib.contextmanager
def opened(
    browser: Any, answer: Callable[[], web.Response], shown: ModelView | None = None, **options: Any
) -> Iterator[tuple[Any, list[str]]]:
    """The page in a tab, and what the server was asked. Nothing may be said on the console but of answers that are errors."""
    bodies: list[str] = []
    said: list[str] = []
    with served(bodies, answer, shown or VIEW) as url, contextlib.closing(browser.new_context(**options)) as context:
        tab = context.new_page()
        tab.on("console", lambda message: said.append(message.text))
        tab.on("pageerror", lambda error: said.append(str(error)))
        tab.goto(url)
        yield tab, bodies
        assert tab.title() == "Plumbline"
    assert [text for text in said if "Failed to load resource" not in text] == []


def ask(tab: Any) -> str:
    """Presses Predict; what is answered, or wrong."""
    tab.evaluate("document.querySelector('.said').replaceChildren()")
    tab.get_by_role("button", name="Predict").click()
    tab.locator(".said p, .wrong").first.wait_for()
    return str(tab.locator(".answer").inner_text())


@needs_chromium
def test_a_prediction_by_keyboard(browser: Any) -> None:
    def answer() -> web.Response:
        return web.json_response({"predictions": [ANSWER]})

    with opened(browser, answer) as (tab, bodies):
        for text in ("", "3", '<b>"ö'):
            tab.keyboard.press("Tab")
            tab.keyboard.insert_text(text)
        tab.keyboard.press("Enter")
        tab.wait_for_selector(".prediction")
        text = tab.locator(".answer").inner_text()
        features = tab.evaluate(
            "[...document.querySelectorAll('tbody th')].map(cell => cell.innerText.split('\\n')[0])"
        )
        bars = tab.evaluate(
            "[...document.querySelectorAll('.up, .down')].map(bar => [bar.className, bar.style.left, bar.style.width])"
        )
        wide = []
        for width in (360, 1200):
            tab.set_viewport_size({"width": width, "height": 900})
            wide.append(tab.evaluate("document.documentElement.scrollWidth"))
    (body,) = bodies
    assert body.startswith('{"signature_name":"explain","instances":[{"miles":NaN,"riders":3,')
    assert json.loads(body)["instances"][0][EVIL] == '<b>"ö'
    assert json.loads(body)["instances"][0]["night"] is False
    for part in (
        "15.7",
        "between 13.3 and 18.2, standard error 1.3",
        "+4.2",
        "−0.3",
        "11.8",
        "Version 8 answers by now",
    ):
        assert part in text
    assert features == ["baseline", "miles", EVIL, "riders"]
    assert [bar[0] for bar in bars] == ["up", "down"]
    scale = 4.2  # from the baseline to the highest sum
    (first, width), (second, less) = ([float(size.rstrip("%")) for size in bar[1:]] for bar in bars)
    assert (first, width, less) == pytest.approx((0, 100, 100 * 0.3 / scale))
    assert second == pytest.approx(100 - less)  # it ends where the sum is, and begins where the one before ended
    assert wide == [360, 1200]


@needs_chromium
def test_a_probability_its_class_and_contributions_in_log_odds(browser: Any) -> None:
    unlike = {**PROBABILITY, "low": 0.0, "high": 1.0, "standard_error": 3.4028235e38}
    answers = [web.json_response({"predictions": [answer]}) for answer in (PROBABILITY, unlike)]
    with opened(browser, lambda: answers.pop(0), CLASSES) as (tab, _):
        known, unknown = ask(tab), ask(tab)
    for part in (
        "0.250",
        "probability; class: <b>tipped",
        "between 0.200 and 0.310 (95 % interval), standard error of the linear predictor 0.15",
        "What it is made of, in units of the log odds ratio",
        "+0.40",
    ):
        assert part in known
    assert re.search(r"linear predictor\s+−1\.10", known)
    assert "No interval can be given" in unknown


@needs_chromium
def test_numbers_are_rounded_to_their_interval(browser: Any) -> None:
    huge = {**ANSWER, "prediction": 123456.789, "low": 121000.0, "high": 126000.0, "baseline": 100000.0}
    tiny = {
        "prediction": 0.00123456,
        "low": 0.0011,
        "high": 0.0014,
        "standard_error": 0.00007,
        "baseline": 0.0,
        "contribution_a": 1e-9,
    }
    alone = {"prediction": 17.98765}
    answers = [web.json_response({"predictions": [answer]}) for answer in (huge, tiny, alone)]
    shown = ModelView("taxi", 7, "explain", Form([FormField("miles", "number")]))
    with opened(browser, lambda: answers.pop(0), shown) as (tab, _):
        said = [ask(tab).split() for _ in range(3)]
        value = tab.locator(".prediction data").get_attribute("value")
    assert "123,500" in said[0] and "121,000" in said[0] and "100,000" in said[0]
    assert "0.00123" in said[1] and "0.00110" in said[1] and "0.00000" in said[1]
    assert "17.99" in said[2] and value == "17.98765"


@needs_chromium
def test_errors_are_shown_in_words(browser: Any) -> None:
    answers = [
        web.json_response({"error": "Expects <b>more</b>"}, status=400),
        web.Response(text="no such thing", status=502),
        web.Response(text='{"predictions": [NaN]}', content_type="application/json"),
    ]
    with opened(browser, lambda: answers.pop(0)) as (tab, bodies):
        ask(tab)
        assert tab.locator(".wrong").inner_text() == "Enter a whole number."
        assert tab.evaluate("document.activeElement.dataset.name") == "riders"
        tab.keyboard.insert_text("2")
        said = [ask(tab) for _ in range(3)]
    assert len(bodies) == 3
    assert said[0] == "Expects <b>more</b>"
    assert said[1] == "The server's answer (status 502) is no JSON."
    assert "not a number" in said[2]


MISSING, OTHER = "Blank: taken for (missing).", "Taken for (other)."
EVERY_KIND = ModelView(
    "taxi",
    7,
    "explain",
    Form(
        [
            FormField("miles", "number", (), 0, 50, "miles", "4.5", outside="Valid is up to 50."),
            FormField("riders", "whole"),
            FormField("id", "digits"),
            FormField("night", "choice", ("true", "false")),
            FormField("city", "text", ("Bergen", "true", EVIL), blank=MISSING, unknown=OTHER),
            FormField("day", "date"),
            FormField("begun", "time"),
            FormField("sent", "epoch"),
            FormField("sent_ms", "epoch_ms"),
        ],
        unit="dollars",
        columns={"log_miles": ["miles"], "both": ["miles", "riders"], "night": ["night"], "constructor": ["id"]},
        rules=text_rules(["NA"]),
    ),
)
ENTERED = {
    "miles": 60.5, "riders": 3, "id": "-9223372036854775807", "night": "true", "city": EVIL, "day": "2024-02-29",
    "begun": "2024-02-29T23:59", "sent": 1709251140, "sent_ms": 1709251140250,
}  # fmt: skip


@needs_chromium
def test_each_kind_of_column_has_its_own_input(browser: Any) -> None:
    explained = {
        "prediction": 2.0, "baseline": 1.0, "contribution_log_miles": 0.75, "contribution_both": -0.5, "contribution_night": 0.5,
        "contribution_constructor": 0.25, "outside_log_miles": 1.0, "outside_both": 0.0,
    }  # fmt: skip

    def notes(tab: Any) -> Any:
        return tab.evaluate(
            "[...document.querySelectorAll('.note:not([hidden])')].map(note => [note.className, note.innerText])"
        )

    with opened(browser, lambda: web.json_response({"predictions": [explained]}), EVERY_KIND) as (tab, bodies):
        ask(tab)  # nothing entered
        sent = {"sent": "2024-02-29T23:59", "sent_ms": "2024-02-29T23:59:00.250"}
        for name, value in {**{name: str(value) for name, value in ENTERED.items()}, **sent}.items():
            field = tab.locator(f"[data-name={name}]")
            (field.select_option if name in ("night", "city") else field.fill)(value)
        ask(tab)
        hint = notes(tab)
        features = tab.evaluate("[...document.querySelectorAll('tbody th')].map(cell => cell.innerText)")
        for name, value in (("riders", "1.5"), ("id", "12x")):
            tab.locator(f"[data-name={name}]").fill(value)
        wrong = notes(tab)
        tab.get_by_role("button", name="Back to the example").click()
        tab.locator(".wrong").first.wait_for(state="detached")
        again = [*notes(tab), tab.locator("[data-name=miles]").input_value()]
    empty, full = bodies
    nothing = {"miles": 4.5, "riders": "NaN", "sent": "NaN", "sent_ms": "NaN"}
    assert json.loads(empty, parse_constant=str)["instances"] == [{**dict.fromkeys(ENTERED, ""), **nothing}]
    assert json.loads(full)["instances"] == [ENTERED]
    assert hint == [["note", "Valid is up to 50."]]
    assert features == [
        "baseline\nmean of the training rows",
        "log_miles\n60.5, beyond the knots: a straight line there",
        "both\n60.5, 3",
        "night\ntrue",
        "constructor\n-9223372036854775807",
    ]
    whole = ["note wrong", "Enter a whole number, or leave it blank."]
    assert wrong == [["note", "Valid is up to 50."], whole, whole]
    assert again == [["note", "Blank: taken for (missing)."], "4.5"]


@needs_chromium
def test_a_text_that_is_none_of_the_choices(browser: Any) -> None:
    def answer() -> web.Response:
        return web.json_response({"predictions": [ANSWER]})

    with opened(browser, answer, EVERY_KIND) as (tab, bodies):
        city, note = tab.locator("[data-name=city]"), tab.locator("[data-name=city] ~ .note")
        assert note.inner_text() == "Blank: taken for (missing)."
        city.select_option("Bergen")
        assert note.is_hidden()
        city.select_option("another text …")
        city.focus()
        tab.keyboard.press("Tab")
        tab.keyboard.insert_text("Paris")
        assert note.inner_text() == "Taken for (other)."
        tab.get_by_label("city: another text").fill(" NA ")
        assert note.inner_text() == "It stands for nothing: taken for (missing)."
        tab.get_by_label("city: another text").fill("TRUE")
        assert note.is_hidden()  # as tables spell it otherwise
        ask(tab)
    assert json.loads(bodies[0], parse_constant=str)["instances"][0]["city"] == "TRUE"


@needs_chromium
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", [360, 1200])
def test_axe_finds_nothing(browser: Any, scheme: str, width: int) -> None:
    from axe_playwright_python.sync_playwright import Axe

    def answer() -> web.Response:
        return web.json_response({"predictions": [ANSWER]})

    size = {"width": width, "height": 900}
    with opened(browser, answer, EVERY_KIND, color_scheme=scheme, viewport=size, bypass_csp=True) as (tab, _):
        ask(tab)
        tab.locator("[data-name=miles]").fill("60")
        found = Axe().run(tab).response["violations"]
        assert [(one["id"], one["impact"], [node["html"] for node in one["nodes"]]) for one in found] == []
        assert tab.evaluate("document.documentElement.scrollWidth") == width
