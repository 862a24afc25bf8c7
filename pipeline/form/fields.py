"""The inputs of the form for a model: one for each column of a table, made for what it holds, with words for what is odd."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Literal

from components.linear_model.bases.domain import least_of
from components.linear_model.design_matrix import MISSING_LEVEL, OTHER_LEVEL
from components.linear_model.portable import FeatureEntry, PortableModel
from components.linear_model.raw_columns import RawColumn
from components.values.numbers import marks_of
from pipeline.form.example import example_of

FieldKind = Literal[
    "number", "whole", "digits", "integer", "text", "choice", "truth", "date", "time", "epoch", "epoch_ms"
]

MOST_CHOICES = (
    500  # that an input proposes: a vocabulary may have any number of levels, and the most frequent come first
)
ALL_CHOICES = 4_000  # that all inputs propose together, as many each
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
      unit: what numbers are counted in.
      value: what is entered when the page opens, as an input of the kind takes it.
      blank, unknown, outside: notices, each where the model says so: of what is missing, of a text that is none of the choices,
        of a number beyond the ends.
      marks: the numbers that stand for nothing.
      required: whether it may not be missing.
    """

    name: str
    kind: FieldKind
    choices: Sequence[str] = ()
    least: float | None = None
    greatest: float | None = None
    unit: str | None = None
    value: str = ""
    blank: str | None = None
    unknown: str | None = None
    outside: str | None = None
    marks: Sequence[float] = ()
    required: bool = False


def fields_of(model: PortableModel) -> list[FormField]:
    """The fields of a form, in the order of the model's features."""
    example, fields = example_of(model), []
    columns = model.raw_columns.values()
    most = min(MOST_CHOICES, ALL_CHOICES // max(1, sum(column.type == "bytes" for column in columns)))
    for column in columns:
        entries = [entry for entry in model.features if column.name in entry["columns"]]
        field = (
            _of_texts(column, entries, model, most) if column.type == "bytes" else _of_numbers(column, entries, model)
        )
        value = example[column.name][: len("2024-01-31")] if field.kind == "date" else example[column.name]
        fields.append(dataclasses.replace(field, value=value))
    return fields


def _of_texts(column: RawColumn, entries: Sequence[FeatureEntry], model: PortableModel, most: int) -> FormField:
    name = column.name
    if column.dates:
        return _of_dates(column, entries)
    kinds = [entry["kind"] for entry in entries if entry["columns"] == [name]]
    if column.boolean:
        return FormField(name, "choice", ("true", "false"), blank=_blank(kinds, None))
    levels = _levels(name, model, entries)
    unknown = _unknown([entry["kind"] for entry in entries], len(levels), most) if levels else None
    return FormField(name, "text", levels[:most], blank=_blank(kinds, None), unknown=unknown)


def _unknown(kinds: Sequence[str], levels: int, most: int) -> str:
    """What is made of a text that is none of the choices."""
    what = "Its effect is the mean of the levels'." if "ordered" in kinds else f"It is taken for {OTHER_LEVEL}."
    if levels <= most:
        return f"None of the {levels} texts that the model knows here. {what}"
    return f"None of the {most} most frequent of {levels:,} levels. If the model knows none such: {what}"


def _of_dates(column: RawColumn, entries: Sequence[FeatureEntry]) -> FormField:
    form = column.dates or ""
    kind: FieldKind = _EPOCHS.get(form, "time" if any(map(_has_hour, entries)) else "date")
    return FormField(column.name, kind, blank="Blank: taken for a missing date.")


def _of_numbers(column: RawColumn, entries: Sequence[FeatureEntry], model: PortableModel) -> FormField:
    name = column.name
    if column.dates:
        return _of_dates(column, entries)
    kinds = [entry["kind"] for entry in entries]
    marks = tuple(marks_of(model.missing))
    unit = next((entry["unit"] for entry in entries if entry.get("unit")), None)
    if column.offset:
        needed = f"The model needs {column.expected}."
        ends = 0.0 if column.offset == "exposure" else None
        return FormField(name, "number", (), ends, blank=needed, outside=needed, marks=marks, required=True)
    own = [entry for entry in entries if entry["columns"] == [name]]
    blank = _blank(kinds, _fill(own, model))
    if column.wide:
        return FormField(name, "digits", unit=unit, blank=blank, marks=marks)
    lows = [least_of(entry) if entry.get("min") is None else entry["min"] for entry in entries]
    highs = [entry.get("max") for entry in entries]
    least, greatest = _loosest(lows, min), _loosest(highs, max)
    kind: FieldKind = "whole" if column.type == "int64" else "number"
    outside = None if least is None and greatest is None else _outside(entries, least, greatest)
    return FormField(name, kind, (), least, greatest, unit, blank=blank, outside=outside, marks=marks)


def _fill(entries: Sequence[FeatureEntry], model: PortableModel) -> str | None:
    """What stands for a missing number, for eyes."""
    for entry in entries:
        if "fill" in entry:
            origins = [term.origin for term in model.design.terms if term.feature == entry["name"]]
            return f"{entry['fill'] + origins[0]:,.4g}" if abs(entry["fill"]) < 1e15 else None
    return None


def _blank(kinds: Sequence[str], fill: str | None) -> str | None:
    """What is made of a missing value."""
    if fill is not None:
        return f"Blank: {fill} stands for it."
    if "ordered" in kinds:
        return "Blank: its effect is the mean of the levels'."
    if {"categorical", "boolean", "buckets"} & set(kinds):
        return f"Blank: taken for {MISSING_LEVEL}."
    return (
        "Blank: taken for a text without any of the model's words." if "text" in kinds else "Blank: taken for missing."
    )


def _outside(entries: Sequence[FeatureEntry], least: float | None, greatest: float | None) -> str:
    ends = [f"{word} {end:,g}" for word, end in (("at least", least), ("at most", greatest)) if end is not None]
    clipped = {entry.get("outside") == "clip" for entry in entries}
    what = "taken for the nearest valid number" if clipped == {True} else "taken for a missing one"
    return f"Valid is {' and '.join(ends)}. What is beyond is {what}."


def _has_hour(entry: Mapping[str, Any]) -> bool:
    return entry["kind"] == "datetime" and any(said["part"] == "hour" for said in entry["parts"])


def _levels(name: str, model: PortableModel, entries: Sequence[FeatureEntry]) -> tuple[str, ...]:
    """The levels that some features know of a column, each once; those that it has together with other columns last."""
    own = [entry for entry in entries if entry["columns"] == [name]]
    listed = [level for entry in own if entry["kind"] == "ordered" for level in entry["levels"]]
    terms = {term.feature: term for term in model.design.terms}
    single = [entry for entry in own if entry["kind"] == "categorical"]
    texts: list[str] = [
        level.text for entry in single for level in terms[entry["name"]].levels if isinstance(level.text, str)
    ]
    for entry in entries:
        if entry["kind"] == "cross":
            place = entry["columns"].index(name)
            joint = [level.text for level in terms[entry["name"]].levels if isinstance(level.text, tuple)]
            texts += [found[place] or "" for found in joint]
    return tuple(text for text in dict.fromkeys([*listed, *texts]) if text)


def _loosest(ends: Sequence[float | None], of: Callable[[list[float]], float]) -> float | None:
    """The end that is valid for one feature at least; None if any has none."""
    there = [end for end in ends if end is not None]
    return of(there) if len(there) == len(ends) else None
