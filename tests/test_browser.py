"""What the browser tests would miss, they could not find: each fault is made here once."""

from __future__ import annotations

import pytest

from tests.browser import PHONE, chromium, needs_chromium, visit

pytestmark = needs_chromium
POLICY = "<meta http-equiv='Content-Security-Policy' content=\"default-src 'none'; script-src 'unsafe-inline'; img-src data: *\">"
HEAD = f"<!doctype html><html lang=en><head><meta name=viewport content='width=device-width'>{POLICY}<title>t</title></head>"


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


def test_a_sound_page_has_no_fault(browser, tmp_path):
    (tmp_path / "a.html").write_text(
        HEAD + "<main><h1>Sound</h1><img alt=x src='data:image/gif;base64,R0lGODlhAQABAAAAACw='></main>"
    )
    with visit(browser, tmp_path / "a.html", viewport=PHONE) as seen:
        assert seen.axe() == []
        assert seen.widest() == (360, 360)
    assert seen.faults == []


@pytest.mark.parametrize(
    ("body", "fault"),
    [
        ("<img src=https://example.org/x.png>", "request: https://example.org/x.png"),
        ("<img src=b.png>", "b.png"),
        ("<script>console.error('no')</script>", "console: no"),
        ("<script>missing()</script>", "exception: missing is not defined"),
        ("<style>p { color: red }</style>", "Content Security Policy"),
    ],
)
def test_a_fault_is_seen(browser, tmp_path, body, fault):
    (tmp_path / "a.html").write_text(HEAD + body)
    with visit(browser, tmp_path / "a.html") as seen:
        pass
    assert any(fault in found for found in seen.faults)


def test_a_page_that_is_too_wide_or_unnamed_is_seen(browser, tmp_path):
    (tmp_path / "a.html").write_text(HEAD + "<p style='width: 500px'></p><input><pre>" + "x" * 200)
    with visit(browser, tmp_path / "a.html", viewport=PHONE) as seen:
        assert seen.widest()[0] > seen.widest()[1]
        assert any(found.startswith("label:") for found in seen.axe())
