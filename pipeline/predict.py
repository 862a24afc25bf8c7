"""`plumbline predict --json`: rows on the command line."""

from __future__ import annotations

import json
import math
from typing import Any

from components.errors import ConfigError
from components.preprocessing.features import Categorical
from pipeline.config import Config
from pipeline.model import PushedModel, Wanted


def parse_rows(text: str, config: Config) -> list[dict[str, Any]]:
    """Rows for the model, from JSON.

    Args:
      text: a JSON object by feature, or a list of them; null is a missing value.
      config: says which features there are.

    Raises:
      ConfigError: not JSON, a feature is missing or unknown, a value of the wrong type.
    """
    try:
        value = json.loads(text)
    except json.JSONDecodeError as error:
        raise ConfigError(f"--json: not valid JSON ({error}); received {text!r}") from error
    rows = value if isinstance(value, list) else [value]
    if not rows or not all(isinstance(row, dict) for row in rows):
        raise ConfigError(f"--json: expected an object by feature, or a list of such objects; received {text}")
    return [_parse_row(row, config) for row in rows]


def _parse_row(row: dict[str, Any], config: Config) -> dict[str, Any]:
    for name in row:
        if name not in config.features:
            raise ConfigError(f"--json: {name!r} is not a feature. The features: {', '.join(config.features)}.")
    parsed: dict[str, Any] = {}
    for name, feature in config.features.items():
        if name not in row:
            raise ConfigError(f"--json: feature {name!r} is missing. Give it a value, or null for a missing one.")
        value = row[name]
        is_text = isinstance(feature, Categorical)
        right = isinstance(value, str) if is_text else isinstance(value, (int, float)) and not isinstance(value, bool)
        if value is not None and not right:
            raise ConfigError(
                f"--json: feature {name!r} takes {'a text' if is_text else 'a number'} or null; received {value!r}"
            )
        parsed[name] = value if value is not None else "" if is_text else math.nan
    return parsed


def predict_rows(model: PushedModel, rows: list[dict[str, Any]], wanted: Wanted) -> dict[str, Any]:
    """The model's answers as plain JSON.

    Returns:
      `{"version": int, "predictions": [float, …]}`, or, if more is wanted than the prediction, an object a row instead of a
      number; null where a row has no finite interval.
    """
    answer = model.ask({name: [row[name] for row in rows] for name in rows[0]}, wanted)
    columns = {name: [None if math.isnan(value) else float(value) for value in array] for name, array in answer.items()}
    if not (wanted.intervals or wanted.contributions):
        return {"version": model.version, "predictions": columns["prediction"]}
    return {
        "version": model.version,
        "predictions": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)],
    }
