"""What the table says of the columns that a formula names: what each can be there, or why it can't be."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np
import pyarrow as pa

from components.table.added_columns import COLUMNS
from components.values.names import shown
from pipeline.cli.init.columns import ColumnJudge
from pipeline.cli.init.findings import Findings, in_rows, quoted
from pipeline.cli.init.formula.factors import Category, Made, Refusal
from pipeline.cli.init.notes import Note, Rank
from pipeline.cli.init.profile import MOST_DISTINCT, Floats, Profile, numbers_of

_NONE = np.empty(0)


class Columns:
    """The columns of a table that was looked at."""

    def __init__(self, findings: Findings) -> None:
        self._findings = findings
        self._table = findings.table
        self.names = [name for name in self._table.columns if name in findings.features]  # what `.` stands for

    def judge(self, name: str) -> ColumnJudge:
        """The judge of a column.

        Raises:
          Refusal: there is no such column, it is the label, or it can be no feature at all.
        """
        column = self._table.columns.get(name)
        if column is None:
            if name == self._table.label.name:
                raise Refusal(f"{shown(name)} is the label")
            near = difflib.get_close_matches(name, self._table.columns, 1)
            hint = (
                f"; did you mean {near[0]!r}?"
                if near
                else f". Its columns: {', '.join(map(shown, self._table.columns))}."
            )
            raise Refusal(f"the table has no column {name!r}{hint}")
        if name in COLUMNS or "\0" in name or column.unusable:
            raise Refusal(f"column {shown(name)} can be no feature: {self._findings.left_out[name]}")
        return ColumnJudge(column, _NONE, self._findings)

    def is_number(self, name: str) -> bool:
        """Whether a column is numbers; arguments and errors as of `judge`."""
        return self.judge(name).is_number

    def plain(self, name: str) -> dict[str, Any]:
        """What a column is in a formula by itself: a number, a truth value, levels, or what else `init` takes it for.

        Raises:
          Refusal: it can't be a feature.
        """
        judge = self.judge(name)
        found = self._findings.features.get(name)
        self._check(name)
        options = dict(found) if isinstance(found, dict) else {"kind": found} if found else judge.options()
        options.pop("indicator", None)  # rows without its value are left out
        return self.levels(Category(name)) if options["kind"] == "categorical" else options

    def _check(self, name: str) -> None:
        """Refuses what a run would refuse; what `init` would not do by itself is said."""
        reason = self._findings.left_out.get(name)
        if reason is None:
            return
        note = next((note for note in self._findings.notes if note.column == name), None)
        is_doubt = note is None or note.rank in (Rank.LEAK, Rank.TEXT, Rank.IDENTIFIER)
        if not is_doubt or self._table.columns[name].is_beyond:
            raise Refusal(f"column {shown(name)}: {reason}")
        said = Note(Rank.LEAK, f"a feature because the formula names it; without one it is left out ({reason})", name)
        if said not in self._findings.notes:
            self._findings.notes.append(said)

    def check(self, made: Made) -> None:
        """Refuses a function of what is no number, or has no such function's value."""
        for name in made.columns:
            if not self.is_number(name):
                raise Refusal(f"column {shown(name)} holds {self._held(name)}; expected numbers")
            self._check(name)
            check_range(self._table.columns[name], made)

    def check_spread(self, made: Made) -> None:
        """Refuses a spline's number of knots, or a degree, for which a column has too few different numbers."""
        name, knots, degree = made.columns[0], made.options.get("knots"), made.options.get("degree")
        column = self._table.columns[name]
        if not column.is_counted or not isinstance(knots or degree, int):
            return
        levels = self.judge(name).levels
        numbers = _numbers(column, list(levels))
        order = np.argsort(numbers)
        if degree is not None and degree >= len(numbers):
            raise Refusal(
                f"column {shown(name)} holds {len(numbers)} different numbers, through which a polynomial of degree "
                f"{len(numbers) - 1} goes exactly. Ask for a lower degree, or write C({name})"
            )
        if knots is not None:
            below = np.cumsum(np.array(list(levels.values()))[order])
            places = numbers[order][np.searchsorted(below, np.arange(knots) / (knots - 1) * below[-1])]
            twice = places[1:][np.diff(places) <= 0]
            if len(twice):
                raise Refusal(
                    f"column {shown(name)} holds {twice[0]:g} in so many rows that of {knots} knots at quantiles two or more would "
                    f"be there. Ask for fewer, write knots=[…], or C({name})"
                )

    def _held(self, name: str) -> str:
        column = self._table.columns[name]
        return f"texts such as {quoted(next(iter(column.odd)))}" if column.odd else "texts or truth values"

    def ends(self, name: str) -> tuple[float, float]:
        """A column's least and greatest number."""
        column = self._table.columns[name]
        return column.low, column.high

    def levels(self, category: Category) -> dict[str, Any]:
        """A column's levels as a feature: all that occur, with the formula's reference.

        Raises:
          Refusal: there are too many to be told apart, less than two, or not those that the formula says.
        """
        name = category.name
        found = self.found(name)
        if category.levels is not None:
            missing = [level for level in found if level not in category.levels]
            if missing:
                raise Refusal(
                    f"levels leaves out {quoted(missing[0])}, which column {shown(name)} holds in {in_rows(found[missing[0]])}. "
                    f"Name all: {_listed(list(found))}; or drop those rows in the table"
                )
            for level in category.levels:
                if level not in found:
                    self._findings.say(
                        Rank.OTHER, f"no row holds the level {quoted(level)}, so that it has no coefficient", name
                    )
        order = [level for level in category.levels or found if level in found]
        if category.is_polynomial:
            return {"kind": "ordered", "levels": list(category.levels or order), "contrasts": "polynomial"}
        reference = category.reference if category.reference is not None else order[-1 if category.is_last else 0]
        if reference not in found:
            raise Refusal(
                f"no row of column {shown(name)} holds the reference {quoted(reference)}; levels: {_listed(order)}"
            )
        return {"kind": "categorical", "vocabulary": len(found), "min_rows": 1, "reference": reference}

    def found(self, name: str) -> dict[str, int]:
        """The rows of each level that occurs, levels in a formula's order: that of numbers or of texts."""
        judge, column = self.judge(name), self._table.columns[name]
        if not column.is_counted:
            raise Refusal(f"column {shown(name)} has more than {MOST_DISTINCT:,} levels")
        if len(judge.levels) < 2:
            raise Refusal(f"column {shown(name)} has one value in all rows; expected two levels or more")
        levels = sorted(judge.levels.items())
        if judge.is_number:
            order = np.argsort(_numbers(column, [text for text, _ in levels]), kind="stable")
            levels = [levels[place] for place in order]
        return dict(levels)

    def leave_out_missing(self, names: list[str]) -> None:
        """Leaves out rows that lack a value of one of these columns, as R and statsmodels do."""
        for name in names:
            rows = self.judge(name).missing
            if rows:
                self._findings.drops.append(name)
                what = "rows without a value are left out, as a formula means it (data.drop; else they get the mean)"
                self._findings.say(Rank.OTHER, what, name, in_rows(rows))


def check_range(column: Profile, made: Made) -> None:
    """Raises a Refusal if a function has no value of a number of the column."""
    above, low = made.above, column.low
    if above is not None and (low < above or (low == above and not made.or_equal)):
        rule = "of at least" if made.or_equal else "above"
        raise Refusal(
            f"column {shown(column.name)} holds {low:g}; expected numbers {rule} {above:g}. Correct those rows"
        )


def _numbers(column: Profile, texts: list[str]) -> Floats:
    """The numbers that texts of a column are, as its table writes them."""
    return numbers_of(pa.array(texts, pa.string()), column.decimal)


def _listed(levels: list[str], most: int = 8) -> str:
    return ", ".join(map(quoted, levels[:most])) + " …" * (len(levels) > most)
