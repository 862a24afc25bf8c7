"""The comparison with the live model: on the same rows if they are enough, else by both models' cross-validation."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from typing import TYPE_CHECKING

from components.linear_model.families import Family, named
from components.model_gate.check import Check, finite
from components.model_gate.measured import LABEL, ROWS, STANDARD_ERROR

if TYPE_CHECKING:
    from components.model_gate.verdict import Rules

CrossValidated = Mapping[str, float]


@dataclasses.dataclass(frozen=True)
class Described:
    """What a model says of itself.

    Attributes:
      family: its text.
      label: the column that it predicts.
      classes: of a family of classes the names of the negative one and the positive one.
      cross_validated: metrics on held-out folds and `rows`, or None.
    """

    family: str
    label: str
    classes: list[str] | None
    cross_validated: CrossValidated | None

    @property
    def predicts(self) -> str:
        """The label and what of it is 1, in words: models that differ in it can't be compared."""
        numbers = self.classes in (None, ["0", "1"])
        return repr(self.label) if numbers or not self.classes else f"{self.label!r} being {self.classes[1]!r}"


def allowance(values: Mapping[str, float], family: Family) -> float:
    """How much worse the metric that models are compared by may be whatever the relative change, on some evaluated rows.

    Args:
      values: `mean_label`, its standard error, and how many rows.
      family: says it by the labels' mean and variance.
    """
    error = values[LABEL + STANDARD_ERROR]
    variance = 0.0 if math.isnan(error) else error**2 * (values[ROWS] - 1)
    return family.allowance(values[LABEL], variance)


def compare(
    values: Mapping[str, float],
    live_values: Mapping[str, float],
    rules: Rules,
    candidate: Described | None,
    live: Described | None,
) -> Check:
    """Whether a candidate is no worse than the live model.

    Both are measured by the candidate's family. Where the live model is of another one, they are compared by a mean square, which
    the true means make least in any family; its cross-validation, which is by its own measure, is not asked.

    Args:
      values, live_values: metrics of the two on the whole split.
      rules: what a model must keep.
      candidate, live: what they say of themselves; None where that is not known.
    """
    family = named(rules.family)
    if candidate and live and candidate.predicts != live.predicts:
        return _not_compared(f"it predicts {live.predicts}, and this one {candidate.predicts}")
    other = named(live.family) if live and live.family != rules.family else family
    foreign = other.name != family.name
    metric = family.compared_across_by if foreign else family.compared_by
    folds = candidate.cross_validated if candidate else None
    live_folds = live.cross_validated if live and not foreign and other.power == family.power else None
    allowed = 0.0 if foreign else allowance(values, family)

    def change(where: str, now: Mapping[str, float], before: Mapping[str, float]) -> Check:
        found = _change(where, family, metric, now[metric], before[metric], rules.no_worse_than_live or 0.0, allowed)
        text = found.text
        if foreign:
            text = f"the live model is of another family, {other.text}; by what both have, {text}"
        elif other.text != family.text:
            text = f"the live model is {other.text}; {text}"
        return found.model_copy(update={"text": text, "by": "rows" if now is values else "cross-validation"})

    rows = f"{values[ROWS]:,.0f} rows"
    if rules.held_out and values[ROWS] >= rules.min_rows:
        return change("on overall", values, live_values)
    if folds is not None and live_folds is not None:
        why = f"as {rows} are too few to judge" if rules.held_out else "as none is held out"
        return change(f"cross-validated on {folds['rows']:,.0f} rows, {why},", folds, live_folds)
    if rules.held_out:
        where = f"on overall ({rows}, fewer than min_rows {rules.min_rows}, and no cross-validation of both models)"
        return change(where, values, live_values)
    why = "its cross-validation is not known"
    if foreign or other.power != family.power:
        why = f"its cross-validation is by another measure, that of {other.text}"
    return _not_compared(f"no rows are held out, and {why}")


def _not_compared(why: str) -> Check:
    return Check(text=f"not compared with the live model: {why}", kept=True, by="nothing")


def _change(
    where: str, family: Family, name: str, value: float, live: float, tolerance: float, allowed: float
) -> Check:
    [metric] = [metric for metric in family.metrics if metric.name == name]
    less = metric.better != "more"
    worse, room = value - live if less else live - value, max(tolerance * abs(live), allowed)
    kept = worse <= room
    change = f"{(value - live) / live:+.2%}" if live > 0 else f"{value - live:+.6g}"
    return Check(
        text=f"{name} {where} is {value:.6g} against {live:.6g} of the live model ({change}); at most {tolerance:+.2%}, or "
        f"{allowed:.3g}, is allowed: {'kept' if kept else 'not kept'}",
        kept=kept,
        metric=name,
        least=None if less else finite(live - room),
        greatest=finite(live + room) if less else None,
        value=finite(value),
        live=finite(live),
    )
