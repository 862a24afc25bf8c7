"""What a what-if form shows of a model, beside its fields."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

from components.linear_model.portable import PortableModel
from pipeline.form.embedded import text_rules
from pipeline.form.fields import FormField, fields_of


@dataclasses.dataclass(frozen=True)
class Form:
    """A form.

    Attributes:
      fields: its inputs.
      predicted: what an answer is, in words; None where nothing says so.
      unit: what the label is counted in; None where nothing says so.
      parts: what contributions are in, where they are not in the label's own units: `log odds ratio`.
      level: of the interval; None without one.
      columns: by feature, the inputs that it is made of; of a model without a model.json none.
      rules: how texts are spelt, and which stand for nothing (`embedded.text_rules`).
    """

    fields: Sequence[FormField] = ()
    predicted: str | None = None
    unit: str | None = None
    parts: str | None = None
    level: float | None = None
    columns: Mapping[str, Sequence[str]] = dataclasses.field(default_factory=dict)
    rules: Mapping[str, Any] = dataclasses.field(default_factory=lambda: text_rules(()))

    @property
    def shown(self) -> dict[str, Any]:
        """What `templates/form.js` takes, as plain JSON."""
        return {key: getattr(self, key) for key in ("unit", "parts", "level", "columns", "rules")}


def form_of(model: PortableModel) -> Form:
    """The form of a model."""
    family = model.of_family
    return Form(
        fields=fields_of(model),
        predicted=_predicted(model),
        unit=None if family.classes else model.unit,
        parts=_parts(model),
        level=model.interval.level if model.interval else None,
        columns={entry["name"]: entry["columns"] for entry in model.features},
        rules=text_rules(model.missing),
    )


def _predicted(model: PortableModel) -> str:
    """What is answered, in words."""
    family, label = model.of_family, model.label
    if model.classes:
        return f"the probability that {label} is {model.classes[1]}"
    what = family.answers(label) or (label if family.link.name == "identity" else f"the mean of {label}")
    return what if model.unit is None else f"{what}, in {model.unit}"


def _parts(model: PortableModel) -> str | None:
    """What contributions are in; None for the label's units."""
    family = model.of_family
    if family.transform is not None:
        return family.fitted(model.label)
    if family.link.name == "identity":
        return None
    return f"log {family.link.ratio}" if family.link.ratio else f"linear predictor of the link {family.link.name}"
