"""From numbers to places in a picture, and the round numbers that stand at its axes."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterable, Sequence

MINUS = "\N{MINUS SIGN}"
_SUPERSCRIPT = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_FAR = 1e6  # from which on a tick is told by a power of ten
_NEAR = 1e-4
_LEAST = 1e-290  # what is nearer to 0 is taken for it: its digits are few


@dataclasses.dataclass(frozen=True)
class Scale:
    """Along one axis.

    Attributes:
      low, high: the numbers at its ends, low < high; of a logarithmic one both above 0.
      begin, end: their places, in units of the picture.
      log: whether equal ratios are equally far apart.
    """

    low: float
    high: float
    begin: float
    end: float
    log: bool = False

    def __call__(self, value: float) -> float:
        """The place of a number; of one beyond an end that end."""
        low, high, value = (self._along(one) for one in (self.low, self.high, min(max(value, self.low), self.high)))
        return self.begin + (self.end - self.begin) * (value - low) / (high - low)

    def _along(self, value: float) -> float:
        return math.log10(value) if self.log else value

    def ticks(self, most: int = 5) -> list[float]:
        """Round numbers within it: 1, 2 or 5 times a power of ten apart, about as many as `most`."""
        if self.log:
            return self._powers(most)
        step = nice((self.high - self.low) / most)
        first = math.ceil(self.low / step - 1e-9)
        return [step * place for place in range(first, math.floor(self.high / step + 1e-9) + 1)]

    def _powers(self, most: int) -> list[float]:
        first, last = math.floor(math.log10(self.low)), math.ceil(math.log10(self.high))
        within = [
            times * 10.0**power
            for power in range(first, last + 1, max(1, math.ceil((last - first) / most)))
            for times in ((1, 2, 5) if last - first < 3 else (1,))
        ]
        return [tick for tick in within if self.low * (1 - 1e-9) <= tick <= self.high * (1 + 1e-9)]


def nice(rough: float) -> float:
    """The least of 1, 2 and 5 times a power of ten that is not below a number above 0."""
    power = 10.0 ** math.floor(math.log10(rough))
    return next((times * power for times in (1.0, 2.0, 5.0) if rough <= times * power * (1 + 1e-9)), 10 * power)


def over(
    values: Iterable[float | None],
    begin: float,
    end: float,
    *,
    log: bool = False,
    zero: bool = False,
    room: float = 0.0,
) -> Scale:
    """A scale that has all of some numbers on it.

    Args:
      values: the numbers; those that are None, not finite, or not above 0 on a logarithmic scale are passed over.
      begin, end: places of its ends.
      log: whether it is logarithmic.
      zero: whether 0 is on it.
      room: what is left free at either end, as a share of the range.
    """
    known = [value for value in values if value is not None and math.isfinite(value)]
    known = [value for value in known if value > _LEAST] if log else [value * (abs(value) > _LEAST) for value in known]
    known += [0.0] if zero and not log else []
    low, high = min(known, default=0.1 if log else 0.0), max(known, default=1.0)
    if log:
        apart = high > low * (1 + 1e-9)
        return Scale(low, high, begin, end, log=True) if apart else Scale(low / 2, high * 2, begin, end, log=True)
    if high - low <= 1e-12 * max(abs(low), abs(high)):
        half = abs(low) / 2 or 0.5
        low, high = low - half, high + half
    free = room * (high - low)
    return Scale(low - free, high + free, begin, end)


def tick_texts(ticks: Sequence[float], *, log: bool = False) -> list[str]:
    """Numbers of an axis as texts, with as many decimals as tell neighbours apart; of a logarithmic one each with its own."""
    largest = max((abs(tick) for tick in ticks), default=0.0)
    smallest = min((abs(tick) for tick in ticks if tick), default=1.0)
    apart = min((second - first for first, second in itertools.pairwise(ticks)), default=largest or 1.0)
    if largest >= _FAR or smallest < _NEAR:
        return [_power(tick) for tick in ticks]
    if log:
        return [_plain(tick, max(0, -math.floor(math.log10(tick) + 1e-9))) for tick in ticks]
    decimals = max(0, -math.floor(math.log10(apart) + 1e-9))
    return [_plain(tick, decimals) for tick in ticks]


def _plain(tick: float, decimals: int) -> str:
    text = f"{tick:.{decimals}f}"
    whole, point, rest = text.lstrip("-").partition(".")
    grouped = (f"{int(whole):,}" if len(whole) > 4 else whole) + point + rest
    return MINUS + grouped if tick < 0 and float(text) else grouped


def _power(tick: float) -> str:
    if not tick:
        return "0"
    mantissa, _, exponent = f"{tick:.2e}".partition("e")
    digits = mantissa.rstrip("0").rstrip(".").replace("-", MINUS)
    power = "10" + str(int(exponent)).translate(_SUPERSCRIPT)
    return {"1": power, f"{MINUS}1": MINUS + power}.get(digits, f"{digits}·{power}")
