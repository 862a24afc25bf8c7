"""What a finished transform graph holds: vocabularies, scaling constants, and its parts, to be put into other graphs."""

from __future__ import annotations

import dataclasses
import functools
import weakref
from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.errors import DataError
from components.linear_model.bases import has_basis
from components.linear_model.design_matrix import EMPTY_VOCABULARY, DesignMatrix
from components.preprocessing.dates_graph import date_number_names
from components.preprocessing.design import build_design_matrix, own_names
from components.preprocessing.features import Kind, features_to_json, indicator_name
from components.preprocessing.kinds.cross import Cross
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.offset import Offset
from components.preprocessing.numbers_graph import (
    learned_names,
    made_names,
    number_names,
    numbers_operation,
    operation_name,
)
from components.preprocessing.stacks import stacks, there_operation, values_operation
from components.preprocessing.texts_graph import FOUND
from components.preprocessing.values_graph import joint_texts
from components.preprocessing.vocabularies import levels_of
from components.table.added_columns import COLUMNS
from components.values.names import safe_names
from components.values.texts import unescape
from components.values.zones import zone_of

Features = Mapping[str, Kind]
Entries = Sequence[Mapping[str, Any]]
"""Features as `features_to_json` makes them, and model.json has them."""


class TransformGraph:
    """A finished transform graph, to be put into other graphs.

    Args:
      transform: where it lies.

    Attributes:
      tables: of the vocabularies; whatever holds the graph, and is saved, tracks them.
    """

    def __init__(self, transform: tft.TFTransformOutput) -> None:
        self._loaded = tf.saved_model.load(transform.transform_savedmodel_dir)
        self._spec = transform.raw_feature_spec()
        function = self._loaded.transform_fn
        self._graph_def = function.graph.as_graph_def()
        self._operations = {node.name for node in self._graph_def.node}
        self._outputs = dict(
            zip(sorted(function.structured_outputs), (tensor.name for tensor in function.outputs), strict=True)
        )
        inputs, captured = [tensor.name for tensor in function.graph.inputs], list(function.captured_inputs)
        ahead = iter(inputs)
        self._inputs = {
            name: [next(ahead) for _ in range(3 if isinstance(kind, tf.io.VarLenFeature) else 1)]
            for name, kind in sorted(self._spec.items())
        }
        self._captured = dict(zip(ahead, captured, strict=True))  # tables, and what TFT's analysis found
        self.tables = list(self._loaded.resources)

    def parsed(self, columns: Mapping[str, Any]) -> dict[str, Any]:
        """What `fetch` takes for raw columns, as parsing tf.Examples gives them."""
        return {
            place: part
            for name, column in columns.items()
            for place, part in zip(self._inputs[name], tf.nest.flatten(column, expand_composites=True), strict=True)
        }

    def fetch(self, names: Sequence[str], given: Mapping[str, Any]) -> list[Any]:
        """Puts a part of the graph into the graph that is being made.

        Args:
          names: of the tensors that are wanted.
          given: tensors by the name of that which they stand for; all that the wanted ones depend on.
        """
        captured = {
            name: tf.identity(value) if value.dtype == tf.resource else tf.constant(value.numpy())
            for name, value in self._captured.items()
        }
        found: list[Any] = tf.graph_util.import_graph_def(
            self._graph_def, input_map={**captured, **given}, return_elements=list(names), name=""
        )
        return found

    def stacked(self, columns: Mapping[str, Any], entries: Entries) -> dict[str, tf.Tensor]:
        """Raw columns, as parsing tf.Examples gives them, as `stacks.Stack` has them: tensors [n, columns] by operation."""
        used = [stack for stack, names in stacks(entries).items() if names]
        wanted = [name for name in (*map(values_operation, used), *map(there_operation, used)) if self._has(name)]
        found = self.fetch([f"{name}:0" for name in wanted], self.parsed(columns))
        return dict(zip(wanted, found, strict=True))

    def transformed(self, stacked: Mapping[str, tf.Tensor], entries: Entries) -> dict[str, tf.Tensor]:
        """Transformed columns of the features, [n] each by name, from what `stacked` makes."""
        wanted = {name: self._outputs[name] for name in _transformed_names(entries)}
        given = {f"{name}:0": value for name, value in stacked.items() if self._has(name)}
        return self._columns(wanted, given)

    def _columns(self, wanted: Mapping[str, str], given: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        found = self.fetch(list(wanted.values()), given)
        for column in found:
            column.set_shape([None])
        return dict(zip(wanted, found, strict=True))

    def _has(self, operation: str) -> bool:
        """Whether there is an operation: one that nothing depends on isn't."""
        return operation in self._operations

    def all_transformed(self, columns: Mapping[str, Any]) -> dict[str, tf.Tensor]:
        """All transformed columns but those that ingest adds, [n] each by name, from raw ones as parsing gives them."""
        wanted = {name: place for name, place in self._outputs.items() if name not in COLUMNS}
        return self._columns(wanted, self.parsed(columns))

    def unscaled(self, columns: Mapping[str, Any], features: Features, others: Sequence[str]) -> dict[str, tf.Tensor]:
        """As `raw_values` says, from raw columns as parsing gives them."""
        entries, safe = features_to_json(features), safe_names(features)
        vectors = {
            numbers_operation("value"): number_names(entries) if _any_as_itself(entries) else [],
            numbers_operation("made_value"): made_names(entries),
            numbers_operation("date_value"): date_number_names(entries),
            **{
                operation_name(safe[entry["name"]], "value"): own_names(entry)
                for entry in entries
                if entry["kind"] == "ordered"
            },
        }
        wanted = {
            name: f"{operation_name(safe[name], 'value')}:0" if isinstance(features.get(name), Offset) else place
            for name, place in self._outputs.items()
            if name in {*_transformed_names(entries), *others}.difference(*vectors.values())
        }
        places = [f"{operation}:0" for operation, names in vectors.items() if names]
        found = self.fetch([*wanted.values(), *places], self.parsed(columns))
        values = dict(zip(wanted, found, strict=False))
        for names, vector in zip(filter(None, vectors.values()), found[len(wanted) :], strict=True):
            values |= dict(zip(names, tf.unstack(vector, axis=1), strict=True))
        return {
            name: tf.cast(value, tf.float64) if value.dtype == tf.float32 else value for name, value in values.items()
        }

    def constants(self, names: Sequence[str]) -> dict[str, Any]:
        """Values of operations that depend on nothing but what TFT's analysis found, as arrays, by their names."""
        with tf.compat.v1.Session(graph=self._analysed) as session:
            return session.run({name: f"{name}:0" for name in names})

    @functools.cached_property
    def _analysed(self) -> tf.Graph:
        """The graph with what TFT's analysis found in it."""
        with tf.Graph().as_default() as graph:
            analysed = {
                name: tf.constant(value.numpy()) for name, value in self._captured.items() if value.dtype != tf.resource
            }
            tf.graph_util.import_graph_def(self._graph_def, input_map=analysed, name="")
        return graph


_graphs: weakref.WeakKeyDictionary[tft.TFTransformOutput, TransformGraph] = weakref.WeakKeyDictionary()


def transform_graph_of(transform: tft.TFTransformOutput) -> TransformGraph:
    """The graph, which is loaded once."""
    if transform not in _graphs:
        _graphs[transform] = TransformGraph(transform)
    return _graphs[transform]


def _transformed_names(entries: Entries) -> list[str]:
    """Names of the features' transformed columns."""
    indicators = [indicator_name(entry["name"]) for entry in entries if entry.get("indicator")]
    return [*(name for entry in entries for name in own_names(entry)), *indicators]


def _any_as_itself(entries: Entries) -> bool:
    """Whether a number enters the model as itself; else the graph has no operation of what such ones need."""
    by_name = {entry["name"]: entry for entry in entries}
    return any(not has_basis(by_name[name]) for name in number_names(entries))


def _constant(graph: TransformGraph, features: Features) -> Callable[[str, str], Any]:
    """What numbers are cleaned and scaled by, by transformed name and which (`numbers_operation`, and `origin`)."""
    entries, safe = features_to_json(features), safe_names(features)
    names, made, dates = number_names(entries), made_names(entries), date_number_names(entries)
    origins = {name: operation_name(safe[name], "origin") for name in names if isinstance(features[name], Integer)}
    wanted = ["fill"] if names else []
    wanted += ["mean", "variance"] if _any_as_itself(entries) else []
    wanted += ["made_mean", "made_variance"] if made else []
    wanted += ["date_mean", "date_variance"] if dates else []
    vectors = [numbers_operation(which) for which in wanted]
    found = graph.constants([*vectors, *origins.values()]) if vectors else {}

    def constant(name: str, which: str) -> Any:
        if which == "origin":
            return found[origins[name]].item()
        if name in made:
            return found[numbers_operation(f"made_{which}")][made.index(name)].item()
        if name in dates:
            return found[numbers_operation(f"date_{which}")][dates.index(name)].item()
        return found[numbers_operation(which)][names.index(name)].item()

    return constant


def design_matrix_of(transform: tft.TFTransformOutput, features: Features) -> DesignMatrix:
    """The design matrix that a transform graph feeds, scaling constants read from the graph in float64.

    Raises:
      DataError: knots of a spline lie at one place, or buckets by quantiles have no two intervals.
    """
    with_levels = [name for name, feature in features.items() if feature.kind in FOUND]
    tokens_of = dict(zip(with_levels, levels_of(transform), strict=True)) if with_levels else {}

    def vocabulary(feature: str) -> list[Any]:
        tokens = tokens_of[feature]
        is_joint = isinstance(features[feature], Cross) and tokens != [EMPTY_VOCABULARY]
        return list(map(joint_texts if is_joint else unescape, tokens))

    graph = transform_graph_of(transform)
    learned = _learned(graph, features)
    _check_learned(learned)
    return build_design_matrix(features, vocabulary, _constant(graph, features), learned)


def _learned(graph: TransformGraph, features: Features) -> dict[str, dict[str, Any]]:
    """By feature what training found out for its basis or its intervals: lists, or numbers."""
    safe = safe_names(features)
    operations = {
        (entry["name"], which): operation_name(safe[entry["name"]], which)
        for entry in features_to_json(features)
        for which in learned_names(entry)
    }
    found = graph.constants(list(operations.values())) if operations else {}
    learned: dict[str, dict[str, Any]] = {}
    for (name, which), operation in operations.items():
        values = found[operation]
        is_short = values.dtype == np.float32  # then its shortest text says it, as a configuration would
        learned.setdefault(name, {})[which] = [float(str(value)) for value in values] if is_short else values.tolist()
    return learned


def _check_learned(learned: Mapping[str, Mapping[str, Any]]) -> None:
    """Raises a DataError if knots lie at one place, or no two intervals were found."""
    for name, found in learned.items():
        knots = found.get("knots", [])
        if any(low >= high for low, high in pairwise(knots)):
            raise DataError(
                f"features.{name}.knots: expected {len(knots)} places with as many training rows between each two; so many rows "
                f"have the same value that they would be {', '.join(f'{knot:g}' for knot in knots)}. Ask for fewer knots, or "
                "give a list of them."
            )
        if found.get("boundaries") == []:
            raise DataError(
                f"features.{name}.quantiles: expected numbers of which some are less than others, to part them; the training rows "
                "have none. Give boundaries, or leave the feature out."
            )


def learned_of(transform: tft.TFTransformOutput, features: Features) -> dict[str, dict[str, Any]]:
    """What model.json has of features beside their configuration: by name, what training found out.

    `fill`: of a number, what stands for a missing value: in raw units, of whole numbers less their origin. `learned`: of a
    basis, or of buckets by quantiles, by name; of dates the table of their zone (`zones.Zone`), so that none but the training's
    is ever asked.
    """
    graph, entries = transform_graph_of(transform), features_to_json(features)
    constant = _constant(graph, features)
    found: dict[str, dict[str, Any]] = {name: {"fill": constant(name, "fill")} for name in number_names(entries)}
    for name, learned in _learned(graph, features).items():
        found.setdefault(name, {})["learned"] = learned
    dates = [entry for entry in entries if entry["kind"] == "datetime"]
    return found | {entry["name"]: {"learned": dataclasses.asdict(zone_of(entry["zone"]))} for entry in dates}


def raw_values(
    transform: tft.TFTransformOutput, features: Features, others: Sequence[str]
) -> Callable[[tf.Tensor], dict[str, tf.Tensor]]:
    """The transform graph as a function of serialised rows, whose numbers end where they are cleaned and filled, in 64 bits.

    What the served graph makes of these is z, rounded to a 32-bit float: a fit has no use for that.

    Args:
      transform: the finished graph.
      features: as configured.
      others: names of further transformed columns: label, weight, identities.

    Returns:
      A function from tf.Examples, string [n], to tensors [n] by transformed name: float64 numbers in raw units (of whole numbers
      less their origin) and indicators, int64 level ids, and the others as they are.
    """
    graph, spec = transform_graph_of(transform), transform.raw_feature_spec()

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)], autograph=False)
    def values(serialized: tf.Tensor) -> dict[str, tf.Tensor]:
        return graph.unscaled(tf.io.parse_example(serialized, spec), features, others)

    values.of = graph  # its tables live as long as it does
    return values
