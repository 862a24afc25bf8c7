"""model.json: the fitted model as plain numbers, enough to score rows without TensorFlow (`components.linear_model.scoring`).

With X the design matrix (a column of ones first), b the coefficients, m the columns' means over the training rows and g the
family's link:

- prediction (of a family of classes, `probability`): g⁻¹(η), η = X·b. A row is of the positive class from the threshold on. An
  offset, or the logarithm of an exposure, is a column of X whose coefficient is 1; a row without it has no answer.
- contribution of a raw feature: Σ (X_j − m_j)·b_j over its columns. All of them and the baseline m·b add up to η. The reference
  point is the mean training row, so a contribution is in units of η (for least squares those of the label) against that row.
- outside of a spline: 1 where its number (or what stands for a missing one) lies beyond the outer knots, by more than a millionth
  of their distance: the curve is a straight line there, which no training row bears out. Else 0.
- standard error: √(σ² + x·C·x), C the covariance of b; the interval is g⁻¹(η ± t·that). Of least squares σ is the standard
  deviation of the residuals, so that they are those of a new label of weight 1, and t is the quantile of Student's t with the
  residuals' degrees of freedom (Draper and Smith, Applied Regression Analysis, 3rd ed., §3.1). Of other families σ is 0: they are
  those of η, and the ends those of the mean; where the dispersion is known, t is the normal law's. For a ridge fit, C leaves the
  bias out of account; where a coefficient is on a bound, it is taken as known there.
- Of a label that was transformed, z = g(y) (`families.label`), least squares is one of z: η, standard errors and contributions are
  on that scale, g⁻¹(η) is the median of y, and the interval that of a new y. `smearing` holds the averages by which its mean is
  answered instead, if the family's text says so: of exp(e) for the logarithm, so that the mean is exp(η) times that.
- A row outside what was trained on (a level without training rows, a column that was constant there, or collinear columns that
  no longer agree, whether one was dropped or a penalty kept them all) has no finite interval: the data don't say what its label
  would be (it is not estimable). With fewer training rows than columns that is nearly every new row. Its standard error is the
  largest 32-bit float, 3.4e38, for strict JSON has no infinity, and its ends are the least and the largest mean that there is: 0
  and 1 of a probability, 0 and 3.4e38 of a mean that is above 0, else ±3.4e38.

Where a feature has very many levels, the covariance is no list of lists but an object: `own` [1 + p], `rows` [1 + p, m] and
`inner` [m, m], of which C is diag(own) + rows·inner·rowsᵀ (`absorbed_covariance`). That is format 5; all else is of format 4.

Columns of the design matrix are known by their place, the intercept's being 0. `inputs` has by column of a table, of which
features are made, the argument where the SavedModel is called from Python; a server's signatures have the column's own name.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal, TypedDict

import numpy as np
from numpy.typing import NDArray

from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.families import Family, named
from components.linear_model.looked_up import Layout
from components.linear_model.raw_columns import RawColumn, raw_columns
from components.values.names import safe_names

if TYPE_CHECKING:  # what fits is slow to import, and scoring has no need of it
    from components.linear_model.bounded_fit import Bounded
    from components.linear_model.linear_fit import LinearFit

MODEL_FILE = "model.json"
FORMAT = 4
ABSORBED = 5  # where the covariance is an object: readers of format 4 know none
MOST_INDENTED = 1_000  # columns
BEYOND = 1e-6  # of the outer knots' distance: how far beyond them a number is outside; a 32-bit float has seven digits
UNBOUNDED = float(np.finfo(np.float32).max)
Array = NDArray[np.float64]


class FeatureEntry(TypedDict, total=False):
    """A feature: what the configuration says of it, defaults put in (`components.preprocessing.features`), and more.

    Attributes:
      columns: of a table, that it is made of.
      fill: of a number, what stands for a missing value: in raw units, of whole numbers less their term's origin.
      learned: what training found out, by name: of a basis (`components.linear_model.bases`), the `boundaries` of quantiles, and
        of dates their zone's table (`components.values.zones.Zone`).
      unit: what a column's numbers are counted in; not there where the configuration says none.
    """

    name: str
    columns: list[str]
    kind: str
    fill: float
    learned: dict[str, Any]
    impute: str | float
    outside: Literal["missing", "clip"]
    indicator: bool
    scale: Literal["zscore", "none"]
    min: float | None
    max: float | None
    wide: bool
    whole: bool
    boundaries: list[float] | None
    quantiles: int | None
    vocabulary: int
    min_rows: int
    reference: str | bool | list[str | None] | None
    log: bool
    exponent: float
    knots: int | list[float]
    degree: int
    orthogonal: bool
    format: str
    zone: str
    parts: list[dict[str, str]]
    levels: list[str]
    contrasts: Literal["polynomial", "steps"]
    words: list[str]
    unit: str


def boundaries_of(entry: FeatureEntry) -> list[float]:
    """Where one interval of buckets ends and the next begins."""
    given = entry["boundaries"]
    found: list[float] = entry["learned"]["boundaries"] if given is None else given
    return found


class DependentColumn(TypedDict):
    """A column that others give: `on` has their factors by place, as JSON's keys are texts."""

    column: int
    on: dict[str, float]


@dataclasses.dataclass(frozen=True)
class Interval:
    """What prediction intervals are made of.

    Attributes:
      level: between 0 and 1.
      t: how many standard errors an interval of that level reaches to either side.
      degrees_of_freedom: of Student's t; None for the normal law.
      sigma: of least squares the standard deviation of the residuals, in the label's units; of other families 0.
      covariance: float64 [1 + p, 1 + p] of the coefficients, or absorbed; 0 for those that were left out.
      dropped: columns that others give, whether they were left out or a penalty kept them: a row in which one is not what the
        others give has no finite interval.
    """

    level: float
    t: float
    degrees_of_freedom: float | None
    sigma: float
    covariance: Covariance
    dropped: list[DependentColumn]

    def to_json(self) -> dict[str, Any]:
        """As plain JSON, a covariance of lists."""
        found = self.covariance
        return {
            **vars(self),
            "covariance": found.to_json() if isinstance(found, AbsorbedCovariance) else found.tolist(),
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> Interval:
        """The inverse of `to_json`."""
        found = value["covariance"]
        return cls(
            **{
                **value,
                "covariance": AbsorbedCovariance.from_json(found) if isinstance(found, dict) else np.array(found),
            }
        )


@dataclasses.dataclass(frozen=True)
class PortableModel:
    """model.json.

    Attributes:
      family: its text (`Family.text`).
      label, weight: names of columns; weight is None where rows had none.
      solver: `exact` or `sgd`.
      missing: the texts that stand for nothing.
      features: in the order of the configuration.
      inputs: by column of a table, its argument where the SavedModel is called from Python.
      design: of the transformed columns.
      columns: names of the columns for eyes, [1 + p], the intercept first.
      coefficients: float64 [1 + p] of the transformed columns.
      means: float64 [1 + p] of the columns over the training rows.
      references: by transformed column with levels, the place of the column that the others are compared with.
      cross_validated: metrics on held-out folds, of the fit at its penalty, and how many rows they rest on; None without folds.
      interval: None where there is none: gradient descent and an elastic net have no covariance.
      classes: of a family of classes the names of the negative one and the positive one.
      threshold: the probability from which on a row is of the positive class; None for other families.
      smearing: averages over the training rows' residuals, where the mean of a transformed label is answered; else None.
      unit: what the label is counted in; None where the configuration says none. The file has the key only where there is one, for
        earlier readers know of none.
    """

    family: str
    label: str
    weight: str | None
    solver: Literal["exact", "sgd"]
    missing: list[str]
    features: list[FeatureEntry]
    inputs: dict[str, str]
    design: DesignMatrix
    columns: list[str]
    coefficients: Array
    means: Array
    references: dict[str, int]
    cross_validated: dict[str, float] | None
    interval: Interval | None
    classes: list[str] | None = None
    threshold: float | None = None
    smearing: list[float] | None = None
    unit: str | None = None

    def to_text(self) -> str:
        """The text of model.json: with very many columns on one line, for nobody reads millions of lines."""
        absorbed = self.interval is not None and isinstance(self.interval.covariance, AbsorbedCovariance)
        value = {
            "format": ABSORBED if absorbed else FORMAT,
            **{field.name: getattr(self, field.name) for field in dataclasses.fields(self)},
            "design": self.design.to_json(),
            "coefficients": self.coefficients.tolist(),
            "means": self.means.tolist(),
        }
        if self.interval is not None:
            value["interval"] = self.interval.to_json()
        if self.unit is None:
            del value["unit"]
        return json.dumps(value, indent=1 if len(self.columns) <= MOST_INDENTED else None)

    @classmethod
    def from_text(cls, text: str | bytes) -> PortableModel:
        """Reads what `to_text` writes.

        Raises:
          ValueError: it is no JSON, or of another format: one of an earlier version.
        """
        value = json.loads(text)
        if (
            not isinstance(value, dict)
            or value.pop("format", 1) not in (1, 2, 3, FORMAT, ABSORBED)
            or "missing" not in value
        ):
            raise ValueError(
                f"expected a {MODEL_FILE} of format {FORMAT} or {ABSORBED}; received one that another version of Plumbline made"
            )
        return cls(
            **{
                **_current(value),
                "design": DesignMatrix.from_json(value["design"]),
                "coefficients": np.array(value["coefficients"], np.float64),
                "means": np.array(value["means"], np.float64),
                "interval": value["interval"] and Interval.from_json(value["interval"]),
            }
        )

    @property
    def of_family(self) -> Family:
        """The family itself."""
        return named(self.family)

    def answered(self, eta: Any, functions: Any) -> Any:
        """What is answered to η (`Family.answered`)."""
        return self.of_family.answered(eta, self.smearing, functions)

    @functools.cached_property
    def raw_columns(self) -> dict[str, RawColumn]:
        """The columns of a table that the features are made of, by name."""
        return raw_columns(self.features)

    @functools.cached_property
    def layout(self) -> Layout:
        """What of a row of the design matrix is a number, and what is looked up."""
        return Layout.of(self.design)

    @property
    def spline_ends(self) -> dict[str, tuple[int, float, float]]:
        """Of each spline the place of the column that is x itself, and its least and greatest value that is not beyond knots."""
        first = {term.feature: (place, term) for place, term in reversed(list(self.design.places())) if term.part}
        ends = {}
        for entry in self.features:
            if entry["kind"] == "spline":
                place, term = first[entry["name"]]
                knots = entry["learned"]["knots"]
                low, high = ((end - term.mean) / term.std for end in (knots[0], knots[-1]))
                slack = BEYOND * (high - low)
                ends[entry["name"]] = (place, low - slack, high + slack)
        return ends

    @functools.cached_property
    def dependences(self) -> Array:
        """[1 + p, k]: k times factors of all columns whose sum was 0 in each training row.

        A column that others give has its own; the levels of a term that no training row has share one, for a row has one of them.
        """
        dropped = self.interval.dropped if self.interval else []
        never = {entry["column"] for entry in dropped if not entry["on"]}
        levels = [never & set(range(place, place + term.width)) for place, term in self.design.places() if term.levels]
        shared = [sorted(places) for places in levels if places]
        together = set().union(*shared)
        own = [entry for entry in dropped if entry["column"] not in together]
        matrix = np.zeros((len(self.columns), len(own) + len(shared)))
        for index, entry in enumerate(own):
            matrix[entry["column"], index] = 1.0
            for other, factor in entry["on"].items():
                matrix[int(other), index] -= factor
        for index, places in enumerate(shared, len(own)):
            matrix[places, index] = 1.0
        return matrix


def _current(value: dict[str, Any]) -> dict[str, Any]:
    """What an earlier format said, as this one says it.

    The first format had no number, nor a family; the second no classes; up to the third each feature was a column.
    """
    if "inputs" in value:
        return value
    features = [{"columns": [entry["name"]], **entry} for entry in value["features"]]
    inputs = {entry["name"]: entry.pop("input") for entry in features}
    return {"family": "gaussian", **value, "features": features, "inputs": inputs}


def portable_model(
    found: LinearFit,
    features: Sequence[Mapping[str, Any]],
    learned: Mapping[str, Mapping[str, Any]],
    coefficients: Sequence[float] | Array,
    level: float,
    solver: Literal["exact", "sgd"],
    missing: Sequence[str],
    unit: str | None = None,
) -> PortableModel:
    """The model of a fit.

    Args:
      found: the exact fit; its design matrix, covariance and means are taken.
      features: as `features_to_json` makes them.
      learned: by feature, what training found out of it beside its coefficients (`transform_graph.learned_of`).
      coefficients: [1 + p] of the transformed columns, the intercept first: of the exact fit or of gradient descent.
      level: of the prediction intervals, between 0 and 1.
      solver: `exact` or `sgd`.
      missing: the texts that stand for nothing.
      unit: what the label is counted in.
    """
    from components.linear_model.inference import LeastSquaresFit

    fit = found.fit
    entries: list[Any] = [{**entry, **learned.get(entry["name"], {})} for entry in features]
    exact = solver == "exact"
    selected = isinstance(fit, LeastSquaresFit) and fit.selection is not None
    freedom = fit.test_degrees_of_freedom if math.isfinite(fit.test_degrees_of_freedom) else None
    return PortableModel(
        family=found.family,
        label=found.label,
        weight=found.weight,
        solver=solver,
        missing=list(missing),
        features=entries,
        inputs=safe_names(raw_columns(features)),
        design=found.design,
        columns=fit.names,
        coefficients=np.array(coefficients, np.float64),
        means=found.column_means,
        references=found.references,
        cross_validated=_cross_validated(found) if exact else None,
        interval=Interval(
            level=level,
            t=quantile(level, freedom),
            degrees_of_freedom=freedom,
            sigma=fit.sigma if isinstance(fit, LeastSquaresFit) else 0.0,
            covariance=_filled(fit.covariance, fit.bounds),
            # A penalty that keeps a dependent column learns no more of a row in which it is not what the others give.
            dropped=[
                {"column": column.column, "on": {str(place): factor for place, factor in column.on.items()}}
                for column in [*fit.dropped, *fit.shared]
            ],
        )
        if exact and not selected and fit.degrees_of_freedom > 0
        else None,
        classes=found.classes,
        threshold=found.threshold,
        smearing=None if found.in_units is None else found.in_units.averages,
        unit=unit,
    )


def _filled(covariance: Covariance, bounds: Bounded | None) -> Covariance:
    """0 for the coefficients that were left out, or that a bound holds, unless it holds them to another one."""
    if bounds is not None and not isinstance(covariance, AbsorbedCovariance):
        return bounds.filled(covariance)
    return covariance.filled() if isinstance(covariance, AbsorbedCovariance) else np.nan_to_num(covariance, nan=0.0)


def _cross_validated(found: LinearFit) -> dict[str, float] | None:
    held_out = _held_out(found)
    # With class weights, the held-out rows weigh otherwise than those that judge the model.
    if held_out is None or not math.isfinite(held_out[0]) or found.class_weights is not None:
        return None
    return {**named(found.family).cross_validated(*held_out), "rows": found.fit.rows}


def _held_out(found: LinearFit) -> tuple[float, float] | None:
    """The mean deviance on held-out rows, and that of the best constant, in the label's units; None without folds."""
    from components.linear_model.inference import LeastSquaresFit

    fit, units = found.fit, found.in_units
    if units is not None:
        return units.held_out
    if fit.cv_error is None:
        return None
    if isinstance(fit, LeastSquaresFit):
        return fit.cv_error, fit.total_sum_of_squares / found.total_weight
    return fit.cv_error, fit.null_deviance / fit.weight


def quantile(level: float, degrees_of_freedom: float | None) -> float:
    """How many standard errors an interval of that level reaches to either side, by Student's t, or for None the normal law."""
    from scipy import stats  # slow to import, and scoring at the model's own level has no need of it

    freedom = math.inf if degrees_of_freedom is None else degrees_of_freedom
    return float(stats.t.ppf(0.5 + level / 2, freedom))
