"""A dependence among columns in words and raw units: "construc = 3 − indust − 2·manuf"."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

Scale = tuple[float, float]  # mean and standard deviation that were taken out: raw = mean + std·column


def dependence_text(
    column: int,
    on: Mapping[int, float],
    doubt: Mapping[int, float],
    tolerance: float,
    scales: Mapping[int, Scale],
    names: Sequence[str],
    intercept: int | None,
) -> str:
    """Says what a column equals.

    The factors come from columns that may have been scaled, and are only as sure as the rank's tolerance allows: they are
    brought back to raw units, a number within its doubt of an integer is that integer, and no digit is shown that is in doubt.

    Args:
      column: its place.
      on: place of each column it depends on, and the factor: column = Σ factor · other. May hold the intercept's.
      doubt: by the same places, how far a factor may be off.
      tolerance: the relative one by which columns count as dependent.
      scales: by place; a column that is not in it was not scaled.
      names: of all columns.
      intercept: place of the column of ones; None if there is none.
    """
    name, ones = names[column], -1 if intercept is None else intercept
    mean, std = scales.get(column, (0.0, 1.0))
    constant = mean + std * on.get(ones, 0.0)
    unsure = tolerance * abs(mean) + std * max(doubt.get(ones, 0.0), tolerance * abs(on.get(ones, 0.0)))
    terms: list[tuple[float, str, str]] = []
    for other, factor in on.items():
        if other == ones:
            continue
        other_mean, other_std = scales.get(other, (0.0, 1.0))
        in_doubt = std * doubt[other] / other_std
        raw = _settled(std * factor / other_std, in_doubt)
        constant -= raw * other_mean
        unsure += (tolerance if raw == round(raw) else in_doubt / abs(raw)) * abs(raw * other_mean)
        terms.append((raw, _figure(raw, in_doubt), names[other]))
    constant = _settled(constant, max(unsure, tolerance))
    if not terms:
        return f"{name} is {_figure(constant, unsure)} in every training row"
    text = "" if constant == 0 else _figure(constant, unsure)
    for raw, figure, by in terms:
        sign = "−" if raw < 0 else "+"
        size = figure.removeprefix("-")
        product = by if size == "1" else f"{size}·{by}"
        text += f" {sign} {product}" if text else f"{sign.replace('+', '')}{product}"
    return f"{name} = {text.replace('-', '−', 1) if text.startswith('-') else text}"


def _settled(value: float, doubt: float) -> float:
    """The integer that a value is within its doubt, or the value."""
    if abs(value) <= doubt:
        return 0.0
    nearest = float(round(value))
    return nearest if abs(value - nearest) <= min(doubt, 0.05) else value


def _figure(value: float, doubt: float) -> str:
    """At most six digits, and none that is in doubt; integers whole."""
    if value == round(value) and abs(value) < 1e15:
        return f"{value:.0f}"
    digits = 6
    if 0 < doubt < abs(value):
        digits = min(6, max(1, math.floor(math.log10(abs(value) / doubt))))
    return f"{value:.{digits}g}"
