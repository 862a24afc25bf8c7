"""ModelGate's work: read what the Evaluator measured, judge, and write the blessing that TFX's tools look for."""

from __future__ import annotations

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
from components.model_gate.verdict import VERDICT_FILE, CrossValidated, Rules, SliceKey, judge

CANDIDATE, BASELINE = "candidate", "baseline"
DIFFERENCE = "_diff"  # what TFMA adds to the name of a metric's difference to the baseline


class Executor(BaseExecutor):
    """Writes the `Verdict` and the `ModelBlessing`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Never raises over a refused model: the Pusher reads the blessing, the run ends with exit code 4."""
        uri = artifact_utils.get_single_uri(input_dict["evaluation"])
        model = artifact_utils.get_single_instance(input_dict["model"])
        [live] = input_dict.get("baseline_model") or [None]
        verdict = judge(
            metrics=candidate_metrics(uri),
            baseline=None if live is None else load_metrics(uri, BASELINE),
            rules=Rules(**json.loads(exec_properties["rules"])),
            cross_validated=_cross_validated(model),
            live_cross_validated=None if live is None else _cross_validated(live),
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


def _cross_validated(model: Artifact) -> CrossValidated | None:
    """What a model says of its own cross-validation; None for gradient descent, and for a model of version 0.1 or of others."""
    path = os.path.join(path_utils.serving_model_path(model.uri), MODEL_FILE)
    if not fileio.exists(path):
        return None
    with fileio.open(path) as file:
        text = file.read()
    try:
        return PortableModel.from_text(text).cross_validated
    except ValueError:
        return None


def candidate_metrics(uri: str) -> dict[SliceKey, dict[str, float]]:
    """Metrics of the candidate by slice, from a `ModelEvaluation` artifact with or without a baseline."""
    named = {spec.name for spec in tfma.load_eval_result(uri).config.model_specs}
    return load_metrics(uri, CANDIDATE if CANDIDATE in named else "")


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


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)
