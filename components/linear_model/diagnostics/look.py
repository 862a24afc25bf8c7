"""From a fit that is solved, by one pass, to its robust covariances and its diagnosis."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import Covariance
from components.linear_model.blocks import Pass
from components.linear_model.diagnostics.diagnosis import Coefficients, Column, diagnosis
from components.linear_model.diagnostics.figures import Diagnosis
from components.linear_model.diagnostics.one_pass import MOST_COLUMNS, Asked, DiagnosticsPass
from components.linear_model.diagnostics.sandwich import CLUSTER, covariance
from components.linear_model.diagnostics.seen import Effects, Lens
from components.linear_model.inference import CLASSICAL, LeastSquaresFit, LikelihoodFit

Array = NDArray[np.float64]

HC3 = "hc3"  # stands beside whatever errors are asked for


@dataclasses.dataclass(frozen=True)
class Solved:
    """A fit, in the units of the columns that its rows have.

    Attributes:
      family: its text.
      fit: in those units, with its classical covariance.
      columns: places of the columns that are fitted, q of p.
      beta: [q].
      root: [q, k], as of a `Lens`.
      without_folds: [folds, q], coefficients of the rows of all folds but one (and of levels that are eliminated, after them); None
        without folds.
      levels: that are eliminated; None where none are.
      first_level: the place of the first of them.
    """

    family: str
    fit: LeastSquaresFit | LikelihoodFit
    columns: list[int]
    beta: Array
    root: Array
    without_folds: Array | None
    levels: Effects | None = None
    first_level: int = 0

    @property
    def places(self) -> list[int]:
        """Of all coefficients, those of levels that are eliminated last."""
        levels = 0 if self.levels is None else len(self.levels.theta)
        return [*self.columns, *range(self.first_level, self.first_level + levels)]

    @property
    def lens(self) -> Lens:
        """As its rows are looked at."""
        fit = self.fit
        dispersion = fit.sigma**2 if isinstance(fit, LeastSquaresFit) else fit.dispersion
        rank = fit.rows - fit.degrees_of_freedom
        return Lens(self.family, self.beta, self.root, dispersion, fit.degrees_of_freedom, rank, fit.rows, self.levels)


@dataclasses.dataclass(frozen=True)
class Wanted:
    """What is looked for.

    Attributes:
      errors: `classical`, `hc0` to `hc3`, or `cluster`.
      diagnosis: whether all else is wanted too.
      numbers: by place among all p columns, the columns of numbers to be looked at one by one.
      eta: mean and standard deviation of η, about.
      ordered: whether rows have a time.
      slices: by set of columns that slices are made by, their names, and
      slice_columns: the names of a block's slices.
    """

    errors: str
    diagnosis: bool
    numbers: dict[int, Column]
    eta: tuple[float, float]
    ordered: bool = False
    slices: Sequence[Sequence[str]] = ()
    slice_columns: Sequence[str] = ()


@dataclasses.dataclass(frozen=True)
class Look:
    """What was found.

    Attributes:
      covariances: by kind of robust errors: `hc3`, and those that were asked for.
      clusters: how many there are; None where rows were not summed by cluster.
      diagnosis: None where it was not wanted.
    """

    covariances: dict[str, Covariance]
    clusters: int | None
    diagnosis: Diagnosis | None


def look(
    solved: Solved,
    wanted: Wanted,
    one_pass: Pass,
    names: list[str],
    errors: Array,
    raw: Callable[[Array], Array],
) -> Look:
    """Looks at all rows once.

    Args:
      solved: the fit.
      wanted: what is looked for.
      one_pass: over all rows, with the columns that are fitted.
      names: of all columns, [p].
      errors: the classical standard errors in raw units, [p]; NaN where there is none.
      raw: from changes of the fitted coefficients, as `Solved.places` has them, [q, m] to those of all in raw units [p, m].

    Raises:
      DataError: there are fewer than two clusters.
    """
    lens, fit = solved.lens, solved.fit
    by_place = {  # what is held where it is has no coefficient to be wrong about
        place: wanted.numbers[column]
        for place, column in enumerate(solved.columns)
        if column in wanted.numbers and solved.root[place].any()
    }
    places = list(by_place)[:MOST_COLUMNS]
    robust = {*({HC3} if wanted.diagnosis else ()), *({wanted.errors} - {CLASSICAL, CLUSTER})}
    asked = Asked(
        kinds=tuple(sorted(robust)),
        clusters=wanted.errors == CLUSTER,
        whole=wanted.diagnosis,
        columns=tuple(places),
        centre=wanted.eta[0],
        spread=wanted.eta[1],
        ordered=wanted.ordered,
        slices=tuple(tuple(wanted.slice_columns.index(name) for name in names) for names in wanted.slices),
    )
    found: DiagnosticsPass = one_pass(functools.partial(DiagnosticsPass, lens, asked))
    kinds = [*asked.kinds, *([CLUSTER] if asked.clusters else [])]
    return Look(
        {kind: covariance(found, lens, kind) for kind in kinds},
        None if found.clusters is None else len(found.clusters.ids),
        diagnosis(
            found,
            lens,
            asked,
            Coefficients(names, errors, raw),
            [by_place[place] for place in places],
            intercept=fit.intercept,
            penalised=fit.penalised,
            without_folds=solved.without_folds,
            slices=wanted.slices,
            not_looked_at=len(by_place) - len(places),
        )
        if wanted.diagnosis
        else None,
    )


def linear_predictor(square: Array, coefficients: Array) -> tuple[float, float]:
    """Mean and standard deviation of η over rows, from the factor [p + 1, p + 1] of [1 X y] and the coefficients [p].

    Without an intercept in column 0 they are other figures, which do for bins as well.
    """
    along = square[:-1, :-1] @ coefficients
    corner = float(square[0, 0]) or 1.0  # of either sign, as its row is
    spread = float(np.linalg.norm(along[1:])) / abs(corner)
    return float(along[0]) / corner, spread if spread > 0 else 1.0
