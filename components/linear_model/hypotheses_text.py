"""What a text says of coefficients: `a = b, 2*c - d/2 = 1`.

    hypotheses: equation {"," equation}
    equation:   sum {"=" sum}                   a sum without "=" is to be 0
    sum:        product {("+" | "-") product}
    product:    factor {("*" | "/") factor}     of a product one factor at most has names; a divisor none
    factor:     number | name | "(" sum ")" | ("+" | "-") factor

A name is a column's, as the table of coefficients has it, or a feature's, which stands for each of its columns. The longest known
name is taken, whatever characters are in it; between back-ticks or double quotes it is the name there.
"""

from __future__ import annotations

import dataclasses
import difflib
import re
import unicodedata
from collections.abc import Mapping, Sequence
from fractions import Fraction
from itertools import pairwise

import numpy as np

from components.errors import ConfigError
from components.linear_model.absorbed_covariance import variances
from components.linear_model.linear_fit import LinearFit
from components.values.names import shown

Weights = dict[int, Fraction]  # of coefficients, by their places; none is 0

_NUMBER = re.compile(r"(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?(?!\w)")
_WORD = re.compile(r"[^=,+*/()\s-]+")  # what an unknown name is taken for
_PLAIN = re.compile(r"[^\W\d][\w.]*(?:\[[^\[\]`]+\])?|\(intercept\)")
_SHOWN = 40  # characters, in an error


@dataclasses.dataclass(frozen=True)
class Names:
    """What a hypothesis may name.

    Attributes:
      columns: names of the coefficients, [1 + p], the intercept first.
      features: by name the places of the columns that have a coefficient of their own.
      without: by place, why a column has no coefficient that can be tested.
      references: places of those that are 0 by definition.
    """

    columns: Sequence[str]
    features: Mapping[str, list[int]]
    without: Mapping[int, str]
    references: frozenset[int]

    @classmethod
    def of(cls, found: LinearFit) -> Names:
        """Those of a fit."""
        fit, references = found.fit, frozenset(found.references.values())
        without = {
            place: "it has no standard error"
            for place in np.flatnonzero(np.isnan(variances(fit.covariance))).tolist()
            if place not in references
        }
        without |= {column.column: f"it was left out: {column.because}" for column in fit.dropped}
        if fit.bounds is not None:
            without |= dict.fromkeys(fit.bounds.columns, "it is on a bound, and has no standard error")
        without |= dict.fromkeys(found.design.offsets, "it is an offset: its coefficient is 1, and not estimated")
        features = {
            shown(feature): [place for place in places if place not in without and place not in references]
            for feature, places in found.design.by_feature().items()
        }
        return cls(fit.names, features, without, references)

    @property
    def all(self) -> list[str]:
        """Every name, the longest first; a column's comes before that of a feature, which may be the same."""
        return sorted(dict.fromkeys([*self.columns, *self.features]), key=len, reverse=True)


@dataclasses.dataclass(frozen=True)
class _Sum:
    """What an expression is: by row its weights, and one constant for all rows; a feature gives a row a column."""

    rows: list[Weights]
    constant: Fraction
    named: bool

    def times(self, by: Fraction) -> _Sum:
        rows = [{place: weight * by for place, weight in row.items() if by} for row in self.rows]
        return _Sum(rows, self.constant * by, self.named)


class Reader:
    """Reads a text from left to right. All that it raises is a ConfigError.

    Attributes:
      references: names of reference levels that were met.
    """

    def __init__(self, text: str, names: Names) -> None:
        self._text, self._names, self._at = unicodedata.normalize("NFC", text), names, 0
        self._known, self._places = names.all, {name: index for index, name in enumerate(names.columns)}
        self.references: list[str] = []

    def equations(self) -> list[tuple[Weights, Fraction]]:
        """Weights and constant of each equation."""
        found = self._equation()
        while self._take(","):
            found += self._equation()
        if self._peek():
            raise self._wrong("an operator, =, a comma or the end")
        return found

    def _equation(self) -> list[tuple[Weights, Fraction]]:
        sides = [self._sum()]
        while self._take("="):
            sides.append(self._sum())
        if len(sides) == 1:
            sides.append(_Sum([{}], Fraction(0), False))
        found = []
        for left, right in pairwise(sides):
            difference = self._added(left, right.times(Fraction(-1)))
            found += [(row, -difference.constant) for row in difference.rows]
        return found

    def _sum(self) -> _Sum:
        total = self._product()
        while sign := self._take("+-"):
            more = self._product()
            total = self._added(total, more if sign == "+" else more.times(Fraction(-1)))
        return total

    def _product(self) -> _Sum:
        total = self._factor()
        while sign := self._take("*/"):
            begin, by = self._at, self._factor()
            if sign == "*" and not total.named:
                total, by = by, total
            if by.named:
                self._at = begin
                raise self._wrong("a number, for the hypotheses are linear")
            if sign == "/" and not by.constant:
                self._at = begin
                raise self._wrong("a divisor that is not 0")
            total = total.times(by.constant if sign == "*" else 1 / by.constant)
        return total

    def _factor(self) -> _Sum:
        rest = self._peek()
        if rest[:1] in ('"', "`") and not self._known_here(rest):
            name, closed, _ = rest[1:].partition(rest[0])
            if not closed or not name:
                raise self._wrong(f"a name between {rest[0]} and {rest[0]}")
            if name not in self._known:
                raise self._unknown(name)
            self._at += len(name) + 2
            return self._named(name)
        number, known = _NUMBER.match(rest), self._known_here(rest)
        if number is not None and len(number[0]) >= len(known):
            self._at += len(number[0])
            return _Sum([{}], Fraction(number[0]), False)
        if known:
            self._at += len(known)
            return self._named(known)
        if sign := self._take("+-"):
            return self._factor().times(Fraction(-1 if sign == "-" else 1))
        if self._take("("):
            inner = self._sum()
            if not self._take(")"):
                raise self._wrong("a closing parenthesis")
            return inner
        word = _WORD.match(rest)
        if word is None:
            raise self._wrong("a name or a number")
        raise self._unknown(self._whole_word(rest))

    def _known_here(self, rest: str) -> str:
        """The longest known name that the rest begins with, and that does not end within a word; empty if there is none."""
        for name in self._known:
            within = re.match(r"\w[\w.\[]", rest[len(name) - 1 : len(name) + 1])
            if rest.startswith(name) and within is None:
                return name
        return ""

    @staticmethod
    def _whole_word(rest: str) -> str:
        """What an unknown name is, for eyes: with the brackets that it opens."""
        match = re.match(r"[^=,+*/()\s\[-]*\[[^\]]*\]", rest) or _WORD.match(rest)
        return "" if match is None else match[0]

    def _named(self, name: str) -> _Sum:
        """A column, or a feature's columns.

        Raises:
          ConfigError: it has no coefficient.
        """
        names = self._names
        if (place := self._places.get(name)) is None:
            places = names.features[name]
            if not places:
                raise ConfigError(
                    f"hypotheses: the feature {name!r} has no column with a coefficient of its own. Leave it out."
                )
            return _Sum([{place: Fraction(1)} for place in places], Fraction(0), True)
        if place in names.references:
            if name not in self.references:
                self.references.append(name)
            return _Sum([{}], Fraction(0), True)
        if place in names.without:
            raise ConfigError(
                f"hypotheses: {name!r} has no coefficient of its own; {names.without[place]}. Leave it out."
            )
        return _Sum([{place: Fraction(1)}], Fraction(0), True)

    def _added(self, left: _Sum, right: _Sum) -> _Sum:
        """Raises a ConfigError where a feature of several columns is added to, or is to be equal to, another name."""
        wide, narrow = (left, right) if len(left.rows) >= len(right.rows) else (right, left)
        if len(wide.rows) > 1 and left.named and right.named:
            raise ConfigError(
                f"hypotheses: {beginning(self._text)!r}: a feature of several columns can't stand in a sum with, or be equal to, "
                f"another name; received {len(left.rows)} and {len(right.rows)} columns. Name single columns, such as "
                f"{self._names.columns[min(wide.rows[0])]!r}."
            )
        rows = []
        for row in wide.rows:
            weights = {
                place: row.get(place, Fraction(0)) + narrow.rows[0].get(place, 0) for place in row | narrow.rows[0]
            }
            rows.append({place: weight for place, weight in weights.items() if weight})
        return _Sum(rows, left.constant + right.constant, left.named or right.named)

    def _peek(self) -> str:
        """The rest, without blanks before it."""
        self._at += len(self._text[self._at :]) - len(self._text[self._at :].lstrip())
        return self._text[self._at :]

    def _take(self, signs: str) -> str:
        """The next character if it is one of these, and goes beyond it; else nothing."""
        following = self._peek()[:1]
        if not following or following not in signs:
            return ""
        self._at += 1
        return following

    def _wrong(self, expected: str) -> ConfigError:
        rest = self._peek()
        received = repr(beginning(rest)) if rest else "the end"
        return ConfigError(
            f"hypotheses: character {self._at + 1}: expected {expected}; received {received}. Write them as 'a = b, c = 0', a name "
            "with odd characters between back-ticks."
        )

    def _unknown(self, name: str) -> ConfigError:
        close = difflib.get_close_matches(name, self._known, 1)
        hint = f"; did you mean {close[0]!r}?" if close else "."
        return ConfigError(
            f"hypotheses: no column and no feature is called {name!r}{hint} The names are those that plumbline show prints (--all "
            "for every level); one with odd characters stands between back-ticks."
        )


def equation_text(weights: Mapping[int, Fraction], constant: Fraction, names: Sequence[str]) -> str:
    """An equation for eyes."""
    parts: list[str] = []
    for place, weight in weights.items():
        size = "" if abs(weight) == 1 else f"{_figure(abs(weight))}*"
        name = names[place] if _PLAIN.fullmatch(names[place]) else f"`{names[place]}`"
        sign = ("-" if weight < 0 else "") if not parts else (" - " if weight < 0 else " + ")
        parts.append(f"{sign}{size}{name}")
    return f"{''.join(parts) or '0'} = {_figure(constant)}"


def _figure(value: Fraction) -> str:
    """A number for eyes: of 12 digits at most."""
    return f"{float(value):.12g}" if abs(value) < 10**300 else f"{value}"


def beginning(text: str) -> str:
    """A text for eyes, its beginning alone if it is long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}…"
