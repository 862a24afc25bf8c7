"""From the configuration to a tfma.EvalConfig."""

from __future__ import annotations

import json
from typing import Any

import tfx  # noqa: F401 (must come before tensorflow_model_analysis)

from tensorflow_model_analysis.proto import config_pb2  # isort: skip

from components.fingerprint import code_fingerprint
from components.model_gate.executor import BASELINE, CANDIDATE
from components.model_gate.measured import ROWS, STANDARD_ERROR, TABLES
from pipeline.config.file import Config

_MODULE = "components.model_gate.metrics"
EXTRACTORS = "components.model_gate.extractors"  # the Evaluator's `module_path`


def eval_config(config: Config) -> Any:
    """The EvalConfig: what is measured of the candidate, and of the baseline where there is one, overall and by slice.

    No thresholds: ModelGate judges, which knows the cross-validation too. Columns are raw ones, and the label is in raw units.
    """
    specs = [
        config_pb2.ModelSpec(
            name=name,
            is_baseline=name == BASELINE,
            signature_name="examples",
            label_key=config.label.column,
            example_weight_key=config.weight or "",
        )
        for name in (CANDIDATE, BASELINE)
    ]
    overall = config_pb2.SlicingSpec()
    slices = [config_pb2.SlicingSpec(feature_keys=entry.columns) for entry in config.evaluate.slices]
    code, family = code_fingerprint(_MODULE, EXTRACTORS), config.family
    names = [*family.metric_names, *(name + STANDARD_ERROR for name in family.metric_names), ROWS]
    names += [TABLES] if family.tables else []
    metrics = [
        config_pb2.MetricConfig(
            class_name="FamilyMetric",
            module=_MODULE,
            config=json.dumps({"name": name, "family": family.text, "code": code}),
        )
        for name in names
    ]

    return config_pb2.EvalConfig(
        model_specs=specs,
        slicing_specs=[overall, *slices],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics)],
    )
