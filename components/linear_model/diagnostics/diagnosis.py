"""From what the pass collected to its figures (`figures`)."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from components.linear_model import array_functions
from components.linear_model.design_matrix import MISSING_LEVEL
from components.linear_model.diagnostics.figures import LEVEL, SHARES, Bin, Diagnosis, Part, Row, Shape, Tenth
from components.linear_model.diagnostics.grid import groups, quantile
from components.linear_model.diagnostics.largest import Largest
from components.linear_model.diagnostics.one_pass import Asked, DiagnosticsPass
from components.linear_model.diagnostics.pictures import BY_PREDICTION, BY_RESIDUAL
from components.linear_model.diagnostics.seen import Lens
from components.linear_model.families import named
from components.linear_model.joint_test import JointTest
from components.values.names import shown

Array = NDArray[np.float64]

TENTHS, BINS = 10, 20
NAMED = 10  # coefficients that a row moves most
LOST = 1e-6  # of the greatest part that a coefficient has in what is not determined


@dataclasses.dataclass(frozen=True)
class Coefficients:
    """How coefficients are told.

    Attributes:
      names: of all columns, [p].
      errors: classical standard errors in raw units, [p]; NaN where there is none.
      raw: changes of the q fitted coefficients [q, m] (and of levels that are eliminated, after them) to those of all columns in
        raw units [p, m].
    """

    names: list[str]
    errors: Array
    raw: Callable[[Array], Array]

    def moved(self, change: Array) -> Array:
        """Changes of the fitted coefficients [q, m] by standard errors, [p, m]; NaN where there are none."""
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.asarray(self.raw(change) / self.errors[:, None])

    def greatest(self, change: Array, lost: Array | None = None) -> tuple[float, str] | tuple[None, None]:
        """By how many standard errors a change [q] moves the coefficient that it moves most, and its name.

        Args:
          change: of the fitted coefficients.
          lost: directions [q, d] in which they are not determined: coefficients that have a part in one are left out.
        """
        moved = self.moved(change[:, None])[:, 0]
        if lost is not None and lost.shape[1]:
            part = np.max(np.abs(self.moved(lost)), axis=1)
            moved[part > LOST * np.nanmax(part)] = np.nan
        if not np.isfinite(moved).any():
            return None, None
        place = int(np.nanargmax(np.where(np.isfinite(moved), np.abs(moved), np.nan)))
        return float(moved[place]), self.names[place]


@dataclasses.dataclass(frozen=True)
class Column:
    """A column of numbers that is looked at: its name, and what was taken from it and what it was divided by."""

    name: str
    origin: float
    scale: float


def diagnosis(
    found: DiagnosticsPass,
    lens: Lens,
    asked: Asked,
    coefficients: Coefficients,
    columns: Sequence[Column],
    *,
    intercept: bool,
    penalised: bool,
    without_folds: Array | None,
    slices: Sequence[Sequence[str]] = (),
    not_looked_at: int = 0,
) -> Diagnosis:
    """The figures of a whole pass.

    Args:
      found: what was collected.
      lens, asked: what it was collected by.
      coefficients: how they are told.
      columns: those of `asked.columns`.
      intercept: whether there is one.
      penalised: whether coefficients are drawn to 0: then there are no tests.
      without_folds: the coefficients [folds, q] of the rows of all folds but one; None without folds.
      slices: the names of the columns of each set of `asked.slices`.
      not_looked_at: columns of numbers beyond `columns`.
    """
    family = named(lens.family)
    known = family.dispersion == "one"
    powers, in_order, residuals, by_prediction = found.powers, found.in_order, found.residuals, found.by_prediction
    assert powers is not None  # noqa: S101 (asked for)
    assert residuals is not None  # noqa: S101 (the same)
    assert by_prediction is not None  # noqa: S101 (the same)
    tested = not penalised and lens.freedom > 0
    return Diagnosis(
        rows=int(found.leverage["rows"]),
        leverage_sum=float(found.leverage["sum"]),
        rank=float(lens.rank),
        full=int(found.meat["full"]),
        influential=_rows(found.largest["cooks_distance"], lens, coefficients),
        far=_rows(found.largest["leverage"], lens, coefficients),
        outlying=_rows(found.largest["residual"], lens, coefficients),
        tenths=(tenths := _tenths(found, lens, asked)),
        quantiles=residuals.quantiles(),
        calibration=_hosmer_lemeshow(tenths) if family.classes else None,
        shapes=[
            Shape(column.name, _bins(found, index, column), powers.test(index, lens, known) if tested else None)
            for index, column in enumerate(columns)
        ],
        not_looked_at=not_looked_at,
        spread=found.spread.test(lens, intercept) if found.spread is not None and tested else None,
        link=powers.test(-1, lens, known) if tested else None,
        durbin_watson=None if in_order is None else in_order.durbin_watson(),
        folds=[] if without_folds is None else _folds(lens, coefficients, without_folds),
        slices=_slices(found, lens, coefficients, slices),
        not_told=[", ".join(names) for index, names in enumerate(slices) if _too_many(found, index)],
        errors=by_prediction.errors(),
    )


def to_json(found: Diagnosis) -> dict[str, Any]:
    """As plain JSON: None where a figure is not finite."""
    return _finite(dataclasses.asdict(found))


def _finite(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _finite(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(part) for part in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None
    return value


def _rows(largest: Largest, lens: Lens, coefficients: Coefficients) -> list[Row]:
    kept = largest.kept
    left = 1.0 - kept["leverage"]
    there = np.isfinite(kept["residual"])
    safe = np.where(there, left, 1.0)
    residual = np.where(there, kept["residual"], 0.0)
    cook = residual**2 * kept["leverage"] / (lens.rank * safe)
    moved = coefficients.moved(lens.moves(kept["white"], kept["own"], kept["level"], kept["score"] / safe))
    without: list[float | None] = [None] * len(residual)
    if lens.squares and lens.freedom > 1:
        # The variance without the row, by the variance with it.
        part = np.maximum((lens.freedom - residual**2) / (lens.freedom - 1), 0.0)
        with np.errstate(divide="ignore", invalid="ignore"):
            moved, without = moved / np.sqrt(part), (residual / np.sqrt(part)).tolist()
    return [
        Row(
            row=int(kept["row"][index]),
            leverage=float(kept["leverage"][index]),
            residual=float(residual[index]) if there[index] else None,
            without=without[index] if there[index] else None,
            cooks_distance=float(cook[index]) if there[index] else None,
            dfbetas=_greatest(moved[:, index], coefficients.names) if there[index] else {},
        )
        for index in range(len(residual))
    ]


def _greatest(moved: Array, names: Sequence[str]) -> dict[str, float]:
    size = np.where(np.isfinite(moved), np.abs(moved), -1.0)
    order = np.argsort(-size, kind="stable")[:NAMED]
    return {names[place]: float(moved[place]) for place in order if size[place] >= 0}


def _tenths(found: DiagnosticsPass, lens: Lens, asked: Asked) -> list[Tenth]:
    sums = found.by_prediction
    assert sums is not None  # noqa: S101 (asked for)
    family = named(lens.family)
    residuals = sums["residuals"].reshape(BY_PREDICTION.size, BY_RESIDUAL.size)
    unit = math.sqrt(lens.dispersion) if lens.squares and lens.dispersion > 0 else 1.0

    def mean(end: float) -> float:
        with np.errstate(over="ignore"):
            return float(family.link.inverse(np.array(asked.centre + asked.spread * end), array_functions))

    tenths = []
    for group in groups(sums["rows"].astype(np.int64), TENTHS):
        rows, weight, label = (float(sums[name][group].sum()) for name in ("rows", "weight", "label"))
        label /= weight
        low, high = _interval(label, rows, float(sums["square"][group].sum()) / weight, classes=family.classes)
        counts = residuals[group].sum(axis=0).astype(np.int64)
        tenths.append(
            Tenth(
                low=mean(BY_PREDICTION.lower[group.start]),
                high=mean(BY_PREDICTION.upper[group.stop - 1]),
                rows=int(rows),
                weight=weight,
                prediction=float(sums["mean"][group].sum()) / weight,
                label=label,
                label_low=low,
                label_high=high,
                residuals=[unit * quantile(counts, BY_RESIDUAL.lower, BY_RESIDUAL.upper, share) for share in SHARES],
            )
        )
    return tenths


def _interval(label: float, rows: float, square: float, *, classes: bool) -> tuple[float, float]:
    """Of a mean label: of classes Wilson's (1927), else by the mean square of y − μ."""
    z = float(stats.norm.ppf(0.5 + LEVEL / 2))
    if not classes:
        half = z * math.sqrt(square / rows)
        return label - half, label + half
    middle = (label + z**2 / (2 * rows)) / (1 + z**2 / rows)
    half = z / (1 + z**2 / rows) * math.sqrt(max(label * (1 - label), 0) / rows + z**2 / (4 * rows**2))
    return middle - half, middle + half


def _hosmer_lemeshow(tenths: Sequence[Tenth]) -> JointTest | None:
    freedom = len(tenths) - 2
    if freedom < 1:
        return None
    statistic = 0.0
    for tenth in tenths:
        variance = tenth.prediction * (1 - tenth.prediction)
        if variance <= 0:
            return None
        statistic += tenth.weight * (tenth.label - tenth.prediction) ** 2 / variance
    return JointTest(statistic, freedom, float(stats.chi2.sf(statistic, freedom)))


def _bins(found: DiagnosticsPass, index: int, column: Column) -> list[Bin]:
    sums = found.by_column
    assert sums is not None  # noqa: S101 (asked for)
    bins = []
    for group in groups(sums["rows"][index].astype(np.int64), BINS):
        rows, weight, value, residual, square = (
            float(sums[name][index, group].sum()) for name in ("rows", "weight", "value", "residual", "square")
        )
        residual /= weight
        spread = max(square / weight - residual**2, 0.0)
        bins.append(
            Bin(
                value=column.origin + column.scale * value / weight,
                rows=int(rows),
                residual=residual,
                error=math.sqrt(spread / (rows - 1)) if rows > 1 else math.nan,
            )
        )
    return bins


def _folds(lens: Lens, coefficients: Coefficients, without: Array) -> list[Part]:
    parts, whole = [], lens.beta if lens.levels is None else np.concatenate([lens.beta, lens.levels.theta])
    for index, beta in enumerate(without):
        moves, column = coefficients.greatest(beta - whole)
        parts.append(Part(f"fold {index + 1}", None, None, None, moves, column))
    return parts


def _too_many(found: DiagnosticsPass, index: int) -> bool:
    return found.slices is not None and found.slices.found[index] is None


def _slices(
    found: DiagnosticsPass, lens: Lens, coefficients: Coefficients, sets: Sequence[Sequence[str]]
) -> list[Part]:
    parts: list[Part] = []
    if found.slices is None:
        return parts
    for index, names in enumerate(sets):
        for values, (rows, weight, residual, square), moved, lost in found.slices.told(index) or []:
            texts = (shown(value) if value is not None else MISSING_LEVEL for value in values)
            # Where levels are eliminated, what moves them is not in the columns x·M alone.
            moves, column = (
                coefficients.greatest(-(lens.root @ moved), lens.root @ lost) if lens.levels is None else (None, None)
            )
            parts.append(
                Part(
                    name=", ".join(f"{shown(name)} = {text}" for name, text in zip(names, texts, strict=True)),
                    rows=int(rows),
                    residual=float(residual / weight),
                    spread=math.sqrt(square / weight),
                    moves=moves,
                    column=column,
                )
            )
    return parts
