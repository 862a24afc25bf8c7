"""The page of each kind of run as a browser shows it: from disk, the network off, at a desk, on a phone, in the dark, on paper."""

from __future__ import annotations

import itertools
import re

import pytest

from tests.browser import PHONE, chromium, needs_chromium, visit
from tests.e2e.told import Elements, leaves, report

pytestmark = [pytest.mark.e2e, needs_chromium]

QUESTIONS = [
    "Can I use it?",
    "What drives it?",
    "Is it right?",
    "What to doubt?",
    "Try it",
    "What did it learn from?",
    "How was it made?",
    "What changed since the last version?",
    "Model card",
]
RUNS = {
    "seed": QUESTIONS,
    "taxi": QUESTIONS,
    "tips": QUESTIONS,
    "delays": QUESTIONS,
    "canaries": QUESTIONS,
    "refused": QUESTIONS,
    "stopped": ["Why did it fail?", "What did it learn from?", "How was it made?"],
}
LARGEST = 1_500_000  # bytes
DECIMAL = re.compile(r"\d\.\d")


@pytest.fixture(scope="module")
def browser():
    with chromium() as found:
        yield found


@pytest.fixture(scope="module", params=list(RUNS))
def name(request):
    return request.param


@pytest.fixture(scope="module")
def told(name, request):
    return report(request.getfixturevalue(f"{name}_run"))


@pytest.fixture(scope="module")
def seen(browser, told):
    """The page at a desk, opened once for all that looks at it."""
    with visit(browser, told.page) as found:
        yield found


def test_the_sections_come_in_their_order(seen, name):
    assert seen.page.locator("main section > h2").all_inner_texts() == RUNS[name]


def test_nothing_goes_wrong_and_nothing_is_asked_for(seen, told):
    assert seen.faults == []
    assert len(told.page.read_bytes()) < LARGEST
    links = re.findall(r"""(?:src|href|action)=["']?([^"'\s>]+)""", told.html)
    assert [link for link in links if not link.startswith(("#", "data:"))] == []


def test_headings_go_down_a_step_at_a_time(seen):
    levels = [
        int(tag[1]) for tag in seen.page.eval_on_selector_all("h1,h2,h3,h4,h5,h6", "all => all.map(h => h.tagName)")
    ]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(below <= above + 1 for above, below in itertools.pairwise(levels))


def test_every_picture_has_a_name_and_every_id_is_one(seen):
    unnamed = """all => all.filter(svg => {
        const named = (svg.getAttribute('aria-labelledby') || '').split(' ').map(id => document.getElementById(id)?.textContent);
        return svg.getAttribute('aria-hidden') !== 'true' && !svg.getAttribute('aria-label') && !named.join('').trim();
    }).map(svg => svg.outerHTML.slice(0, 200))"""
    assert seen.page.eval_on_selector_all("svg", unnamed) == []
    ids = seen.page.eval_on_selector_all("[id]", "all => all.map(found => found.id)")
    assert sorted(set(ids)) == sorted(ids)
    broken = "all => all.map(a => a.getAttribute('href').slice(1)).filter(id => !document.getElementById(id))"
    assert seen.page.eval_on_selector_all("a[href^='#']", broken) == []


def test_it_is_read_without_javascript(browser, told, seen):
    with visit(browser, told.page, java_script_enabled=False) as still:
        for section in seen.page.locator("main section").all():
            key = section.get_attribute("id")
            if key != "try_it":
                assert still.page.locator(f"#{key}").inner_text() == section.inner_text()
        assert still.faults == []


def test_on_a_phone_nothing_is_wider_and_axe_finds_nothing_serious(browser, told, name):
    """One page in the light, the next in the dark; everything that can be opened is."""
    scheme = ("light", "dark")[list(RUNS).index(name) % 2]
    with visit(browser, told.page, viewport=PHONE, color_scheme=scheme) as found:
        found.page.eval_on_selector_all("details", "all => all.forEach(found => found.open = true)")
        whole, window = found.widest()
        assert whole <= window, found.beyond()
        assert found.axe() == []
        assert found.faults == []


def test_it_prints(seen, name):
    printed = seen.page.pdf(format="A4")
    assert printed.startswith(b"%PDF")
    pages = len(re.findall(rb"/Type\s*/Page\b", printed))
    assert 1 <= pages <= 40


def test_texts_have_no_decimals_but_those_of_the_json(told):
    """A number on the page is in `<data>`, or within a text that the JSON has as it is."""
    known = {" ".join(leaf.split()) for leaf in leaves(told.json()) if isinstance(leaf, str) and DECIMAL.search(leaf)}
    loose = []
    for text in Elements(told.html).loose:
        rest = text
        for whole in sorted(known, key=len, reverse=True):
            rest = rest.replace(whole, "")
        if DECIMAL.search(rest) and not any(text in whole for whole in known):
            loose.append(text)
    assert loose == []
