"""From triangular factors to a fit: rank, penalty, coefficients, covariance. Reads no row."""

from __future__ import annotations

import dataclasses
from collections.abc import Collection, Mapping, Sequence
from typing import Any, Literal, Protocol

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.errors import DataError
from components.linear_model.absorbed_covariance import Covariance
from components.linear_model.bounded import Bounds
from components.linear_model.diagnostics.look import Solved
from components.linear_model.elastic_net import ElasticNet
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import TriangularFactor, inverted, triangle
from components.linear_model.inference import Dropped, LeastSquaresFit
from components.linear_model.rank import dependences
from components.linear_model.refinement import Solution, unscaled_covariance_root
from components.linear_model.ridge import Chosen, RidgeSolver, choose_penalty, penalties, squared_error, without
from components.linear_model.singular_values import condition_number
from components.linear_model.wording import Scale, dependence_text

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
PRECISION = 1e-6  # of columns that were rounded to 32 bits
MOST_NAMED = 20  # in an error
REFINE_ABOVE = 1e4  # condition number from which refinement is on by itself
COSTLY = 1e9  # products a pass of it, some 20 s of one core
REFINE_COSTLY_ABOVE = 1e6  # condition number from which it is on although it costs as much


@dataclasses.dataclass(frozen=True)
class Settings:
    """How to solve.

    Attributes:
      intercept: whether column 0 is all ones.
      l2: a penalty, or `"auto"`: that with the least cross-validated error, if it lowers the error of ordinary least squares by
        more than one standard error of the difference; otherwise 0. Where fewer rows than columns leave no ordinary least
        squares, the penalty with the least error.
      collinear: what to do about a column that others give: `"drop"` it (with a penalty it is kept, and the penalty shares
        what is common), or `"error"`, whatever the penalty.
      tolerance: see `rank.dependences`; None is ten times the rows times eps (at least 100 eps). Rounding leaves at most rows
        times eps of a dependent column, in the factor (numpy's `matrix_rank` takes that); the rest is for what rounding left
        in the column itself.
      references: places of columns left out by convention, one level of each feature with levels: its coefficient is 0.
      elastic_net: the penalty of `elastic_net_problem`, instead of l2; None is none.
      log_f: whether each column but the intercept has a log-F(1,1) prior (`newton.Penalty`); not of least squares.
      precision: of the columns, relative: labels that nothing but smaller differences keep from being separated are so.
      scales: by place, mean and standard deviation that were taken out of a column: texts say dependences in raw units.
      bounds: of all columns' coefficients; None for none. `bounded_solve` keeps them, or `Likelihood`.
    """

    intercept: bool = True
    l2: float | Literal["auto"] = 0.0
    collinear: Literal["drop", "error"] = "drop"
    tolerance: float | None = None
    references: Collection[int] = ()
    elastic_net: ElasticNet | None = None
    log_f: bool = False
    precision: float = PRECISION
    scales: Mapping[int, Scale] = dataclasses.field(default_factory=dict)
    bounds: Bounds | None = None


class Columns:
    """Which columns of the rows that a factor stands for can be fitted.

    Attributes:
      square: the factor of [X y] as [p + 1, p + 1].
      independent: those that don't depend on others.
      rank: their number.
      saturated: whether as many columns are independent as there are rows, and more stand beside them: that they depend on each
        other is due to the rows.
      wanted: all but those that are left out by convention, and those that are constant.
    """

    def __init__(self, factor: TriangularFactor, settings: Settings, penalised: bool) -> None:
        """Finds which columns depend on others.

        Raises:
          DataError: no rows, all weights zero, only zeros in all columns, fewer rows than columns without a penalty, a
            dependent column with `collinear: error`, or one that has a bound; the text names the columns.
        """
        self._factor, self._settings, self._names = factor, settings, factor.names
        rows = factor.rows
        self.tolerance = rank_tolerance(rows, settings)
        self.square = factor.square()
        self._candidates = [index for index in range(len(self._names)) if index not in settings.references]
        self._dependent = self._find_dependent(self._candidates)
        self.independent = [index for index in self._candidates if index not in self._dependent]
        if not self.independent:
            raise DataError("every column is 0 in every row. Give a feature that varies.")
        ones = {0} if settings.intercept else set()
        self._flat = {index: column for index, column in self._dependent.items() if set(column.on) <= ones}
        self.wanted = [index for index in self._candidates if index not in self._flat]
        self.rank = len(self.independent)
        self.saturated = self.rank == rows and len(self.wanted) > rows
        if self.saturated and not penalised:
            raise too_few_rows(rows, [self._names[index] for index in self.wanted])
        check_collinear(self._dependent, settings)
        self._check_bounds()

    def kept(self, penalised: bool) -> tuple[list[int], list[Dropped], list[Dropped]]:
        """The columns to fit, those that are left out, and those that others give and a penalty keeps."""
        left_out = self._flat if penalised else self._dependent
        shared = [column for index, column in self._dependent.items() if index not in left_out]
        return [index for index in self._candidates if index not in left_out], list(left_out.values()), shared

    def solved_for(self, columns: list[int]) -> tuple[Array, Array]:
        """The triangular factor [q, q] of some columns, and the label in its terms [q]."""
        kept = triangle(self.square[:, [*columns, -1]]) if len(columns) < len(self._names) else self.square
        return np.triu(kept[: len(columns), :-1]), kept[: len(columns), -1]

    def condition_number(self) -> float:
        """Of the independent columns brought to norm 1."""
        return condition_number(self.solved_for(self.independent)[0])

    def _check_bounds(self) -> None:
        """Raises a DataError where a column has a bound, and perhaps no coefficient of its own."""
        settings = self._settings
        if settings.bounds is None:
            return
        kept = settings.l2 not in (0.0, "auto")
        bounded = settings.bounds.constrained
        for index, column in (self._flat if kept else self._dependent).items():
            if bounded[index]:
                way = "" if kept or index in self._flat else ", or set a penalty (model.l2, a number)"
                raise DataError(
                    f"model.constraints: {column.because}, so that it has no coefficient of its own to be bounded. Leave the "
                    f"constraint out, or one of the columns{way}."
                )

    def _find_dependent(self, candidates: list[int]) -> dict[int, Dropped]:
        """By column, what others give of it, in order; of equals, those further to the right depend."""
        found = {}
        for entry in dependences(self.square[:, candidates], self.tolerance):
            column = candidates[entry.column]
            on, doubt = (
                {candidates[other]: value for other, value in values.items()} for values in (entry.on, entry.doubt)
            )
            ones = 0 if self._settings.intercept else None
            because = dependence_text(column, on, doubt, self.tolerance, self._settings.scales, self._names, ones)
            found[column] = Dropped(column, because, on)
        return found


def rank_tolerance(rows: int, settings: Settings) -> float:
    """The tolerance of `rank.dependences`.

    Raises:
      DataError: there are no rows.
    """
    if rows == 0:
        raise DataError("there are no rows to fit, or all their weights are zero. Give rows with a weight above zero.")
    return max(100, 10 * rows) * EPS if settings.tolerance is None else settings.tolerance


def too_few_rows(rows: int, names: list[str]) -> DataError:
    """Says that so many rows can't determine the coefficients of these columns."""
    return DataError(
        f"too few rows: {rows} rows can't determine {len(names)} coefficients ({_listed(names, ', ')}). "
        "Give more rows or fewer features, or set a penalty (l2)."
    )


def check_collinear(dependent: Mapping[int, Dropped], settings: Settings) -> None:
    """Raises a DataError that names the columns that others give, where the settings want none."""
    named = [f"\n  {column.because}" for column in dependent.values() if column.on]
    if named and settings.collinear == "error":
        raise DataError(f"collinear columns:{_listed(named, '')}\nRemove features, or set model.collinear: drop.")


class Problem:
    """Least squares on the rows that the factors of all folds stand for (one factor if there are no folds).

    Attributes:
      columns: indices of those kept.
      chosen: the penalty; 0 is ordinary least squares.
      square: the factor of [X y] of all columns, [p + 1, p + 1].
      tolerance: of `rank.dependences`.
    """

    def __init__(self, folds: Sequence[TriangularFactor], settings: Settings) -> None:
        """Merges the factors, finds which columns depend on others, chooses the penalty, and with it the columns to keep.

        Raises:
          DataError: as of `Columns`, or `l2: auto` without at least two folds that hold rows.
        """
        self.settings = settings
        self.folds = list(folds)
        self.factor: TriangularFactor = merged(folds)
        self.names = self.factor.names
        found = Columns(self.factor, settings, settings.l2 != 0.0)
        self.rank, self.tolerance, self.square = found.rank, found.tolerance, found.square
        self.chosen = self._choose_penalty(found.wanted, found.saturated)
        self.columns, self.dropped, self.shared = found.kept(self.penalty != 0.0)
        self.triangle, self.projected = found.solved_for(self.columns)
        full = self.rank == len(self.columns)
        self.condition_number = condition_number(self.triangle) if full else found.condition_number()

    @property
    def penalty(self) -> float:
        """λ; 0 is ordinary least squares."""
        return self.chosen.l2

    def wants_refinement(self) -> bool:
        """Whether the condition number asks for it, more of it where a pass costs much; a penalised fit has no use for it."""
        costly = float(self.factor.rows) * self.rank**2 > COSTLY
        return self.condition_number > (REFINE_COSTLY_ABOVE if costly else REFINE_ABOVE) and self.penalty == 0.0

    def ordinary(self) -> Array:
        """Coefficients of the kept columns, by back substitution."""
        return np.asarray(solve_triangular(self.triangle, self.projected))

    def solution(self) -> Solution:
        """A solution to be refined."""
        return Solution.of(self.triangle, self.ordinary())

    def fit(self, refined: Solution | None = None, passes: int = 0) -> LeastSquaresFit:
        """The fit, from a refined solution where one is given."""
        freedom = float(self.factor.rows - self.rank)
        if refined is not None:
            beta = refined.beta[0]
            rss = refined.residual_sum_of_squares or 0.0
            root = unscaled_covariance_root(refined)
        elif self.penalty == 0.0:
            beta = self.ordinary()
            rss = float(squared_error(self.factor, self.columns, beta[:, None])[0])
            root = inverted(self.triangle)
        else:
            ridge = RidgeSolver(self.factor, self.columns, self.settings.intercept, self.tolerance)
            beta = ridge.coefficients(np.array([self.penalty]))[:, 0]
            rss = float(squared_error(self.factor, self.columns, beta[:, None])[0])
            freedom = self.factor.rows - ridge.degrees_of_freedom(self.penalty)
            root = self._ridge_root()
        variance = rss / freedom if freedom > 0 else float("nan")
        width = len(self.names)
        coefficients = np.zeros(width)
        coefficients[self.columns] = beta
        covariance = np.full((width, width), np.nan)
        covariance[np.ix_(self.columns, self.columns)] = variance * (root @ root.T)
        total = float(np.sum(self.square[int(self.settings.intercept) :, -1] ** 2))
        return found_fit(self, coefficients, covariance, (rss, total), freedom, passes)

    def root(self, refined: Solution | None = None) -> Array:
        """M [q, q], M·Mᵀ = (XᵀX + λD)⁻¹ of the kept columns, D zero for the intercept."""
        if refined is not None:
            return unscaled_covariance_root(refined)
        return inverted(self.triangle if self.penalty == 0.0 else triangle(self._augmented()))

    def solved(self, family: str, fit: LeastSquaresFit, refined: Solution | None = None) -> Solved:
        """What one more pass over the rows takes of the fit."""
        beta = fit.coefficients[self.columns]
        return Solved(family, fit, self.columns, beta, self.root(refined), self.without_folds())

    def without_folds(self) -> Array | None:
        """The kept columns' coefficients at the penalty without each fold in turn, [folds, q]; None without cross-validation."""
        if self.chosen.cv_error is None:
            return None
        path, intercept = np.array([self.penalty]), self.settings.intercept
        found = [
            without(self.folds, index, self.columns, intercept, path, self.tolerance)[:, 0]
            for index in range(len(self.folds))
        ]
        return np.array(found)

    def _choose_penalty(self, columns: list[int], saturated: bool) -> Chosen:
        """The penalty, and with folds the cross-validated path of all columns that may be kept."""
        folds, intercept = self.folds, self.settings.intercept

        def default() -> Array:
            return penalties(RidgeSolver(self.factor, columns, intercept, self.tolerance).singular[:1])

        def errors(held_out: int, path: Array) -> Array:
            coefficients = without(folds, held_out, columns, intercept, path, self.tolerance)
            return squared_error(folds[held_out], columns, coefficients) / folds[held_out].weight

        return choose_penalty(self.settings.l2, [fold.weight for fold in folds], default, errors, saturated)

    def _ridge_root(self) -> Array:
        """M with M·Mᵀ = (RᵀR + λD)⁻¹·RᵀR·(RᵀR + λD)⁻¹, D zero for the intercept: by QR of R over √λ·D."""
        q, r = np.linalg.qr(self._augmented())
        return np.asarray(solve_triangular(r, q[: len(self.columns)].T))

    def _augmented(self) -> Array:
        """R over √λ·D, [2q, q]."""
        weights = np.full(len(self.columns), np.sqrt(self.penalty))
        if self.settings.intercept:
            weights[0] = 0.0
        return np.concatenate([self.triangle, np.diag(weights)])


class Answered(Protocol):
    """Least squares, solved: what `found_fit` reads of it; attributes as of `Problem`."""

    names: list[str]
    settings: Settings
    factor: Any
    rank: int
    condition_number: float
    dropped: list[Dropped]
    shared: list[Dropped]
    chosen: Chosen


def found_fit(
    problem: Answered,
    coefficients: Array,
    covariance: Covariance,
    squares: tuple[float, float],
    freedom: float,
    refined: int = 0,
) -> LeastSquaresFit:
    """The fit of a problem: its coefficients [p], their covariance, the residual and the total sum of squares, and so on."""
    chosen = problem.chosen
    return LeastSquaresFit(
        names=problem.names,
        coefficients=coefficients,
        covariance=covariance,
        residual_sum_of_squares=squares[0],
        total_sum_of_squares=squares[1],
        rows=problem.factor.rows,
        log_weight=problem.factor.log_weight,
        degrees_of_freedom=freedom,
        rank=problem.rank,
        condition_number=problem.condition_number,
        intercept=problem.settings.intercept,
        dropped=problem.dropped,
        penalty=chosen.l2,
        penalty_rule=chosen.rule,
        ridge_path=chosen.path,
        cv_error=chosen.cv_error,
        refined=refined,
        shared=problem.shared,
    )


def _listed(names: list[str], separator: str) -> str:
    more = f"{separator or chr(10) + '  '}and {len(names) - MOST_NAMED} more" if len(names) > MOST_NAMED else ""
    return separator.join(names[:MOST_NAMED]) + more
