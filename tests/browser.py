"""Pages as a browser shows them: a headless Chromium without a network, and what went wrong in it."""

from __future__ import annotations

import contextlib
import dataclasses
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="no chromium on the PATH")
PHONE, DESK = {"width": 360, "height": 740}, {"width": 1280, "height": 900}
_OWN = ("file:", "data:", "blob:", "about:")


@dataclasses.dataclass(frozen=True)
class Visit:
    """A page that is open.

    Attributes:
      page: Playwright's.
      faults: requests of anything but itself, errors on the console (a broken Content-Security-Policy among them), exceptions.
    """

    page: Page
    faults: list[str]

    def widest(self) -> tuple[int, int]:
        """How wide all of the page is, and how wide the window, in pixels."""
        script = "() => [document.documentElement.scrollWidth, document.documentElement.clientWidth]"
        whole, window = self.page.evaluate(script)
        return whole, window

    def beyond(self) -> list[str]:
        """What reaches beyond the window's right edge, innermost elements only."""
        script = """() => [...document.body.querySelectorAll('*')].filter(e => e.getBoundingClientRect().right >
            document.documentElement.clientWidth && !e.children.length).slice(0, 5).map(e => e.outerHTML.slice(0, 120))"""
        return list(self.page.evaluate(script))

    def axe(self) -> list[str]:
        """What axe-core finds that is serious or critical: rule and elements."""
        found = Axe().run(self.page).response["violations"]
        return [
            f"{rule['id']}: {', '.join(' '.join(map(str, node['target'])) for node in rule['nodes'][:5])}"
            for rule in found
            if rule["impact"] in ("serious", "critical")
        ]


@contextlib.contextmanager
def chromium() -> Iterator[Browser]:
    """A browser. No event loop can run in this thread while it is open."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        try:
            yield browser
        finally:
            browser.close()


@contextlib.contextmanager
def visit(browser: Browser, file: Path, **context: Any) -> Iterator[Visit]:
    """Opens a file, the network off.

    Args:
      browser: `chromium`'s.
      file: of HTML.
      context: options of Playwright's `Browser.new_context`: `viewport`, `color_scheme`, `java_script_enabled`.
    """
    opened = browser.new_context(**{"viewport": DESK, **context})
    opened.set_offline(True)
    faults: list[str] = []

    def asked(request: Request) -> None:
        if not request.url.startswith(_OWN) or (request.url.startswith("file:") and request.url != file.as_uri()):
            faults.append(f"request: {request.url}")

    def said(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            faults.append(f"console: {message.text}")

    page = opened.new_page()
    page.on("request", asked)
    page.on("console", said)
    page.on("pageerror", lambda error: faults.append(f"exception: {error}"))
    try:
        page.goto(file.as_uri())
        yield Visit(page, faults)
    finally:
        opened.close()
