"""The columns of the design matrix: what each stands for, their order, and their names. A column is known by its place.

Names are for eyes: no two are equal, and a text that could be taken for another one is quoted.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from components.values.names import INTERCEPT, shown
from components.values.numbers import LARGEST_INTEGER

MISSING_LEVEL = "(missing)"
OTHER_LEVEL = "(other)"
NO_LEVEL = "(none)"
LARGEST_Z = 3e38  # so that no scaled value makes an infinite 32-bit float
_JOINT = " × "  # between the texts of several columns, for eyes
EMPTY_VOCABULARY = "49d0cd50-04bb-48c0-bc6f-5b575dce351a"  # what TFT's analyzer writes where no text is frequent enough


@dataclass(frozen=True)
class Level:
    """A level of a feature.

    Attributes:
      name: for eyes, unlike those of the feature's other levels.
      text: what a row has there, of several columns that of each, None where missing; None for an interval, and for what is no
        text:
      special: a missing value, or any other text than the levels'.
    """

    name: str
    text: str | tuple[str | None, ...] | None = None
    special: Literal["missing", "other"] | None = None


@dataclass(frozen=True)
class Term:
    """What one transformed column gives to the design matrix.

    A number x gives one column, z = (x − origin − mean)/std; x − origin is its raw value here. A level id gives one 0/1 column per
    level, in the order of the ids.

    Attributes:
      key: name of the transformed column.
      feature: name of the raw column it comes from.
      levels: by id; empty for a number.
      mean, std: raw units of the feature; 0 and 1 where nothing was scaled.
      origin: of whole numbers, what is taken from them in 64 bits before anything else.
      offset: whether its coefficient is 1 and not fitted.
      log: of an offset, whether it is the logarithm of its column, an exposure.
      learned: of a column of a basis, the numbers that training found for it, such as knots: by others it is another column.
      part: what it is of its feature, for eyes; empty if it is the whole feature, or its missing indicator.
    """

    key: str
    feature: str
    levels: tuple[Level, ...] = ()
    mean: float = 0.0
    std: float = 1.0
    origin: int = 0
    offset: bool = False
    log: bool = False
    part: str = ""
    learned: tuple[float, ...] = ()

    @property
    def width(self) -> int:
        """Number of columns."""
        return len(self.levels) or 1

    def place(self, special: str) -> int | None:
        """The id of a special level; None if there is none."""
        return next((index for index, level in enumerate(self.levels) if level.special == special), None)


@dataclass(frozen=True)
class DesignMatrix:
    """All terms, in the order of the configuration's features."""

    terms: tuple[Term, ...]

    @property
    def width(self) -> int:
        """Number of columns, the intercept not among them."""
        return sum(term.width for term in self.terms)

    @property
    def column_names(self) -> list[str]:
        """Names of the columns for eyes, the intercept not among them; no two are equal."""
        names = [name for term in self.terms for name in _names(term)]
        return apart(names, [INTERCEPT])

    def places(self) -> Iterable[tuple[int, Term]]:
        """Each term and the place of its first column, the intercept being 0."""
        place = 1
        for term in self.terms:
            yield place, term
            place += term.width

    def by_feature(self) -> dict[str, list[int]]:
        """The places of each feature's columns, the intercept's being 0; offsets are not among them."""
        columns: dict[str, list[int]] = {}
        for place, term in self.places():
            if not term.offset:
                columns.setdefault(term.feature, []).extend(range(place, place + term.width))
        return columns

    @property
    def offsets(self) -> list[int]:
        """The places of columns whose coefficient is 1."""
        return [place for place, term in self.places() if term.offset]

    def scales(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """What was taken from each column and what it was divided by, [1 + p] each, the intercept first; of levels 0 and 1."""
        means, stds = np.zeros(1 + self.width), np.ones(1 + self.width)
        for place, term in self.places():
            if not term.levels:
                means[place], stds[place] = term.mean, term.std
        return means, stds

    def less(self, key: str) -> DesignMatrix:
        """All terms but one."""
        return DesignMatrix(tuple(term for term in self.terms if term.key != key))

    def dense(self, columns: Mapping[str, NDArray[Any]]) -> NDArray[np.float64]:
        """The design matrix of some rows, of raw values or of scaled ones.

        Args:
          columns: by transformed name, arrays of shape [n]; level ids are integers.

        Returns:
          float64 [n, width], without the intercept.
        """
        rows = len(next(iter(columns.values())))
        matrix = np.zeros((rows, self.width))
        for place, term in self.places():
            values = columns[term.key]
            if term.levels:
                matrix[np.arange(rows), place - 1 + values.astype(np.int64)] = 1.0
            else:
                matrix[:, place - 1] = values
        return matrix

    def to_json(self) -> list[dict[str, Any]]:
        """The terms as plain JSON."""
        return [{**vars(term), "levels": [dict(vars(level)) for level in term.levels]} for term in self.terms]

    @classmethod
    def from_json(cls, value: list[dict[str, Any]]) -> DesignMatrix:
        """The inverse of `to_json`."""
        return cls(
            tuple(
                Term(
                    **{
                        **term,
                        "levels": tuple(_level(**level) for level in term["levels"]),
                        "learned": tuple(term.get("learned", ())),
                    }
                )
                for term in value
            )
        )


def _level(text: str | list[str | None] | None, **rest: Any) -> Level:
    """A level of JSON, which has lists alone."""
    return Level(text=tuple(text) if isinstance(text, list) else text, **rest)


def part_name(feature: str, part: str) -> str:
    """The transformed name of a part of a feature."""
    return f"{feature}[{part}]"


def _names(term: Term) -> list[str]:
    """Names of a term's columns for eyes."""
    if term.levels:
        lead = f"{term.part} " if term.part else ""
        return [part_name(shown(term.feature), f"{lead}{level.name}") for level in term.levels]
    return [part_name(shown(term.feature), term.part) if term.part else shown(term.key)]


def apart(names: Sequence[str], taken: Iterable[str] = ()) -> list[str]:
    """Names with a number after each that stands there already."""
    seen = set(taken)
    found = []
    for name in names:
        number, own = 1, name
        while own in seen:
            number += 1
            own = f"{name} #{number}"
        seen.add(own)
        found.append(own)
    return found


def bucket_levels(boundaries: Sequence[float]) -> tuple[Level, ...]:
    """The levels of buckets, in the order of their ids: the intervals with their boundaries' shortest exact form, then missing."""
    ends = [_shortest(boundary) for boundary in boundaries]
    inner = [f"{low} to {high}" for low, high in pairwise(ends)]
    names = [f"< {ends[0]}", *inner, f">= {ends[-1]}"]
    return (*map(Level, names), Level(MISSING_LEVEL, special="missing"))


def date_levels(names: Sequence[str]) -> tuple[Level, ...]:
    """The levels of a part of dates, in the order of their ids: as the calendar has them, then missing."""
    return (*map(Level, names), Level(MISSING_LEVEL, special="missing"))


def text_levels(texts: Sequence[str | tuple[str | None, ...]]) -> tuple[Level, ...]:
    """The levels of texts, of one column or of several, in the order of their ids: the vocabulary, other texts, missing values."""
    if list(texts) == [EMPTY_VOCABULARY]:
        return (Level(NO_LEVEL), *text_levels(()))
    names = [_text_name(text) if isinstance(text, str) else _joined_name(text) for text in texts]
    times = Counter(names)
    names = [repr(text) if times[name] > 1 else name for name, text in zip(names, texts, strict=True)]
    levels = [Level(name, text) for name, text in zip(apart(names), texts, strict=True)]
    return (*levels, Level(OTHER_LEVEL, special="other"), Level(MISSING_LEVEL, special="missing"))


def _text_name(text: str) -> str:
    return repr(text) if text in (MISSING_LEVEL, OTHER_LEVEL) else shown(text)


def _joined_name(texts: Sequence[str | None]) -> str:
    names = [MISSING_LEVEL if text is None else _text_name(text) for text in texts]
    return _JOINT.join(ascii(name) if _JOINT in name else name for name in names)


def _shortest(value: float) -> str:
    return repr(int(value) if float(value).is_integer() and abs(value) < LARGEST_INTEGER else float(value))
