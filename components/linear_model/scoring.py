"""Scores rows by model.json alone: numpy, scipy and pyarrow, no TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model import array_functions
from components.linear_model.bases import columns_of, dates, has_basis
from components.linear_model.bases.domain import limits
from components.linear_model.design_matrix import LARGEST_Z, Term
from components.linear_model.looked_up import LookedUpRows
from components.linear_model.portable import (
    UNBOUNDED,
    FeatureEntry,
    PortableModel,
    boundaries_of,
    quantile,
)
from components.linear_model.text_features import TEXTS, is_nothing, text_columns, texts_of
from components.values import calendar_parts
from components.values.dates import EPOCHS, expected
from components.values.numbers import marks_of, whole_marks
from components.values.texts import canonical_text
from components.values.zones import Zone

AGREE = 1e-3  # of the columns' sizes: within this, dependent columns of a row agree
CLASS = "class"
PREDICTOR = "linear_predictor"
OUTSIDE = "outside_"
# e^710 is infinite, as what Box and Cox make of 0 may be, and what is made of it 0, 1 or beyond all bounds.
_ENDLESS: dict[str, Any] = {"over": "ignore", "divide": "ignore"}
Array = NDArray[np.float64]


def score(
    model: PortableModel, rows: Mapping[str, Sequence[Any]], level: float | None = None
) -> dict[str, NDArray[Any]]:
    """What the signature `explain` answers, from model.json alone.

    Args:
      model: the parsed file.
      rows: by column, raw values [n]; None, NaN or a text that stands for nothing where missing. Numbers are taken as 32-bit
        floats, as serving takes them, but for whole ones.
      level: of the intervals; None for the model's own.

    Returns:
      float64 [n] each: `prediction`, or of a family of classes `probability`, and then texts [n], `class`; `linear_predictor` if
      the link is another than the identity; `baseline`, `contribution_<feature>`, of splines `outside_<feature>`, 0 or 1, and, if
      the model has intervals, `standard_error`, `low`, `high`.

    Raises:
      DataError: a row has no offset, or an exposure that is not above 0.
    """
    matrix, family, coefficients = _design_rows(model, rows), model.of_family, model.coefficients
    predictor = matrix.dot(coefficients)

    with np.errstate(**_ENDLESS):
        answered = np.asarray(model.answered(predictor, array_functions))
    answer = {family.answer: answered, "baseline": np.full(len(predictor), model.means @ coefficients)}
    if family.link.name != "identity":
        answer[PREDICTOR] = predictor
    answer |= _contributions(model, matrix)
    for name, (place, low, high) in model.spline_ends.items():
        x = matrix.numbers[:, model.layout.number(place)]
        answer[f"{OUTSIDE}{name}"] = ((x < low) | (x > high)).astype(np.float64)
    interval = model.interval
    if interval:
        error = np.sqrt(interval.sigma**2 + matrix.variances(interval.covariance))
        gaps = np.abs(matrix.dot(model.dependences))
        error[np.any(gaps > AGREE * matrix.sizes(model.dependences), axis=1)] = UNBOUNDED
        half = (interval.t if level is None else quantile(level, interval.degrees_of_freedom)) * error
        with np.errstate(**_ENDLESS):
            low, high = (family.link.inverse(predictor + side * half, array_functions) for side in (-1, 1))
        answer |= {"standard_error": error, "low": np.asarray(low), "high": np.asarray(high)}
    bounded: dict[str, NDArray[Any]] = {name: np.clip(values, -UNBOUNDED, UNBOUNDED) for name, values in answer.items()}
    if model.classes:
        bounded[CLASS] = np.array(model.classes)[(answer[family.answer] >= model.threshold).astype(int)]
    return bounded


def _contributions(model: PortableModel, rows: LookedUpRows) -> dict[str, Array]:
    """`contribution_<feature>` of rows, float64 [n] each."""
    layout, coefficients = model.layout, model.coefficients
    means, own = model.means[layout.places], coefficients[layout.places]
    shares = layout.shares(model.means * coefficients)
    answer = {}
    for name, feature in layout.features.items():
        columns = feature.numbers
        found = (rows.numbers[:, columns] - means[columns]) @ own[columns]
        for index in feature.looked_up:
            found += coefficients[rows.ones[index]] - shares[index]
        answer[f"contribution_{name}"] = found
    return answer


def term_sizes(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> Array:
    """The sum of the sizes of what each raw row's η is the sum of, float64 [n].

    Raises:
      DataError: as `score`.
    """
    return _design_rows(model, rows).sizes(model.coefficients)


def rounding_sizes(model: PortableModel, answer: Mapping[str, NDArray[Any]], terms: Array) -> dict[str, Array]:
    """What the rounding of a row's terms can change in each answer of numbers, [n], by how much each term was rounded.

    Args:
      model: that answered.
      answer: as `score` gives it, or a part of it; NaN where there is no finite interval.
      terms: [n], of its rows (`term_sizes`). A change of η is as large in what has η's units, and in a mean as its link has it
        (`Link.change`), of the probabilities with the part that η itself has in it.
    """
    sizes = {name: terms + np.abs(values) for name, values in answer.items() if values.dtype.kind == "f"}
    family = model.of_family
    if family.link.name != "identity":
        error = answer.get("standard_error", np.zeros(len(terms))).astype(np.float64)
        finite = np.where(error < UNBOUNDED, error, 0.0)
        reach = (model.interval.t if model.interval else 0.0) * finite
        for name in {family.answer, "low", "high"} & set(sizes):
            values = np.abs(answer[name].astype(np.float64))
            moved = terms + (0.0 if name == family.answer else reach)
            with np.errstate(**_ENDLESS):
                sizes[name] = values + np.asarray(family.link.change(values)) * moved
    return sizes


def refused(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> dict[int, str]:
    """By row, from 0, why it can't be answered: it has no offset, or an exposure that is not above 0.

    Args:
      model: the parsed model.json.
      rows: as `score` takes them.
    """
    reasons = {}
    for entry in model.features:
        if entry["kind"] == "offset":
            column = model.raw_columns[entry["columns"][0]]
            numbers = _without_marks(_as_floats(rows[column.name]), model.missing)
            fine = np.isfinite(numbers) & ((numbers > 0) | (not entry["log"]))
            for row in np.flatnonzero(~fine).tolist():
                received = "none" if np.isnan(numbers[row]) else f"{numbers[row]:g}"
                reasons[row] = f"column {column.name!r}: expected {column.expected}; received {received}"
    return reasons


def _design_rows(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> LookedUpRows:
    """The design matrix of raw rows, a column of ones first; rounded to 32-bit floats where the served graph does.

    Raises:
      DataError: as `score`.
    """
    for row, reason in refused(model, rows).items():
        raise DataError(f"row {row + 1}, {reason}. Give the row its own.")
    return model.layout.rows(transformed_columns(model, rows))


def transformed_columns(model: PortableModel, rows: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Raw rows as the transform graph gives them: [n] by transformed name, scaled numbers and level ids."""
    columns: dict[str, NDArray[Any]] = {}
    terms: dict[str, list[Term]] = {}
    for term in model.design.terms:
        terms.setdefault(term.feature, []).append(term)
    types, missing = model.raw_columns, model.missing
    for entry in model.features:
        name, values = entry["name"], rows[entry["columns"][0]]
        whole = types[entry["columns"][0]].type == "int64"
        if entry["kind"] in TEXTS:
            texts = [texts_of(types[column], rows[column], missing) for column in entry["columns"]]
            columns |= text_columns(entry, terms[name], texts)
        elif entry["kind"] == "datetime":
            columns |= _dates(entry, values, terms[name], missing)
        elif entry["kind"] == "offset":
            columns[name] = _offset(entry, values)
        elif entry["kind"] == "buckets":
            columns[name] = _interval_ids(entry, terms[name][0], values, whole, missing)
        elif entry["kind"] == "integer":
            columns |= _scaled(entry, _integers(entry, values, terms[name][0].origin, missing), terms[name])
        elif entry["kind"] == "product":
            factors = [_as_reals(rows[name], types[name].type == "int64", missing) for name in entry["columns"]]
            columns |= _scaled(entry, np.prod(factors, axis=0), terms[name])
        else:
            columns |= _scaled(entry, _valid(entry, _as_reals(values, whole, missing), whole), terms[name])
    return columns


def _dates(
    entry: FeatureEntry, values: Sequence[Any], terms: Sequence[Term], missing: Sequence[str]
) -> dict[str, NDArray[Any]]:
    """The columns of dates.

    Raises:
      DataError: a text is no date.
    """
    import pyarrow as pa  # which models without dates have no need of

    from components.values import date_columns

    zone = Zone(**{name: tuple(value) for name, value in entry["learned"].items()})
    if entry["format"] in EPOCHS:
        numbers = _as_reals(values, True, missing)
        there = ~np.isnan(numbers)
        instants, beyond = date_columns.of_numbers(np.where(there, numbers, 0).astype(np.int64), entry["format"])
        there &= ~beyond
    else:
        given = [None if is_nothing(value) else canonical_text(value) for value in values]
        instants, there, odd = date_columns.of_texts(pa.array(given, pa.string()), missing, entry["format"], zone)
        for row in np.flatnonzero(odd):
            raise DataError(
                f"row {row + 1}, column {entry['columns'][0]!r}: expected {expected(entry['format'])}; received {given[row]!r}. "
                "Correct it."
            )
    local = calendar_parts.LocalTime(instants, zone, date_columns.steps)
    found = dates.columns_of(entry, local, there.astype(np.int64), array_functions)
    columns: dict[str, NDArray[Any]] = {}
    for term in terms:
        if not term.part:
            columns[term.key] = ~there  # the indicator
        elif term.levels:
            columns[term.key] = found[term.part]
        else:
            is_number = term.part in dates.number_parts(entry)
            own = np.where(there, found[term.part], term.mean) if is_number else found[term.part]
            columns[term.key] = ((own - term.mean) / term.std).astype(np.float32)
    return columns


def _offset(entry: FeatureEntry, values: Sequence[Any]) -> Array:
    """What is added to η: 32-bit floats."""
    numbers = _as_floats(values).astype(np.float64)
    return (np.log(numbers) if entry["log"] else numbers).astype(np.float32).astype(np.float64)


def _as_floats(values: Sequence[Any]) -> NDArray[np.float32]:
    """32-bit floats, NaN where missing."""
    return np.array([np.nan if value is None else value for value in values], np.float32)


def _interval_ids(
    entry: FeatureEntry, term: Term, values: Sequence[Any], whole: bool, missing: Sequence[str]
) -> NDArray[np.int64]:
    numbers = _as_reals(values, whole, missing)
    boundaries = np.array(boundaries_of(entry), np.float64 if whole else np.float32)
    ids = np.searchsorted(boundaries, numbers.astype(boundaries.dtype), side="right")
    return np.where(np.isnan(numbers), term.width - 1, ids)


def _without_marks(numbers: NDArray[Any], missing: Sequence[str]) -> NDArray[Any]:
    """NaN for numbers that stand for nothing."""
    return np.where(np.isin(numbers, np.array(marks_of(missing), numbers.dtype)), numbers.dtype.type(np.nan), numbers)


def _as_reals(values: Sequence[Any], whole: bool, missing: Sequence[str]) -> Array:
    """Numbers in 64 bits, NaN where there is none: whole ones, or with a 32-bit float's digits."""
    if not whole:
        return _without_marks(_as_floats(values), missing).astype(np.float64)
    marks = whole_marks(missing)
    wholes = [None if is_nothing(value) else int(value) for value in values]
    return np.array([np.nan if whole is None or whole in marks else whole for whole in wholes], np.float64)


def _scaled(entry: FeatureEntry, numbers: Array, terms: Sequence[Term]) -> dict[str, NDArray[Any]]:
    """A feature's transformed columns from its valid numbers, NaN where there is none."""
    gone = np.isnan(numbers)
    filled = np.where(gone, entry["fill"], numbers)
    made = [filled]
    if has_basis(entry):
        learned = {name: np.array(value) for name, value in entry.get("learned", {}).items()}
        made = columns_of(entry, filled, learned, array_functions)
    columns: dict[str, NDArray[Any]] = {term.key: gone for term in terms[len(made) :]}  # the indicator, if there is one
    for term, values in zip(terms, made, strict=False):
        z = (values - term.mean) / term.std
        columns[term.key] = np.clip(z, -LARGEST_Z, LARGEST_Z).astype(np.float32)
    return columns


def _valid(entry: FeatureEntry, numbers: Array, whole: bool) -> Array:
    """Numbers that are valid, clipped where the feature says so; NaN where there is none. Limits have a value's own digits."""
    least, greatest = limits(entry)
    low, high = (
        float(np.float64(end) if whole else np.float32(end))
        for end in (-np.inf if least is None else least, np.inf if greatest is None else greatest)
    )
    if entry["outside"] == "clip":
        return np.clip(numbers, low, high)
    return np.where((numbers >= low) & (numbers <= high), numbers, np.nan)


def _integers(entry: FeatureEntry, values: Sequence[Any], origin: int, missing: Sequence[str]) -> Array:
    """Whole numbers less their origin, computed exactly, with NaN where nothing valid is there."""
    low = -(2**63) if entry["min"] is None else int(entry["min"])
    high = 2**63 - 1 if entry["max"] is None else int(entry["max"])
    found, marks = np.full(len(values), np.nan), whole_marks(missing)
    for index, value in enumerate(values):
        if is_nothing(value):
            continue
        whole = int(value)
        if whole in marks:
            continue
        if entry["outside"] == "clip":
            whole = min(max(whole, low), high)
        if low <= whole <= high:
            found[index] = whole - origin
    return found
