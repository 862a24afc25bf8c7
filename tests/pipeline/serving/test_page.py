"""The page at `/`: its markup, and what a browser makes of it (where there is a Chromium)."""

from __future__ import annotations

import asyncio
import base64
import contextlib
import dataclasses
import hashlib
import json
import re
import shutil
from collections.abc import AsyncIterator, Callable, Coroutine
from html.parser import HTMLParser
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from aiohttp import ClientSession, web
from aiohttp.test_utils import TestServer

from components.linear_model.design_matrix import DesignMatrix, Term
from pipeline.serving.fields import FormField
from pipeline.serving.page import HEADERS, ModelView, page, page_routes, view
from tests.components.models import made_model

FLOAT, INT64, STRING, BOOL, HALF = 1, 9, 7, 10, 19
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
EVIL = '"><script>document.title="broken"</script>&\' x'
VIEW = ModelView(
    "taxi",
    7,
    "explain",
    [
        FormField("miles", "number"),
        FormField("riders", "integer"),
        FormField(EVIL, "text"),
        FormField("night", "truth"),
    ],
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
    elements = Elements(page([VIEW, ModelView(EVIL, 1, "explain", [FormField(EVIL, "number")])]))
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
        "m", 2, "serving_default", [FormField("x", "number")]
    )
    assert view("m", 2, {"serving_default": default, "explain": explain}) == ModelView(
        "m", 2, "explain", [FormField("a", "text"), FormField("b", "truth"), FormField("c", "integer")]
    )
    assert view("m", 2, {"explain": signature(x=HALF)}) == view("m", 2, {}) == ModelView("m", 2)


def test_a_transformed_label_is_told_with_its_scale() -> None:
    model = made_model([], DesignMatrix((Term("x", "x"),)))
    signatures: Any = {"explain": SimpleNamespace(inputs={"x": SimpleNamespace(dtype=FLOAT)})}
    fields = [FormField("x", "number")]
    assert view("m", 2, signatures, model) == ModelView("m", 2, "explain", fields)
    log = dataclasses.replace(model, label="price", family="gaussian(label=log)")
    shown = view("m", 2, signatures, log)
    assert shown.unit == "log of price"
    assert "The prediction is the median of price: the inverse of what is fitted." in page([shown])
    mean = dataclasses.replace(log, family="gaussian(label=log, mean=smearing)", smearing=[1.1])
    assert "The prediction is the mean of price, by Duan&#39;s smearing over" in page([view("m", 2, signatures, mean)])


ANSWER = {
    "prediction": 15.73, "baseline": 11.83, "low": 13.3, "high": 18.2, "standard_error": 1.25,
    "contribution_miles": 4.2, f"contribution_{EVIL}": -0.3, "contribution_riders": 0.0,
}  # fmt: skip


CLASSES = ModelView("taxi", 7, "explain", [FormField("miles", "number")], "log odds ratio")
PROBABILITY = {
    "probability": 0.25, "class": "<b>tipped", "baseline": -1.5, "low": 0.2, "high": 0.31, "standard_error": 0.15,
    "linear_predictor": -1.0986123, "contribution_miles": 0.4013877,
}  # fmt: skip


class Browser:
    """One tab, steered by the DevTools protocol."""

    def __init__(self, socket: Any) -> None:
        self._socket = socket
        self._session: dict[str, str] = {}
        self._number = 0

    async def send(self, method: str, **params: Any) -> Any:
        self._number += 1
        await self._socket.send_json({"id": self._number, "method": method, "params": params, **self._session})
        async with asyncio.timeout(30):
            while True:
                message = json.loads((await self._socket.receive()).data)
                if message.get("id") == self._number:
                    assert "error" not in message, message
                    return message["result"]

    async def open(self, url: str) -> None:
        target = await self.send("Target.createTarget", url="about:blank")
        attached = await self.send("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = {"sessionId": attached["sessionId"]}
        await self.send("Page.navigate", url=url)
        await self.wait("document.readyState === 'complete' && location.href !== 'about:blank'")

    async def run(self, script: str) -> Any:
        said = await self.send("Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in said, said
        return said["result"].get("value")

    async def wait(self, condition: str) -> None:
        async with asyncio.timeout(30):
            while not await self.run(f"Boolean({condition})"):
                await asyncio.sleep(0.05)

    async def type(self, text: str) -> None:
        await self.send("Input.insertText", text=text)

    async def press(self, key: str) -> None:
        text = {"text": "\r"} if key == "Enter" else {}
        code = {"Enter": 13, "Tab": 9}[key]
        await self.send("Input.dispatchKeyEvent", type="keyDown", key=key, code=key, windowsVirtualKeyCode=code, **text)
        await self.send("Input.dispatchKeyEvent", type="keyUp", key=key, code=key, windowsVirtualKeyCode=code)

    async def screenshot(self, path: Path, width: int, dark: bool = False) -> None:
        await self.send(
            "Emulation.setDeviceMetricsOverride", width=width, height=900, deviceScaleFactor=1, mobile=False
        )
        features = [{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}]
        await self.send("Emulation.setEmulatedMedia", features=features)
        picture = await self.send("Page.captureScreenshot", captureBeyondViewport=True)
        path.write_bytes(base64.b64decode(picture["data"]))


@contextlib.asynccontextmanager
async def browser(folder: Path) -> AsyncIterator[Browser]:
    """A Chromium without a window, with a profile of its own."""
    assert CHROMIUM
    process = await asyncio.create_subprocess_exec(
        CHROMIUM, "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run",
        f"--user-data-dir={folder}", "--remote-debugging-port=0", "about:blank",
        stdout=asyncio.subprocess.DEVNULL, stderr=asyncio.subprocess.PIPE,
    )  # fmt: skip
    try:
        assert process.stderr
        async with asyncio.timeout(60):
            while not (found := re.search(r"listening on (ws://\S+)", (await process.stderr.readline()).decode())):
                assert process.returncode is None
        async with ClientSession() as session, session.ws_connect(found[1], max_msg_size=0) as socket:
            yield Browser(socket)
    finally:
        with contextlib.suppress(ProcessLookupError):
            process.terminate()
        await process.communicate()


@contextlib.asynccontextmanager
async def served(bodies: list[str], answer: Callable[[], web.Response], shown: ModelView) -> AsyncIterator[str]:
    """The page, and a server that remembers what it is asked."""

    async def predict(request: web.Request) -> web.Response:
        bodies.append(await request.text())
        return answer()

    async def status(request: web.Request) -> web.Response:
        return web.json_response({"model_version_status": [{"version": "8", "state": "AVAILABLE"}]})

    app = web.Application()
    app.add_routes(page_routes(lambda: [shown, ModelView("other")]))
    app.add_routes([web.post("/v1/models/taxi:predict", predict), web.get("/v1/models/taxi", status)])
    async with TestServer(app) as server:
        yield str(server.make_url("/"))


def in_browser(
    folder: Path,
    answer: Callable[[], web.Response],
    use: Callable[[Browser], Coroutine[Any, Any, None]],
    shown: ModelView = VIEW,
) -> list[str]:
    bodies: list[str] = []

    async def run() -> None:
        async with served(bodies, answer, shown) as url, browser(folder) as tab:
            await tab.open(url)
            await use(tab)
            assert await tab.run("document.title") == "Plumbline"

    asyncio.run(run())
    return bodies


needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")


@needs_chromium
def test_a_prediction_by_keyboard(tmp_path: Path) -> None:
    seen = {}

    async def use(tab: Browser) -> None:
        await tab.press("Tab")
        await tab.press("Tab")
        await tab.type("3")
        await tab.press("Tab")
        await tab.type('<b>"ö')
        await tab.press("Enter")
        await tab.wait("document.querySelector('.prediction')")
        seen["text"] = await tab.run("document.querySelector('.answer').innerText")
        seen["features"] = await tab.run("[...document.querySelectorAll('tbody th')].map(cell => cell.firstChild.data)")
        seen["bars"] = await tab.run(
            "[...document.querySelectorAll('.up, .down')].map(bar => [bar.className, bar.style.width])"
        )
        seen["wide"] = {}
        for width in (400, 1200):
            await tab.screenshot(tmp_path / "picture.png", width)
            seen["wide"][width] = await tab.run("document.documentElement.scrollWidth")

    def answer() -> web.Response:
        return web.json_response({"predictions": [ANSWER]})

    (body,) = in_browser(tmp_path / "profile", answer, use)
    assert body.startswith('{"signature_name":"explain","instances":[{"miles":NaN,"riders":3,')
    assert json.loads(body)["instances"][0][EVIL] == '<b>"ö'
    assert json.loads(body)["instances"][0]["night"] is False
    for part in (
        "15.73",
        "between 13.3 and 18.2, standard error 1.25",
        "+4.2",
        "−0.3",
        "11.83",
        "Version 8 answers by now",
    ):
        assert part in seen["text"]
    assert seen["features"] == ["baseline", "miles", EVIL, "riders"]
    assert [bar[0] for bar in seen["bars"]] == ["up", "down"]
    assert float(seen["bars"][0][1].rstrip("%")) == pytest.approx(100 * 4.2 / 4.5)
    assert seen["wide"] == {400: 400, 1200: 1200}


@needs_chromium
def test_a_probability_its_class_and_contributions_in_log_odds(tmp_path: Path) -> None:
    seen: list[str] = []
    unlike = {**PROBABILITY, "low": 0.0, "high": 1.0, "standard_error": 3.4028235e38}
    answers = [web.json_response({"predictions": [answer]}) for answer in (PROBABILITY, unlike)]

    async def use(tab: Browser) -> None:
        for _ in range(2):
            await tab.run("document.querySelector('.answer').replaceChildren()")
            await tab.run("document.querySelector('form').requestSubmit()")
            await tab.wait("document.querySelector('.prediction')")
            seen.append(await tab.run("document.querySelector('.answer').innerText"))

    in_browser(tmp_path / "profile", lambda: answers.pop(0), use, CLASSES)
    for part in (
        "0.25",
        "probability; class: <b>tipped",
        "between 0.2 and 0.31, standard error of the linear predictor 0.15",
        "What it is made of, in units of the log odds ratio",
        "+0.401388",
    ):
        assert part in seen[0]
    assert re.search(r"linear predictor\s+-1\.09861", seen[0])
    assert "No interval can be given" in seen[1]


@needs_chromium
def test_errors_are_shown_in_words(tmp_path: Path) -> None:
    said = []
    answers = [
        web.json_response({"error": "Expects <b>more</b>"}, status=400),
        web.Response(text="no such thing", status=502),
        web.Response(text='{"predictions": [NaN]}', content_type="application/json"),
    ]

    async def use(tab: Browser) -> None:
        async def submit() -> str:
            await tab.run("document.querySelector('.answer').replaceChildren()")
            await tab.run("document.querySelector('form').requestSubmit()")
            await tab.wait(
                "document.querySelector('.answer').textContent || document.querySelector('.wrong:not([hidden])')"
            )
            return await tab.run(
                "document.querySelector('.answer').innerText + document.querySelectorAll('.wrong')[1].innerText"
            )

        said.append(await submit())
        assert await tab.run("document.activeElement.dataset.name") == "riders"
        await tab.type("2")
        said.extend([await submit() for _ in range(3)])

    assert len(in_browser(tmp_path / "profile", lambda: answers.pop(0), use)) == 3
    assert said[0] == "Enter a whole number."
    assert said[1] == "Expects <b>more</b>"
    assert said[2] == "The server's answer (status 502) is no JSON."
    assert "not a number" in said[3]


EVERY_KIND = ModelView(
    "taxi",
    7,
    "explain",
    [
        FormField("miles", "number", (), 0, 50),
        FormField("riders", "whole"),
        FormField("id", "digits"),
        FormField("night", "choice", ("true", "false")),
        FormField("city", "text", ("Bergen", EVIL)),
        FormField("day", "date"),
        FormField("begun", "time"),
        FormField("sent", "epoch"),
        FormField("sent_ms", "epoch_ms"),
    ],
    columns={"log_miles": ["miles"], "both": ["miles", "riders"], "night": ["night"], "constructor": ["id"]},
)
ENTERED = {
    "miles": 60.5, "riders": 3, "id": "-9223372036854775807", "night": "true", "city": EVIL, "day": "2024-02-29",
    "begun": "2024-02-29T23:59", "sent": 1709251140, "sent_ms": 1709251140250,
}  # fmt: skip


@needs_chromium
def test_each_kind_of_column_has_its_own_input(tmp_path: Path) -> None:
    seen: dict[str, Any] = {}
    explained = {
        "prediction": 2.0, "baseline": 1.0, "contribution_log_miles": 0.75, "contribution_both": -0.5, "contribution_night": 0.5,
        "contribution_constructor": 0.25, "outside_log_miles": 1.0, "outside_both": 0.0,
    }  # fmt: skip

    async def use(tab: Browser) -> None:
        async def fill(values: dict[str, str]) -> None:
            await tab.run(
                f"for (const [name, value] of Object.entries({json.dumps(values)}))"
                " document.querySelector(`[data-name=${name}]`).value = value"
            )

        async def ask() -> None:
            await tab.run("document.querySelector('.answer').replaceChildren()")
            await tab.run("document.querySelector('form').requestSubmit()")

        async def notes() -> Any:
            return await tab.run(
                "[...document.querySelectorAll('[id$=e]:not([hidden])')].map(note => [note.className, note.innerText])"
            )

        await ask()  # nothing entered
        await tab.wait("document.querySelector('.prediction')")
        await fill({name: str(value) for name, value in ENTERED.items()})
        await fill({"sent": "2024-02-29T23:59", "sent_ms": "2024-02-29T23:59:00.250"})
        await ask()
        await tab.wait("document.querySelector('.prediction')")
        seen["hint"] = await notes()
        seen["features"] = await tab.run("[...document.querySelectorAll('tbody th')].map(cell => cell.innerText)")
        await tab.screenshot(tmp_path / "picture.png", 1200)
        await fill({"riders": "1.5", "id": "12x"})
        await ask()
        seen["wrong"] = await notes()

    empty, full = in_browser(
        tmp_path / "profile", lambda: web.json_response({"predictions": [explained]}), use, EVERY_KIND
    )
    nothing = {"miles": "NaN", "riders": "NaN", "sent": "NaN", "sent_ms": "NaN"}
    assert json.loads(empty, parse_constant=str)["instances"] == [{**dict.fromkeys(ENTERED, ""), **nothing}]
    assert json.loads(full)["instances"] == [ENTERED]
    assert seen["hint"] == [["hint", "Outside of what is valid for this model."]]
    assert seen["features"] == [
        "baseline\nmean of the training rows",
        "log_miles\n60.5, beyond the knots: a straight line there",
        "both\n60.5, 3",
        "night\ntrue",
        "constructor\n-9223372036854775807",
    ]
    whole = ["wrong", "Enter a whole number, or leave it blank."]
    assert seen["wrong"] == [["hint", "Outside of what is valid for this model."], whole, whole]
