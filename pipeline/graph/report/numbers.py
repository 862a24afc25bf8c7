"""Numbers as the page shows them: rounded for eyes, and with all their digits in the `value` of a `<data>` element."""

from __future__ import annotations

import datetime
import math
from collections.abc import Callable

from markupsafe import Markup, escape

from pipeline.graph.figures import figure

_LARGE = 1e7  # from which on a number is told by a power of ten
NOTHING = "–"
MINUS = "\N{MINUS SIGN}"


def rounded(value: float, digits: int) -> str:
    """A number with so many digits, and all before the point; of very large and very small ones a power of ten."""
    text = figure(value, digits)
    if "e" in text and 1 < abs(value) < _LARGE:
        text = f"{value:.0f}"
    return _grouped(text).replace("-", MINUS)


def number(value: float | None, digits: int = 4) -> Markup:
    """A number with so many digits."""
    return _data(value, lambda known: rounded(known, digits))


def count(value: int | None) -> Markup:
    """A whole number, all digits, in groups of three."""
    return _data(value, lambda known: f"{known:,}")


def share(value: float | None, digits: int = 3) -> Markup:
    """A share as per cent."""
    return _data(value, lambda known: f"{rounded(100 * known, digits)}\N{NO-BREAK SPACE}%")


def signed(value: float | None, digits: int = 4) -> Markup:
    """A number with its sign."""
    return _data(value, lambda known: ("+" if known > 0 else "") + rounded(known, digits))


def p_value(value: float | None) -> Markup:
    """A p, none of which is 0: one that is very small, or too small for a 64-bit number, is told by what it is below."""
    return _data(value, lambda known: "< 0.0001" if known < 1e-4 else rounded(known, 3))


def factor(value: float | None) -> str:
    """A factor as the text of a picture."""
    return NOTHING if value is None else f"× {rounded(value, 3)}"


def figure_of(found: object | None, name: str) -> float | None:
    """A figure of something that may not be there."""
    value: float | None = None if found is None else getattr(found, name)
    return value


def moment(text: str) -> Markup:
    """A date and a time of ISO 8601 to the minute."""
    value = datetime.datetime.fromisoformat(text)
    return Markup('<time datetime="{}">{}</time>').format(text, f"{value.day} {value:%B %Y, %H:%M}")


def _data(value: float | None, shown: Callable[[float], str]) -> Markup:
    if value is None or not math.isfinite(value):
        return escape(NOTHING)
    return Markup(f'<data value="{value!r}">{escape(shown(value).replace("-", MINUS))}</data>')  # noqa: S704 - escaped


def _grouped(text: str) -> str:
    """Digits before the point in groups of three, where there are more than four."""
    whole, point, rest = text.partition(".")
    return text if "e" in text or len(whole.lstrip("-")) < 5 else f"{int(whole):,}{point}{rest}"


FILTERS = {
    "num": number,
    "count": count,
    "share": share,
    "signed": signed,
    "p": p_value,
    "factor": factor,
    "figure_of": figure_of,
    "moment": moment,
}
