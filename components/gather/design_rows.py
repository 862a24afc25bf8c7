"""From a batch of a shard to a design matrix."""

from __future__ import annotations

import dataclasses

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from components.gather.shards import DRAWN_BY, LABEL, WEIGHT, term_column
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.families import FAMILIES
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
      family: its name: what is regressed is its response to the label.
    """

    design: DesignMatrix
    grouped: bool
    folds: int
    family: str

    @property
    def names(self) -> list[str]:
        """Names of the columns, the intercept first."""
        return [INTERCEPT, *self.design.column_names]

    def columns(self, batch: pa.RecordBatch) -> dict[str, NDArray[np.float64 | np.int32]]:
        """By term its numbers in raw units or the ids of its levels, [n]."""
        return {term.key: batch.column(term_column(index)).to_numpy() for index, term in enumerate(self.design.terms)}

    def matrices(self, batch: pa.RecordBatch) -> tuple[Array, Array, Array | None, NDArray[np.int64]]:
        """The design matrix [n, 1 + p] with the intercept's ones, the response [n], the weights [n] or None, the folds [n]."""
        response = FAMILIES[self.family].response(batch.column(LABEL).to_numpy())
        weight = batch.column(WEIGHT).to_numpy() if WEIGHT in batch.schema.names else None
        drawn_by = batch.column(DRAWN_BY).to_numpy()
        fold = group_folds(drawn_by, self.folds) if self.grouped else folds(drawn_by, self.folds)
        return np.column_stack([np.ones(len(response)), self.design.dense(self.columns(batch))]), response, weight, fold
