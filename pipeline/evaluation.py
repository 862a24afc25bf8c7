"""From the configuration to a tfma.EvalConfig."""

from __future__ import annotations

import json
from typing import Any

import tfx  # noqa: F401 (must come before tensorflow_model_analysis)

from tensorflow_model_analysis.proto import config_pb2  # isort: skip

from components.fingerprint import code_fingerprint
from components.model_gate.executor import BASELINE, CANDIDATE
from components.model_gate.verdict import LIVE_METRIC
from pipeline.config import METRICS, Config, Limit

_MODULE = "components.model_gate.metrics"
EXTRACTORS = "components.model_gate.extractors"  # the Evaluator's `module_path`


def eval_config(config: Config) -> Any:
    """The EvalConfig: candidate against limits, and against the baseline where there is one.

    Limits are on the whole eval split; a slice has those that the configuration gives it. Columns are raw ones, and
    the label is in raw units.
    """
    specs = [
        config_pb2.ModelSpec(
            name=name,
            is_baseline=name == BASELINE,
            signature_name="examples",
            label_key=config.label,
            example_weight_key=config.weight or "",
        )
        for name in (CANDIDATE, BASELINE)
    ]
    overall = config_pb2.SlicingSpec()
    slices = [config_pb2.SlicingSpec(feature_keys=entry.columns) for entry in config.evaluate.slices]
    code = code_fingerprint(_MODULE, EXTRACTORS)
    metrics = {
        name: config_pb2.MetricConfig(
            class_name="RegressionMetric", module=_MODULE, config=json.dumps({"name": name, "code": code})
        )
        for name in (*METRICS, "example_count")
    }

    # A threshold without a slicing spec would hold for every slice, so each names its own.
    def add(metric: str, spec: Any, threshold: Any) -> None:
        metrics[metric].per_slice_thresholds.append(
            config_pb2.PerSliceMetricThreshold(slicing_specs=[spec], threshold=threshold)
        )

    for name, limit in config.evaluate.limits.items():
        add(name, overall, _fixed(limit))
    for entry, spec in zip(config.evaluate.slices, slices, strict=True):
        for name, limit in entry.limits.items():
            add(name, spec, _fixed(limit))
    if config.evaluate.no_worse_than_live is not None:
        add(LIVE_METRIC, overall, _no_worse(config.evaluate.no_worse_than_live))
    return config_pb2.EvalConfig(
        model_specs=specs,
        slicing_specs=[overall, *slices],
        metrics_specs=[config_pb2.MetricsSpec(metrics=metrics.values())],
    )


def _fixed(limit: Limit) -> Any:
    bounds = {}
    if limit.min is not None:
        bounds["lower_bound"] = {"value": limit.min}
    if limit.max is not None:
        bounds["upper_bound"] = {"value": limit.max}
    return config_pb2.MetricThreshold(value_threshold=config_pb2.GenericValueThreshold(**bounds))


def _no_worse(tolerance: float) -> Any:
    change = config_pb2.GenericChangeThreshold(
        direction=config_pb2.MetricDirection.LOWER_IS_BETTER, relative={"value": tolerance}
    )
    return config_pb2.MetricThreshold(change_threshold=change)
