"""Maximum likelihood of a generalised linear model by Newton's steps, each a pass over the rows, with a certificate.

The length of a step in standard errors (the Newton decrement, Boyd and Vandenberghe 2004, Convex Optimization, §9.5.1) says how far
from the optimum the coefficients before it were, and squares from step to step. The last pass is made at the final coefficients:
its own step, which is not taken, is what is left.
"""

from __future__ import annotations

import dataclasses
import functools
import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy.linalg import solve_triangular

from components.errors import DataError
from components.linear_model import array_functions
from components.linear_model.blocks import Block, Pass
from components.linear_model.bounded import Bounds, bounded_step, kkt_residual
from components.linear_model.factors import triangle
from components.linear_model.families import Family, named
from components.linear_model.families.binomial import BINOMIAL
from components.linear_model.newton_pass import HALVINGS, At, NewtonPass
from components.linear_model.sample import Sample
from components.linear_model.solve import PRECISION
from components.progress import tell
from components.values.names import INTERCEPT

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)
MOST_PASSES = 60
SETTLED = 1e-6  # a step of fewer standard errors is the last one: the next would be its square
NOISIEST = 0.1  # standard errors: a step that rounding leaves longer than this settles nothing
SHORT = 0.1  # standard errors: so near to the optimum, a step leads nearer
ROUNDING = 1e-10  # of the deviance: a rise by less is rounding
ROUNDING_ETA = 1e-13
START_PENALTY = 1.0
NEAR = 0.1  # standard errors: a start need not be nearer to the optimum of its rows
MOST_CLIMBS = 30
FARTHEST = 700.0  # η of which exp is a double
MOST_ETA = 30.0  # that a step of the start may change η by
NAMED = 0.1  # of the greatest part that a column has in a separating direction: lesser ones are not named
MOST_NAMED = 5
NEARER = "Set bounds nearer to what the labels say, or leave constraints out."


class NoMaximum(DataError):
    """The likelihood has no maximum, or none was found.

    Attributes:
      cause: why, in a clause.
    """

    def __init__(self, cause: str, way_out: str) -> None:
        super().__init__(f"{cause}. {way_out}")
        self.cause = cause


@dataclasses.dataclass(frozen=True)
class Penalty:
    """What is taken from the log likelihood.

    Attributes:
      l2: λ of λ/2·‖β‖², of all columns but the intercept's.
      log_f: whether it is that of log-F(1,1) priors: for each column but the intercept's ½·β − log(1 + e^β) is added, what a row
        of label ½ and weight 1 of a logistic regression adds that has a 1 in that column alone (Greenland and Mansournia 2015).
      intercept: whether column 0 is the intercept's.
    """

    l2: float = 0.0
    log_f: bool = False
    intercept: bool = True

    def rows(self, width: int) -> Block:
        """The rows of the priors, [q − 1] or [q]."""
        x = np.eye(width)[int(self.intercept) :]
        ones = np.ones(len(x))
        return Block(x, ones / 2, ones, ones * 0, np.zeros(len(x), np.int64), np.zeros(len(x), np.uint64))

    def root(self, width: int) -> Array:
        """√λ for each column, [q]."""
        weights = np.full(width, math.sqrt(self.l2))
        if self.intercept:
            weights[0] = 0.0
        return weights


@dataclasses.dataclass(frozen=True)
class Step:
    """What a pass says of the next one.

    Attributes:
      step: [q].
      decrement: its length in standard errors.
      triangle: [q, q], the factor of the penalised information.
      condition_number: of its columns brought to norm 1.
      beta: [q], where it leads.
      kkt: within bounds, how far from an optimum it begins (`bounded.kkt_residual`); else None.
    """

    step: Array
    decrement: float
    triangle: Array
    condition_number: float
    beta: Array
    kkt: float | None = None


@dataclasses.dataclass(frozen=True)
class Maximum:
    """Where the likelihood is greatest.

    Attributes:
      at: where the last pass looked.
      found: what it collected.
      step: the one that is left; it was not taken.
      passes: over all rows.
    """

    at: At
    found: NewtonPass
    step: Step
    passes: int

    @property
    def beta(self) -> Array:
        """The coefficients, [q]."""
        return self.at.beta


def next_step(found: NewtonPass, at: At, penalty: Penalty, bounds: Bounds | None = None) -> Step:
    """Newton's step of the penalised likelihood; within bounds the one that its quadratic model asks for there."""
    width = len(at.beta)
    rows = [found.factor()]
    if penalty.log_f:
        rows.append(
            NewtonPass(dataclasses.replace(at, family=BINOMIAL.text, folds=1)).add(penalty.rows(width)).factor()
        )
    if penalty.l2:
        root = penalty.root(width)
        rows.append(np.column_stack([np.diag(root), -root * at.beta]))
    return solved(triangle(np.concatenate(rows)), found.dispersion, at.beta, bounds)


def solved(factor: Array, dispersion: float, beta: Array, bounds: Bounds | None = None) -> Step:
    """The step that a factor [q + 1, q + 1] of √W·[X, u/h] gives; of a column that rounding left nothing of, the least one.

    Args:
      factor: at coefficients β.
      dispersion: φ there.
      beta: [q].
      bounds: that β keeps, and the step is to keep; None for none.
    """
    upper, projected = np.triu(factor[:-1, :-1]), factor[:-1, -1]
    norms = np.linalg.norm(upper, axis=0)
    scaled = upper / np.where(norms > 0, norms, 1.0)
    if bounds is not None:
        leads = bounded_step(upper, projected, bounds, beta)
        within = float(np.linalg.norm(upper @ (leads - beta))) / math.sqrt(dispersion)
        rest = float(abs(factor[-1, -1]))
        kkt = kkt_residual(upper, projected, rest, bounds.from_here(beta), np.zeros_like(beta))
        return Step(leads - beta, within, upper, float(np.linalg.cond(scaled)), leads, kkt)
    if np.min(np.abs(np.diag(scaled))) > EPS:
        step = solve_triangular(scaled, projected)
    else:
        step = np.linalg.lstsq(scaled, projected, rcond=EPS * len(scaled))[0]
    length = float(np.linalg.norm(projected)) / math.sqrt(dispersion)
    step = step / np.where(norms > 0, norms, 1.0)
    return Step(step, length, upper, float(np.linalg.cond(scaled)), beta + step)


def penalised(deviance: float, beta: Array, penalty: Penalty) -> float:
    """The deviance with twice what a penalty takes."""
    total = deviance
    if penalty.l2:
        total += float(np.sum((penalty.root(len(beta)) * beta) ** 2))
    if penalty.log_f:
        eta = beta[int(penalty.intercept) :]
        total += float(np.sum(2 * np.logaddexp(0, eta) - eta))
    return total


def maximise(
    one_pass: Pass,
    at: At,
    names: Sequence[str],
    penalty: Penalty,
    step_from: Array | None = None,
    precision: float = PRECISION,
    bounds: Bounds | None = None,
) -> Maximum:
    """Newton's steps until one is too short to matter; the last pass looks at where it led.

    Args:
      one_pass: over all rows.
      at: where to begin. With folds, the last pass tells them apart.
      names: of the columns, [q], for errors.
      penalty: what is taken from the likelihood.
      step_from: [q], coefficients that the beginning is not to be worse than.
      precision: of the columns, relative: a row that speaks against a direction by less of the greatest change of η does not.
      bounds: that the coefficients keep, those of the beginning and of `step_from` too; None for none.

    Raises:
      DataError: the labels are separated, so that the likelihood grows without end; or 60 passes did not settle it.
    """
    folds = at.folds
    at = dataclasses.replace(
        at,
        step=np.zeros_like(at.beta) if step_from is None else at.beta - step_from,
        folds=1,
        halve=True,
        figures=False,
    )
    shortest, last, passes = math.inf, False, 0
    free = penalty.l2 == 0.0 and not penalty.log_f
    known = named(at.family).dispersion == "one"
    while passes < MOST_PASSES:
        found = one_pass(functools.partial(NewtonPass, at))
        passes += 1
        without_end = free and (bounds is None or bounds.recedes(at.step))
        if not last and without_end and _separates(found, at, precision):
            raise NoMaximum(*_separation(at, names))
        best, worse = _best(found, at, penalty)
        if bounds is not None and not np.isfinite(found.deviances).any():
            raise DataError(
                f"model.constraints: within the bounds, means of some rows are beyond the range of 64 bits. {NEARER}"
            )
        if not last and worse:
            at = _back(at, best)
            continue
        step = next_step(found, at, penalty, bounds)
        tell(f"pass {passes}: the next step is {step.decrement:.2g} standard errors long")
        if last:
            return Maximum(at, found, step, passes)
        rounding = 10 * EPS * step.condition_number * found.noise
        if known:  # a dispersion of residuals that are rounding themselves is no measure
            rounding = min(rounding, NOISIEST)
        # Within bounds residuals may be so large that an estimated dispersion makes any step a short one.
        last = step.decrement <= max(SETTLED, rounding) and (step.kkt is None or step.kkt <= SETTLED)
        shortest = min(shortest, step.decrement)
        null = at.null + found.null[1] / found.null[2]
        at = dataclasses.replace(
            at,
            beta=step.beta,
            step=step.step,
            null=float(null),
            halve=step.decrement > SHORT,
            folds=folds if last else 1,
            figures=last,
        )
    raise NoMaximum(
        f"the fit did not settle in {MOST_PASSES} passes: the shortest step was {shortest:.3g} standard errors long",
        NEARER if bounds is not None else ways_out(named(at.family)) if free else "Set a larger penalty (model.l2).",
    )


def _best(found: NewtonPass, at: At, penalty: Penalty) -> tuple[int, bool]:
    """Which part of the last step is best, by its index, and whether the whole of it is worse by more than rounding."""
    parts = HALVINGS[: len(found.deviances)] if at.step.any() else HALVINGS[:1]
    values = [
        penalised(float(deviance), at.beta - (1 - part) * at.step, penalty)
        for part, deviance in zip(parts, found.deviances, strict=False)
    ]
    usable = [value if math.isfinite(value) else math.inf for value in values]
    best = int(np.argmin(usable))
    least = usable[best]
    # Of labels that are fitted without an error the deviance itself is rounding, that of η.
    rounding = ROUNDING * abs(least) + float(found.sums[3]) * ROUNDING_ETA**2
    return best, usable[0] > least and (math.isinf(usable[0]) or usable[0] - least > rounding)


def _back(at: At, best: int) -> At:
    """Where only a part of the last step leads, by its index."""
    return dataclasses.replace(at, beta=at.beta - (1.0 - HALVINGS[best]) * at.step, step=np.zeros_like(at.beta))


def _separates(found: NewtonPass, at: At, precision: float) -> bool:
    """Whether no row speaks against the step that led here: a proof that the likelihood has no maximum."""
    return bool(at.step.any()) and found.reach > 0 and found.margin >= -precision * found.reach


def _separation(at: At, names: Sequence[str]) -> tuple[str, str]:
    """Which columns separate the labels, and what to do."""
    family = named(at.family)
    order = np.argsort(-np.abs(at.step))
    greatest = abs(at.step[order[0]])
    parts = [names[index] for index in order if abs(at.step[index]) > NAMED * greatest and names[index] != INTERCEPT]
    columns = ", ".join(parts[:MOST_NAMED] or [INTERCEPT])
    more = f" and {len(parts) - MOST_NAMED} more" if len(parts) > MOST_NAMED else ""
    verb = "tells" if len(parts) < 2 else "tell"
    what = (
        "the classes apart without an error in some rows" if family.classes else "some rows of label 0 from all others"
    )
    return f"the labels are separated: {columns}{more} {verb} {what}", ways_out(family)


def ways_out(family: Family) -> str:
    """What to do about separated labels."""
    prior = ", or model.prior: log_f" if family.classes else ""
    return (
        "No finite coefficients fit best. Remove or merge these columns or levels (rare ones into (other), by the feature's "
        f"min_rows or vocabulary), or set a penalty (model.l2, a number or auto){prior}."
    )


def start(sample: Sample, family: str, columns: int, penalty: Penalty) -> tuple[At, Array]:
    """Where to begin: the fit of a sample with a ridge of 1, its rows weighing what they stand for.

    Returns:
      Where, and the coefficients [q] of the model of the intercept alone, which the beginning is not to be worse than.
    """
    rows = sample.weighted()
    near = At(family, mean_intercept(rows, family), np.zeros(1), 0.0)
    alone = _climb(dataclasses.replace(rows, x=np.ones((len(rows.label), 1))), near, Penalty(), SETTLED)
    null = alone.beta[0]
    flat = np.zeros(columns)
    flat[0] = null if penalty.intercept else 0.0
    # As a ridge of 1 beside the sample's rows, if each had a weight, and a dispersion, of 1.
    kind, weight = named(family), float(rows.weight.sum())
    if kind.dispersion == "estimated":
        assert kind.curves is not None  # noqa: S101 (families of Newton's have them)
        weight = float(rows.weight @ kind.curves(rows.label, null + rows.offset).expected)
    ridge = max(penalty.l2, START_PENALTY * weight / len(rows.label))
    at = _climb(
        rows, At(family, flat, np.zeros(columns), float(null)), Penalty(ridge, intercept=penalty.intercept), NEAR
    )
    return at, flat


def mean_intercept(rows: Block, family: str) -> Array:
    """[1]: that with which the mean is the labels', by halving the interval that means of doubles leave it."""
    inverse = named(family).link.inverse
    wanted = float(rows.weight @ rows.label)
    low, high = -FARTHEST - float(rows.offset.max()), FARTHEST - float(rows.offset.min())
    with np.errstate(over="ignore", under="ignore"):
        while high - low > 0.1:
            middle = (low + high) / 2
            if rows.weight @ inverse(middle + rows.offset, array_functions) < wanted:
                low = middle
            else:
                high = middle
    return np.array([(low + high) / 2])


def _climb(rows: Block, at: At, penalty: Penalty, enough: float) -> At:
    """Guarded steps towards the maximum, until one is shorter than `enough` standard errors, or some number of them."""
    for _ in range(MOST_CLIMBS):
        found = NewtonPass(at).add(rows)
        best, _ = _best(found, at, penalty)
        if best:
            at = _back(at, best)
            continue
        step = next_step(found, at, penalty)
        if not step.decrement > enough or not np.isfinite(step.step).all():
            break
        reach = float(np.max(np.abs(rows.x @ step.step)))
        taken = step.step * min(1.0, MOST_ETA / max(reach, MOST_ETA))
        at = dataclasses.replace(at, beta=at.beta + taken, step=taken)
    return dataclasses.replace(at, step=np.zeros_like(at.beta))
