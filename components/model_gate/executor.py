"""ModelGate's work: read what the Evaluator measured, judge, and write the blessing that TFX's tools look for."""

from __future__ import annotations

import base64
import json
import os
from typing import Any

import tfx  # noqa: F401 (must come before tensorflow_model_analysis)

import tensorflow_model_analysis as tfma  # isort: skip
from tfx.components.evaluator import constants
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.types.artifact import Artifact
from tfx.utils import io_utils, path_utils

from components.linear_model.portable import MODEL_FILE, PortableModel
from components.model_gate.live import Described
from components.model_gate.measured import TABLES
from components.model_gate.tables import Tables
from components.model_gate.verdict import VERDICT_FILE, Rules, SliceKey, judge

CANDIDATE, BASELINE = "candidate", "baseline"
DIFFERENCE = "_diff"  # what TFMA adds to the name of a metric's difference to the baseline


class Executor(BaseExecutor):
    """Writes the `Verdict` and the `ModelBlessing`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Never raises over a refused model: the Pusher reads the blessing, the run ends with exit code 4."""
        uri = artifact_utils.get_single_uri(input_dict["evaluation"])
        model = artifact_utils.get_single_instance(input_dict["model"])
        [live] = input_dict.get("baseline_model") or [None]
        told = _portable(model)
        verdict = judge(
            metrics=candidate_metrics(uri),
            baseline=None if live is None else load_metrics(uri, BASELINE),
            rules=Rules(**json.loads(exec_properties["rules"])),
            candidate=_described(told),
            live=None if live is None else _described(_portable(live)),
            tables=_named(load_tables(uri, _candidate(uri)), told),
        )
        with fileio.open(
            os.path.join(artifact_utils.get_single_uri(output_dict["verdict"]), VERDICT_FILE), "w"
        ) as file:
            file.write(verdict.to_json())
        _bless(artifact_utils.get_single_instance(output_dict["blessing"]), verdict.blessed, model, live)


def _bless(blessing: Artifact, blessed: bool, model: Artifact, live: Artifact | None) -> None:
    """As TFX's Evaluator does it."""
    blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_URI_KEY, model.uri)
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_CURRENT_MODEL_ID_KEY, model.id)
    if live is not None:
        blessing.set_string_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_URI_KEY, live.uri)
        blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BASELINE_MODEL_ID_KEY, live.id)
    name = constants.BLESSED_FILE_NAME if blessed else constants.NOT_BLESSED_FILE_NAME
    io_utils.write_string_file(os.path.join(blessing.uri, name), "")
    value = constants.BLESSED_VALUE if blessed else constants.NOT_BLESSED_VALUE
    blessing.set_int_custom_property(constants.ARTIFACT_PROPERTY_BLESSED_KEY, value)


def _portable(model: Artifact) -> PortableModel | None:
    """What a model says of itself; None for one of version 0.1 or of others."""
    path = os.path.join(path_utils.serving_model_path(model.uri), MODEL_FILE)
    if not fileio.exists(path):
        return None
    with fileio.open(path) as file:
        text = file.read()
    try:
        return PortableModel.from_text(text)
    except ValueError:
        return None


def _described(model: PortableModel | None) -> Described | None:
    return None if model is None else Described(model.family, model.label, model.classes, model.cross_validated)


def _named(tables: Tables | None, model: PortableModel | None) -> Tables | None:
    """The tables with the classes' names and the threshold, which the model alone knows."""
    if tables is None or tables.confusion is None or model is None:
        return tables
    known = {"threshold": model.threshold, "classes": model.classes}
    return tables.model_copy(update={"confusion": tables.confusion.model_copy(update=known)})


def candidate_metrics(uri: str) -> dict[SliceKey, dict[str, float]]:
    """Metrics of the candidate by slice, from a `ModelEvaluation` artifact with or without a baseline."""
    return load_metrics(uri, _candidate(uri))


def _candidate(uri: str) -> str:
    """What TFMA calls the candidate: nothing where it is alone."""
    named = {spec.name for spec in tfma.load_eval_result(uri).config.model_specs}
    return CANDIDATE if CANDIDATE in named else ""


def load_metrics(uri: str, model_name: str) -> dict[SliceKey, dict[str, float]]:
    """Metrics of one model by slice, from a `ModelEvaluation` artifact."""
    result = tfma.load_eval_result(uri, model_name=model_name)
    table: dict[SliceKey, dict[str, float]] = {}
    for key, by_output in result.slicing_metrics:
        values = by_output[""][""]
        table[tuple((column, _text(value)) for column, value in key)] = {
            name: float(value["doubleValue"])  # NaN is a text there
            for name, value in sorted(values.items())
            if "doubleValue" in value and not name.endswith(DIFFERENCE)
        }
    return {key: table[key] for key in sorted(table)}


def load_tables(uri: str, model_name: str) -> Tables | None:
    """The tables of one model on the whole split; None where it has none."""
    [values] = [by[""][""] for key, by in tfma.load_eval_result(uri, model_name=model_name).slicing_metrics if not key]
    if TABLES not in values:
        return None
    return Tables.model_validate_json(base64.b64decode(values[TABLES]["bytesValue"]))


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
