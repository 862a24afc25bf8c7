"""From a batch of a shard to a design matrix."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.gather.shards import DRAWN_BY, LABEL, WEIGHT, term_column
from components.linear_model.blocks import Block, scattered
from components.linear_model.design_matrix import DesignMatrix
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
      class_weights: what rows of label 0 and of label 1 weigh in blocks, beside their own weight; None for 1 each.
    """

    design: DesignMatrix
    grouped: bool
    folds: int
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

    def block(self, batch: pa.RecordBatch, columns: list[int], *, by_fold: bool = True) -> Block:
        """Some scaled columns of the rows of a weight above 0.

        Args:
          batch: of a shard.
          columns: their places.
          by_fold: whether folds are told apart; else all are 0.
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
        draw = scattered(batch.column(DRAWN_BY).to_numpy())
        if self.class_weights is not None:
            of_class = np.where(label == 0, *self.class_weights)
            weight = of_class if weight is None else weight * of_class
        if weight is None:
            return Block(x, label, np.ones(len(label)), offset, fold, draw)
        return Block(x, label, weight, offset, fold, draw).take(weight > 0)

    def _labels(self, batch: pa.RecordBatch) -> tuple[Array, Array | None]:
        """Labels [n], weights [n] or None."""
        weight = batch.column(WEIGHT).to_numpy() if WEIGHT in batch.schema.names else None
        return batch.column(LABEL).to_numpy(), weight

    def _fold(self, batch: pa.RecordBatch) -> NDArray[np.int64]:
        """[n]."""
        drawn_by = batch.column(DRAWN_BY).to_numpy()
        return group_folds(drawn_by, self.folds) if self.grouped else folds(drawn_by, self.folds)
