"""How far the columns of the training rows reach, and what that says at once: no variation, lost digits, too few rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from components.errors import DataError
from components.table.added_columns import COLUMNS
from components.table.digits import Digits

# Residual degrees of freedom. With fewer, Student's t has no fourth moment: the error of a standard error is unbounded.
LEAST_FREEDOM = 5
_LONGEST = 100  # characters of a text that are kept


class Extents:
    """By column how many rows have a value, the least and greatest one, and the digits of a number; and how many rows count.

    Attributes:
      rows: how many have a weight above 0: a number of rows, no sum of weights.
      columns: by name `[present, least, greatest]`, the last two None where no row has a value.
      digits: of the numbers that travel as 32-bit floats, by name.
    """

    def __init__(self) -> None:
        self.rows = 0
        self.columns: dict[str, list[Any]] = {}
        self.digits: dict[str, Digits] = {}

    def add(self, batch: pa.RecordBatch, weight: str | None) -> None:
        """Adds rows of numbers (float64), integers (int64) and strings, null where missing, as `table.clean` gives them."""
        self.rows += (
            batch.num_rows if weight is None else int(np.sum(batch.column(weight).to_numpy(zero_copy_only=False) > 0))
        )
        for name, column in zip(batch.schema.names, batch.columns, strict=True):
            if column.type == pa.float64():
                values = column.drop_null().to_numpy()
                ends = (float(values.min()), float(values.max())) if len(values) else (None, None)
                self._merge(name, len(values), *ends)
                self._digits(name).add(Digits.of(values))
            elif name not in COLUMNS:
                least, greatest = pc.min_max(column).as_py().values()
                self._merge(name, len(column) - column.null_count, _short(least), _short(greatest))

    def _merge(self, name: str, present: int, least: Any, greatest: Any) -> None:
        if name in self.columns:
            before, low, high = self.columns[name]
            present += before
            least = min((end for end in (low, least) if end is not None), default=None)
            greatest = max((end for end in (high, greatest) if end is not None), default=None)
        self.columns[name] = [present, least, greatest]

    def _digits(self, name: str) -> Digits:
        return self.digits.setdefault(name, Digits())

    def to_json(self) -> dict[str, Any]:
        """As plain JSON."""
        digits = {name: found.to_json() for name, found in self.digits.items()}
        return {"rows": self.rows, "columns": self.columns, "digits": digits}

    @classmethod
    def merged(cls, parts: Iterable[Mapping[str, Any]]) -> Extents:
        """One for all parts, from what `to_json` gave of each."""
        total = cls()
        for part in parts:
            total.rows += part["rows"]
            for name, (present, least, greatest) in part["columns"].items():
                total._merge(name, present, least, greatest)
            for name, digits in part["digits"].items():
                total._digits(name).add(Digits.from_json(digits))
        return total

    def rounded(self, features: Iterable[str]) -> dict[str, int]:
        """By feature whose values are whole numbers, all of them, how many rows hold one that a 32-bit float does not."""
        return {name: self.digits[name].rounded for name in features if name in self.digits and self.digits[name].exact}

    def check(self, label: str, features: Iterable[str], penalised: bool, exact: Collection[str] = ()) -> None:
        """Says what makes a fit impossible.

        Args:
          label: its column.
          features: their columns.
          penalised: whether the fit may have a penalty.
          exact: columns of numbers that travel as integers.

        Raises:
          DataError: the label has one value, a feature has none, 32-bit floats have too few digits for one of them, or there are
            too few rows for the coefficients. A feature gives at least one coefficient if it varies.
        """
        if not self.rows:
            raise DataError("all weights of the training rows are zero. Give rows with a weight above zero.")
        _, least, greatest = self.columns[label]
        if least == greatest:
            raise DataError(
                f"label {label!r}: it is {least:g} in all {self.rows:,} training rows, so that there is nothing to learn. "
                "Give rows with other labels, or name another column."
            )
        features = list(features)
        empty = [name for name in features if not self.columns[name][0]]
        if empty:
            raise DataError(
                f"features {', '.join(empty)}: no training row has a value there. Leave {'them' if empty[1:] else 'it'} out."
            )
        for name in (*features, label):
            found = self.digits.get(name, Digits())
            complaint = found.complaint(name, name in features, name in exact)
            if complaint:
                raise DataError(complaint)
        least_coefficients = 1 + sum(self.columns[name][1] != self.columns[name][2] for name in features)
        if not penalised and self.rows < least_coefficients + LEAST_FREEDOM:
            raise DataError(
                f"too few rows: there are {self.rows:,} training rows, and the intercept and the features have at least "
                f"{least_coefficients:,} coefficients; expected at least {LEAST_FREEDOM} rows more than coefficients. Give more "
                "rows or fewer features, or let a penalty shrink them (model.l2)."
            )


def _short(end: Any) -> Any:
    return end[:_LONGEST] if isinstance(end, str) else end
