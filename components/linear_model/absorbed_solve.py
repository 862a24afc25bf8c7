"""From factors of which one feature's levels are eliminated to a fit, as exact as `solve` has it. Reads no row.

With effects θ of the levels, weights w, means m by level of the other columns [1 x] and ȳ of the label, and a penalty λ,
θ = w/(w + λ)·(ȳ − m·γ) for any γ = (b, β); what remains for γ is least squares on the factor within levels, the reference level's
mean row by √w, and every other one's by √(wλ/(w + λ)), which is 0 without a penalty. So each λ costs one QR of as many rows as
there are levels (levels of equal weight are factored together once), and never a matrix of levels by levels. With S the root of
what remains, C = S⁻¹S⁻ᵀ, e = 1/(w + λ) and G = (−w·e·m; I),

  (XᵀX + λ)⁻¹ = diag(e; 0) + G·C·Gᵀ.

Levels come first in the order of columns: a column that is constant within each level is one that the levels give. So have Stata's
`areg` and R's `fixest` it.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular
from scipy.sparse.linalg import ArpackNoConvergence, LinearOperator, eigsh

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.absorbed_factor import AbsorbedFactor
from components.linear_model.diagnostics.look import Solved
from components.linear_model.diagnostics.seen import Effects
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import inverted, padded, triangle
from components.linear_model.inference import Dropped, LeastSquaresFit
from components.linear_model.rank import dependences, independent_columns
from components.linear_model.ridge import Chosen, choose_penalty, penalties
from components.linear_model.solve import Settings, check_collinear, found_fit, rank_tolerance, too_few_rows
from components.linear_model.wording import dependence_text

Array = NDArray[np.float64]

# Of the greatest penalty that the path has: the limit of small ones, where none alone leaves the solution open.
_LIMIT = 1e-15
_COSTLY = 1e12  # operations, some minutes of a core: from there on, a path is computed for who asks for its best alone
_MORE_VECTORS = 200  # of Lanczos' iteration
_IN_DOUBT = 10  # tolerances: what a level gives of a column is no less than that of the column's size


class Arrow:
    """Least squares of some columns beside the levels, for any penalty; the intercept is not penalised.

    Attributes:
      columns: places of the intercept and the others, [q].
      full: whether these and the levels are independent.
    """

    def __init__(self, factor: AbsorbedFactor, columns: list[int], reference: int, tolerance: float) -> None:
        """Takes the columns, the intercept first, and the reference level's id; `tolerance` as of `rank.dependences`."""
        self.columns = columns
        self.factor, self._reference = factor, reference
        at = _positions(factor, columns)
        self.rows = factor.by_rows()[:, at]
        self.weights = factor.by_level.copy()
        self.weights[reference] = 0.0
        within = np.column_stack([np.zeros(len(factor.within)), factor.within])[:, at]
        reference_row = np.sqrt(factor.by_level[reference]) * self.rows[reference : reference + 1]
        self.fixed = triangle(np.concatenate([within, reference_row]))
        self.sizes = factor.lengths()[at[:-1]]
        kept = independent_columns(self.fixed[:, :-1], tolerance, self.sizes)
        self.full = len(kept) == len(columns)
        if not self.full:  # each other one is taken as what these and the levels give of it
            basis = np.linalg.qr(self.fixed[:, kept])[0]
            rest = np.setdiff1d(np.arange(len(columns)), kept)
            self.fixed[:, rest] = basis @ (basis.T @ self.fixed[:, rest])
        self._alike, self._alike_weights = _alike(self.rows, self.weights)

    def remaining(self, penalty: float) -> Array:
        """R [q + 1, q + 1] of what remains for [1 x y] once the levels are eliminated."""
        return padded(triangle(np.concatenate([self.fixed, self._between(penalty), self._ridge(penalty)])))

    def between(self, weights: Array) -> Array:
        """The mean rows of the levels, [levels, q + 1], by the roots of some weights [levels]."""
        return np.sqrt(weights)[:, None] * self.rows

    def _between(self, penalty: float) -> Array:
        if penalty == 0:
            return self._alike[:0]
        w = self._alike_weights
        return np.sqrt(w * penalty / (w + penalty))[:, None] * self._alike

    def _ridge(self, penalty: float) -> Array:
        width = len(self.columns)
        weights = np.full(width, np.sqrt(penalty))
        weights[0] = 0.0
        return np.eye(width, width + 1) * weights[:, None]

    def solved(self, penalties: Array) -> tuple[Array, Array]:
        """γ [q, m] and θ [levels, m], 0 of the reference and of levels without rows, for m penalties.

        Where the columns and the levels depend on each other, 0 stands for the limit of small penalties.
        """
        gamma = np.zeros((len(self.columns), len(penalties)))
        used = penalties if self.full else np.maximum(penalties, _LIMIT * float(np.sum(self.sizes**2)))
        for index, penalty in enumerate(used):
            root = self.remaining(penalty)
            gamma[:, index] = solve_triangular(root[:-1, :-1], root[:-1, -1])
        rests = self.rows[:, -1:] - self.rows[:, :-1] @ gamma
        w = self.weights[:, None]
        shrunk = np.divide(w, w + used, out=np.zeros_like(rests), where=w > 0)
        return gamma, np.asarray(shrunk * rests)

    def squared_error(self, factor: AbsorbedFactor, gamma: Array, theta: Array) -> Array:
        """Σ w·(y − x·γ − θ)² over the rows that another factor of the same columns stands for, [m]."""
        at = _positions(factor, self.columns)
        within = np.column_stack([np.zeros(len(factor.within)), factor.within])[:, at]
        inside = within[:, -1:] - within[:, :-1] @ gamma
        rows = factor.by_rows()[:, at]
        outside = rows[:, -1:] - rows[:, :-1] @ gamma - theta
        return np.asarray(np.sum(inside**2, axis=0) + factor.by_level @ outside**2)

    def product(self, theta: Array, gamma: Array) -> tuple[Array, Array]:
        """XᵀX times (θ [levels], γ [q]); θ of the reference is 0."""
        fitted = self.rows[:, :-1] @ gamma + theta
        weighted = self.weights * fitted
        x = self.fixed[:, :-1]
        return weighted, x.T @ (x @ gamma) + self.rows[:, :-1].T @ weighted

    def inverse_product(self, theta: Array, gamma: Array, root: Array) -> tuple[Array, Array]:
        """(XᵀX)⁻¹ times the same, `root` [q, q] being that of what remains without a penalty."""
        x = self.rows[:, :-1]
        half = solve_triangular(root, gamma - x.T @ theta, trans="T")
        solved = np.asarray(solve_triangular(root, half))
        return np.divide(theta, self.weights, out=np.zeros_like(theta), where=self.weights > 0) - x @ solved, solved


def _positions(factor: AbsorbedFactor, columns: list[int]) -> list[int]:
    """Where the intercept, some others and the label stand in `AbsorbedFactor.by_rows`."""
    place = {column: index + 1 for index, column in enumerate(factor.others)}
    return [0, *(place[column] for column in columns[1:]), -1]


def _reciprocals(weights: Array, penalty: float) -> Array:
    """1/(w + λ) of levels with rows; 0 of the others."""
    return np.divide(1.0, weights + penalty, out=np.zeros_like(weights), where=weights > 0)


def _alike(rows: Array, weights: Array) -> tuple[Array, Array]:
    """Rows that stand for the mean rows of levels with a weight, those of equal weight factored together; and their weights."""
    values, which = np.unique(weights, return_inverse=True)
    if len(values) * 2 > len(weights):
        return rows[weights > 0], weights[weights > 0]
    parts = [triangle(rows[which == index]) for index, value in enumerate(values) if value > 0]
    sizes = [len(part) for part in parts]
    if not parts:
        return rows[:0], weights[:0]
    return np.concatenate(parts), np.repeat(values[values > 0], sizes)


class AbsorbedProblem:
    """Least squares on the rows that the factors of all folds stand for; attributes as of `solve.Problem`."""

    def __init__(self, folds: list[AbsorbedFactor], settings: Settings) -> None:
        """Merges the factors, finds which columns depend on others, chooses the penalty, and with it the columns to keep.

        Raises:
          DataError: as of `solve.Problem`.
        """
        self.settings, self.folds = settings, folds
        self.factor: AbsorbedFactor = merged(folds)
        self.names, levels = self.factor.names, self.factor.levels
        self._tolerance = rank_tolerance(self.factor.rows, settings)
        block = range(levels.place, levels.place + levels.number)
        (reference,) = set(settings.references) & set(block)
        self._reference = reference - levels.place
        candidates = [0, *(place for place in self.factor.others if place not in settings.references)]
        effects = (levels.place + np.flatnonzero(self.factor.by_level)).tolist()
        effects.remove(reference)
        self._all = Arrow(self.factor, candidates, self._reference, self._tolerance)
        dependent = self._find_dependent(candidates)
        empty = {
            place: Dropped(place, f"{self.names[place]} is 0 in every training row", {})
            for place in block
            if place != reference and not self.factor.by_level[place - levels.place]
        }
        flat = {index: column for index, column in dependent.items() if set(column.on) <= {0}} | empty
        independent = [index for index in candidates if index not in dependent]
        wanted = [index for index in candidates if index not in flat]
        rows = self.factor.rows
        self.rank = len(independent) + len(effects)
        saturated = self.rank == rows and len(wanted) + len(effects) > rows
        if saturated and settings.l2 == 0.0:
            raise too_few_rows(rows, [self.names[index] for index in sorted([*wanted, *effects])])
        check_collinear(dependent, settings)
        self.chosen = self._choose_penalty(wanted, saturated)
        left_out = flat if self.penalty else dependent | empty
        self.dropped = [left_out[place] for place in sorted(left_out)]
        self.shared = [column for index, column in dependent.items() if index not in left_out]
        kept = [index for index in candidates if index not in left_out]
        self._arrow = Arrow(self.factor, kept, self._reference, self._tolerance)
        self.columns = sorted([*kept, *effects])
        self.condition_number = self._condition_number(independent)

    @property
    def penalty(self) -> float:
        """λ; 0 is ordinary least squares."""
        return self.chosen.l2

    def wants_refinement(self) -> bool:
        """Never: there is no pass of refinement for levels that are eliminated."""
        return False

    def fit(self) -> LeastSquaresFit:
        """The fit."""
        arrow, penalty = self._arrow, self.penalty
        gamma, theta = arrow.solved(np.array([penalty]))
        rss = float(arrow.squared_error(self.factor, gamma, theta)[0])
        coefficients = self._placed(gamma, theta)[:, 0]
        root = arrow.remaining(penalty)[:-1, :-1]
        inverse = np.asarray(solve_triangular(root, np.eye(len(root))))
        freedom = self.factor.rows - (self._trace(inverse) if penalty else float(self.rank))
        variance = rss / freedom if freedom > 0 else float("nan")
        total = float(np.sum(self.factor.without_levels().factor[1:, -1] ** 2))
        covariance = self._covariance(inverse).scaled(variance)
        return found_fit(self, coefficients, covariance, (rss, total), freedom)

    def without_folds(self) -> Array | None:
        """As `solve.Problem.without_folds`."""
        found = self._fits_without_folds()
        if found is None:
            return None
        return np.array([self._placed(gamma, theta)[self.columns] for gamma, theta in found])

    def solved(self, family: str, fit: LeastSquaresFit, refined: object = None) -> Solved:
        """What one more pass over the rows takes of the fit: rows have the columns that are no levels."""
        del refined  # there is none
        arrow, levels = self._arrow, self.factor.levels
        effects = fit.coefficients[levels.place : levels.place + levels.number]
        reciprocal = _reciprocals(arrow.weights, self.penalty)
        centre = (arrow.weights * reciprocal)[:, None] * arrow.rows[:, :-1]
        without = self._fits_without_folds()
        return Solved(
            family=family,
            fit=fit,
            columns=arrow.columns,
            beta=fit.coefficients[arrow.columns],
            root=inverted(arrow.remaining(self.penalty)[:-1, :-1]),
            without_folds=None if without is None else np.array([np.concatenate(both) for both in without]),
            levels=Effects(effects, reciprocal, centre),
            first_level=levels.place,
        )

    def _fits_without_folds(self) -> list[tuple[Array, Array]] | None:
        """γ [q] and θ [levels] at the penalty of the rows of all folds but one; None without cross-validation."""
        if self.chosen.cv_error is None:
            return None
        found = []
        for index in range(len(self.folds)):
            gamma, theta = self._without(index, self._arrow.columns).solved(np.array([self.penalty]))
            found.append((gamma[:, 0], theta[:, 0]))
        return found

    def _placed(self, gamma: Array, theta: Array) -> Array:
        """Values [q, …] and [levels, …] at the places of their columns, [p, …]; 0 elsewhere."""
        placed = np.zeros((len(self.names), *gamma.shape[1:]))
        levels = self.factor.levels
        placed[levels.place : levels.place + levels.number] = theta
        placed[self._arrow.columns] = gamma
        return placed

    def _without(self, index: int, columns: list[int]) -> Arrow:
        """Of the rows of all folds but one."""
        training = AbsorbedFactor(self.names, self.factor.levels)
        for fold in self.folds[:index] + self.folds[index + 1 :]:
            training.merge(fold)
        return Arrow(training, columns, self._reference, self._tolerance)

    def _choose_penalty(self, columns: list[int], saturated: bool) -> Chosen:
        def errors(held_out: int, path: Array) -> Array:
            arrow, fold = self._without(held_out, columns), self.folds[held_out]
            return arrow.squared_error(fold, *arrow.solved(path)) / fold.weight

        def default() -> Array:
            path = penalties(np.array([self._greatest(columns)]))
            cost = 2.0 * len(self.folds) * len(path) * self.factor.levels.number * len(columns) ** 2
            return path if cost <= _COSTLY or self.settings.l2 == "auto" else np.array([self.settings.l2])

        return choose_penalty(self.settings.l2, [fold.weight for fold in self.folds], default, errors, saturated)

    def _find_dependent(self, candidates: list[int]) -> dict[int, Dropped]:
        """By column, what the levels and others give of it."""
        arrow, levels, found = self._all, self.factor.levels, {}
        for entry in dependences(arrow.fixed[:, :-1], self._tolerance, arrow.sizes):
            column = candidates[entry.column]
            by_level = arrow.rows[:, entry.column] - sum(
                (factor * arrow.rows[:, other] for other, factor in entry.on.items()), np.zeros(levels.number)
            )
            by_level = np.where(self.factor.by_level > 0, by_level - by_level[self._reference], 0.0)
            size = arrow.sizes[entry.column] / np.sqrt(self.factor.weight)
            effects = np.flatnonzero(np.abs(by_level) > _IN_DOUBT * self._tolerance * size)
            on, doubts = ({candidates[at]: value for at, value in of.items()} for of in (entry.on, entry.doubt))
            if len(effects):
                others = [self.names[at] for at in on if at != 0]
                because = (
                    f"{self.names[column]} is given by {', '.join(others)} and the levels of {levels.key}"
                    if others
                    else f"{self.names[column]} is the same in all training rows of each level of {levels.key}"
                )
                on |= {levels.place + int(level): float(by_level[level]) for level in effects}
            else:
                because = dependence_text(
                    column, on, doubts, self._tolerance, self.settings.scales, self.names, intercept=0
                )
            found[column] = Dropped(column, because, on)
        return found

    def _trace(self, inverse: Array) -> float:
        """Of the hat matrix, the intercept's 1 among it; `inverse` is S⁻¹."""
        arrow, penalty = self._arrow, self.penalty
        e = _reciprocals(arrow.weights, penalty)
        own = np.sum(inverse**2, axis=1)[1:].sum()
        effects = e + (arrow.weights * e) ** 2 * np.sum((arrow.rows[:, :-1] @ inverse) ** 2, axis=1)
        return 1.0 + float(len(self.columns) - 1 - penalty * (own + effects[arrow.weights > 0].sum()))

    def _covariance(self, inverse: Array) -> AbsorbedCovariance:
        """(XᵀX + λ)⁻¹·XᵀX·(XᵀX + λ)⁻¹; `inverse` is S⁻¹ [q, q]."""
        arrow, penalty = self._arrow, self.penalty
        w, x, width = arrow.weights, arrow.rows[:, :-1], len(inverse)
        e = _reciprocals(w, penalty)
        own = np.full(len(self.names), np.nan)
        own[self.columns] = self._placed(np.zeros(width), w * e**2)[self.columns]
        through = self._placed(np.eye(width), -(w * e)[:, None] * x)
        inner = inverse @ inverse.T
        if not penalty:
            return AbsorbedCovariance(own, through, inner)
        directly = self._placed(np.zeros((width, width)), (w * penalty * e**2)[:, None] * x)
        seen = np.concatenate([arrow.fixed, arrow.between(w * (penalty * e) ** 2)])[:, :-1] @ inner
        both = np.block([[seen.T @ seen, inner], [inner, np.zeros_like(inner)]])
        return AbsorbedCovariance(own, np.concatenate([through, directly], axis=1), both)

    def _greatest(self, columns: list[int]) -> float:
        """The greatest singular value of the centred columns but the intercept."""
        arrow = Arrow(self.factor, columns, self._reference, self._tolerance)
        there, weight = arrow.weights > 0, self.factor.weight
        reference = self.factor.by_level[self._reference] * arrow.rows[self._reference, :-1]
        sums = np.concatenate([arrow.weights[there], (arrow.weights @ arrow.rows[:, :-1] + reference)[1:]])

        def product(values: Array) -> Array:
            theta, gamma = np.zeros(len(there)), np.zeros(len(columns))
            theta[there], gamma[1:] = values[: there.sum()], values[there.sum() :]
            effects, others = arrow.product(theta, gamma)
            return np.concatenate([effects[there], others[1:]]) - sums * (float(sums @ values) / weight)

        return float(np.sqrt(_greatest_eigenvalue(product, len(sums))))

    def _condition_number(self, independent: list[int]) -> float:
        """In the 2-norm, of the independent columns brought to norm 1."""
        arrow = Arrow(self.factor, independent, self._reference, self._tolerance)
        there = arrow.weights > 0
        count, root = int(there.sum()), arrow.remaining(0.0)[:-1, :-1]
        sizes = np.concatenate([np.sqrt(arrow.weights[there]), arrow.sizes])

        def split(values: Array) -> tuple[Array, Array]:
            theta = np.zeros(len(there))
            theta[there] = values[:count]
            return theta, values[count:]

        def product(values: Array) -> Array:
            effects, others = arrow.product(*split(values / sizes))
            return np.concatenate([effects[there], others]) / sizes

        def inverse(values: Array) -> Array:
            effects, others = arrow.inverse_product(*split(values * sizes), root)
            return np.concatenate([effects[there], others]) * sizes

        return float(np.sqrt(_greatest_eigenvalue(product, len(sizes)) * _greatest_eigenvalue(inverse, len(sizes))))


def _greatest_eigenvalue(product: object, width: int) -> float:
    """Of a symmetric matrix that is known by its products, by Lanczos (ARPACK), from a start that is always the same."""
    start = np.random.default_rng(0).standard_normal(width)
    operator = LinearOperator((width, width), matvec=product, dtype=np.float64)
    try:
        return float(eigsh(operator, k=1, which="LA", v0=start, tol=0, return_eigenvectors=False)[0])
    except (
        ArpackNoConvergence
    ):  # eigenvalues that lie next to each other: one of them to nine digits, from more vectors
        wider = min(width, _MORE_VECTORS)
        return float(eigsh(operator, k=1, which="LA", v0=start, ncv=wider, tol=1e-9, return_eigenvectors=False)[0])
