"""The verdict in words, from TFMA's metrics and its validation result.

`verdict.json`:
  blessed: whether TFMA's validation passed.
  reasons: one sentence per limit that was not kept; empty where blessed.
  checks: one sentence per limit that was looked at.
  metrics: by slice (`overall`, or `column=value`), by metric.
  baseline: metrics of the live model by slice, or None where there was none.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

VERDICT_FILE = "verdict.json"
SliceKey = tuple[tuple[str, str], ...]  # () is the whole split
LIVE_METRIC = "mean_squared_error"  # what a candidate is compared with the live model by
Metrics = Mapping[SliceKey, Mapping[str, float]]


def slice_name(key: SliceKey) -> str:
    """`overall`, or `column=value` (several joined by a comma)."""
    return ", ".join(f"{column}={value}" for column, value in key) or "overall"


def change_sentence(metric: str, where: str, value: float, live: float, limit: float, kept: bool) -> str:
    """The sentence on one limit against the live model. `limit` is relative to the live model's value."""
    change = f"{(value - live) / live:+.2%}" if live else "no relative change can be taken of 0"
    return (
        f"{metric} on {where} is {value:.6g} against {live:.6g} of the live model ({change}); "
        f"at most {limit:+.2%} is allowed: {'kept' if kept else 'not kept'}"
    )


def limit_sentence(metric: str, where: str, value: float | None, limit: Mapping[str, float], kept: bool) -> str:
    """The sentence on one fixed limit (`min`, `max` or both)."""
    bounds = " and ".join(f"{'at least' if side == 'min' else 'at most'} {limit[side]:g}" for side in limit)
    seen = "was not computed" if value is None else f"is {value:.6g}"
    return f"{metric} on {where} {seen}; the limit is {bounds}: {'kept' if kept else 'not kept'}"


def within(value: float | None, limit: Mapping[str, float]) -> bool:
    """Whether a value keeps a limit; a missing value or NaN keeps none."""
    if value is None or math.isnan(value):
        return False
    return limit.get("min", -math.inf) <= value <= limit.get("max", math.inf)


def explain(
    validation_ok: bool,
    metrics: Metrics,
    baseline: Metrics | None,
    rules: Mapping[str, Any],
    missing_slices: list[str],
) -> dict[str, Any]:
    """The verdict, laid out as in this module's text.

    Args:
      validation_ok: TFMA's decision, which is the one that counts.
      metrics: of the candidate.
      baseline: of the live model, or None.
      rules: `limits` (metric to min/max, overall), `slices` (list of `{"columns", "limits"}`), `no_worse_than_live`
        (relative, on `LIVE_METRIC`, or None).
      missing_slices: slices that limits were set for and no row fell into.

    Raises:
      RuntimeError: the reasons found here contradict TFMA's decision.
    """
    checks: list[tuple[str, bool]] = []
    for metric, limit in rules["limits"].items():
        checks.append(_check(metric, (), metrics, limit))
    for entry in rules["slices"]:
        for key in metrics:
            if {column for column, _ in key} == set(entry["columns"]):
                checks.extend(_check(metric, key, metrics, limit) for metric, limit in entry["limits"].items())
    tolerance = rules["no_worse_than_live"]
    if baseline is not None and tolerance is not None:
        value, live = metrics[()][LIVE_METRIC], baseline[()][LIVE_METRIC]
        kept = live != 0 and (value - live) / live <= tolerance  # as TFMA has it
        checks.append((change_sentence(LIVE_METRIC, "overall", value, live, tolerance, kept), kept))
    checks.extend((f"limits are set for slice {where}, and no row fell into it", False) for where in missing_slices)
    reasons = [text for text, kept in checks if not kept]
    if validation_ok == bool(reasons):
        raise RuntimeError(
            f"TFMA's validation says {'passed' if validation_ok else 'failed'}, and these checks say: "
            f"{'; '.join(text for text, _ in checks)}"
        )
    return {
        "blessed": validation_ok,
        "reasons": reasons,
        "checks": [text for text, _ in checks],
        "metrics": {slice_name(key): values for key, values in metrics.items()},
        "baseline": None if baseline is None else {slice_name(key): values for key, values in baseline.items()},
    }


def _check(metric: str, key: SliceKey, metrics: Metrics, limit: Mapping[str, float]) -> tuple[str, bool]:
    value = metrics[key].get(metric)
    kept = within(value, limit)
    return limit_sentence(metric, slice_name(key), value, limit, kept), kept
