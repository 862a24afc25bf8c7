"""The levels of all features of texts: counted by one analyzer, looked up in one table.

An analyzer and a table for each feature would cost a third of a second each, however few rows there are.
"""

from __future__ import annotations

import heapq
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import apache_beam as beam
import numpy as np
import tensorflow as tf
import tensorflow_transform as tft
from numpy.typing import NDArray
from tensorflow_transform.beam import experimental

from components.linear_model.design_matrix import EMPTY_VOCABULARY
from components.preprocessing import values_graph as graph

FILE = "vocabularies"
"""Among the transform graph's assets: a line for each level, `0:Cash` of the first feature, the most frequent level first; after
those of a feature one of the token that none is, so that a table of the lines tells where they end."""

_MARK = ":"  # between the place of a feature among those with levels and a token

Entry = Mapping[str, Any]
_Level = tuple[int, bytes]  # rows, and token: compared by the one, then by the other


def level_ids(entries: Sequence[Entry], tokens: Sequence[tf.Tensor]) -> list[tf.Tensor]:
    """Ids in the order of `design_matrix.text_levels`: V levels of the vocabulary, V for other texts, V + 1 for missing ones.

    Args:
      entries: of features with levels that training finds.
      tokens: of each, string [n] (`values_graph.tokens`).

    Returns:
      int64 [n] of each.
    """
    wide = tf.stack(list(tokens), axis=1)
    missing = tf.equal(wide, graph.MISSING)
    marks = tf.constant([f"{place}{_MARK}" for place in range(len(entries))])
    marked = marks + wide
    path = _found(entries, tf.boolean_mask(marked, ~(missing | tf.equal(wide, graph.OTHER))))
    tft.annotate_asset(FILE, FILE)
    lines = tft.apply_vocabulary(tf.concat([marked, [marks + graph.OTHER]], axis=0), path)
    lines, ends = lines[:-1], lines[-1]
    begins = tf.concat([[0], ends[:-1] + 1], axis=0)
    ids = tf.where(lines < 0, ends, lines) - begins
    return tf.unstack(tf.where(missing, ends - begins + 1, ids), axis=1)


def levels_of(transform: tft.TFTransformOutput) -> list[list[str]]:
    """The tokens of each feature with levels, in the features' order, the most frequent first."""
    found: dict[int, list[str]] = {}
    for line in transform.vocabulary_by_name(FILE):
        place, _, token = line.decode().partition(_MARK)
        found.setdefault(int(place), [])
        if token != graph.OTHER:
            found[int(place)].append(token)
    return list(found.values())


def _found(entries: Sequence[Entry], marked: tf.Tensor) -> tf.Tensor:
    """The path of the file, string [], from marked tokens of all features, string [any number]."""
    distinct, _, counts = tf.unique_with_counts(marked, tf.int64)
    limits = [(entry["vocabulary"], entry["min_rows"]) for entry in entries]
    (path,) = tft.experimental.ptransform_analyzer(
        [distinct, counts], _Vocabularies(limits), [tf.string], [[]], [b"0:"], name=FILE
    )
    return path


class _Vocabularies(experimental.PTransformAnalyzer):
    """From batches of distinct marked tokens and how often each is there to the file's path.

    Args:
      limits: by feature how many levels there are at most (None: any number), and how many rows one needs.
    """

    def __init__(self, limits: Sequence[tuple[int | None, int]]) -> None:
        super().__init__()
        self._limits = list(limits)

    def expand(self, batches: Any) -> Any:
        return (
            batches
            | "Pairs" >> beam.FlatMap(_pairs)
            | "Sum" >> beam.CombinePerKey(sum)
            | "ByFeature" >> beam.Map(_by_feature)
            | "Group" >> beam.GroupByKey()
            | "Choose" >> beam.Map(_chosen, self._limits)
            | "All" >> beam.combiners.ToList()
            | "Write" >> beam.Map(_written, os.path.join(self.base_temp_dir, FILE), len(self._limits))
        )


def _pairs(batch: tuple[NDArray[Any], NDArray[np.int64]]) -> Iterator[tuple[bytes, int]]:
    tokens, counts = batch
    return zip(tokens.tolist(), counts.tolist(), strict=True)


def _by_feature(counted: tuple[bytes, int]) -> tuple[int, _Level]:
    marked, count = counted
    place, _, token = marked.partition(_MARK.encode())
    return int(place), (count, token)


def _chosen(found: tuple[int, Iterable[_Level]], limits: Sequence[tuple[int | None, int]]) -> tuple[int, list[bytes]]:
    """A feature's levels, the most frequent first, of as many rows the greatest text: as `tft.vocabulary` has them."""
    place, levels = found
    most, least = limits[place]
    frequent = (level for level in levels if level[0] >= least)
    first = sorted(frequent, reverse=True) if most is None else heapq.nlargest(most, frequent)
    return place, [token for _, token in first]


def _written(chosen: Sequence[tuple[int, list[bytes]]], path: str, count: int) -> NDArray[Any]:
    """Writes the file; its path, as an analyzer gives it."""
    tokens = dict(chosen)
    tf.io.gfile.makedirs(os.path.dirname(path))
    with tf.io.gfile.GFile(path, "wb") as file:
        for place in range(count):
            of_feature = tokens.get(place) or [EMPTY_VOCABULARY.encode()]
            for token in (*of_feature, graph.OTHER.encode()):
                file.write(b"%d%s%s\n" % (place, _MARK.encode(), token))
    return np.array(path)
