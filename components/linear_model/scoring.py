"""Scores rows by model.json alone: numpy, scipy and pyarrow, no TensorFlow."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import LARGEST_Z, Term
from components.linear_model.portable import UNBOUNDED, FeatureEntry, PortableModel, example_type, quantile
from components.values.numbers import marks_of, whole_marks
from components.values.texts import TRUTHS, canonical_text, nothing

AGREE = 1e-3  # of the columns' sizes: within this, dependent columns of a row agree
Array = NDArray[np.float64]


def score(model: PortableModel, rows: Mapping[str, Sequence[Any]], level: float | None = None) -> dict[str, Array]:
    """What the signature `explain` answers, from model.json alone.

    Args:
      model: the parsed file.
      rows: by feature, raw values [n]; None, NaN or a text that stands for nothing where missing. Numbers are taken as 32-bit
        floats, as serving takes them, but for whole ones.
      level: of the intervals; None for the model's own.

    Returns:
      float64 [n] each: `prediction`, `baseline`, `contribution_<feature>`, and, if the model has intervals, `standard_error`,
      `low`, `high`.
    """
    matrix = design_rows(model, rows)
    inverse = model.of_family.link.inverse
    predictor = matrix @ model.coefficients
    answer = {
        "prediction": inverse(predictor, np),
        "baseline": np.full(len(predictor), model.means @ model.coefficients),
    }
    for name, columns in model.feature_columns.items():
        answer[f"contribution_{name}"] = (matrix[:, columns] - model.means[columns]) @ model.coefficients[columns]
    interval = model.interval
    if interval:
        variance = np.einsum("ij,jk,ik->i", matrix, interval.covariance, matrix)
        error = np.sqrt(interval.sigma**2 + variance)
        gaps, sizes = np.abs(matrix @ model.dependences), np.abs(matrix) @ np.abs(model.dependences)
        error[np.any(gaps > AGREE * sizes, axis=1)] = UNBOUNDED
        half = (interval.t if level is None else quantile(level, interval.degrees_of_freedom)) * error
        answer |= {
            "standard_error": error,
            "low": inverse(predictor - half, np),
            "high": inverse(predictor + half, np),
        }
    return {name: np.clip(values, -UNBOUNDED, UNBOUNDED) for name, values in answer.items()}


def design_rows(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> Array:
    """The design matrix [n, 1 + p] of raw rows, a column of ones first; rounded to 32-bit floats where the served graph does."""
    columns = transformed_columns(model, rows)
    count = len(next(iter(columns.values())))
    return np.column_stack([np.ones(count), model.design.dense(columns)])


def transformed_columns(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Raw rows as the transform graph gives them: [n] by transformed name, scaled numbers and level ids."""
    columns: dict[str, NDArray[Any]] = {}
    terms: dict[str, list[Term]] = {}
    for term in model.design.terms:
        terms.setdefault(term.feature, []).append(term)
    missing = model.missing
    for entry in model.features:
        name, values = entry["name"], rows[entry["name"]]
        if example_type(entry) == "bytes":
            columns[name] = _level_ids(entry["kind"], terms[name][0], values, missing)
        elif entry["kind"] == "buckets":
            columns[name] = _interval_ids(entry, terms[name][0], values, missing)
        else:
            columns |= _number(entry, values, terms[name], missing)
    return columns


def _interval_ids(entry: FeatureEntry, term: Term, values: Sequence[Any], missing: Sequence[str]) -> NDArray[np.int64]:
    kind = np.float64 if entry["whole"] else np.float32
    numbers = _without_marks(np.array([np.nan if value is None else value for value in values], kind), missing)
    ids = np.searchsorted(np.array(entry["boundaries"], kind), numbers, side="right")
    return np.where(np.isnan(numbers), term.width - 1, ids)


def _without_marks(numbers: NDArray[Any], missing: Sequence[str]) -> NDArray[Any]:
    """NaN for numbers that stand for nothing."""
    return np.where(np.isin(numbers, np.array(marks_of(missing), numbers.dtype)), numbers.dtype.type(np.nan), numbers)


def _number(
    entry: FeatureEntry, values: Sequence[Any], terms: Sequence[Term], missing: Sequence[str]
) -> dict[str, NDArray[Any]]:
    scaled, *indicator = terms
    if entry["kind"] == "integer":
        numbers = _integers(entry, values, scaled.origin, missing)
    else:
        numbers = _floats(entry, values, missing)
    gone = np.isnan(numbers)
    z = (np.where(gone, entry["fill"], numbers) - scaled.mean) / scaled.std
    z = np.clip(z, -LARGEST_Z, LARGEST_Z).astype(np.float32)
    return {scaled.key: z, **{term.key: gone for term in indicator}}


def _floats(entry: FeatureEntry, values: Sequence[Any], missing: Sequence[str]) -> Array:
    """32-bit floats with NaN where nothing valid is there."""
    numbers = _without_marks(np.array([np.nan if value is None else value for value in values], np.float32), missing)
    low = np.float32(-np.inf if entry["min"] is None else entry["min"])
    high = np.float32(np.inf if entry["max"] is None else entry["max"])
    if entry["outside"] == "clip":
        return np.clip(numbers, low, high).astype(np.float64)
    return np.where((numbers >= low) & (numbers <= high), numbers, np.nan).astype(np.float64)


def _integers(entry: FeatureEntry, values: Sequence[Any], origin: int, missing: Sequence[str]) -> Array:
    """Whole numbers less their origin, computed exactly, with NaN where nothing valid is there."""
    low = -(2**63) if entry["min"] is None else int(entry["min"])
    high = 2**63 - 1 if entry["max"] is None else int(entry["max"])
    found, marks = np.full(len(values), np.nan), whole_marks(missing)
    for index, value in enumerate(values):
        if _is_nothing(value):
            continue
        whole = int(value)
        if whole in marks:
            continue
        if entry["outside"] == "clip":
            whole = min(max(whole, low), high)
        if low <= whole <= high:
            found[index] = whole - origin
    return found


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def _level_ids(kind: str, term: Term, values: Sequence[Any], missing: Sequence[str]) -> NDArray[np.int64]:
    known = {level.text: index for index, level in enumerate(term.levels) if level.special is None}
    gone, other = term.place("missing"), term.place("other")
    tokens = nothing(missing)
    if kind == "boolean":
        known = {spelling: known[truth] for truth, spellings in TRUTHS.items() for spelling in spellings.split("|")}

    def level(value: Any) -> int | None:
        if _is_nothing(value):
            return gone
        text = canonical_text(value)
        if text.strip() in tokens or (isinstance(value, str) and value.strip() in tokens):
            return gone
        return known.get(text.strip().lower() if kind == "boolean" else text, other)

    return np.array([level(value) for value in values], np.int64)
