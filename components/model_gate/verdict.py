"""The verdict on a model: which limits it keeps, on what evidence, in words.

The evidence is the evaluated split where it has rows enough to tell, and the cross-validation of the training rows where it has
not, or where no rows are held out. A metric is the mean of what was drawn by chance, so it comes with a 95 % interval (Student's
t); a limit that lies inside the interval is not decided by the split.

"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import Any, Literal

from pydantic import Field

from components.json_file import JsonFile
from components.linear_model.families import Family, named
from components.model_gate.check import Check, finite
from components.model_gate.live import CrossValidated, Described, compare
from components.model_gate.measured import ROWS, STANDARD_ERROR
from components.model_gate.tables import Tables

VERDICT_FILE = "verdict.json"
WAY_OUT = "Run the step again: plumbline run CONFIG --from ModelGate."
SliceKey = tuple[tuple[str, str], ...]  # () is the whole split
LEVEL = 0.95
Metrics = Mapping[SliceKey, Mapping[str, float]]


@dataclasses.dataclass(frozen=True)
class Rules:
    """What a model must keep.

    Attributes:
      family: its name; it says by which metric a candidate is compared with the live model.
      limits: by metric `{"min", "max"}` or one of them, on the whole split.
      slices: `{"columns", "limits"}` each.
      no_worse_than_live: how much larger than the live model's the candidate's metric may be, relative; None for any.
      min_rows: fewer rows judge nothing.
      held_out: whether the evaluated rows were held out.
    """

    family: str
    limits: dict[str, dict[str, float]]
    slices: list[dict[str, Any]]
    no_worse_than_live: float | None
    min_rows: int
    held_out: bool


class Verdict(JsonFile):
    """verdict.json.

    Attributes:
      blessed: whether every limit was kept.
      reasons: one sentence per limit that was not kept; empty where blessed.
      checks: one sentence per limit that was looked at.
      judged: the same with their numbers; empty in a file of a format before 3.
      split: the split that was evaluated: `eval`, or `train` where no rows are held out.
      metrics: by slice (`overall`, or `column=value`), by metric; None for what is not a number.
      intervals: the same, low and high; None where there are too few rows for one.
      cross_validated: metrics of the cross-validation, and `rows`; None where there was none (gradient descent).
      baseline: metrics of the live model by slice, or None where there was none.
      tables: of the whole split; None for least squares, and in a file of format 1.
    """

    format: Literal[1, 2, 3] = 3
    blessed: bool
    reasons: list[str]
    checks: list[str]
    split: Literal["eval", "train"]
    metrics: dict[str, dict[str, float | None]]
    intervals: dict[str, dict[str, tuple[float, float] | None]]
    cross_validated: dict[str, float] | None
    baseline: dict[str, dict[str, float | None]] | None
    tables: Tables | None = None
    judged: list[Check] = Field(default=[])


def slice_name(key: SliceKey) -> str:
    """`overall`, or `column=value` (several joined by a comma)."""
    return ", ".join(f"{column}={value}" for column, value in key) or "overall"


def within(value: float | None, limit: Mapping[str, float]) -> bool:
    """Whether a value keeps a limit; a missing value or NaN keeps none."""
    if value is None or math.isnan(value):
        return False
    return limit.get("min", -math.inf) <= value <= limit.get("max", math.inf)


def interval(values: Mapping[str, float], metric: str, family: Family) -> tuple[float, float] | None:
    """Where a metric lies if other rows had been drawn, at `LEVEL`; None without a finite standard error."""
    error, rows = values.get(metric + STANDARD_ERROR, math.nan), values[ROWS]
    if not math.isfinite(error) or rows < 2 or not math.isfinite(values[metric]):
        return None
    from scipy import stats  # slow to import, and the configuration needs none of it

    half = float(stats.t.ppf(0.5 + LEVEL / 2, rows - 1)) * error
    low, high = values[metric] - half, values[metric] + half
    share = any(known.share for known in family.metrics if known.name == metric)
    return (max(low, 0.0), min(high, 1.0)) if share else (low, high)


def judge(
    metrics: Metrics,
    baseline: Metrics | None,
    rules: Rules,
    candidate: Described | None,
    live: Described | None,
    tables: Tables | None = None,
) -> Verdict:
    """The verdict.

    Args:
      metrics: of the candidate, standard errors among them.
      baseline: of the live model on the same rows, or None.
      rules: what it must keep.
      candidate, live: what the models say of themselves; None where that is not known.
      tables: the candidate's on the whole split.
    """
    cross_validated = candidate.cross_validated if candidate else None
    checks = [_whole(metric, limit, metrics[()], rules, cross_validated) for metric, limit in rules.limits.items()]
    for entry in rules.slices:
        found = [key for key in metrics if {column for column, _ in key} == set(entry["columns"])]
        if entry["limits"] and not found:
            columns = ", ".join(entry["columns"])
            text = f"limits are set for slices by {columns}, and no row fell into one"
            checks.append(Check(text=text, kept=False, by="nothing"))
        for key in found:
            checks += [_slice(metric, limit, key, metrics[key], rules) for metric, limit in entry["limits"].items()]
    if baseline is not None and rules.no_worse_than_live is not None:
        checks.append(compare(metrics[()], baseline[()], rules, candidate, live))
    reasons = [check.text for check in checks if not check.kept]
    family = named(rules.family)
    return Verdict(
        blessed=not reasons,
        reasons=reasons,
        checks=[check.text for check in checks],
        judged=checks,
        split="eval" if rules.held_out else "train",
        metrics={slice_name(key): plain(values) for key, values in metrics.items()},
        intervals={
            slice_name(key): {metric: interval(values, metric, family) for metric in plain(values) if metric != ROWS}
            for key, values in metrics.items()
        },
        cross_validated=None if cross_validated is None else dict(cross_validated),
        baseline=None if baseline is None else {slice_name(key): plain(values) for key, values in baseline.items()},
        tables=tables,
    )


def plain(values: Mapping[str, float]) -> dict[str, float | None]:
    """The metrics without their standard errors, None for what is no finite number."""
    return {
        name: value if math.isfinite(value) else None
        for name, value in values.items()
        if not name.endswith(STANDARD_ERROR)
    }


def _whole(
    metric: str,
    limit: Mapping[str, float],
    values: Mapping[str, float],
    rules: Rules,
    cross_validated: CrossValidated | None,
) -> Check:
    """A limit on the whole split."""
    other = None if cross_validated is None else cross_validated.get(metric)
    if not rules.held_out:
        what = f"{metric}, cross-validated on {_rows(cross_validated or {'rows': 0})} as none is held out, "
        return _check(metric, (), limit, other, what, by="cross-validation")
    seen, doubt = _seen(metric, values, limit, rules)
    if not doubt or other is None:
        return _check(metric, (), limit, values.get(metric), f"{metric} on overall ", seen + doubt)
    assert cross_validated is not None  # noqa: S101
    what = f"{metric} on overall is {values[metric]:.6g}{seen}{doubt}; cross-validated on {_rows(cross_validated)} it "
    return _check(metric, (), limit, other, what, by="cross-validation")


def _slice(metric: str, limit: Mapping[str, float], key: SliceKey, values: Mapping[str, float], rules: Rules) -> Check:
    """A limit on a slice, which has no cross-validation of its own."""
    seen, doubt = _seen(metric, values, limit, rules)
    found = _check(metric, key, limit, values.get(metric), f"{metric} on {slice_name(key)} ", seen + doubt)
    if values[ROWS] >= rules.min_rows:
        return found
    text = f"{metric} on {slice_name(key)} is {_figure(values.get(metric))}{seen}{doubt}: not judged"
    return found.model_copy(update={"text": text, "kept": True, "by": "nothing"})


def _seen(metric: str, values: Mapping[str, float], limit: Mapping[str, float], rules: Rules) -> tuple[str, str]:
    """The interval and the rows in words; and why they don't decide about a limit, empty if they do."""
    found, rows = interval(values, metric, named(rules.family)), values[ROWS]
    words = f" ({'' if found is None else f'95 % interval {found[0]:.6g} to {found[1]:.6g}, '}{rows:,.0f} rows)"
    if rows < rules.min_rows:
        return words, f", too few to judge (min_rows {rules.min_rows})"
    if found is None:
        return words, ""
    low, high = limit.get("min", -math.inf), limit.get("max", math.inf)
    straddled = any(found[0] < end < found[1] for end in (low, high))
    return words, ", which can't tell it from the limit" if straddled else ""


def _check(
    metric: str,
    key: SliceKey,
    limit: Mapping[str, float],
    value: float | None,
    what: str,
    seen: str = "",
    by: Literal["rows", "cross-validation"] = "rows",
) -> Check:
    """A limit that decides, with the sentence that says so."""
    kept = within(value, limit)
    bounds = " and ".join(f"{'at least' if side == 'min' else 'at most'} {limit[side]:g}" for side in limit)
    figure = "was not computed" if value is None else f"is {_figure(value)}"
    return Check(
        text=f"{what}{figure}{seen}; the limit is {bounds}: {'kept' if kept else 'not kept'}",
        kept=kept,
        metric=metric,
        slice=slice_name(key),
        least=limit.get("min"),
        greatest=limit.get("max"),
        by=by,
        value=finite(value),
    )


def _figure(value: float | None) -> str:
    if value is None:
        return "unknown"
    return "undefined" if math.isnan(value) else f"{value:.6g}"


def _rows(cross_validated: CrossValidated) -> str:
    return f"{cross_validated['rows']:,.0f} rows"
