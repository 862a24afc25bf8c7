"""ModelGate's work: read what the Evaluator wrote, and put its verdict into words."""

from __future__ import annotations

import json
import os
from typing import Any

import tfx  # noqa: F401 (must come before tensorflow_model_analysis)

import tensorflow_model_analysis as tfma  # isort: skip
from tfx.dsl.components.base.base_executor import BaseExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils

from components.model_gate.verdict import VERDICT_FILE, SliceKey, explain, slice_name

CANDIDATE, BASELINE = "candidate", "baseline"
DIFFERENCE = "_diff"  # what TFMA adds to the name of a metric's difference to the baseline


class Executor(BaseExecutor):
    """Writes the `Verdict`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Never raises over a refused model: the Pusher reads the blessing, the run ends with exit code 4."""
        uri = artifact_utils.get_single_uri(input_dict["evaluation"])
        validation = tfma.load_validation_result(uri)
        named = {spec.name for spec in tfma.load_eval_result(uri).config.model_specs}
        metrics = load_metrics(uri, CANDIDATE if CANDIDATE in named else "")
        baseline = load_metrics(uri, BASELINE) if BASELINE in named else None
        missing = [_spec_name(spec) for spec in validation.missing_slices]
        rules = json.loads(exec_properties["rules"])
        verdict = explain(validation.validation_ok, metrics, baseline, rules, missing)
        verdict_uri = artifact_utils.get_single_uri(output_dict["verdict"])
        with fileio.open(os.path.join(verdict_uri, VERDICT_FILE), "w") as file:
            file.write(json.dumps(verdict, indent=1))


def load_metrics(uri: str, model_name: str) -> dict[SliceKey, dict[str, float]]:
    """Metrics of one model by slice, from an `ModelEvaluation` artifact."""
    result = tfma.load_eval_result(uri, model_name=model_name)
    table: dict[SliceKey, dict[str, float]] = {}
    for key, by_output in result.slicing_metrics:
        values = by_output[""][""]
        table[tuple((column, _text(value)) for column, value in key)] = {
            name: value["doubleValue"]
            for name, value in sorted(values.items())
            if "doubleValue" in value and not name.endswith(DIFFERENCE)
        }
    return {key: table[key] for key in sorted(table)}


def _text(value: Any) -> str:
    return value.decode() if isinstance(value, bytes) else str(value)


def _spec_name(spec: Any) -> str:
    return slice_name((*((key, "(any)") for key in spec.feature_keys), *sorted(spec.feature_values.items())))
