"""Texts inside the transform graph: truth values, levels, levels of several columns together, contrasts, words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import tensorflow as tf

from components.linear_model.contrasts import level_columns
from components.linear_model.design_matrix import part_name
from components.linear_model.parts import parts_of
from components.linear_model.raw_columns import RawColumn
from components.preprocessing import values_graph as graph
from components.preprocessing.features import indicator_name
from components.preprocessing.numbers_graph import operation_name
from components.preprocessing.stacks import Stack, chosen
from components.preprocessing.vocabularies import level_ids
from components.values.words import word_pattern

Entry = Mapping[str, Any]

FOUND = ("categorical", "cross")
"""Kinds whose levels training finds (`vocabularies`)."""


class _Texts:
    """The columns of texts, each read once, by what a feature takes of them.

    Args:
      stack: their values.
      columns: what they are, by place in the stack.
      missing: texts that stand for nothing.

    Attributes:
      tokens: as a vocabulary holds them (`graph.tokens`), of truth values `graph.truths`; string [n] by column.
    """

    def __init__(self, stack: Stack, columns: Mapping[int, RawColumn], missing: Sequence[str]) -> None:
        self._stack = stack
        self._places = {column.name: place for place, column in columns.items()}
        tokens = graph.tokens(chosen(stack.values, list(columns)), missing)
        if not missing:  # else the value is one of these where there is none
            tokens = tf.where(chosen(stack.there, list(columns)), tokens, tf.constant(graph.MISSING))
        self.tokens = {
            column.name: graph.truths(found) if column.boolean else found
            for column, found in zip(columns.values(), tf.unstack(tokens, axis=1), strict=True)
        }

    def canonical(self, name: str) -> tf.Tensor:
        """A column's canonical texts, string [n]; any text where it is missing."""
        return graph.canonical(self._stack.values[:, self._places[name]])


def text_columns(
    entries: Sequence[Entry],
    stack: Stack,
    columns: Sequence[RawColumn],
    safe: Mapping[str, str],
    missing: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Transformed columns of the features of texts and their missing indicators: int64 ids or float32 [n], by name.

    Args:
      entries: of these features.
      stack: the columns of texts.
      columns: what they are, in the stack's order.
      safe: names of features that an operation can have.
      missing: texts that stand for nothing.
    """
    taken = {column for entry in entries for column in entry["columns"]}
    texts = _Texts(stack, {place: column for place, column in enumerate(columns) if column.name in taken}, missing)
    outputs: dict[str, tf.Tensor] = {}
    found: dict[str, tf.Tensor] = {}
    for entry in entries:
        name, kind = entry["name"], entry["kind"]
        tokens = [texts.tokens[column] for column in entry["columns"]]
        if kind == "boolean":
            outputs[name] = _truth_ids(tokens[0])
        elif kind in FOUND:
            found[name] = tokens[0] if kind == "categorical" else graph.joint(tokens)
        else:
            if kind == "ordered":
                numbers, gone = _contrasts(entry, tokens[0], operation_name(safe[name], "value"))
            else:
                gone = tf.equal(tokens[0], graph.MISSING)
                numbers = _words(entry, texts.canonical(entry["columns"][0]), gone)
            names = [part_name(name, part) for part in parts_of(entry)]
            outputs |= dict(zip(names, tf.unstack(tf.cast(numbers, tf.float32), axis=1), strict=True))
            if entry["indicator"]:
                outputs[indicator_name(name)] = tf.cast(gone, tf.float32)
    if found:
        ids = level_ids([entry for entry in entries if entry["name"] in found], list(found.values()))
        outputs |= dict(zip(found, ids, strict=True))
    return outputs


def _truth_ids(truths: tf.Tensor) -> tf.Tensor:
    """Ids in the order of `design_matrix.text_levels(["false", "true"])`."""
    ids = tf.fill(tf.shape(truths), tf.constant(2, tf.int64))
    for token, level in (("false", 0), ("true", 1), (graph.MISSING, 3)):
        ids = tf.where(tf.equal(truths, token), tf.constant(level, tf.int64), ids)
    return ids


def _contrasts(entry: Entry, tokens: tf.Tensor, name: str) -> tuple[tf.Tensor, tf.Tensor]:
    """The columns of ordered levels, float64 [n, K − 1] in an operation of that name, and where none of them is, bool [n]."""
    levels = tf.constant([graph.escape(level) for level in entry["levels"]])
    found = tf.equal(tokens[:, tf.newaxis], levels)
    gone = ~tf.reduce_any(found, axis=1)
    chosen = tf.cast(tf.concat([found, gone[:, tf.newaxis]], axis=1), tf.float64)
    return tf.identity(tf.matmul(chosen, tf.constant(level_columns(entry))), name=name), gone


def _words(entry: Entry, texts: tf.Tensor, gone: tf.Tensor) -> tf.Tensor:
    """Which words stand in which texts, bool [n, words]."""
    found = [tf.strings.regex_full_match(texts, word_pattern(word)) for word in entry["words"]]
    return tf.stack(found, axis=1) & ~gone[:, tf.newaxis]
