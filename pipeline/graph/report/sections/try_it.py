"""Try it: a what-if form over the model's columns, and what the page scores its rows with."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel

from pipeline.form.embedded import embedded
from pipeline.form.form import Form, form_of
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import Source


class TryIt(BaseModel):
    """The form.

    Attributes:
      form: its inputs, and the row that it begins with.
      model: what `pipeline/form/templates/score.js` takes.
    """

    form: Form
    model: dict[str, Any]


def _read(source: Source) -> TryIt | None:
    model = source.model
    return None if model is None else TryIt(form=form_of(model), model=embedded(model))


SECTION = Section("try_it", "Try it", TryIt, _read)
