"""What TFX's Evaluator lets a user replace: here, the rows of a batch stay together if they fall into the same slices, and a
probability comes with the class that the model serves for it.

TFMA takes a batch apart into rows before it slices and counts, which costs some 300 µs a row. Our metrics work on arrays, so a
batch need only be taken apart as far as the slices ask.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from typing import Any

import tfx  # noqa: F401 (must come before tensorflow_model_analysis)

import apache_beam as beam  # isort: skip
import numpy as np  # isort: skip
import pyarrow as pa  # isort: skip
import tensorflow_model_analysis as tfma  # isort: skip
from numpy.typing import NDArray  # isort: skip

from tfx.dsl.io import fileio  # isort: skip

from components.internals.tfma import PREDICTING, UNBATCHING
from components.linear_model.portable import MODEL_FILE, PortableModel

SIGNATURE = "examples"  # of serialised tf.Examples, and the name of its one input
_HIDDEN = "hidden_feature"
_ARRAYS = (tfma.LABELS_KEY, tfma.PREDICTIONS_KEY, tfma.EXAMPLE_WEIGHTS_KEY)


def custom_extractors(eval_shared_model: Any, eval_config: Any, tensor_adapter_config: Any) -> list[Any]:
    """TFMA's extractors, with grouping in the place of unbatching. Called by TFX's Evaluator, by this name.

    A column called like the signature's input would be taken for it: the model's predictions are made without it.
    """
    columns = sorted({key for spec in eval_config.slicing_specs for key in spec.feature_keys})
    models = eval_shared_model if isinstance(eval_shared_model, list) else [eval_shared_model]
    thresholds = {model.model_name: threshold_of(model.model_path) for model in models}
    group = tfma.extractors.Extractor("GroupRows", beam.FlatMap(group_rows, columns, thresholds))
    default = tfma.default_extractors(
        eval_shared_model=eval_shared_model, eval_config=eval_config, tensor_adapter_config=tensor_adapter_config
    )
    hide = tfma.extractors.Extractor("HideInput", beam.Map(hide_input))
    before = {UNBATCHING: [group], PREDICTING: [hide]}
    found: list[Any] = []
    for extractor in default:
        found += before.get(extractor.stage_name, [])
        found += [extractor] if extractor.stage_name != UNBATCHING else []
    return found


def hide_input(extracts: dict[str, Any]) -> dict[str, Any]:
    """Puts a feature called like the signature's input aside."""
    features = dict(extracts[tfma.FEATURES_KEY])
    if SIGNATURE not in features:
        return extracts
    return {**extracts, _HIDDEN: features.pop(SIGNATURE), tfma.FEATURES_KEY: features}


def threshold_of(model_path: str) -> float | None:
    """The probability from which on a row is of the positive class, as a model's model.json says; None where there is none."""
    path = os.path.join(model_path, MODEL_FILE)
    if not fileio.exists(path):
        return None
    with fileio.open(path) as file:
        text = file.read()
    try:
        return PortableModel.from_text(text).threshold
    except ValueError:
        return None


def group_rows(
    extracts: dict[str, Any], columns: list[str], thresholds: Mapping[str, float | None]
) -> Iterator[dict[str, Any]]:
    """One extract for all rows of a batch that have the same values in some columns.

    Args:
      extracts: of n rows labels, predictions and example weights, plain or in nested dicts, features, and serialised inputs.
        An array is dense, [n, ...], or a `VarLenTensorValue` with at most one value a row.
      columns: names of features.
      thresholds: of the models, by their name.

    Yields:
      The same arrays of the rows of a group, predictions of a model with a threshold as [n, 2], with 1 or 0 for the class;
      `features` has the group's values, an empty array where missing.
    """
    number = len(extracts[tfma.INPUT_KEY])
    arrays = {key: extracts[key] for key in _ARRAYS if extracts.get(key) is not None}
    if tfma.PREDICTIONS_KEY in arrays:
        arrays[tfma.PREDICTIONS_KEY] = _with_classes(arrays[tfma.PREDICTIONS_KEY], thresholds)
    features = extracts[tfma.FEATURES_KEY] | ({SIGNATURE: extracts[_HIDDEN]} if _HIDDEN in extracts else {})
    coded = [_codes(features[name], number) for name in columns]
    keys = np.column_stack([codes for codes, _ in coded]) if coded else np.zeros((number, 1), np.int64)
    found, group = np.unique(keys, axis=0, return_inverse=True)
    order = np.argsort(group, kind="stable")
    bounds = np.searchsorted(group[order], np.arange(len(found) + 1))
    for index, key in enumerate(found):
        rows = order[bounds[index] : bounds[index + 1]]
        features = {
            name: np.array([] if code < 0 else [values[code]])
            for name, code, (_, values) in zip(columns, key, coded, strict=False)
        }
        yield {name: _take(value, rows) for name, value in arrays.items()} | {tfma.FEATURES_KEY: features}


def _with_classes(predictions: Any, thresholds: Mapping[str, float | None], name: str = "") -> Any:
    if isinstance(predictions, dict):
        return {name: _with_classes(inner, thresholds, name) for name, inner in predictions.items()}
    # TFMA calls a single model nothing, whatever its name is.
    threshold = thresholds.get(name, next(iter(thresholds.values())) if len(thresholds) == 1 else None)
    if threshold is None:
        return predictions
    probability = np.ravel(_dense(predictions))
    return np.column_stack([probability, probability >= np.float32(threshold)])  # as the served graph compares


def _codes(feature: Any, number: int) -> tuple[NDArray[np.int64], NDArray[Any]]:
    """A number for each row's value, -1 where missing; the values by number."""
    is_dense = isinstance(feature, np.ndarray)
    rows = np.arange(number) if is_dense else feature.indices[:, 0]
    coded = pa.array(
        np.ravel(feature if is_dense else feature.values), from_pandas=True
    ).dictionary_encode()  # NaN is null
    codes = np.full(number, -1, np.int64)
    codes[rows] = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    return codes, coded.dictionary.to_numpy(zero_copy_only=False)


def _take(value: Any, rows: NDArray[np.intp]) -> Any:
    if isinstance(value, dict):
        return {key: _take(inner, rows) for key, inner in value.items()}
    return None if value is None else _dense(value)[rows]


def _dense(value: Any) -> NDArray[Any]:
    if isinstance(value, np.ndarray):
        return value
    if len(value.values) != value.dense_shape[0]:
        raise ValueError(
            f"expected a value in each of {value.dense_shape[0]} rows; received {len(value.values)} values"
        )
    return np.asarray(value.values)
