"""Fits of Parquet files of any length: row groups are read and factored by all cores at once, and no more than batches is held.

This module needs pyarrow too.
"""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Literal, Self

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model import threads
from components.linear_model.arrays import PRECISION, refuse_sizes
from components.linear_model.factors import TriangularFactor
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.refinement import PASSES, ResidualPass, improve
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

BATCH_ROWS = 8192

Array = NDArray[np.float64]
Path = str | os.PathLike[str]


def fit_parquet(
    paths: Path | Sequence[Path],
    label: str,
    *,
    features: Sequence[str] | None = None,
    weight: str | None = None,
    intercept: bool = True,
    l2: float = 0.0,
    collinear: Literal["drop", "error"] = "drop",
    refine: bool | None = None,
    workers: int | None = None,
) -> LeastSquaresFit:
    """Fits label = b + X·β by least squares, of the rows of Parquet files. All is computed in float64.

    Memory holds a batch and a triangular factor a worker, whatever the number of rows.

    Args:
      paths: one file, or several of the same columns.
      label: name of its column.
      features: names of the columns of X, numbers or truth values; None is all but label and weight.
      weight: name of a column of weights, as `arrays.fit` takes them.
      intercept: whether there is a b.
      l2: penalty λ of λ·‖β‖², as of `arrays.fit`.
      collinear: as of `arrays.fit`.
      refine: whether the files are read again, to refine in double-double arithmetic; None lets the condition number decide.
      workers: threads; None is one a core. Never more than row groups.

    Returns:
      The fit, intercept first.

    Raises:
      DataError: a column is not there, is no number, or has nulls or values that are not finite; the rows read are not those
        that the files' metadata count; or as of `arrays.fit`.
      ValueError: no files, or a penalty below zero.
    """
    if not l2 >= 0:
        raise ValueError(f"l2 must be a number of at least 0; received {l2!r}")
    files = [os.fspath(path) for path in ([paths] if isinstance(paths, str | os.PathLike) else paths)]
    if not files:
        raise ValueError("paths must name at least one file; received none")
    rows = _Rows.of(files, label, features, weight, intercept, workers or threads.cores())
    factor = rows.gathered(functools.partial(TriangularFactor, rows.names, intercept=intercept), _everything)
    problem = Problem([factor], Settings(intercept=intercept, l2=l2, collinear=collinear, precision=PRECISION))
    if not (problem.wants_refinement() if refine is None else refine and problem.penalty == 0.0):
        return problem.fit()
    solution, passes, settled = problem.solution(), 0, False
    while not settled and passes < PASSES:
        settled = improve(solution, rows.gathered(lambda: ResidualPass(solution), lambda x: x[:, problem.columns]))
        passes += 1
    return problem.fit(solution, passes)


def _everything(x: Array) -> Array:
    return x


@dataclasses.dataclass
class _Part:
    """What a thread gathered, of how many rows, and the greatest size of the label and of each feature [1 + p]."""

    found: Any
    rows: int
    greatest: Array

    def merge(self, other: _Part) -> Self:
        self.found.merge(other.found)
        self.rows += other.rows
        self.greatest = np.maximum(self.greatest, other.greatest)
        return self


@dataclasses.dataclass(frozen=True)
class _Rows:
    """The rows of files.

    Attributes:
      features, label, weight: names of columns.
      parts: row groups by worker: path, and places of its groups.
      rows: how many the files' metadata count.
    """

    features: list[str]
    label: str
    weight: str | None
    intercept: bool
    parts: list[list[tuple[str, int]]]
    rows: int

    @classmethod
    def of(
        cls,
        files: list[str],
        label: str,
        features: Sequence[str] | None,
        weight: str | None,
        intercept: bool,
        workers: int,
    ) -> _Rows:
        groups, rows = [], 0
        for path in files:
            with pq.ParquetFile(path) as file:
                schema, metadata = file.schema_arrow, file.metadata
            if features is None:
                features = [name for name in schema.names if name not in (label, weight)]
            _check_columns(path, schema, [*features, label, *([weight] if weight else [])])
            groups += [(path, index) for index in range(metadata.num_row_groups)]
            rows += metadata.num_rows
        count = max(1, min(workers, len(groups)))
        return cls(
            list(features or ()), label, weight, intercept, [groups[first::count] for first in range(count)], rows
        )

    @property
    def names(self) -> list[str]:
        """Of the columns of the design matrix."""
        return [INTERCEPT, *self.features] if self.intercept else self.features

    def gathered(self, make: Callable[[], Any], taken: Callable[[Array], Array]) -> Any:
        """What accumulators gather of all rows, of the columns of X that are `taken`.

        Raises:
          DataError: as of `fit_parquet`.
        """
        found = threads.gathered(self.parts, lambda groups: self._part(groups, make(), taken))
        if found.rows != self.rows:
            raise DataError(
                f"expected {self.rows} rows, as the files' metadata say; read {found.rows}. Write the files again."
            )
        refuse_sizes(found.greatest, ["the label", *self.features])
        return found.found

    def _part(self, groups: list[tuple[str, int]], into: Any, taken: Callable[[Array], Array]) -> _Part:
        part = _Part(into, 0, np.zeros(1 + len(self.features)))
        first = int(self.intercept)
        for path, group in groups:
            for batch in self._batches(path, group):
                x, y, weight = self._arrays(batch, f"{path}, row group {group}")
                sizes = [np.max(np.abs(column), initial=0.0) for column in (y, *x.T[first:])]
                part.greatest = np.maximum(part.greatest, sizes)
                part.rows += len(y)
                try:
                    into.add(taken(x), y, weight)
                except DataError as error:
                    raise DataError(f"{path}, row group {group}: {error}") from error
        return part

    def _batches(self, path: str, group: int) -> Iterator[pa.RecordBatch]:
        columns = [*self.features, self.label, *([self.weight] if self.weight else [])]
        with pq.ParquetFile(path, memory_map=True) as file:
            yield from file.iter_batches(BATCH_ROWS, row_groups=[group], columns=columns, use_threads=False)

    def _arrays(self, batch: pa.RecordBatch, where: str) -> tuple[Array, Array, Array | None]:
        """X [n, [1 +] p] column by column in memory, labels [n], weights [n] or None."""
        first = int(self.intercept)
        x = np.ones((len(batch), first + len(self.features)), order="F")
        for index, name in enumerate(self.features):
            x[:, first + index] = _numbers(batch, name, where)
        weight = None if self.weight is None else _numbers(batch, self.weight, where)
        return x, _numbers(batch, self.label, where), weight


def _numbers(batch: pa.RecordBatch, name: str, where: str) -> Array:
    column = batch.column(name)
    if column.null_count:
        raise DataError(f"{where}, column {name}: expected numbers; received a null. Impute or drop it.")
    return np.asarray(column.to_numpy(zero_copy_only=False), np.float64)


def _check_columns(path: str, schema: pa.Schema, names: list[str]) -> None:
    for name in names:
        if schema.get_field_index(name) < 0:
            raise DataError(
                f"{path}: expected one column {name}; there are {', '.join(schema.names)}. Correct the name."
            )
        kind = schema.field(name).type
        if not (pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_boolean(kind)):
            raise DataError(f"{path}, column {name}: expected numbers or truth values; received {kind}. Leave it out.")
