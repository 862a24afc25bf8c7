"""The model that was pushed: found, read, asked. What `predict` does with rows, wherever they come from."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Mapping
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from components.errors import ConfigError, RunError
from components.linear_model import array_functions
from components.linear_model.portable import MODEL_FILE, UNBOUNDED, FeatureEntry, PortableModel, quantile
from components.linear_model.scoring import CLASS, OUTSIDE, PREDICTOR, refused, rounding_sizes, score, term_sizes
from components.publishing.manifest import MANIFEST_FILE, verify_if_signed
from components.publishing.versions import versions
from components.table.spec import TableSpec
from pipeline.config.file import Config

BASELINE, CONTRIBUTION = "baseline", "contribution_"

_T = TypeVar("_T")
Columns = Mapping[str, Any]
Answer = dict[str, NDArray[Any]]


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is asked for beside the prediction (of a family of classes the probability and the class).

    Attributes:
      intervals: `standard_error`, `low` and `high`.
      contributions: `baseline` and `contribution_<feature>`; through a link, `linear_predictor`, which they add up to; of splines
        `outside_<feature>`.
      level: of the intervals; None for the model's own.
      prefix: what the names of the answers begin with, where they stand beside a table's columns.
    """

    intervals: bool = False
    contributions: bool = False
    level: float | None = None
    prefix: str = ""

    def named(self, answers: Mapping[str, _T]) -> dict[str, _T]:
        """Answers by the names that they have beside a table's columns."""
        return {self.prefix + name: values for name, values in answers.items()}


class PushedModel:
    """A pushed version, its files compared with its manifest.

    Attributes:
      version: its number.
      features: of its model.json, in order.
    """

    def __init__(self, config: Config, root: Path, version: int | None = None) -> None:
        """Finds a version and reads its model.json; None for the newest. TensorFlow is not loaded.

        Raises:
          RunError: nothing was pushed yet, or not that version; its files are not what was published, or it has no manifest
            that says what was; an earlier version of Plumbline made it.
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
        self._folder = serving / str(self.version)
        self._portable = _read(self._folder)
        self.features: list[FeatureEntry] = self._portable.features
        self.inputs = list(self._portable.inputs)

    @property
    def spec(self) -> TableSpec:
        """What the model takes the columns of a table for."""
        columns = self._portable.raw_columns.values()
        texts = [column.name for column in columns if column.type == "bytes" and not column.boolean]
        offset = next((column for column in columns if column.offset), None)
        return TableSpec(
            numbers=[column.name for column in columns if column.type == "float"],
            integers=[column.name for column in columns if column.type == "int64"],
            wide=[column.name for column in columns if column.wide],
            dates={column.name: column.dates for column in columns if column.dates},
            booleans=[column.name for column in columns if column.boolean],
            texts=texts,
            label=self._portable.label,
            missing=self._portable.missing,
            features=self.inputs,
            offset=None if offset is None else offset.name,
            exposed=offset is not None and offset.offset == "exposure",
        )

    def names_of(self, wanted: Wanted) -> list[str]:
        """Names of the answers.

        Raises:
          ConfigError: intervals are asked of a model that has none.
        """
        if wanted.intervals and self._portable.interval is None:
            raise ConfigError(
                f"version {self.version} has no intervals: it was fitted by gradient descent or with an elastic net, or has no "
                "degrees of freedom left. Fit with solver: exact, without elastic_net, and more rows than coefficients."
            )
        family = self._portable.of_family
        names = [family.answer, *([CLASS] if family.classes else [])]
        names += ["standard_error", "low", "high"] if wanted.intervals else []
        contributions = [f"{CONTRIBUTION}{entry['name']}" for entry in self.features]
        contributions = [*([] if family.link.name == "identity" else [PREDICTOR]), BASELINE, *contributions]
        contributions += [f"{OUTSIDE}{name}" for name in self._portable.spline_ends]
        return names + (contributions if wanted.contributions else [])

    def refused(self, columns: Columns) -> dict[int, str]:
        """By row, from 0, why it can't be answered (`scoring.refused`)."""
        return refused(self._portable, columns)

    def score(self, columns: Columns, wanted: Wanted) -> Answer:
        """Answers rows by model.json's arithmetic; as `ask`."""
        answer = score(self._portable, columns)
        return self._chosen({name: _as_float32(values) for name, values in answer.items()}, wanted)

    def rounding(self, columns: Columns, answer: Answer) -> dict[str, NDArray[np.float64]]:
        """What the rounding of terms can change in the answers to rows, by name, [n] (`scoring.rounding_sizes`)."""
        return rounding_sizes(self._portable, answer, term_sizes(self._portable, columns))

    def undecided(self, answer: Answer, slack: NDArray[np.float64]) -> NDArray[np.bool_]:
        """Which rows, [n], have a probability so near the threshold, by `slack`, [n], that rounding decides their class."""
        return np.abs(answer[self._portable.of_family.answer] - self._portable.threshold) <= slack

    def ask(self, columns: Columns, wanted: Wanted) -> Answer:
        """Answers rows by the SavedModel.

        Args:
          columns: raw values [n] by column, as `table.typed` makes them, in lists or arrays; None, or NaN for a number, where
            missing.
          wanted: what to answer.

        Returns:
          float32 [n] by name, the mean first; NaN where a row has no finite interval. A class is a text.

        Raises:
          ConfigError: intervals are asked of a model that has none; a text is missing, and none stands for nothing.
        """
        signature = "explain" if wanted.intervals or wanted.contributions else "serving_default"
        from components.trainer.inputs import as_sent  # loads TensorFlow

        missing = self._portable.missing
        types = self._portable.raw_columns
        arguments = {
            argument: as_sent(columns[name], types[name], missing) for name, argument in self._portable.inputs.items()
        }
        answer = self._signatures[signature](**arguments)
        return self._chosen({name: _decoded(value.numpy()) for name, value in answer.items()}, wanted)

    def _chosen(self, answer: Answer, wanted: Wanted) -> Answer:
        names = self.names_of(wanted)
        if wanted.intervals:
            answer |= _intervals(answer, self._portable, wanted.level)
        return {name: answer[name] for name in names}

    @functools.cached_property
    def _signatures(self) -> Any:
        import tensorflow as tf

        return tf.saved_model.load(str(self._folder)).signatures


def _read(folder: Path) -> PortableModel:
    """A version's model.json, if all its files are what was published."""
    if not verify_if_signed(folder):
        raise RunError(
            f"{folder}: has no {MANIFEST_FILE}, so its files can't be checked; plumbline run publishes none without. Take it "
            "away, or ask for another version: --version N."
        )
    try:
        text = (folder / MODEL_FILE).read_text()
    except FileNotFoundError as error:
        raise RunError(
            f"{folder}: has no {MODEL_FILE}, so it is no model of Plumbline's. Ask for another version: --version N."
        ) from error
    try:
        return PortableModel.from_text(text)
    except ValueError as error:
        raise RunError(f"{folder}: {error}. Run again, or serve it.") from error


def _as_float32(values: NDArray[Any]) -> NDArray[Any]:
    """Numbers as the server answers them; texts as they are."""
    return values.astype(np.float32) if values.dtype.kind == "f" else values


def _decoded(values: NDArray[Any]) -> NDArray[Any]:
    """Texts of bytes; numbers as they are."""
    return np.array([text.decode() for text in values.tolist()]) if values.dtype.kind == "O" else values


def _intervals(
    answer: Mapping[str, NDArray[Any]], model: PortableModel, level: float | None
) -> dict[str, NDArray[Any]]:
    """Standard errors, and the ends of intervals: the model's own, or at another level."""
    error, low, high = (answer[name].astype(np.float64) for name in ("standard_error", "low", "high"))
    unbounded = answer["standard_error"] == np.float32(UNBOUNDED)
    if level is not None and model.interval is not None:
        predictor = answer.get(PREDICTOR, answer[model.of_family.answer]).astype(np.float64)
        half = quantile(level, model.interval.degrees_of_freedom) * error
        with np.errstate(over="ignore", divide="ignore"):
            low, high = (model.of_family.link.inverse(predictor + side * half, array_functions) for side in (-1, 1))
    found = {"standard_error": error, "low": low, "high": high}
    return {name: np.where(unbounded, np.nan, values).astype(np.float32) for name, values in found.items()}
