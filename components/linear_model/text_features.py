"""Features of texts as the transform graph gives them, from raw values: `components.preprocessing.texts_graph` by numpy."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.contrasts import level_columns
from components.linear_model.design_matrix import Term
from components.linear_model.raw_columns import RawColumn
from components.values.texts import TRUTHS, canonical_text, nothing
from components.values.words import has_word

TEXTS = ("boolean", "categorical", "cross", "ordered", "text")
"""The kinds of features that are made of texts."""

Texts = Sequence[str | None]
_NO_TRUTH = ""  # what stands for a text that is no truth value: such a text itself stands for nothing, or is none


def is_nothing(value: Any) -> bool:
    """Whether a raw value is none: None or NaN."""
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def texts_of(column: RawColumn, values: Sequence[Any], missing: Sequence[str]) -> list[str | None]:
    """Raw values as canonical texts, None where missing; in a column of truth values `true` and `false`.

    Args:
      column: which.
      values: [n].
      missing: the texts that stand for nothing.
    """
    tokens = nothing(missing)
    spelt = {spelling: truth for truth, spellings in TRUTHS.items() for spelling in spellings.split("|")}

    def text(value: Any) -> str | None:
        if is_nothing(value):
            return None
        found = canonical_text(value)
        if found.strip() in tokens or (isinstance(value, str) and value.strip() in tokens):
            return None
        return spelt.get(found.strip().lower(), _NO_TRUTH) if column.boolean else found

    return [text(value) for value in values]


def text_columns(entry: Mapping[str, Any], terms: Sequence[Term], texts: Sequence[Texts]) -> dict[str, NDArray[Any]]:
    """A feature's transformed columns, [n] by name: level ids, int64, or numbers, float32.

    Args:
      entry: of the feature, of one of the kinds in `TEXTS`.
      terms: of the feature.
      texts: of each of its columns, [n].
    """
    if entry["kind"] in ("boolean", "categorical", "cross"):
        return {terms[0].key: _level_ids(terms[0], texts)}
    [own] = texts
    if entry["kind"] == "ordered":
        places = {level: place for place, level in enumerate(entry["levels"])}
        ids = np.array([places.get(text, len(places)) if text is not None else len(places) for text in own], np.int64)
        gone, made = ids == len(places), level_columns(entry)[ids]
    else:
        gone = np.array([text is None for text in own], bool)
        made = np.array([[text is not None and has_word(text, word) for word in entry["words"]] for text in own])
        made = made.reshape(len(own), len(entry["words"]))
    columns = [*made.T, gone]  # the last one is of the indicator, if there is one
    return {term.key: column.astype(np.float32) for term, column in zip(terms, columns, strict=False)}


def _level_ids(term: Term, texts: Sequence[Texts]) -> NDArray[np.int64]:
    """Ids of levels: of one column those of its texts, of several those of the texts together."""
    known = {level.text: index for index, level in enumerate(term.levels) if level.special is None}
    gone, other = term.place("missing"), term.place("other")
    rows: Sequence[Any] = texts[0]
    if len(texts) > 1:
        rows = [None if all(text is None for text in row) else row for row in zip(*texts, strict=True)]
    return np.array([gone if row is None else known.get(row, other) for row in rows], np.int64)
