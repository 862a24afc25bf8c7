"""What of a fit to doubt: of all figures of the diagnostics those that are worth a look, in sentences.

With many rows every test finds something, so that a finding needs two things: that it is no chance, and a size that matters.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from statistics import NormalDist
from typing import TypeVar

from components.linear_model.families import named
from pipeline.graph.diagnostics import Diagnostics, Part, Row, Shape, Tenth
from pipeline.graph.feature_table import cell, in_words
from pipeline.graph.feature_tests import Joint
from pipeline.graph.figures import figure
from pipeline.graph.regression import Column, Regression

CHANCE = 1e-3  # of a false alarm, shared by all that is looked at for one kind of finding
LONGER = 1.5  # times the classical standard error that HC3 is
LONGER_TESTED = 1.25  # the same, where Breusch and Pagan's test says so too
SHARE = 0.01  # of the residuals' variance that powers of a column or of the prediction explain
AUTOCORRELATION = 0.1
OFF = 0.05  # of a tenth's mean label from the mean prediction: of σ, of classes and positive labels of the prediction
FAR_MOVE = 1.0  # standard errors that a row or a fold moves a coefficient, and
FAR_SLICE = 3.0  # a slice
SPREAD = 1.5  # times all residuals' spread that a slice's is, or its inverse
SHIFT = 0.2  # of a slice's spread that its mean residual is
LEAST_ROWS = 50  # of a slice, or a level, of which a spread says something
NAMED = 3  # of a kind that are named

Item = TypeVar("Item")


def doubts(found: Diagnostics, fit: Regression) -> list[str]:
    """Findings, a sentence each, what touches every figure of the table first; none where nothing stands out.

    How far a row moves a coefficient is told in classical standard errors, as DFBETAS are; folds and slices by those of the run.
    """
    found = _by_own_errors(found, fit)
    kinds: tuple[Callable[[Diagnostics, Regression], Iterator[str]], ...] = (
        _errors,
        _order,
        _influence,
        _leverage,
        _form,
        _curvature,
        _calibration,
        _slices,
        _folds,
    )
    return [line for kind in kinds for line in kind(found, fit)]


def _by_own_errors(found: Diagnostics, fit: Regression) -> Diagnostics:
    """The moves of folds and slices in the standard errors that the run has."""
    if fit.errors == "classical":
        return found
    longer = {
        column.name: classical / column.standard_error
        for column in fit.columns
        if (classical := column.standard_errors.get("classical")) and column.standard_error
    }

    def told(parts: list[Part]) -> list[Part]:
        return [
            part.model_copy(update={"moves": part.moves * longer.get(part.column or "", 1.0)})
            if part.moves is not None
            else part
            for part in parts
        ]

    return found.model_copy(update={"folds": told(found.folds), "slices": told(found.slices)})


def _errors(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """HC3 beside classical errors."""
    if fit.errors != "classical":
        return
    ratios = [(ratio, column.name) for column in fit.columns[1:] if (ratio := _longer(column)) is not None]
    tested = found.spread is not None and (found.spread.p or 0.0) < CHANCE
    if not ratios or max(ratios)[0] < (LONGER_TESTED if tested else LONGER):
        return
    ratio, name = max(ratios)
    beside = f"; Breusch–Pagan {in_words('χ²', None, found.spread)}" if found.spread is not None else ""
    yield (
        f"standard errors: HC3 is up to {figure(ratio, 3)} times the classical one ({name}){beside}: t, p and intervals promise "
        "too much; set model.errors: hc3"
    )


def _longer(column: Column) -> float | None:
    """HC3 by the classical error; None of a level of few rows."""
    classical, robust = (column.standard_errors.get(kind) for kind in ("classical", "hc3"))
    return None if _is_rare(column) or not classical or robust is None else robust / classical


def _order(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Autocorrelation of rows in order of time."""
    if found.durbin_watson is None:
        return
    autocorrelation, chance = 1 - found.durbin_watson / 2, _normal(CHANCE / 2) / math.sqrt(found.rows)
    if abs(autocorrelation) > max(AUTOCORRELATION, chance):
        yield (
            f"order: residuals of neighbours in time are correlated by {figure(autocorrelation, 3)} (Durbin–Watson "
            f"{figure(found.durbin_watson, 3)}; chance is within ±{figure(chance, 2)}): rows say less than their number; cluster "
            "the errors by day or week (model.errors: {cluster: …}), or add features of time"
        )


def _influence(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Rows that move a coefficient far; that a row of few moves its own level's is no news."""
    rare = {column.name for column in fit.columns if _is_rare(column)}
    moves = [(row, *_most(row, rare)) for row in found.influential]
    moving = [f"{row.place} ({name} by {figure(moved, 3)})" for row, moved, name in moves if abs(moved) > FAR_MOVE]
    if not moving:
        return
    number = f"{len(moving)} of {found.rows:,} rows" + (" at least" if len(moving) == len(found.influential) else "")
    yield (
        f"rows: {number} move a coefficient by more than a standard error each: {_list(moving, str)}: look at them; "
        "what is wrong is left out by data.drop, or corrected"
    )


def _most(row: Row, rare: set[str]) -> tuple[float, str]:
    """How far the row moves the coefficient that it moves most of those that are not rare levels', and its name."""
    moved = ((by or 0.0, name) for name, by in row.dfbetas.items() if name not in rare)
    return max(moved, key=lambda one: abs(one[0]), default=(0.0, ""))


def _is_rare(column: Column) -> bool:
    return column.rows is not None and column.rows < LEAST_ROWS


def _leverage(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Rows that alone determine a coefficient."""
    if found.full:
        rows = [row for row in found.far if row.residual is None]
        number = "1 row alone determines" if found.full == 1 else f"{found.full:,} rows alone determine"
        yield (
            f"leverage: {number} a coefficient: {_list(rows, lambda row: row.place, found.full)}: the fit meets such a label "
            "whatever it is; leave the column out, or let the level join others (min_rows)"
        )


def _form(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """RESET, or the link test."""
    share = explained_share(found.link, fit)
    if found.link is None or share is None or share < SHARE or _chance(found.link) > CHANCE:
        return
    name, of, label = (
        ("RESET", "prediction", "; or transform the label")
        if fit.passes is None
        else ("link test", "linear predictor", "")
    )
    yield (
        f"form: square and cube of the {of} explain {share:.1%} of the residuals' variance ({name} "
        f"{form_in_words(found.link, fit)}): something bends, or columns act together; give columns kind: spline, or add a cross "
        f"or a product{label}"
    )


def bent_shapes(found: Diagnostics, fit: Regression) -> list[tuple[float, Shape, Joint]]:
    """Columns of numbers that leave a curve: what part of the residuals' variance it is, and its test; the greatest first."""
    limit = CHANCE / max(len(found.shapes), 1)
    bent = [
        (share, shape, shape.test)
        for shape in found.shapes
        if shape.test is not None
        and (share := explained_share(shape.test, fit) or 0.0) >= SHARE
        and _chance(shape.test) < limit
    ]
    return sorted(bent, key=lambda one: -one[0])


def _curvature(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Columns of numbers that leave a curve."""
    bent = bent_shapes(found, fit)

    def told(one: tuple[float, Shape, Joint]) -> str:
        share, shape, test = one
        return f"{shape.column} ({share:.1%} of the residuals' variance, {form_in_words(test, fit)})"

    if bent:
        yield f"curvature is left in {_list(bent, told)}: give it kind: spline, or more knots"


def _calibration(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Tenths whose mean label is off."""
    test = found.calibration
    if test is not None and _chance(test) > CHANCE:
        return
    off = [tenth for tenth in found.tenths if _off(tenth, fit, by_test=test is not None)]
    if not off:
        return
    worst = max(off, key=lambda tenth: abs(tenth.label - tenth.prediction))
    beside = "" if test is None else f" (Hosmer–Lemeshow {in_words('χ²', None, test)})"
    yield (
        f"calibration: the mean label of {len(off)} of {len(found.tenths)} tenths of the predictions is not the mean prediction"
        f"{beside}: where {figure(worst.prediction, 4)} is predicted, labels are {figure(worst.label, 4)} "
        f"({figure(worst.label_low, 4)} to {figure(worst.label_high, 4)}): predictions are off there, on the very rows of the fit"
    )


def _off(tenth: Tenth, fit: Regression, *, by_test: bool) -> bool:
    gap = abs(tenth.label - tenth.prediction)
    if fit.sigma is not None:
        size = fit.sigma
    else:
        size = abs(tenth.prediction) if fit.classes is None else min(tenth.prediction, 1 - tenth.prediction)
    half = (tenth.label_high - tenth.label_low) / 2
    limit = _normal(CHANCE / 20) / _normal(0.025)  # of ten tenths, both sides
    return gap > OFF * size and gap > half * (1.0 if by_test else limit)


def _slices(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Slices that are unlike the others."""
    z = _normal(CHANCE / (2 * max(len(found.slices), 1)))
    large = [part for part in found.slices if (part.rows or 0) >= LEAST_ROWS]
    yield from _shifted([part for part in large if _is_shifted(part, z)])
    if fit.residual_sum_of_squares is not None and fit.weight:
        whole = math.sqrt(fit.residual_sum_of_squares / fit.weight)
        apart = [part for part in large if whole and abs(math.log((part.spread or whole) / whole)) > math.log(SPREAD)]
        apart.sort(key=lambda part: -abs(math.log((part.spread or whole) / whole)))
        if apart:
            told = _list(apart, lambda part: f"{part.name} ({figure((part.spread or 0.0) / whole, 3)} times)")
            yield f"slices: the residuals' spread is another than all rows' in {told}: errors of predictions differ there"
    moving = [part for part in found.slices if abs(part.moves or 0.0) > _by_chance(part, found.rows, z)]
    moving.sort(key=lambda part: -abs(part.moves or 0.0))
    if moving:
        yield (
            f"slices: a coefficient moves by more standard errors than by chance without {_list(moving, _moving_part)}: the "
            "relation is another there; cross the column with the slice's, or fit it on its own"
        )


def _is_shifted(part: Part, z: float) -> bool:
    shift, spread = abs(part.residual or 0.0), part.spread or 0.0
    return shift > SHIFT * spread and shift > z * spread / math.sqrt(part.rows or 1)


def _shifted(parts: list[Part]) -> Iterator[str]:
    parts.sort(key=lambda part: -abs(part.residual or 0.0))
    if parts:
        told = _list(
            parts, lambda part: f"{part.name} (labels are {figure(part.residual, 3)} off, of {part.rows:,} rows)"
        )
        yield f"slices: predictions miss the mean of {told}: make the slice's column a feature"


def _by_chance(part: Part, rows: int, z: float) -> float:
    """Standard errors that a slice's absence moves a coefficient at most: √(s/(1 − s)) is usual, s its share of the rows."""
    share = min((part.rows or 0) / rows, 0.99)
    return max(FAR_SLICE, z * math.sqrt(share / (1 - share)))


def _folds(found: Diagnostics, fit: Regression) -> Iterator[str]:
    """Folds that move a coefficient farther than rows drawn at random do."""
    count = len(found.folds)
    if count < 2:
        return
    usual = 1 / math.sqrt(count - 1)
    z = _normal(CHANCE / (2 * count * max(fit.rank, 1)))
    moving = [part for part in found.folds if abs(part.moves or 0.0) > max(FAR_MOVE, z * usual)]
    moving.sort(key=lambda part: -abs(part.moves or 0.0))
    if moving:
        yield (
            f"folds: a coefficient moves by more standard errors than by chance, which is {figure(usual, 2)}, without "
            f"{_list(moving, _moving_part)}: a few rows carry it, or the errors are too small"
        )


def _moving_part(part: Part) -> str:
    return f"{part.name} ({part.column} by {figure(part.moves, 3)})"


def explained_share(test: Joint | None, fit: Regression) -> float | None:
    """What part of the residuals' sum of squares, of other families Pearson's, a test's columns explain."""
    if test is None or test.statistic is None or fit.degrees_of_freedom <= test.degrees_of_freedom:
        return None
    if fit.passes is None:
        explained = test.statistic * test.degrees_of_freedom
        return explained / (explained + fit.degrees_of_freedom - test.degrees_of_freedom)
    known = named(fit.family).dispersion == "one"
    explained = test.statistic * (1 if known else test.degrees_of_freedom)
    return min(explained / (fit.degrees_of_freedom * ((fit.pearson or 1.0) if known else 1.0)), 1.0)


def form_in_words(test: Joint, fit: Regression) -> str:
    """A test of powers of a column, or of the prediction: `F 8.1 on 2, p 0.0003`; χ² where the dispersion is known."""
    known = fit.passes is not None and named(fit.family).dispersion == "one"
    name = "χ²" if known else "F"
    return f"{name} {cell(name, test.statistic)} on {test.degrees_of_freedom}, p {cell('p', test.p)}"


def _normal(beyond: float) -> float:
    """The standard deviations beyond which a normal number lies with this probability, on one side."""
    return NormalDist().inv_cdf(1 - beyond)


def _chance(test: Joint) -> float:
    return 1.0 if test.p is None else test.p


def _list(items: Sequence[Item], told: Callable[[Item], str], number: int | None = None) -> str:
    """The first few, and how many more."""
    more = (len(items) if number is None else number) - NAMED
    return "; ".join(told(item) for item in items[:NAMED]) + (f"; and {more:,} more" if more > 0 else "")
