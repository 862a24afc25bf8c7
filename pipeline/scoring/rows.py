"""`plumbline predict --json`: rows on the command line, answered by model.json; TensorFlow is loaded to check that alone."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa

from components.errors import ConfigError, DataError
from components.table.cleaning import typed
from components.table.spec import TableSpec
from components.values.texts import canonical_text
from pipeline.scoring.pushed_model import Answer, PushedModel, Wanted

TOLERANCE = 1e-5  # of `PushedModel.rounding`: 32-bit floats have 7 digits, and terms may cancel

_TAKES: dict[str, tuple[tuple[type, ...], str]] = {
    "numbers": ((int, float), "a number"),
    "integers": ((int, float), "a whole number"),
    "wide": ((int, float, str), "a whole number"),
    "booleans": ((bool, int, float, str), "a truth value"),
    "texts": ((str, bool, int, float), "a text"),
}


def parse_rows(text: str, spec: TableSpec) -> dict[str, list[Any]]:
    """Rows for the model, from JSON, by the rules that ingest reads a table by.

    Args:
      text: a JSON object by feature, or a list of them; null is a missing value.
      spec: what the model takes its features for.

    Returns:
      Values by feature, None where missing.

    Raises:
      ConfigError: not JSON, a feature is missing or unknown, a value of the wrong type, or one that ingest would reject.
    """
    try:
        value = json.loads(text)
    except (ValueError, RecursionError) as error:  # Python reads no whole number of more than 4,300 digits
        raise ConfigError(f"--json: not valid JSON ({error}); received {text!r}") from error
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"--json: expected an object by feature, or a list of such objects; received {text}")
    for row in rows:
        for name in row:
            if name not in spec.features:
                raise ConfigError(f"--json: {name!r} is not a feature. The features: {', '.join(spec.features)}.")
    written = {name: pa.array([_written(row, name, spec) for row in rows], pa.string()) for name in spec.features}
    try:
        arrays, rejected = typed(pa.RecordBatch.from_pydict(written), spec, spec.features)
    except DataError as error:
        raise ConfigError(f"--json: {error}") from error
    if rejected:
        row = min(rejected)
        raise ConfigError(f"--json: row {row + 1}, {rejected[row]}.")
    return {name: arrays[name].to_pylist() for name in spec.features}


def _written(row: dict[str, Any], name: str, spec: TableSpec) -> str | None:
    """A value as the text that a table would have."""
    if name not in row:
        raise ConfigError(f"--json: feature {name!r} is missing. Give it a value, or null for a missing one.")
    value = row[name]
    kind = "wide" if name in spec.wide else next(kind for kind in _TAKES if name in getattr(spec, kind))
    types, what = _TAKES[kind]
    if value is None:
        return None
    if not isinstance(value, types) or (isinstance(value, bool) and bool not in types):
        raise ConfigError(f"--json: feature {name!r} takes {what} or null; received {value!r}")
    if isinstance(value, str) and not _is_unicode(value):
        raise ConfigError(
            f"--json: feature {name!r} takes Unicode; received {value!r}, which has half a surrogate pair"
        )
    if kind in ("booleans", "texts"):
        return value if isinstance(value, str) else canonical_text(value)
    if isinstance(value, float) and value.is_integer() and kind != "numbers":
        return str(int(value))
    return str(value)


def _is_unicode(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def predict_rows(
    model: PushedModel, columns: dict[str, list[Any]], wanted: Wanted, check: bool = False
) -> dict[str, Any]:
    """The model's answers as plain JSON.

    Args:
      model: answers.
      columns: from `parse_rows`.
      wanted: what to answer.
      check: whether the SavedModel is asked too.

    Returns:
      `{"version": int, "predictions": [float, …]}`, or, if there is more than the prediction, an object a row instead of a
      number; null where a row has no finite interval; `"checked": "SavedModel"` if it was asked.

    Raises:
      ConfigError: a row has no offset, or an exposure that is not above 0.
      DataError: the SavedModel answers something else.
    """
    for row, reason in model.refused(columns).items():
        raise ConfigError(f"--json: row {row + 1}, {reason}.")
    answer = model.score(columns, wanted)
    if check:
        _compare(model, columns, answer, model.ask(columns, wanted))
    listed = {name: [_plain(value) for value in array] for name, array in answer.items()}
    said: dict[str, Any] = {"version": model.version, **({"checked": "SavedModel"} if check else {})}
    if len(listed) == 1:
        return {**said, "predictions": next(iter(listed.values()))}
    rows = [dict(zip(listed, row, strict=True)) for row in zip(*listed.values(), strict=True)]
    return {**said, "predictions": rows}


def _plain(value: Any) -> float | str | None:
    """As JSON has it: a 32-bit float by its own digits, not those of the double that equals it; None for NaN."""
    if isinstance(value, str):
        return str(value)
    return None if np.isnan(value) else float(str(value))


def _compare(model: PushedModel, columns: dict[str, list[Any]], answer: Answer, served: Answer) -> None:
    """Raises a DataError where answers differ by more than rounding."""
    slack = {name: TOLERANCE * size for name, size in model.rounding(columns, answer).items()}
    for name, values in answer.items():
        other = served[name]
        if name in slack:
            apart = (np.abs(values - other) > slack[name]) | (np.isnan(values) != np.isnan(other))
        else:
            apart = (values != other) & ~model.undecided(answer, slack[next(iter(answer))])
        for row in np.flatnonzero(apart)[:1]:
            raise DataError(
                f"--check: row {row + 1}, {name}: model.json gives {_plain(values[row])}, the SavedModel {_plain(other[row])}. "
                "Publish the model again, and report this."
            )
