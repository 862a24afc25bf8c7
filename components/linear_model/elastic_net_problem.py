"""From the folds' triangular factors to a fit with an elastic net: path, exact cross-validation, choice. Reads no row."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from components.errors import DataError
from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.diagnostics.look import Solved
from components.linear_model.elastic_net import Selection
from components.linear_model.elastic_net_choice import chosen, standard_errors
from components.linear_model.elastic_net_path import PathSolver, default_path, greatest
from components.linear_model.factor_kinds import is_absorbed, merged
from components.linear_model.factors import TriangularFactor, inverted, triangle
from components.linear_model.inference import LeastSquaresFit
from components.linear_model.ridge import Centred, Chosen, CrossValidation, squared_error, training_factor
from components.linear_model.solve import Columns, Settings, found_fit

Array = NDArray[np.float64]

MOST_COLUMNS = 3000  # where a feature's levels are eliminated: the path needs all of their columns
UNSETTLED = 1e-6  # of the bound: a search that ends farther from the minimum has not found it


@dataclasses.dataclass(frozen=True)
class Path:
    """All fits for one ρ.

    Attributes:
      l1_ratio: ρ.
      alphas: [m], from the greatest downwards.
      coefficients: [q, m], of all rows.
      columns: [m], how many of these are not 0, the intercept not among them.
      kkt: [m], of these fits (`PathSolver`).
      without: [folds, q, m], of the rows of all folds but one; None without cross-validation.
      kkt_on_path: the largest of all fits.
      validation: None without.
    """

    l1_ratio: float
    alphas: Array
    coefficients: Array
    columns: NDArray[np.int64]
    kkt: Array
    without: Array | None
    kkt_on_path: float
    validation: CrossValidation | None

    def best(self, alpha: float | Literal["auto"]) -> tuple[float, int]:
        """The held-out error of an α, for `"auto"` the least, and its place; 0 without cross-validation."""
        if self.validation is None:
            return 0.0, int(np.flatnonzero(self.alphas == alpha)[0])
        mean = self.validation.mean
        place = int(np.argmin(mean) if alpha == "auto" else np.flatnonzero(self.alphas == alpha)[0])
        return float(mean[place]), place

    def entries(self) -> list[dict[str, float]]:
        """As `Selection.path` has them."""
        columns = {"alpha": self.alphas, "columns": self.columns}
        if self.validation is not None:
            columns |= {"cv_error": self.validation.mean, "standard_error": standard_errors(self.validation)}
        values = zip(*(found.tolist() for found in columns.values()), strict=True)
        return [{"l1_ratio": self.l1_ratio, **dict(zip(columns, row, strict=True))} for row in values]


class ElasticNetProblem:
    """Least squares with an elastic net on the rows that the factors of all folds stand for.

    Attributes:
      columns: indices of those that the penalty may choose from, after the intercept.
      chosen: α, and how it came about.
    """

    def __init__(self, folds: Sequence[TriangularFactor] | Sequence[AbsorbedFactor], settings: Settings) -> None:
        """Merges the factors, finds which columns depend on others, solves the paths, chooses ρ and α.

        Raises:
          DataError: as of `solve.Columns`; the cross-validation has something to choose, and not two folds hold rows; there are
            more columns than `MOST_COLUMNS` where levels are eliminated; or a search did not find its minimum.
        """
        if settings.elastic_net is None:
            raise ValueError("settings: expected an elastic net; received none")
        self.settings, self._net = settings, settings.elastic_net
        self._absorbed = is_absorbed(list(folds))
        if self._absorbed and len(folds[0].names) > MOST_COLUMNS:
            raise DataError(
                f"{len(folds[0].names):,} columns, those of levels among them; expected at most {MOST_COLUMNS:,} for an elastic "
                "net. Lower the vocabulary of the feature with the most levels, or take a ridge penalty (l2)."
            )
        self.folds: list[TriangularFactor] = [fold.dense() for fold in folds]
        self.factor: TriangularFactor = merged(self.folds)
        self.names = self.factor.names
        found = Columns(self.factor, settings, penalised=True)
        self.rank, self._tolerance, self._square = found.rank, found.tolerance, found.square
        self.columns, self.dropped, self.shared = found.kept(penalised=True)
        self.condition_number = found.condition_number()
        self._held = [index for index, fold in enumerate(self.folds) if fold.weight > 0]
        if len(self._held) < 2 and self._net.by_validation:
            raise DataError(
                "elastic_net: alpha: auto, and several l1_ratio, need at least two folds that hold rows. Set folds, or give one of "
                "each."
            )
        training = range(len(self.folds)) if len(self._held) > 1 else ()
        with threadpool_limits(1, "blas"):  # OpenBLAS's threads wait for each other in many small products
            self._whole = self._centred(self.factor)
            self._training = [self._without(index) for index in training]
            self._paths = [self._solved(ratio) for ratio in self._net.ratios]
        self.chosen = self._choose()

    @property
    def penalty(self) -> float:
        """α."""
        return self.chosen.l2

    def fit(self) -> LeastSquaresFit:
        """The fit. It claims no covariance: that of columns which the same rows have selected has no such formula."""
        beta = self._path.coefficients[:, self._place]
        coefficients = np.zeros(len(self.names))
        coefficients[self.columns] = beta
        squares = float(squared_error(self.factor, self.columns, beta[:, None])[0])
        total = float(np.sum(self._square[int(self.settings.intercept) :, -1] ** 2))
        freedom = self.factor.rows - self._degrees_of_freedom()
        found = found_fit(self, coefficients, self._no_covariance(), (squares, total), freedom)
        shared = [column for column in self.shared if coefficients[column.column] != 0]
        return dataclasses.replace(found, shared=shared, selection=self._selection(coefficients))

    def root(self) -> Array:
        """[q, a]: M·Mᵀ = (XᵀX + nα(1 − ρ)D)⁻¹ of the a columns with a coefficient, D zero for the intercept; zeros elsewhere."""
        first = int(self.settings.intercept)
        there = np.flatnonzero(np.append(np.ones(first), self._path.coefficients[first:, self._place]))
        drawn = np.full(len(there), np.sqrt(self._ridge))
        drawn[:first] = 0.0
        square = self._square[:, [self.columns[place] for place in there]]
        found = np.zeros((len(self.columns), len(there)))
        found[there] = inverted(triangle(np.concatenate([square, np.diag(drawn)])))
        return found

    def without_folds(self) -> Array | None:
        """As `solve.Problem.without_folds`."""
        return None if self._path.without is None else self._path.without[:, :, self._place]

    def solved(self, family: str, fit: LeastSquaresFit, refined: object = None) -> Solved:
        """What one more pass over the rows takes of the fit: as if the columns with a coefficient had been the only ones."""
        del refined  # there is none
        beta = fit.coefficients[self.columns]
        return Solved(family, fit, self.columns, beta, self.root(), self.without_folds())

    def _centred(self, factor: TriangularFactor) -> Centred:
        return Centred(factor, self.columns, self.settings.intercept, self._tolerance)

    def _without(self, index: int) -> tuple[Centred, float]:
        """The rows of all folds but one, and their weight."""
        factor = training_factor(self.folds, index)
        return self._centred(factor), factor.weight

    def _solved(self, ratio: float) -> Path:
        """The path for one ρ, with its cross-validation where there are folds."""
        whole, weight = self._whole, self.factor.weight
        alphas = default_path(greatest(whole.columns, whole.label, weight, ratio))
        if self._net.alpha != "auto":
            alphas = np.unique(np.append(alphas, self._net.alpha))[::-1]
        (coefficients, kkt), *solved = [_along(*part, ratio, alphas) for part in [(whole, weight), *self._training]]
        return Path(
            l1_ratio=ratio,
            alphas=alphas,
            coefficients=coefficients,
            columns=np.count_nonzero(coefficients[int(self.settings.intercept) :], axis=0),
            kkt=kkt,
            without=np.array([found for found, _ in solved]) if solved else None,
            kkt_on_path=max(float(values.max()) for values in (kkt, *(values for _, values in solved))),
            validation=self._validation(alphas, [found for found, _ in solved]) if solved else None,
        )

    def _validation(self, alphas: Array, without: list[Array]) -> CrossValidation:
        folds = [self.folds[index] for index in self._held]
        errors = [
            squared_error(fold, self.columns, without[index]) / fold.weight
            for index, fold in zip(self._held, folds, strict=True)
        ]
        return CrossValidation(alphas, np.array(errors), np.array([fold.weight for fold in folds]))

    def _choose(self) -> Chosen:
        """Takes a path, and the place of α on it."""
        best = [path.best(self._net.alpha) for path in self._paths]
        taken = int(np.argmin([error for error, _ in best]))
        self._path, self._place, rule = self._paths[taken], best[taken][1], "given"
        validation = self._path.validation
        if self._net.alpha == "auto" and validation is not None:
            self._place, rule = chosen(validation, self._net.rule)
        many = f", of {len(best)} the one with the least held-out error" if len(best) > 1 else ""
        what = "lasso" if self._net.ratios == [1.0] else f"elastic net with l1_ratio {self._path.l1_ratio:g}{many}"
        error = None if validation is None else float(validation.mean[self._place])
        return Chosen(float(self._path.alphas[self._place]), f"{what}: {rule}", [], error)

    def _degrees_of_freedom(self) -> float:
        """The intercept's, and the trace of X_A(X_AᵀX_A + nα(1 − ρ))⁻¹X_Aᵀ over the columns A with a coefficient.

        For ρ = 1 that is their number, of which the expectation is the lasso's (Zou, Hastie, Tibshirani 2007, "On the degrees of
        freedom of the lasso").
        """
        first = int(self.settings.intercept)
        there = self._path.coefficients[first:, self._place] != 0
        squares = np.linalg.svd(self._whole.columns[:, there], compute_uv=False) ** 2
        return first + float(np.sum(squares / (squares + self._ridge)))

    @property
    def _ridge(self) -> float:
        """nα(1 − ρ)."""
        return self.factor.weight * self.penalty * (1.0 - self._path.l1_ratio)

    def _selection(self, coefficients: Array) -> Selection:
        free = self.columns[int(self.settings.intercept) :]
        return Selection(
            l1_ratio=self._path.l1_ratio,
            alpha=self.penalty,
            left_out=[column for column in free if coefficients[column] == 0],
            kkt=float(self._path.kkt[self._place]),
            kkt_on_path=max(path.kkt_on_path for path in self._paths),
            path=[entry for path in self._paths for entry in path.entries()],
        )

    def _no_covariance(self) -> Covariance:
        width = len(self.names)
        if self._absorbed:
            return AbsorbedCovariance(np.full(width, np.nan), np.zeros((width, 0)), np.zeros((0, 0)))
        return np.full((width, width), np.nan)


def _along(centred: Centred, weight: float, ratio: float, alphas: Array) -> tuple[Array, Array]:
    """By α the coefficients [q, m], the intercept's among them, and how far they are from the conditions [m].

    Raises:
      DataError: a search did not find its minimum.
    """
    solver = PathSolver(centred.columns, centred.label, weight, ratio)
    found, kkt = [], []
    for alpha in alphas.tolist():
        found.append(solver.solve(alpha))
        kkt.append(solver.kkt)
    worst = int(np.argmax(kkt))
    if not kkt[worst] <= UNSETTLED:
        raise DataError(
            f"elastic_net: at alpha {alphas[worst]:.6g}, l1_ratio {ratio:g}, the search ended {kkt[worst]:.2g} of the penalty away "
            "from the minimum: columns are too nearly dependent. Remove features, or take a ridge penalty (l2)."
        )
    return centred.with_intercept(np.array(found).T), np.array(kkt)
