"""The frame of the page: what stands in it whatever the run."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest

from pipeline.graph.report.document import FILE
from pipeline.graph.report.page import page


@pytest.mark.parametrize(
    ("outcome", "word", "kind"),
    [("pushed", "Pushed", "good"), ("refused", "Refused", "bad"), ("failed", "Failed", "bad")],
)
def test_the_verdict_is_said_in_a_word(outcome: str, word: str, kind: str) -> None:
    version = 17 if outcome == "pushed" else None
    text = page(FILE(name="a<b>", run_id=None, written=0.0, outcome=outcome, version=version))
    assert f'<strong class="outcome {kind}">{word}</strong>' in text
    assert ("version" in re.sub("<style>.*</style>", "", text, flags=re.DOTALL)) == (version is not None)
    assert "<h1>a&lt;b&gt;</h1>" in text
    assert "<script" not in text


def test_the_policy_names_the_style_by_its_hash_and_nothing_else() -> None:
    text = page(FILE(name="n", run_id=None, written=0.0, outcome="failed", version=None))
    style = re.search("<style>(.*)</style>", text, re.DOTALL)
    policy = re.search('Content-Security-Policy" content="(.*?)"', text)
    assert style is not None
    assert policy is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src &#39;sha256-{digest}&#39;;" in policy[1]
    assert policy[1].startswith("default-src &#39;none&#39;;")
    assert "unsafe" not in policy[1]
    assert not re.search(r'\bstyle="|\bon\w+="', text)
