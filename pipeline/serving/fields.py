"""The inputs of the form for a model: one for each column of a table, made for what it holds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from components.linear_model.bases.domain import least_of
from components.linear_model.portable import PortableModel
from components.linear_model.raw_columns import RawColumn
from pipeline.serving.dtypes import BOOL, DOUBLE, FLOAT, RANGES, STRING

FieldKind = Literal[
    "number", "whole", "digits", "integer", "text", "choice", "truth", "date", "time", "epoch", "epoch_ms"
]

MOST_CHOICES = 500  # that are proposed: a vocabulary may have any number of levels, and the most frequent come first
_KINDS: dict[int, FieldKind] = {
    FLOAT: "number",
    DOUBLE: "number",
    **dict.fromkeys(RANGES, "integer"),
    STRING: "text",
    BOOL: "truth",
}
_EPOCHS: dict[str, FieldKind] = {"epoch": "epoch", "epoch_ms": "epoch_ms"}


@dataclasses.dataclass(frozen=True)
class FormField:
    """An input of a signature.

    Attributes:
      name: of the input.
      kind: of what is entered. It may be missing, but for an `integer` (of a signature's integer types) and a `truth`: a missing
        number is sent as NaN, a text as an empty one. A `whole` is a number that is one, `digits` one that is sent as a text, and a
        `choice` one of the choices alone. Of dates, a `date` and a `time` are sent as ISO 8601 has them, `epoch` and `epoch_ms` as
        seconds or milliseconds since 1970.
      choices: that are proposed.
      least, greatest: of numbers, the ends of what is valid.
    """

    name: str
    kind: FieldKind
    choices: Sequence[str] = ()
    least: float | None = None
    greatest: float | None = None


def fields_of(inputs: Mapping[str, int], model: PortableModel | None) -> list[FormField]:
    """The fields of a form, in the order of the model's features, or of the names.

    Args:
      inputs: the types of a signature's inputs by name.
      model: the model.json, where there is one.

    Returns:
      Nothing if there is no input, or one of a type that no field is made for.
    """
    if any(dtype not in _KINDS for dtype in inputs.values()):
        return []
    columns = model.raw_columns if model else {}
    known = [name for name in columns if name in inputs]
    return [
        _of_column(columns[name], model) if name in columns and model else FormField(name, _KINDS[inputs[name]])
        for name in [*known, *sorted(inputs.keys() - set(known))]
    ]


def _of_column(column: RawColumn, model: PortableModel) -> FormField:
    name, entries = column.name, [entry for entry in model.features if column.name in entry["columns"]]
    if column.dates:
        return FormField(name, _EPOCHS.get(column.dates, "time" if any(map(_has_hour, entries)) else "date"))
    if column.boolean:
        return FormField(name, "choice", ("true", "false"))
    if column.type == "bytes":
        return FormField(name, "text", _levels(name, model, entries))
    if column.wide:
        return FormField(name, "digits")
    lows = [least_of(entry) if entry.get("min") is None else entry["min"] for entry in entries]
    highs = [entry.get("max") for entry in entries]
    kind: FieldKind = "whole" if column.type == "int64" else "number"
    return FormField(name, kind, (), _loosest(lows, min), _loosest(highs, max))


def _has_hour(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] == "datetime" and any(said["part"] == "hour" for said in entry["parts"])


def _levels(name: str, model: PortableModel, entries: Sequence[Mapping[str, Any]]) -> tuple[str, ...]:
    """The levels that some features know of a column, each once."""
    own = [entry for entry in entries if entry["columns"] == [name]]
    listed = [level for entry in own if entry["kind"] == "ordered" for level in entry["levels"]]
    fitted = {entry["name"] for entry in own if entry["kind"] == "categorical"}
    terms = [term for term in model.design.terms if term.feature in fitted]
    texts = [level.text for term in terms for level in term.levels if level.text is not None]
    return tuple(dict.fromkeys([*listed, *texts]))[:MOST_CHOICES]


def _loosest(ends: Sequence[float | None], of: Callable[[list[float]], float]) -> float | None:
    """The end that is valid for one feature at least; None if any has none."""
    there = [end for end in ends if end is not None]
    return of(there) if len(there) == len(ends) else None
