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

from components.json_file import JsonFile
from components.linear_model.families import FAMILIES, Family

VERDICT_FILE = "verdict.json"
WAY_OUT = "Run the step again: plumbline run CONFIG --from ModelGate."
SliceKey = tuple[tuple[str, str], ...]  # () is the whole split
LEVEL = 0.95
STANDARD_ERROR = "_standard_error"  # what the name of a metric's standard error ends in
ROWS, LABEL = "example_count", "mean_label"
Metrics = Mapping[SliceKey, Mapping[str, float]]
CrossValidated = Mapping[str, float]


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
      split: the split that was evaluated: `eval`, or `train` where no rows are held out.
      metrics: by slice (`overall`, or `column=value`), by metric; None for what is not a number.
      intervals: the same, low and high; None where there are too few rows for one.
      cross_validated: metrics of the cross-validation, and `rows`; None where there was none (gradient descent).
      baseline: metrics of the live model by slice, or None where there was none.
    """

    format: Literal[1] = 1
    blessed: bool
    reasons: list[str]
    checks: list[str]
    split: Literal["eval", "train"]
    metrics: dict[str, dict[str, float | None]]
    intervals: dict[str, dict[str, tuple[float, float] | None]]
    cross_validated: dict[str, float] | None
    baseline: dict[str, dict[str, float | None]] | None


def slice_name(key: SliceKey) -> str:
    """`overall`, or `column=value` (several joined by a comma)."""
    return ", ".join(f"{column}={value}" for column, value in key) or "overall"


def within(value: float | None, limit: Mapping[str, float]) -> bool:
    """Whether a value keeps a limit; a missing value or NaN keeps none."""
    if value is None or math.isnan(value):
        return False
    return limit.get("min", -math.inf) <= value <= limit.get("max", math.inf)


def interval(values: Mapping[str, float], metric: str) -> tuple[float, float] | None:
    """Where a metric lies if other rows had been drawn, at `LEVEL`; None without a finite standard error."""
    error, rows = values.get(metric + STANDARD_ERROR, math.nan), values[ROWS]
    if not math.isfinite(error) or rows < 2 or not math.isfinite(values[metric]):
        return None
    from scipy import stats  # slow to import, and the configuration needs none of it

    half = float(stats.t.ppf(0.5 + LEVEL / 2, rows - 1)) * error
    return values[metric] - half, values[metric] + half


def allowance(values: Mapping[str, float], family: Family) -> float:
    """How much worse the metric that models are compared by may be whatever the relative change, on some evaluated rows.

    Args:
      values: `mean_label`, its standard error, and how many rows.
      family: says it by the labels' mean and variance.
    """
    error = values[LABEL + STANDARD_ERROR]
    variance = 0.0 if math.isnan(error) else error**2 * (values[ROWS] - 1)
    return family.allowance(values[LABEL], variance)


def judge(
    metrics: Metrics,
    baseline: Metrics | None,
    rules: Rules,
    cross_validated: CrossValidated | None,
    live_cross_validated: CrossValidated | None,
) -> Verdict:
    """The verdict.

    Args:
      metrics: of the candidate, standard errors among them.
      baseline: of the live model on the same rows, or None.
      rules: what it must keep.
      cross_validated: the candidate's, or None.
      live_cross_validated: the live model's, or None where it is not known.
    """
    checks = [_whole(metric, limit, metrics[()], rules, cross_validated) for metric, limit in rules.limits.items()]
    for entry in rules.slices:
        found = [key for key in metrics if {column for column, _ in key} == set(entry["columns"])]
        if entry["limits"] and not found:
            columns = ", ".join(entry["columns"])
            checks.append((f"limits are set for slices by {columns}, and no row fell into one", False))
        for key in found:
            checks += [_slice(metric, limit, key, metrics[key], rules) for metric, limit in entry["limits"].items()]
    if baseline is not None and rules.no_worse_than_live is not None:
        checks.append(_live(metrics[()], baseline[()], rules, cross_validated, live_cross_validated))
    reasons = [text for text, kept in checks if not kept]
    return Verdict(
        blessed=not reasons,
        reasons=reasons,
        checks=[text for text, _ in checks],
        split="eval" if rules.held_out else "train",
        metrics={slice_name(key): plain(values) for key, values in metrics.items()},
        intervals={
            slice_name(key): {metric: interval(values, metric) for metric in plain(values) if metric != ROWS}
            for key, values in metrics.items()
        },
        cross_validated=None if cross_validated is None else dict(cross_validated),
        baseline=None if baseline is None else {slice_name(key): plain(values) for key, values in baseline.items()},
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
) -> tuple[str, bool]:
    """A limit on the whole split."""
    other = None if cross_validated is None else cross_validated.get(metric)
    if not rules.held_out:
        what = f"{metric}, cross-validated on {_rows(cross_validated or {'rows': 0})} as none is held out, "
        return _sentence(what, other, limit)
    seen, doubt = _seen(metric, values, limit, rules)
    if not doubt or other is None:
        return _sentence(f"{metric} on overall ", values.get(metric), limit, seen + doubt)
    assert cross_validated is not None  # noqa: S101
    what = f"{metric} on overall is {values[metric]:.6g}{seen}{doubt}; cross-validated on {_rows(cross_validated)} it "
    return _sentence(what, other, limit)


def _slice(
    metric: str, limit: Mapping[str, float], key: SliceKey, values: Mapping[str, float], rules: Rules
) -> tuple[str, bool]:
    """A limit on a slice, which has no cross-validation of its own."""
    seen, doubt = _seen(metric, values, limit, rules)
    what = f"{metric} on {slice_name(key)} "
    if values[ROWS] < rules.min_rows:
        return f"{what}is {_figure(values.get(metric))}{seen}{doubt}: not judged", True
    return _sentence(what, values.get(metric), limit, seen + doubt)


def _live(
    values: Mapping[str, float],
    live: Mapping[str, float],
    rules: Rules,
    cross_validated: CrossValidated | None,
    live_cross_validated: CrossValidated | None,
) -> tuple[str, bool]:
    """The comparison with the live model, on the same rows if they are enough, else by both models' cross-validation."""
    family = FAMILIES[rules.family]

    def change(where: str, now: Mapping[str, float], before: Mapping[str, float]) -> tuple[str, bool]:
        found = now[family.compared_by], before[family.compared_by]
        return _change(where, family, *found, rules.no_worse_than_live or 0.0, allowance(values, family))

    rows = f"{values[ROWS]:,.0f} rows"
    if rules.held_out and values[ROWS] >= rules.min_rows:
        return change("on overall", values, live)
    if cross_validated is not None and live_cross_validated is not None:
        why = f"as {rows} are too few to judge" if rules.held_out else "as none is held out"
        return change(f"cross-validated on {_rows(cross_validated)}, {why},", cross_validated, live_cross_validated)
    if rules.held_out:
        where = f"on overall ({rows}, fewer than min_rows {rules.min_rows}, and no cross-validation of both models)"
        return change(where, values, live)
    return "not compared with the live model: no rows are held out, and its cross-validation is not known", True


def _change(
    where: str, family: Family, value: float, live: float, tolerance: float, allowed: float
) -> tuple[str, bool]:
    [metric] = [metric for metric in family.metrics if metric.name == family.compared_by]
    worse = live - value if metric.better == "more" else value - live
    kept = worse <= max(tolerance * abs(live), allowed)
    change = f"{(value - live) / live:+.2%}" if live > 0 else f"{value - live:+.6g}"
    return (
        f"{metric.name} {where} is {value:.6g} against {live:.6g} of the live model ({change}); at most {tolerance:+.2%}, or "
        f"{allowed:.3g}, is allowed: {'kept' if kept else 'not kept'}",
        kept,
    )


def _seen(metric: str, values: Mapping[str, float], limit: Mapping[str, float], rules: Rules) -> tuple[str, str]:
    """The interval and the rows in words; and why they don't decide about a limit, empty if they do."""
    found, rows = interval(values, metric), values[ROWS]
    words = f" ({'' if found is None else f'95 % interval {found[0]:.6g} to {found[1]:.6g}, '}{rows:,.0f} rows)"
    if rows < rules.min_rows:
        return words, f", too few to judge (min_rows {rules.min_rows})"
    if found is None:
        return words, ""
    low, high = limit.get("min", -math.inf), limit.get("max", math.inf)
    straddled = any(found[0] < end < found[1] for end in (low, high))
    return words, ", which can't tell it from the limit" if straddled else ""


def _sentence(what: str, value: float | None, limit: Mapping[str, float], seen: str = "") -> tuple[str, bool]:
    kept = within(value, limit)
    bounds = " and ".join(f"{'at least' if side == 'min' else 'at most'} {limit[side]:g}" for side in limit)
    figure = "was not computed" if value is None else f"is {value:.6g}"
    return f"{what}{figure}{seen}; the limit is {bounds}: {'kept' if kept else 'not kept'}", kept


def _figure(value: float | None) -> str:
    return "unknown" if value is None else f"{value:.6g}"


def _rows(cross_validated: CrossValidated) -> str:
    return f"{cross_validated['rows']:,.0f} rows"
