"""The files of a `GatheredRows` artifact: what one pass over the training rows leaves. Read and written by json and numpy alone.

gathered.json:
  format: 4.
  family: its text (`Family.text`).
  label, weight: names; weight is null where rows have none.
  grouped: whether rows have a group, which stays in one fold.
  slices: names of the columns whose texts `rows/` has, in order.
  design: the terms of the design matrix (`design_matrix.Term`), in the order of the columns; the intercept's ones come first.
  rows_read: rows of the training split, those of weight 0 among them.
  present: [1 + p], by column, rows of a weight above 0 whose value there is not 0: of a level, its rows.
  classes: of a family of classes, the names of the negative one and the positive one; else null.
  absorbed: the key of the term whose levels are eliminated (`absorbed_factor`); null where none are.
factors.npz: the triangular factors of [1 X y] of each part of the rows by
  `row_identity.folds` or `group_folds`: what `factors.to_arrays` gives, or `absorbed_factor.to_arrays`, in raw units.
rows/: the design matrix of all rows in plain numbers (`components.gather.shards`).

A column is known by its feature and its level, whatever its place: factors of other rows, with other vocabularies, can be merged.
"""

from __future__ import annotations

import dataclasses
import json
import os
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_factor import Levels, levels_of_term
from components.linear_model.design_matrix import NO_LEVEL, DesignMatrix, Level, Term, text_levels
from components.linear_model.factor_kinds import Factors, from_arrays, levels_of, read_arrays, to_arrays, write_arrays
from components.values.names import INTERCEPT

Array = NDArray[np.float64]
Open = Callable[[str, str], IO[Any]]

FORMAT = 4
GATHERED, FACTORS = "gathered.json", "factors.npz"


@dataclasses.dataclass(frozen=True)
class GatheredRows:
    """What was gathered; attributes as in this module's text.

    Attributes:
      slices: as above; none of what is merged of two, for that has no rows.
      parts: a factor of [1 X y] of each part of the rows, all of one kind; X in raw units, whole numbers less their term's origin.
    """

    family: str
    label: str
    weight: str | None
    grouped: bool
    design: DesignMatrix
    rows_read: int
    present: list[int]
    parts: Factors
    classes: list[str] | None = None
    slices: list[str] = dataclasses.field(default_factory=list)

    @property
    def names(self) -> list[str]:
        """Names of the columns for eyes, the intercept first."""
        return [INTERCEPT, *self.design.column_names]

    @property
    def levels(self) -> Levels | None:
        """The levels that are eliminated in the parts."""
        return levels_of(self.parts)

    def scaled(self) -> Factors:
        """The factors of the scaled columns, z = (x − mean)/std, without a look at a row."""
        means, stds = self.design.scales()
        return [part.rescaled(means, stds) for part in self.parts]

    def merge(self, other: GatheredRows) -> GatheredRows:
        """What would have been gathered of both's rows, with the levels of both; of numbers, this one's means are kept.

        A text that is a level of one alone stays where the other counted it, in `(other)`.

        Raises:
          ValueError: label, classes, weight, kind of parts, features, the intervals of buckets or what a basis learned differ.
        """
        mine, its = self._kind(), other._kind()
        if mine != its:
            raise ValueError(f"rows of other columns can't be merged; received {its}, expected {mine}")
        terms = tuple(map(_both, self.design.terms, other.design.terms))
        design = DesignMatrix(terms)
        names = [INTERCEPT, *design.column_names]
        key = self.levels.key if self.levels and other.levels and self.levels.key == other.levels.key else None
        parts, present = [], np.zeros(1 + design.width, np.int64)
        for gathered in (self, other):
            places = _places(gathered.design, design)
            present[places] += gathered.present
            moved = np.array(
                [0.0, *(float(term.origin - now.origin) for term, now in _by_column(gathered.design, design)), 0.0]
            )
            wide = [] if key is None else [levels_of_term(design, key)]
            found = gathered.parts if wide else [part.dense() for part in gathered.parts]
            parts.append([part.moved(moved).aligned(names, places, *wide) for part in found])
        return GatheredRows(
            self.family,
            self.label,
            self.weight,
            self.grouped,
            design,
            self.rows_read + other.rows_read,
            present.tolist(),
            [first.merge(second) for first, second in zip(*parts, strict=True)],
            self.classes,
        )

    def _kind(self) -> tuple[object, ...]:
        """What two must have in common to be merged."""
        keys = [(term.key, term.learned, *_intervals(term)) for term in self.design.terms]
        return self.family, self.label, self.classes, self.weight, self.grouped, len(self.parts), keys

    def save(self, directory: str, opener: Open = open) -> None:
        """Writes the two files. `opener(path, mode)` opens them, for file systems that `open` does not know."""
        value = {
            "format": FORMAT,
            "family": self.family,
            "label": self.label,
            "weight": self.weight,
            "grouped": self.grouped,
            "slices": self.slices,
            "design": self.design.to_json(),
            "rows_read": self.rows_read,
            "present": self.present,
            "classes": self.classes,
            "absorbed": self.levels.key if self.levels else None,
        }
        with opener(os.path.join(directory, GATHERED), "w") as file:
            file.write(json.dumps(value, indent=1))
        write_arrays(to_arrays(self.parts), os.path.join(directory, FACTORS), opener)

    @classmethod
    def load(cls, directory: str, opener: Open = open) -> GatheredRows:
        """Reads the files that `save` writes.

        Raises:
          ValueError: they are of another format.
        """
        with opener(os.path.join(directory, GATHERED), "r") as file:
            value = json.loads(file.read())
        if value.pop("format") != FORMAT:
            raise ValueError(f"{directory}: expected gathered rows of format {FORMAT}. Run the step again.")
        design = DesignMatrix.from_json(value.pop("design"))
        arrays = read_arrays(os.path.join(directory, FACTORS), opener)
        parts = from_arrays([INTERCEPT, *design.column_names], arrays, value.pop("absorbed", None))
        return cls(design=design, parts=parts, **value)


def _intervals(term: Term) -> list[str]:
    """The intervals of buckets, which two have in common or none."""
    return [level.name for level in term.levels if level.text is None and not level.special and level.name != NO_LEVEL]


def _both(mine: Term, its: Term) -> Term:
    """A term with the levels of two."""
    if not mine.levels or mine.levels == its.levels:
        return mine
    texts = [level.text for level in mine.levels if level.text is not None]
    texts += [level.text for level in its.levels if level.text is not None and level.text not in texts]
    return dataclasses.replace(mine, levels=text_levels(texts))


def _identity(level: Level) -> tuple[object, ...]:
    """What a level is, whatever its name: an interval has none but its name."""
    return (level.text, level.special, None if level.text is not None or level.special else level.name)


def _places(design: DesignMatrix, wide: DesignMatrix) -> list[int]:
    """The place of each column [1 + p], the intercept first, among the columns of a design matrix that has all its levels."""
    places = [0]
    for (place, term), own in zip(wide.places(), design.terms, strict=True):
        there = {_identity(level): place + index for index, level in enumerate(term.levels)}
        places += [there[_identity(level)] for level in own.levels] or [place]
    return places


def _by_column(design: DesignMatrix, wide: DesignMatrix) -> list[tuple[Term, Term]]:
    """By column [p] its term, and the term of the same feature in another design matrix."""
    pairs = zip(design.terms, wide.terms, strict=True)
    return [pair for pair in pairs for _ in range(pair[0].width)]
