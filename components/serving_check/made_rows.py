"""Rows made from what the model itself says of its features: no row of the table is in them, nor anything of its label.

They go into the warm-up requests, which are pushed with the model, and they ask for every part of it: each level, each bucket
and its edges, values at the limits, missing ones, and what training never saw.
"""

from __future__ import annotations

import datetime
import itertools
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2

from components.linear_model.bases import has_basis
from components.linear_model.design_matrix import Term
from components.linear_model.portable import FeatureEntry, PortableModel, boundaries_of
from components.linear_model.raw_columns import RawColumn
from components.linear_model.text_features import TEXTS
from components.linear_model.usual_row import NOON, as_written, usual_row
from components.serving_check.requests import Rows
from components.values.dates import ISO
from components.values.numbers import LARGEST_INTEGER

MOST_ROWS = 256  # a vocabulary may have any number of levels
ODD_TEXTS = ("0", "never seen", "Zürich 東京 \t'\"\\")


def made_rows(model: PortableModel) -> Rows:
    """Raw values by column, None where missing.

    The first row is the usual one (`usual_row`), the second has nothing but missing
    values, the third zeros, the fourth what is large or unknown; the others go through the own values of each feature of a
    column, and last through the levels of several columns together. An offset or an exposure, which every row has, is a usual
    number in all of them.

    Args:
      model: the parsed model.json.
    """
    terms: dict[str, list[Term]] = {}
    for term in model.design.terms:
        terms.setdefault(term.feature, []).append(term)
    usual = usual_row(model)
    found: dict[str, list[list[Any]]] = {name: [] for name in model.raw_columns}
    for entry in model.features:
        for name in entry["columns"]:
            if not model.raw_columns[name].dates or entry["kind"] == "datetime":  # what is no date, no graph reads
                found[name].append([usual[name], *_values(entry, terms[entry["name"]][0])])
    values = {name: _of_column(model.raw_columns[name], lists) for name, lists in found.items()}
    count = max(map(len, values.values()))
    rows = {name: [*column, *itertools.repeat(column[0], count - len(column))] for name, column in values.items()}
    for entry in model.features:
        for level in terms[entry["name"]][0].levels:
            if isinstance(level.text, tuple):
                texts = dict(zip(entry["columns"], level.text, strict=True))
                for name, column in rows.items():
                    column.append(texts.get(name, column[0]))
    return {name: column[:MOST_ROWS] for name, column in rows.items()}


def _of_column(column: RawColumn, lists: Sequence[list[Any]]) -> list[Any]:
    """A column's values: what its features say, the first one's first; whole where the column has whole numbers."""
    first, *others = lists
    rest = dict.fromkeys(value for own in (first[4:], *others) for value in own)
    values = [*first[:4], *rest]
    if column.type == "int64":
        return [value if value is None else _within(math.floor(value), column.wide) for value in values]
    return values


def _values(entry: FeatureEntry, term: Term) -> list[Any]:
    """A missing value, and others than the usual one."""
    if entry["kind"] == "boolean":
        return [None, "0", "YES", " true ", *ODD_TEXTS]
    if entry["kind"] in TEXTS:
        return [None, *ODD_TEXTS, *_texts(entry, term)]
    if entry["kind"] == "offset":
        return [0.5, 3.0] if entry["log"] else [-0.5, 2.0]
    if entry["kind"] == "datetime":
        return _dates(entry)
    return [None, 0.0, *_numbers(entry, term)]


def _dates(entry: FeatureEntry) -> list[Any]:
    """Dates of all hours, weekdays and months, about leap days and about a year's changes of clocks, as the feature reads them."""
    begin, after = NOON, datetime.timedelta(days=29, hours=1)
    others = [(1970, 1, 1), (2100, 3, 1), (1900, 2, 28), (2000, 2, 29), (2024, 2, 29), (2024, 12, 31)]
    changes = [start for start in entry["learned"]["starts"] if start >= begin.timestamp()][:2]
    found = [
        *(datetime.datetime(*date, tzinfo=datetime.UTC) for date in others),
        *(begin + number * after for number in range(48)),
        *(datetime.datetime.fromtimestamp(start + shift, datetime.UTC) for start in changes for shift in (-1, 0, 3600)),
    ]
    made = [as_written(date, entry["format"]) for date in found]
    if entry["format"] == ISO:
        made += [*(f"{clock}+05:30" for clock in made), "2024-01-31", " 2024-01-31 23:59:59.999999Z "]
    return [None, *made]


def _texts(entry: FeatureEntry, term: Term) -> list[Any]:
    """Texts that the feature knows; those of a cross stand in rows of their own."""
    if entry["kind"] == "ordered":
        return entry["levels"]
    if entry["kind"] == "text":
        return [*entry["words"], " ".join(entry["words"]).upper()]
    return [] if entry["kind"] == "cross" else [level.text for level in term.levels if level.special is None]


def _numbers(entry: FeatureEntry, term: Term) -> list[Any]:
    """A large number, and others."""
    if entry["kind"] == "product":
        return [1e6, -2.0]
    if entry["kind"] == "buckets":
        edges = boundaries_of(entry)
        inside = [(low + high) / 2 for low, high in itertools.pairwise(edges)]
        return [1e6, edges[0] - 1, *edges, *inside, edges[-1] + 1]
    limits = [limit for limit in (entry["min"], entry["max"]) if limit is not None]
    if entry["kind"] == "integer":
        return [10**6, *(term.origin + round(value) for value in _spread(term)), *limits]
    if has_basis(entry):
        return [1e6, *entry.get("learned", {}).get("knots", ()), *limits, -1.0, 0.5]
    return [1e6, *_spread(term), *limits]


def _spread(term: Term) -> list[float]:
    return [term.mean - term.std, term.mean + term.std]


def _within(value: int, wide: bool) -> int:
    largest = 2**63 - 1 if wide else LARGEST_INTEGER
    return min(max(value, -largest), largest)


def made_examples(rows: Rows, model: PortableModel, required: Mapping[str, int]) -> list[bytes]:
    """Rows as serialised tf.Examples: the features alone, without label and weight.

    Args:
      rows: from `made_rows`.
      model: the parsed model.json.
      required: from `required_columns`. What a row lacks of them is NaN or an empty text, or a zero if it is no feature.
    """
    texts = {name: column.type == "bytes" for name, column in model.raw_columns.items()}
    zeros = {name: _feature(_ZERO[kind], kind == tf.string.as_datatype_enum) for name, kind in required.items()}
    serialized = []
    for row in zip(*rows.values(), strict=True):
        columns = {name: value for name, value in zeros.items() if name not in texts}
        for name, value in zip(rows, row, strict=True):
            if value is not None or name in required:
                missing: Any = "" if texts[name] else float("nan")
                columns[name] = _feature(missing if value is None else value, texts[name])
        example = tf.train.Example(features=tf.train.Features(feature=columns))
        serialized.append(example.SerializeToString(deterministic=True))
    return serialized


_ZERO: dict[int, Any] = {
    tf.string.as_datatype_enum: "",
    tf.float32.as_datatype_enum: 0.0,
    tf.int64.as_datatype_enum: 0,
}


def _feature(value: Any, text: bool) -> tf.train.Feature:
    if text:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=[value.encode()]))
    if isinstance(value, int):
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[value]))
    return tf.train.Feature(float_list=tf.train.FloatList(value=[value]))


def required_columns(directory: Path) -> dict[str, int]:
    """Columns that a tf.Example has to hold, with their DataType: those of which a curated schema fixes the shape.

    Args:
      directory: of a SavedModel; the parsing operations in its graphs say it.
    """
    model = saved_model_pb2.SavedModel.FromString((directory / "saved_model.pb").read_bytes())
    found: dict[str, int] = {}
    for graph in model.meta_graphs:
        for function in graph.graph_def.library.function:
            nodes = {node.name: node for node in function.node_def}
            for node in function.node_def:
                if node.op == "ParseExampleV2":
                    keys = nodes[node.input[3].partition(":")[0]].attr["value"].tensor  # the input `dense_keys`
                    names = [key.decode() for key in tf.make_ndarray(keys).ravel()]
                    found |= dict(zip(names, node.attr["Tdense"].list.type, strict=True))
    return found
