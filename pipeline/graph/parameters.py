"""What may differ from run to run of one compiled pipeline: where the table is, which span, the limits, the live model."""

from __future__ import annotations

import dataclasses
import json
from typing import Any

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
from tfx.orchestration.data_types import RuntimeParameter
from tfx.proto import range_config_pb2
from tfx.utils import proto_utils

from components.ingest.component import input_config
from pipeline.config.file import Config
from pipeline.graph.evaluation import eval_config
from pipeline.graph.steps.report import described


@dataclasses.dataclass(frozen=True)
class Inputs:
    """The graph's inputs, as values or as parameters of these names. A message of TFX's is JSON in a parameter.

    Attributes:
      input_base: the folder of the table.
      input_config: the pattern of its files; a parameter holds an `Input` of ExampleGen.
      range_config: the span, as a `RangeConfig`; None for the newest.
      eval_config: the Evaluator's `EvalConfig`.
      rules: ModelGate's.
      facts: of the model's manifest: its name, and the fingerprint of the configuration.
      described: what a report tells of the configuration.
      baseline: the folder of the live model, where a run is given one.
    """

    input_base: Any
    input_config: Any
    range_config: Any
    eval_config: Any
    rules: Any
    facts: Any
    described: Any
    baseline: Any

    @classmethod
    def constant(cls, config: Config) -> Inputs:
        """The configuration's values, on this machine."""
        base, pattern = config.data.location()
        evaluated, rules, facts = eval_config(config), _rules(config), _facts(config)
        return cls(str(base), pattern, None, evaluated, rules, facts, described(config), None)

    @classmethod
    def parameters(cls) -> Inputs:
        """Run-time parameters, whose values are passed with each run."""
        return cls(*(RuntimeParameter(name=field.name, ptype=str) for field in dataclasses.fields(cls)))


def parameter_values(config: Config, target: str, span: int | None = None) -> dict[str, str]:
    """The values of a run's parameters, as the configuration has them.

    Args:
      config: the configuration; it needs the target's section.
      target: `kubeflow` or `vertex`.
      span: of the table, if its pattern has `{SPAN}`; the newest by default.

    Returns:
      Texts by parameter name. `baseline` is among them only if the target's section has it.

    Raises:
      ConfigError: the configuration has no section for the target.
    """
    section = config.targets.get(target)
    base, pattern = section.location()
    taken = ""  # TFX's driver takes the newest span
    if span is not None:
        chosen = range_config_pb2.StaticRange(start_span_number=span, end_span_number=span)
        taken = _json(range_config_pb2.RangeConfig(static_range=chosen))
    values = {
        "input_base": base,
        "input_config": _json(input_config(pattern)),
        "range_config": taken,
        "eval_config": _json(eval_config(config)),
        "rules": json.dumps(_rules(config), sort_keys=True),
        "facts": json.dumps(_facts(config), sort_keys=True),
        "described": json.dumps(described(config)),
    }
    return values if section.baseline is None else {**values, "baseline": section.baseline}


def _rules(config: Config) -> dict[str, Any]:
    evaluate = config.evaluate.model_dump(mode="json", exclude_none=True)
    return {
        "family": config.family.text,
        "limits": {name: limit.model_dump(exclude_none=True) for name, limit in config.limits.items()},
        "slices": evaluate["slices"],
        "no_worse_than_live": config.evaluate.no_worse_than_live,
        "min_rows": config.evaluate.min_rows,
        "held_out": config.data.held_out,
    }


def _facts(config: Config) -> dict[str, Any]:
    return {"name": config.name, "config": config.fingerprint()}


def _json(message: Any) -> str:
    return str(proto_utils.proto_to_json(message))
