"""`plumbline predict`: asks the model that was pushed last."""

from __future__ import annotations

import importlib
import json
import math
from pathlib import Path
from typing import Any

from components.errors import ConfigError, RunError
from components.preprocessing.features import Categorical
from components.pusher.versions import versions
from pipeline.config import Config


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


def predict_rows(config: Config, root: Path, rows: list[dict[str, Any]]) -> dict[str, Any]:
    """Predictions of the newest version, through `serving_default`.

    Returns:
      `{"version": int, "predictions": [float, …]}`, the float32 answers of the model.

    Raises:
      RunError: nothing was pushed yet.
    """
    serving = config.serving_directory(root)
    present = versions(serving)
    if not present:
        raise RunError(
            f"{serving}: no model was pushed yet. Run the pipeline first: plumbline run CONFIG --root {root}"
        )
    tf: Any = importlib.import_module("tensorflow")
    model = tf.saved_model.load(str(serving / str(present[-1])))
    columns = {
        name: tf.constant([row[name] for row in rows], tf.string if isinstance(f, Categorical) else tf.float32)
        for name, f in config.features.items()
    }
    answer = model.signatures["serving_default"](**columns)["prediction"]
    return {"version": present[-1], "predictions": [float(value) for value in answer.numpy()]}
