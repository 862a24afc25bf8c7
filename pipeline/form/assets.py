"""The form's scripts, its style and its markup, as texts that a page takes into itself."""

from __future__ import annotations

import re
from pathlib import Path

import jinja2
from markupsafe import Markup, escape

TEMPLATES = Path(__file__).parent / "templates"


def text_of(name: str) -> str:
    """A file of `templates/`.

    Args:
      name: `values.js`, `score.js`, `form.js`, `form.css`, …
    """
    return (TEMPLATES / name).read_text(encoding="utf-8")


def parted(name: str) -> Markup:
    """A name as markup, which may be broken where its words end, and nowhere else."""
    return Markup("<wbr>").join(escape(word) for word in re.split(r"(?<=[_./])(?=.)", name))


def environment_of(folder: Path) -> jinja2.Environment:
    """Of the templates of a page that has a form: those of the folder, and `whatif.html`.

    Args:
      folder: of the page's own templates.
    """
    found = jinja2.Environment(
        loader=jinja2.FileSystemLoader([folder, TEMPLATES]),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
    )
    found.filters["parted"] = parted
    return found
