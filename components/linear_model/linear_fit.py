"""The files of a `LinearFit` artifact. Read and written without TFX: JSON and .npy alone.

fit.json:
  format: 4.
  family: its text (`Family.text`).
  label, weight: names; weight is null where rows have none.
  design: the terms of the design matrix (`design_matrix.Term`): which transformed column gives which columns.
  references: by transformed column with levels, the place of the column of the level that the others are compared with; the
    intercept's is 0.
  fold_rows: rows of each fold whose weight is not zero.
  fold_log_weights: of each fold, the sum of the logarithms of these rows' weights; null where rows have none.
  rows_read: rows of the training split, those of weight 0 among them.
  present: [1 + p], by column, rows of a weight above 0 whose value there is not 0: of a level, its rows.
  fit: `LeastSquaresFit.to_json()` or `LikelihoodFit.to_json()`, as the family is fitted, in units of the transformed columns, the
    intercept first.
  classes: of a family of classes the names of the negative one and the positive one; else null.
  class_weights: what their rows weighed in the fit, beside their own weights; null for 1 each.
  intercept_shift: what class weights had added to the intercept, and was taken from it again.
  threshold: of a family of classes, the probability from which on a row is of the positive one; else null.
  in_units: of a label that is transformed, what the fit is in the label's own units (`retransformation.InUnits`); else null. `fit`
    is on the fitted scale.
  raw: `{"names", "coefficients"}` in raw units.
covariance.npy, raw_covariance.npy: float64 [p, p], of `fit` and `raw`; NaN for dropped columns and references.
factors.npy: float64 [folds, p + 2, p + 2]: the triangular factor of [1 X y] of each fold, from which all else is computed.
"""

from __future__ import annotations

import dataclasses
import io
import json
import os
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factors import TriangularFactor, from_arrays
from components.linear_model.families import named
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.leaks import find_leaks
from components.linear_model.retransformation import InUnits
from components.values.names import INTERCEPT

Array = NDArray[np.float64]
Open = Callable[[str, str], IO[Any]]

FORMAT = 4
FIT, COVARIANCE, RAW_COVARIANCE, FACTORS = "fit.json", "covariance.npy", "raw_covariance.npy", "factors.npy"
_OF_CLASSES = ("classes", "class_weights", "intercept_shift", "threshold")


@dataclasses.dataclass(frozen=True)
class LinearFit:
    """A fit and what it was fitted on; attributes as in this module's text.

    `raw` is `fit` in raw units: coefficients of the label per unit of the raw feature, levels against their reference.
    """

    family: str
    label: str
    weight: str | None
    design: DesignMatrix
    references: dict[str, int]
    rows_read: int
    present: list[int]
    fit: LeastSquaresFit | LikelihoodFit
    fold_rows: list[int]
    factors: Array
    classes: list[str] | None = None
    class_weights: tuple[float, float] | None = None
    intercept_shift: float = 0.0
    threshold: float | None = None
    fold_log_weights: list[float] | None = None
    in_units: InUnits | None = None

    @property
    def fold_factors(self) -> list[TriangularFactor]:
        """The factors, one a fold, to be solved again with other settings (`solve.Problem`) without reading a row."""
        names = [INTERCEPT, *self.design.column_names]
        weights = np.sum(self.factors[:, :, 0] ** 2, axis=1)
        origins = np.zeros(self.factors.shape[:2])
        return from_arrays(
            names,
            {
                "rows": np.array(self.fold_rows),
                "weight": weights,
                "log_weight": np.zeros(len(weights))
                if self.fold_log_weights is None
                else np.array(self.fold_log_weights),
                "origin": origins,
                "factor": self.factors,
            },
        )

    @property
    def raw(self) -> LeastSquaresFit | LikelihoodFit:
        """The fit in raw units: z = (x − m)/s undone in coefficients and covariance, by one linear map."""
        undo = raw_units(self.design)
        kept = ~np.isnan(np.diag(self.fit.covariance))
        covariance = np.full_like(self.fit.covariance, np.nan)
        covariance[np.ix_(kept, kept)] = (
            undo @ np.where(np.isnan(self.fit.covariance), 0, self.fit.covariance) @ undo.T
        )[np.ix_(kept, kept)]
        return dataclasses.replace(self.fit, coefficients=undo @ self.fit.coefficients, covariance=covariance)

    @property
    def column_weights(self) -> Array:
        """[1 + p]: by column the sum of weight times value; of a level, the weight of its rows."""
        return np.asarray(np.einsum("k,kj->j", self.factors[:, 0, 0], self.factors[:, 0, :-1]))

    @property
    def leaks(self) -> list[str]:
        """Features that may be known only once the label is (`leaks.find_leaks`), a line each."""
        together = self.fit.adjusted_r_squared if isinstance(self.fit, LeastSquaresFit) else self.fit.deviance_explained
        return find_leaks(self.design, self.factors, self.fit.rows, named(self.family).fitted(self.label), together)

    @property
    def total_weight(self) -> float:
        """Sum of the weights of all rows: the squared norm of the intercept's ones in the factors."""
        return sum(factor.weight for factor in self.fold_factors)

    @property
    def column_means(self) -> Array:
        """[1 + p]: the (weighted) means of the columns over the training rows, the intercept's ones first."""
        sums = self.column_weights
        return sums / sums[0]

    def in_raw_units(self, intercept: float, kernel: NDArray[Any]) -> Array:
        """Any coefficients of all columns, in raw units and against the reference levels; predictions stay the same.

        With z = (x − m)/s, w·z = (w/s)·x − w·m/s. Levels a and reference r give a − r, and r goes into the intercept.

        Args:
          intercept: label units.
          kernel: [p], one weight per column of the design matrix, references among them.

        Returns:
          float64 [1 + p], the intercept first.
        """
        weights = np.concatenate([[intercept], np.asarray(kernel, np.float64)])
        for place, term in self.design.places():
            if term.levels:
                reference = weights[self.references[term.key]]
                weights[place : place + term.width] -= reference
                weights[0] += reference
        return np.asarray(raw_units(self.design) @ weights)

    def save(self, directory: str, opener: Open = open) -> None:
        """Writes the files. `opener(path, mode)` opens them, for file systems that `open` does not know."""
        raw = self.raw
        value = {
            "format": FORMAT,
            "family": self.family,
            "label": self.label,
            "weight": self.weight,
            "design": self.design.to_json(),
            "references": self.references,
            "rows_read": self.rows_read,
            "present": self.present,
            "fold_rows": self.fold_rows,
            "fold_log_weights": self.fold_log_weights,
            "fit": self.fit.to_json(),
            **{key: getattr(self, key) for key in _OF_CLASSES},
            "in_units": self.in_units and dataclasses.asdict(self.in_units),
            "raw": {"names": raw.names, "coefficients": raw.coefficients.tolist()},
        }
        with opener(os.path.join(directory, FIT), "w") as file:
            file.write(json.dumps(value, indent=1))
        for name, matrix in (
            (COVARIANCE, self.fit.covariance),
            (RAW_COVARIANCE, raw.covariance),
            (FACTORS, self.factors),
        ):
            buffer = io.BytesIO()
            np.save(buffer, matrix, allow_pickle=False)
            with opener(os.path.join(directory, name), "wb") as file:
                file.write(buffer.getvalue())

    @classmethod
    def load(cls, directory: str, opener: Open = open) -> LinearFit:
        """Reads the files that `save` writes.

        Raises:
          ValueError: they are of another format.
        """
        with opener(os.path.join(directory, FIT), "r") as file:
            value = json.loads(file.read())
        matrices = {}
        for name in (COVARIANCE, FACTORS):
            with opener(os.path.join(directory, name), "rb") as file:
                matrices[name] = np.load(io.BytesIO(file.read()), allow_pickle=False)
        if value.get("format") != FORMAT:
            raise ValueError(f"{directory}: expected a fit of format {FORMAT}. Run the step again.")
        kind = LeastSquaresFit if named(value["family"]).solver == "factors" else LikelihoodFit
        return cls(
            family=value["family"],
            label=value["label"],
            weight=value["weight"],
            design=DesignMatrix.from_json(value["design"]),
            references=value["references"],
            rows_read=value["rows_read"],
            present=value["present"],
            fit=kind.from_json(value["fit"], matrices[COVARIANCE]),
            fold_rows=value["fold_rows"],
            fold_log_weights=value["fold_log_weights"],
            factors=matrices[FACTORS],
            **{key: value[key] for key in _OF_CLASSES},
            in_units=value.get("in_units") and InUnits.from_json(value["in_units"]),
        )


def raw_units(design: DesignMatrix) -> Array:
    """The linear map [1 + p, 1 + p] from coefficients of scaled columns to raw units, the intercept first."""
    undo = np.eye(1 + design.width)
    for place, term in design.places():
        if not term.levels:
            undo[place, place] = 1.0 / term.std
            undo[0, place] = -(term.origin + term.mean) / term.std
    return undo
