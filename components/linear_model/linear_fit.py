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
  standard_errors: by kind of errors (`classical`, `hc3`, …) those of `raw`, [1 + p]; null where there is none. Empty where rows
    were not looked at once more. `fit` has the covariance of the errors that were asked for.
  cluster: the column whose values are the clusters of `fit`'s errors; null for other errors.
  raw: `{"names", "coefficients"}` in raw units.
  absorbed: the key of the term whose levels are eliminated (`absorbed_factor`); null or not there where none are.
covariance.npy, raw_covariance.npy: float64 [p, p], of `fit` and `raw`; NaN for dropped columns and references.
diagnostics.json: what one more pass over the rows tells (`diagnostics.figures.Diagnosis`); not there where none was wanted.
factors.npy: float64 [folds, p + 2, p + 2]: the triangular factor of [1 X y] of each fold, from which all else is computed.
Where levels are eliminated, covariance.npz, raw_covariance.npz and factors.npz instead: what `AbsorbedCovariance.arrays` and
  `absorbed_factor.to_arrays` give.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Callable
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model import absorbed_factor
from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.absorbed_leaks import find_absorbed_leaks
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.factor_kinds import (
    Factors,
    levels_of,
    merged,
    read_array,
    read_arrays,
    to_arrays,
    write_array,
    write_arrays,
)
from components.linear_model.factors import from_arrays
from components.linear_model.families import named
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.leaks import find_leaks
from components.linear_model.retransformation import InUnits
from components.values.names import INTERCEPT

Array = NDArray[np.float64]
Open = Callable[[str, str], IO[Any]]

FORMAT = 4
FIT, COVARIANCE, RAW_COVARIANCE, FACTORS = "fit.json", "covariance", "raw_covariance", "factors"
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
    factors: Array | list[AbsorbedFactor]
    classes: list[str] | None = None
    class_weights: tuple[float, float] | None = None
    intercept_shift: float = 0.0
    threshold: float | None = None
    fold_log_weights: list[float] | None = None
    standard_errors: dict[str, list[float | None]] = dataclasses.field(default_factory=dict)
    cluster: str | None = None
    in_units: InUnits | None = None

    @property
    def fold_factors(self) -> Factors:
        """The factors, one a fold, to be solved again with other settings (`solve.Problem`) without reading a row."""
        if isinstance(self.factors, list):
            return self.factors
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

    @functools.cached_property
    def whole_factor(self) -> Any:
        """The factor of all rows; whoever adds to it copies it first."""
        return merged(self.fold_factors)

    @property
    def raw(self) -> LeastSquaresFit | LikelihoodFit:
        """The fit in raw units: z = (x − m)/s undone in coefficients and covariance, by one linear map."""
        return dataclasses.replace(
            self.fit,
            coefficients=raw_units(self.design, self.fit.coefficients),
            covariance=raw_covariance(self.design, self.fit.covariance),
        )

    @property
    def column_weights(self) -> Array:
        """[1 + p]: by column the sum of weight times value; of a level, the weight of its rows."""
        if isinstance(self.factors, list):
            return np.asarray(np.sum([factor.column_sums() for factor in self.factors], axis=0))
        return np.asarray(np.einsum("k,kj->j", self.factors[:, 0, 0], self.factors[:, 0, :-1]))

    @property
    def leaks(self) -> list[str]:
        """Features that may be known only once the label is (`leaks.find_leaks`), a line each."""
        together = self.fit.adjusted_r_squared if isinstance(self.fit, LeastSquaresFit) else self.fit.deviance_explained
        label = named(self.family).fitted(self.label)
        if isinstance(self.factors, list):
            return find_absorbed_leaks(self.design, self.factors, self.fit.rows, label, together)
        return find_leaks(self.design, self.factors, self.fit.rows, label, together)

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
        return raw_units(self.design, weights)

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
            "standard_errors": self.standard_errors,
            "cluster": self.cluster,
            "in_units": self.in_units and dataclasses.asdict(self.in_units),
            "raw": {"names": raw.names, "coefficients": raw.coefficients.tolist()},
            "absorbed": None if (levels := levels_of(self.fold_factors)) is None else levels.key,
        }
        with opener(os.path.join(directory, FIT), "w") as file:
            file.write(json.dumps(value, indent=1))
        for name, found in (
            (COVARIANCE, self.fit.covariance),
            (RAW_COVARIANCE, raw.covariance),
            (FACTORS, self.factors),
        ):
            path = os.path.join(directory, name)
            if isinstance(found, AbsorbedCovariance):
                write_arrays(found.arrays(), f"{path}.npz", opener)
            elif isinstance(found, list):
                write_arrays(to_arrays(found), f"{path}.npz", opener)
            else:
                write_array(found, f"{path}.npy", opener)

    @classmethod
    def load(cls, directory: str, opener: Open = open) -> LinearFit:
        """Reads the files that `save` writes.

        Raises:
          ValueError: they are of another format.
        """
        with opener(os.path.join(directory, FIT), "r") as file:
            value = json.loads(file.read())
        if value.get("format") != FORMAT:
            raise ValueError(f"{directory}: expected a fit of format {FORMAT}. Run the step again.")
        design = DesignMatrix.from_json(value["design"])
        covariance: Covariance
        factors: Array | list[AbsorbedFactor]
        if absorbed := value.get("absorbed"):
            covariance = AbsorbedCovariance(**read_arrays(os.path.join(directory, f"{COVARIANCE}.npz"), opener))
            arrays = read_arrays(os.path.join(directory, f"{FACTORS}.npz"), opener)
            factors = absorbed_factor.from_arrays([INTERCEPT, *design.column_names], absorbed, arrays)
        else:
            covariance, factors = (
                read_array(os.path.join(directory, f"{name}.npy"), opener) for name in (COVARIANCE, FACTORS)
            )
        kind = LeastSquaresFit if named(value["family"]).solver == "factors" else LikelihoodFit
        return cls(
            family=value["family"],
            label=value["label"],
            weight=value["weight"],
            design=design,
            references=value["references"],
            rows_read=value["rows_read"],
            present=value["present"],
            fit=kind.from_json(value["fit"], covariance),
            fold_rows=value["fold_rows"],
            fold_log_weights=value["fold_log_weights"],
            factors=factors,
            **{key: value[key] for key in _OF_CLASSES},
            standard_errors=value.get("standard_errors", {}),
            cluster=value.get("cluster"),
            in_units=value.get("in_units") and InUnits.from_json(value["in_units"]),
        )


def raw_units(design: DesignMatrix, coefficients: Array) -> Array:
    """Coefficients of scaled columns in raw units, [1 + p, …] both, the intercept first: w·(x − m)/s is w/s·x − w·m/s."""
    raw = coefficients.astype(np.float64)
    for place, term in design.places():
        if not term.levels:
            raw[place] = coefficients[place] / term.std
            raw[0] -= coefficients[place] * ((term.origin + term.mean) / term.std)
    return raw


def raw_covariance(design: DesignMatrix, covariance: Covariance) -> Covariance:
    """A covariance of coefficients of scaled columns as one of those in raw units."""
    if isinstance(covariance, AbsorbedCovariance):
        return dataclasses.replace(covariance, rows=raw_units(design, covariance.rows))
    there = ~np.isnan(covariance)
    once = raw_units(design, np.where(there, covariance, 0.0))
    return np.where(there, raw_units(design, once.T).T, np.nan)
