"""The model that was pushed: found, loaded, asked. What `predict` does with rows, wherever they come from."""

from __future__ import annotations

import dataclasses
import importlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.errors import ConfigError, RunError
from components.manifest import MANIFEST_FILE, verify_if_signed
from components.pusher.versions import versions
from components.trainer.portable import MODEL_FILE, UNBOUNDED, quantile
from pipeline.config import Config

CONTRIBUTION = "contribution_"


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is asked for beside the prediction.

    Attributes:
      intervals: `standard_error`, `low` and `high`.
      contributions: `baseline` and `contribution_<feature>`.
      level: of the intervals; None for the model's own.
    """

    intervals: bool = False
    contributions: bool = False
    level: float | None = None


class PushedModel:
    """A pushed version, loaded by TensorFlow alone.

    Attributes:
      version: its number.
    """

    def __init__(self, config: Config, root: Path, version: int | None = None) -> None:
        """Loads a version; None for the newest.

        Raises:
          RunError: nothing was pushed yet, or not that version; its files are not what was published, or it has no manifest
            that says what was.
        """
        serving = config.serving_directory(root)
        present = versions(serving)
        if not present:
            raise RunError(
                f"{serving}: no model was pushed yet. Run the pipeline first: plumbline run CONFIG --root {root}"
            )
        if version is not None and version not in present:
            raise RunError(f"{serving}: there is no version {version}. Present: {', '.join(map(str, present))}.")
        self.version = present[-1] if version is None else version
        folder = serving / str(self.version)
        self._portable = _read(folder)
        self._tf: Any = importlib.import_module("tensorflow")
        self._signatures = self._tf.saved_model.load(str(folder)).signatures

    def ask(self, columns: Mapping[str, Sequence[Any]], wanted: Wanted) -> dict[str, NDArray[np.float32]]:
        """Answers rows.

        Args:
          columns: raw values [n] by feature; NaN for a missing number, an empty text for a missing text.
          wanted: what to answer.

        Returns:
          float32 [n] by name, `prediction` first; NaN where a row has no finite interval.

        Raises:
          ConfigError: intervals are asked of a model that has none.
        """
        interval = self._portable["interval"]
        if wanted.intervals and interval is None:
            raise ConfigError(
                f"version {self.version} was fitted by {self._portable['solver']} or has no degrees of freedom left, and has no "
                "intervals. Fit with solver: exact and more rows than coefficients."
            )
        tensors = {
            entry["name"]: self._tf.constant(
                columns[entry["name"]], self._tf.string if entry["kind"] == "categorical" else self._tf.float32
            )
            for entry in self._portable["features"]
        }
        signature = "explain" if wanted.intervals or wanted.contributions else "serving_default"
        answer = {name: value.numpy() for name, value in self._signatures[signature](**tensors).items()}
        chosen = {"prediction": answer["prediction"]}
        if wanted.intervals:
            chosen |= _intervals(answer, interval, wanted.level)
        if wanted.contributions:
            names = [f"{CONTRIBUTION}{entry['name']}" for entry in self._portable["features"]]
            chosen |= {name: answer[name] for name in ("baseline", *names)}
        return chosen


def _read(folder: Path) -> dict[str, Any]:
    """A version's model.json, if all its files are what was published."""
    if not verify_if_signed(folder):
        raise RunError(
            f"{folder}: has no {MANIFEST_FILE}, so its files can't be checked; plumbline run publishes none without. Take it "
            "away, or ask for another version: --version N."
        )
    try:
        portable: dict[str, Any] = json.loads((folder / MODEL_FILE).read_text())
    except FileNotFoundError as error:
        raise RunError(
            f"{folder}: has no {MODEL_FILE}, so it is no model of Plumbline's. Ask for another version: --version N."
        ) from error
    return portable


def _intervals(
    answer: Mapping[str, NDArray[Any]], interval: Mapping[str, Any], level: float | None
) -> dict[str, NDArray[Any]]:
    unbounded = answer["standard_error"] == np.float32(UNBOUNDED)
    error = np.where(unbounded, np.float32(np.nan), answer["standard_error"])
    t = interval["t"] if level is None else quantile(level, interval["degrees_of_freedom"])
    half = (t * error.astype(np.float64)).astype(np.float32)
    return {"standard_error": error, "low": answer["prediction"] - half, "high": answer["prediction"] + half}
