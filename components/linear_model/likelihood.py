"""From the factors of all rows, and passes over them, to the fit of maximum likelihood."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Iterator, Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model import array_functions
from components.linear_model.blocks import Block, Pass, over
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_fit import Bounded
from components.linear_model.bounded_start import start_within
from components.linear_model.counted import Counted, is_worth_counting
from components.linear_model.factor_kinds import merged
from components.linear_model.factors import BLOCK_ROWS, TriangularFactor
from components.linear_model.families import named
from components.linear_model.inference import PRIORS, Dropped, LikelihoodFit
from components.linear_model.likelihood_covariance import covariance_root, inverse_root
from components.linear_model.likelihood_path import Anchor, FoldFits, cross_validate
from components.linear_model.newton import Maximum, NoMaximum, Penalty, maximise, start
from components.linear_model.newton_pass import At, NewtonPass
from components.linear_model.rank import independent_columns
from components.linear_model.ridge import choose
from components.linear_model.sample import Sample
from components.linear_model.solve import Columns, Settings
from components.linear_model.threshold import ScorePass, best_eta
from components.linear_model.units import Units

Array = NDArray[np.float64]

PATH_LENGTH = 20
PATH_SPAN = 1e-9  # least to greatest penalty above 0
ANCHORS = (19, 12, 6, 0)  # places on the path where the model of all rows is fitted, each from the one before


class Likelihood:
    """Maximum likelihood of the rows that the factors of all folds stand for.

    Attributes:
      fit: the fit.
      kept: places of the columns that are fitted.
      beta: [q], their coefficients, in the rows' units.
      root: M [q, q], M·Mᵀ the inverse of the information and the penalty's, in the rows' units.
      without_folds: [folds, q], the coefficients of the rows of all folds but one, in the rows' units; None without
        cross-validation.
    """

    kept: list[int]
    beta: Array
    root: Array
    without_folds: Array | None = None

    def __init__(
        self,
        family: str,
        folds: Sequence[TriangularFactor],
        settings: Settings,
        rows: Callable[[list[int]], Pass],
        separated: NoMaximum | None = None,
        units: Units | None = None,
    ) -> None:
        """Finds which columns can be fitted, chooses the penalty, and fits.

        Args:
          family: its text.
          folds: a factor of [X y] a fold, of the scaled columns: they tell which columns can be fitted.
          settings: how to solve.
          rows: passes over all rows of a weight above 0, with some columns alone.
          separated: why there is no maximum without a penalty, where that is known already.
          units: of the rows, where they are other ones than the factors'; the fit is in the factors'.

        Raises:
          NoMaximum: without a penalty there is none.
          DataError: as of `Columns` and `maximise`; all labels are of one class; or `l2: auto` without at least two folds that
            hold rows.
        """
        self._family, self._settings, self._rows = family, settings, rows
        self._factor = merged(folds)
        self._folds = len(folds) if sum(fold.weight > 0 for fold in folds) > 1 else 1
        self._columns = Columns(self._factor, settings, settings.l2 != 0.0 or settings.log_f)
        self._passes = 0
        self._separated, self._units = separated, units
        if settings.l2 == "auto":
            if self._folds == 1:
                raise DataError("l2: auto needs at least two folds that hold rows. Set folds, or give l2 as a number.")
            self.fit = self._fit_of_path()
        else:
            if separated is not None and settings.l2 == 0.0 and not settings.log_f:
                raise separated
            self.fit = self._fit_of(Penalty(settings.l2, settings.log_f, settings.intercept))

    def _look(self, kept: list[int]) -> None:
        """Takes the columns to fit, and a sample of the rows; if it is all, or few are different, they are not read again."""
        self._kept, self._names = kept, [self._factor.names[index] for index in kept]
        self._one_pass = self._rows(kept)
        self._sample = self._one_pass(functools.partial(Sample, len(kept)))
        self._passes += 1
        _check_labels(self._sample, self._family)
        self._held = self._sample.rows() if self._sample.whole else self._counted(len(kept))
        if self._held is not None:
            self._one_pass = over(functools.partial(_in_blocks, self._held))

    def _counted(self, columns: int) -> Block | None:
        """The rows with equal ones counted as one; None where nearly all are different."""
        if not is_worth_counting(self._sample.rows()):
            return None
        self._passes += 1
        counted: Counted = self._one_pass(functools.partial(Counted, columns))
        return counted.block()

    def _fit_of(self, penalty: Penalty) -> LikelihoodFit:
        """The fit with a penalty that was given, and its error on held-out folds."""
        kept, dropped, shared = self._columns.kept(penalty.l2 != 0.0 or penalty.log_f)
        self._look(kept)
        at, flat = self._start(penalty)
        maximum = self._maximum(at, penalty, flat)
        found = None
        if self._folds > 1 and not penalty.log_f:
            anchor = Anchor(penalty.l2, maximum.beta, maximum.found.factors)
            found = self._cross_validated([anchor], np.array([penalty.l2]))
            self.without_folds = found.betas[:, 0]
        return self._told(maximum, penalty, (dropped, shared), found, 0, PRIORS if penalty.log_f else "given")

    def _fit_of_path(self) -> LikelihoodFit:
        """The fit with the penalty that cross-validation chooses."""
        intercept = self._settings.intercept
        wanted = self._columns.kept(True)[0]
        self._look(wanted)
        begin, flat = self._start(Penalty(intercept=intercept))
        path = self._penalties(begin)
        at, anchors = begin, []
        for index in ANCHORS:
            anchors.append(self._anchor(at, Penalty(path[index], intercept=intercept), flat))
            at = dataclasses.replace(at, beta=anchors[-1].beta)
        not_plain: str | None = None
        try:
            anchors.append(self._plain_anchor(begin, flat))
            path = np.append(0.0, path)
        except NoMaximum as error:
            not_plain = f"without one {error.cause}"
        every = self._cross_validated(anchors, path)
        found = every.solved()
        path = found.found.path
        if not len(path):
            raise NoMaximum("no penalty's fits settled on all folds", "Give a penalty (model.l2, a number).")
        if not_plain is None and path[0] > 0:
            not_plain = "without one the fits of some folds don't settle"
        chosen, rule = choose(found.found, "maximum likelihood", "mean deviance", not_plain)
        penalty = Penalty(float(path[chosen]), intercept=intercept)
        kept, dropped, shared = self._columns.kept(penalty.l2 != 0.0)
        self.without_folds = found.betas[:, chosen][:, np.isin(wanted, kept)]
        if kept != wanted:
            self._look(kept)
        nearest = min(anchors, key=lambda anchor: abs(anchor.penalty - penalty.l2)).beta[np.isin(wanted, kept)]
        start_at = At(self._family, nearest, np.zeros(len(kept)), at.null)
        maximum = self._maximum(start_at, penalty, None)
        return self._told(maximum, penalty, (dropped, shared), found, chosen, rule)

    def _start(self, penalty: Penalty) -> tuple[At, Array]:
        """Where to begin, and the coefficients of the model of the intercept alone, both within the bounds."""
        at, flat = start(self._sample, self._family, len(self._kept), penalty)
        bounds = self._bounds_of(self._kept)
        if bounds is None:
            return at, flat
        beta, flat = (
            start_within(bounds, one, self._sample, self._family, penalty.intercept) for one in (at.beta, flat)
        )
        return dataclasses.replace(at, beta=beta), flat

    def _bounds_of(self, columns: list[int]) -> Bounds | None:
        """Of some columns, in units of the rows; None where there are none."""
        found = self._settings.bounds
        if found is None:
            return None
        found = found.of(columns)
        return found if self._units is None else found.scaled(self._units.size[columns])

    def _penalties(self, at: At) -> Array:
        """The path, increasing: from a part of ten times the greatest information that a direction of the columns has."""
        design = self._columns.solved_for(self._kept)[0]
        first = int(self._settings.intercept)
        singular = np.linalg.svd(design[first:, first:], compute_uv=False) if len(design) > first else np.ones(1)
        rows = self._sample.weighted()
        null = NewtonPass(dataclasses.replace(at, beta=at.beta * 0)).add(rows).null
        greatest = 10.0 * float(singular[0]) ** 2 * float(null[2]) / float(rows.weight.sum())
        return np.geomspace(greatest * PATH_SPAN, greatest, PATH_LENGTH) if greatest > 0 else np.ones(PATH_LENGTH)

    def _anchor(self, at: At, penalty: Penalty, flat: Array) -> Anchor:
        maximum = self._maximum(at, penalty, flat)
        return Anchor(penalty.l2, maximum.beta, maximum.found.factors)

    def _plain_anchor(self, at: At, flat: Array) -> Anchor:
        """Without penalty, from where `start` begins: of independent columns; the others have no coefficient."""
        independent = self._columns.independent
        if self._separated is not None:
            raise self._separated
        if self._columns.saturated:
            raise NoMaximum("there are too few rows", "Set a penalty.")
        place = np.isin(self._kept, independent)
        one_pass = self._restricted(place)
        at = dataclasses.replace(
            at, beta=at.beta[place], step=at.step[place], folds=self._folds, rows=self._factor.rows
        )
        names = [name for name, there in zip(self._names, place, strict=True) if there]
        penalty = Penalty(intercept=self._settings.intercept)
        bounds = self._bounds_of([column for column, there in zip(self._kept, place, strict=True) if there])
        maximum = maximise(one_pass, at, names, penalty, flat[place], self._settings.precision, bounds)
        self._passes += maximum.passes
        if place.all():
            return Anchor(0.0, maximum.beta, maximum.found.factors)
        beta = np.zeros(len(place))
        beta[place] = maximum.beta
        whole = At(self._family, beta, np.zeros(len(place)), maximum.at.null, folds=self._folds)
        self._passes += 1
        return Anchor(0.0, beta, self._one_pass(functools.partial(NewtonPass, whole)).factors)

    def _restricted(self, place: NDArray[np.bool_]) -> Pass:
        """Passes over some of the columns."""
        if place.all():
            return self._one_pass
        if self._held is not None:
            return over(functools.partial(_in_blocks, dataclasses.replace(self._held, x=self._held.x[:, place])))
        return self._rows([column for column, there in zip(self._kept, place, strict=True) if there])

    def _maximum(self, at: At, penalty: Penalty, flat: Array | None) -> Maximum:
        at = dataclasses.replace(at, folds=self._folds, rows=self._factor.rows)
        bounds = self._bounds_of(self._kept)
        maximum = maximise(self._one_pass, at, self._names, penalty, flat, self._settings.precision, bounds)
        self._passes += maximum.passes
        return maximum

    def _cross_validated(self, anchors: list[Anchor], path: Array) -> FoldFits:
        bounds = self._bounds_of(self._kept)
        found = cross_validate(self._one_pass, self._family, anchors, path, self._settings.intercept, bounds)
        self._passes += found.passes
        return found

    def best_threshold(self, metric: Literal["f1", "accuracy"], weights: tuple[float, float], shift: float) -> float:
        """The probability from which on a row is positive, by a metric on the held-out folds.

        Args:
          metric: that is to be greatest.
          weights: of the two classes, by which the rows were weighted for the fit, and are not here.
          shift: what is added to the fit's η to answer.

        Raises:
          DataError: there are no folds.
        """
        if self.without_folds is None:
            raise DataError(
                "model.threshold: a metric needs at least two folds that hold rows. Give a number, or costs."
            )
        counts = self._one_pass(functools.partial(ScorePass, self.without_folds)).counts
        eta = best_eta(counts / np.array(weights)[:, None], metric) + shift
        return float(named(self._family).link.inverse(np.array(eta), array_functions))

    def _bounded(self, maximum: Maximum) -> Bounded | None:
        """What the bounds did; None where there are none."""
        bounds = self._bounds_of(self._kept)
        if bounds is None or maximum.step.kkt is None:
            return None
        return Bounded.of(bounds, self._kept, maximum.beta, maximum.step.kkt)

    def _told(
        self,
        maximum: Maximum,
        penalty: Penalty,
        told: tuple[list[Dropped], list[Dropped]],
        folds: FoldFits | None,
        chosen: int,
        rule: str,
    ) -> LikelihoodFit:
        found, factor, kept = maximum.found, self._factor, self._kept
        self.kept, self.beta = kept, maximum.beta
        bounded, rank = self._bounded(maximum), self._columns.rank
        merging = None
        if bounded is not None:
            merging = bounded.merging(len(factor.names))[np.ix_(kept, bounded.free(kept))]
            rank = len(independent_columns(self._columns.solved_for(kept)[0] @ merging, self._columns.tolerance))
        self.root = inverse_root(found.information(), maximum, penalty, merging)
        root, trace = covariance_root(found.information(), maximum, penalty, merging)
        freedom = factor.rows - (rank if trace is None else trace)
        pearson = float(found.sums[2]) / freedom if freedom > 0 else float("nan")
        dispersion = 1.0 if named(self._family).dispersion == "one" else pearson
        width = len(factor.names)
        coefficients, covariance = np.zeros(width), np.full((width, width), np.nan)
        beta = maximum.beta
        if self._units is not None:
            beta, root = self._units.raw(beta, kept), self._units.raw(root, kept)
        coefficients[kept] = beta
        covariance[np.ix_(kept, kept)] = dispersion * (root @ root.T)
        covariance = covariance if bounded is None else bounded.without(covariance)
        return LikelihoodFit(
            family=self._family,
            names=factor.names,
            coefficients=coefficients,
            covariance=covariance,
            rows=factor.rows,
            degrees_of_freedom=float(freedom),
            rank=rank,
            condition_number=self._columns.condition_number(),
            intercept=self._settings.intercept,
            dropped=told[0],
            shared=told[1],
            bounds=bounded,
            penalty=penalty.l2,
            penalty_rule=rule,
            ridge_path=_path(folds),
            cv_error=None if folds is None else float(folds.found.mean[chosen]),
            deviance=found.deviance,
            null_deviance=float(found.null[0]),
            weight=found.weight,
            constant=float(found.sums[5]),
            dispersion=dispersion,
            pearson=pearson,
            loss=float(found.sums[4]) / found.weight,
            passes=self._passes,
            different_rows=None if self._held is None or self._sample.whole else len(self._held.label),
            decrement=maximum.step.decrement,
            remaining_step=None if folds is None else float(folds.remaining[:, chosen].max()) / np.sqrt(dispersion),
            remaining_on_path=None if folds is None else float(folds.remaining.max()) / np.sqrt(dispersion),
        )


def _path(folds: FoldFits | None) -> list[dict[str, float]]:
    if folds is None:
        return []
    found = folds.found
    return [{"l2": float(l2), "cv_error": float(error)} for l2, error in zip(found.path, found.mean, strict=True)]


def _in_blocks(rows: Block) -> Iterator[Block]:
    for begin in range(0, len(rows.label), BLOCK_ROWS):
        yield rows.take(slice(begin, begin + BLOCK_ROWS))


def _check_labels(sample: Sample, family: str) -> None:
    """Raises a DataError if all labels are of one class, or all are 0: no finite coefficients fit best."""
    zeros, others = sample.seen
    if named(family).classes and not (zeros and others):
        raise DataError(
            f"every training row's label is {0 if zeros else 1}: there is nothing to tell apart. Give rows of both classes."
        )
    if not others:
        raise DataError("every training row's label is 0: there is nothing to fit. Give rows with other labels.")
