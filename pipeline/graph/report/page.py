"""`report.html`: the page, made of a document and nothing else. One file: nothing in it is asked of any other place."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path

import jinja2
from markupsafe import Markup

from pipeline.form.assets import environment_of, text_of
from pipeline.graph.report import numbers, words
from pipeline.graph.report.document import SECTIONS, Document
from pipeline.graph.report.pictures import PICTURES
from pipeline.graph.report.sections import try_it

PAGE_FILE = "report.html"
SCRIPTS = ("values.js", "dates.js", "score.js", "form.js", "in_page.js")  # of a page with a form
_TEMPLATES = Path(__file__).parent / "templates"


def page(document: Document) -> str:
    """The page's text."""
    style = (_TEMPLATES / "report.css").read_text(encoding="utf-8") + text_of("form.css")
    found = [(section, document.section(section)) for section in SECTIONS]
    has_form = document.section(try_it.SECTION) is not None
    script = "\n".join(map(text_of, SCRIPTS)) if has_form else ""
    return (
        _environment()
        .get_template("report.html")
        .render(
            document=document,
            sections=[(section, figures) for section, figures in found if figures is not None],
            policy=_policy(style, script),
            style=Markup(style),  # noqa: S704 - a file of this package
            script=Markup(script),  # noqa: S704 - the same
        )
    )


def _policy(style: str, script: str) -> str:
    """A Content-Security-Policy by which nothing else is run or asked for."""
    sources = f"style-src {_source(style)}; script-src {_source(script)}; img-src data:"
    return f"default-src 'none'; {sources}; base-uri 'none'; form-action 'none'"


def _source(text: str) -> str:
    if not text:
        return "'none'"
    digest = base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()
    return f"'sha256-{digest}'"


def _environment() -> jinja2.Environment:
    environment = environment_of(_TEMPLATES)
    environment.filters.update(numbers.FILTERS | words.FILTERS)
    environment.globals["draw"] = PICTURES
    return environment
