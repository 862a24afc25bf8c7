"""From a batch of a shard to a design matrix."""

from __future__ import annotations

import dataclasses
import itertools
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.gather.shards import CLUSTER, GROUP, LABEL, ROW, TIME, WEIGHT, slice_column, term_column
from components.linear_model.absorbed_factor import Levels
from components.linear_model.blocks import Block, Texts, scattered
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factor_kinds import Factors, empty
from components.table.row_identity import folds, group_folds
from components.values.names import INTERCEPT

Array = NDArray[np.float64]


@dataclasses.dataclass(frozen=True)
class DesignRows:
    """How a batch becomes a design matrix in raw units. Travels to Beam's workers.

    Attributes:
      design: the columns, all levels among them.
      grouped: whether rows have a group, which stays in one fold.
      folds: how many parts the rows are told apart by.
      levels: those that are eliminated in the factors.
      class_weights: what rows of label 0 and of label 1 weigh in blocks, beside their own weight; None for 1 each.
    """

    design: DesignMatrix
    grouped: bool
    folds: int
    levels: Levels | None = None
    class_weights: tuple[float, float] | None = None

    @property
    def names(self) -> list[str]:
        """Names of the columns, the intercept first."""
        return [INTERCEPT, *self.design.column_names]

    def columns(self, batch: pa.RecordBatch) -> dict[str, NDArray[np.float64 | np.int32]]:
        """By term its numbers in raw units or the ids of its levels, [n]."""
        return {term.key: batch.column(term_column(index)).to_numpy() for index, term in enumerate(self.design.terms)}

    def matrices(self, batch: pa.RecordBatch) -> tuple[Array, Array, Array | None, NDArray[np.int64]]:
        """The design matrix [n, 1 + p] with the intercept's ones, the labels [n], the weights [n] or None, the folds [n]."""
        label, weight = self._labels(batch)
        x = np.column_stack([np.ones(len(label)), self.design.dense(self.columns(batch))])
        return x, label, weight, self._fold(batch)

    def factors(self) -> Factors:
        """A factor of no rows for each fold."""
        names = self.names
        return [empty(names, self.levels) for _ in range(self.folds)]

    def add(self, factors: Factors, batch: pa.RecordBatch) -> tuple[int, NDArray[np.int64]]:
        """Adds a batch to the factors of the folds.

        Returns:
          Its rows, and by column, [1 + p], how many of a weight above 0 have a value that is not 0.
        """
        if self.levels is None:
            x, label, weight, fold = self.matrices(batch)
            for index, factor in enumerate(factors):
                mine = fold == index
                factor.add(x[mine], label[mine], None if weight is None else weight[mine])
            return len(label), np.count_nonzero(x if weight is None else x[weight > 0], axis=0)
        label, weight = self._labels(batch)
        fold, columns = self._fold(batch), self.columns(batch)
        counted = slice(None) if weight is None else weight > 0
        ids = columns.pop(self.levels.key)
        others = self.design.less(self.levels.key)
        x = others.dense(columns) if others.terms else np.zeros((len(label), 0))
        for index, factor in enumerate(factors):
            mine = np.flatnonzero(fold == index)
            factor.add(ids[mine], x[mine], label[mine], None if weight is None else weight[mine])
        present = np.count_nonzero(x[counted], axis=0)
        by_level = np.bincount(ids[counted], minlength=self.levels.number)
        place = self.levels.place - 1
        return len(label), np.concatenate([[len(ids[counted])], present[:place], by_level, present[place:]])

    def block(self, batch: pa.RecordBatch, columns: list[int], *, by_fold: bool = True, whole: bool = False) -> Block:
        """Some scaled columns of the rows of a weight above 0.

        Args:
          batch: of a shard.
          columns: their places.
          by_fold: whether folds are told apart; else all are 0.
          whole: whether identities, clusters, times and slices are told, of those that the rows have.
        """
        label, weight = self._labels(batch)
        fold = self._fold(batch) if by_fold else np.zeros(len(label), np.int64)
        offset = np.zeros(len(label))
        x = np.zeros((len(label), len(columns)), order="F")  # as columns come, and as they are factored
        at = np.full(1 + self.design.width, -1)
        at[columns] = np.arange(len(columns))
        if at[0] >= 0:
            x[:, at[0]] = 1.0
        for (place, term), values in zip(self.design.places(), self.columns(batch).values(), strict=True):
            if term.offset:
                offset += values
            elif term.levels:
                there = at[place + values]
                rows = np.flatnonzero(there >= 0)
                x[rows, there[rows]] = 1.0
            elif at[place] >= 0:
                column = x[:, at[place]]
                np.subtract(values, term.mean, out=column)
                column /= term.std
        draw = scattered(self._drawn_by(batch))
        if self.class_weights is not None:
            of_class = np.where(label == 0, *self.class_weights)
            weight = of_class if weight is None else weight * of_class
        found = Block(x, label, np.ones(len(label)) if weight is None else weight, offset, fold, draw)
        if whole:
            found = dataclasses.replace(found, **_told(batch), level=self._level(batch))
        return found if weight is None else found.take(weight > 0)

    def _level(self, batch: pa.RecordBatch) -> NDArray[np.int64] | None:
        """The ids [n] of the levels that are eliminated."""
        if self.levels is None:
            return None
        return self.columns(batch)[self.levels.key].astype(np.int64)

    def _labels(self, batch: pa.RecordBatch) -> tuple[Array, Array | None]:
        """Labels [n], weights [n] or None."""
        weight = batch.column(WEIGHT).to_numpy() if WEIGHT in batch.schema.names else None
        return batch.column(LABEL).to_numpy(), weight

    def _fold(self, batch: pa.RecordBatch) -> NDArray[np.int64]:
        """[n]."""
        drawn_by = self._drawn_by(batch)
        return group_folds(drawn_by, self.folds) if self.grouped else folds(drawn_by, self.folds)

    def _drawn_by(self, batch: pa.RecordBatch) -> NDArray[np.int64]:
        """What a row's fold is drawn from, [n]."""
        return np.asarray(batch.column(GROUP if self.grouped else ROW).to_numpy())


def _told(batch: pa.RecordBatch) -> dict[str, Any]:
    """What a shard tells of rows beside what is fitted, by attribute of a `Block`."""
    names = set(batch.schema.names)
    slices = itertools.takewhile(names.__contains__, map(slice_column, itertools.count()))
    return {
        "row": batch.column(ROW).to_numpy(),
        "cluster": batch.column(CLUSTER).to_numpy() if CLUSTER in names else None,
        "time": batch.column(TIME).to_numpy() if TIME in names else None,
        "slices": tuple(_texts(batch.column(name)) for name in slices),
    }


def _texts(column: pa.Array) -> Texts:
    """Strings [n] by their places in a list of different ones."""
    coded = column.dictionary_encode(null_encoding="encode")
    return Texts(coded.indices.to_numpy(), tuple(coded.dictionary.to_pylist()))
