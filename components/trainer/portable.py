"""model.json: the fitted model as plain numbers, enough to score rows without TensorFlow. numpy and scipy alone.

With X the design matrix (a column of ones first), b the coefficients, m the columns' means over the training rows:

- prediction: ŷ = X·b.
- contribution of a raw feature: Σ (X_j − m_j)·b_j over its columns. All of them and the baseline m·b add up to ŷ. The reference
  point is the mean training row, so a contribution is in units of the label against that row.
- standard error of a new label of weight 1: √(σ² + x·C·x), C the covariance of b; the interval is ŷ ± t·that, t the quantile
  of Student's t with the residuals' degrees of freedom (Draper and Smith, Applied Regression Analysis, 3rd ed., §3.1). For a
  ridge fit, C leaves the bias out of account.
- A row outside what was trained on (a level without training rows, a column that was constant there, or collinear columns that
  no longer agree, whether one was dropped or a penalty kept them all) has no finite interval: the data don't say what its label
  would be (it is not estimable). With fewer training rows than columns that is nearly every new row. Its standard error and its
  ends are the largest 32-bit float, 3.4e38, for strict JSON has no infinity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.preprocessing.design_matrix import MISSING_LEVEL, DesignMatrix
from components.preprocessing.features import Buckets, Categorical, Numeric, features_to_json

if TYPE_CHECKING:
    from components.least_squares.linear_fit import LinearFit

MODEL_FILE = "model.json"
AGREE = 1e-3  # of the columns' sizes: within this, dependent columns of a row agree
UNBOUNDED = float(np.finfo(np.float32).max)
Array = NDArray[np.float64]


def portable_model(
    found: LinearFit,
    features: Mapping[str, Numeric | Buckets | Categorical],
    fills: Mapping[str, float],
    coefficients: Sequence[float] | Array,
    level: float,
    solver: str,
) -> dict[str, Any]:
    """The model as plain JSON.

    Args:
      found: the exact fit; its design matrix, covariance and means are taken.
      features: as configured, in their order.
      fills: by numeric feature, what stands for a missing value, in raw units.
      coefficients: [1 + p] of the transformed columns, the intercept first: of the exact fit or of gradient descent.
      level: of the prediction intervals, between 0 and 1.
      solver: `exact` or `sgd`. Gradient descent has no covariance, so that it has no intervals.
    """
    fit = found.fit
    return {
        "label": found.label,
        "weight": found.weight,
        "solver": solver,
        "features": [
            {**entry, "fill": fills[entry["name"]]} if entry["kind"] == "numeric" else entry
            for entry in features_to_json(features)
        ],
        "design": found.design.to_json(),
        "columns": fit.names,
        "coefficients": [float(value) for value in coefficients],
        "means": found.column_means.tolist(),
        "references": found.references,
        "cross_validated": None if solver != "exact" else cross_validated(found),
        "interval": None
        if solver != "exact" or not fit.degrees_of_freedom > 0
        else {
            "level": level,
            "t": quantile(level, fit.degrees_of_freedom),
            "degrees_of_freedom": fit.degrees_of_freedom,
            "sigma": fit.sigma,
            "covariance": np.nan_to_num(fit.covariance, nan=0.0).tolist(),
            # A penalty that keeps a dependent column learns no more of a row in which it is not what the others give.
            "dropped": [{"column": column.name, "on": column.on} for column in [*fit.dropped, *fit.shared]],
        },
    }


def cross_validated(found: LinearFit) -> dict[str, float] | None:
    """Metrics on held-out folds, of the fit at its penalty, and how many rows they rest on; None without folds."""
    fit = found.fit
    if fit.cv_error is None or not math.isfinite(fit.cv_error):
        return None
    return {
        "mean_squared_error": fit.cv_error,
        "root_mean_squared_error": math.sqrt(fit.cv_error),
        "r_squared": 1 - fit.cv_error * found.total_weight / fit.total_sum_of_squares,
        "rows": fit.rows,
    }


def quantile(level: float, degrees_of_freedom: float) -> float:
    """How many standard errors an interval of that level reaches to either side, by Student's t."""
    from scipy import stats  # slow to import, and scoring at the model's own level has no need of it

    return float(stats.t.ppf(0.5 + level / 2, degrees_of_freedom))


def dependence_matrix(model: Mapping[str, Any]) -> Array:
    """[1 + p, k]: for each of k columns that others give, factors of all columns whose sum was 0 in training."""
    names = model["columns"]
    dropped = model["interval"]["dropped"] if model["interval"] else []
    matrix = np.zeros((len(names), len(dropped)))
    for index, entry in enumerate(dropped):
        matrix[names.index(entry["column"]), index] = 1.0
        for other, factor in entry["on"].items():
            matrix[names.index(other), index] -= factor
    return matrix


def feature_columns(model: Mapping[str, Any]) -> dict[str, list[int]]:
    """Which columns of the design matrix (the intercept is 0) come from each raw feature."""
    columns: dict[str, list[int]] = {entry["name"]: [] for entry in model["features"]}
    start = 1
    for term in DesignMatrix.from_json(model["design"]).terms:
        columns[term.feature] += range(start, start + term.width)
        start += term.width
    return columns


def score(model: Mapping[str, Any], rows: Mapping[str, Sequence[Any]], level: float | None = None) -> dict[str, Array]:
    """What the signature `explain` answers, from model.json alone.

    Args:
      model: the parsed file.
      rows: by feature, raw values [n]; None, NaN or an empty text where missing. Numbers are taken as 32-bit floats, as
        serving takes them.
      level: of the intervals; None for the model's own.

    Returns:
      float64 [n] each: `prediction`, `baseline`, `contribution_<feature>`, and, if the model has intervals, `standard_error`,
      `low`, `high`.
    """
    matrix = design_rows(model, rows)
    coefficients, means = np.array(model["coefficients"]), np.array(model["means"])
    prediction = matrix @ coefficients
    answer = {"prediction": prediction, "baseline": np.full(len(prediction), means @ coefficients)}
    for name, columns in feature_columns(model).items():
        answer[f"contribution_{name}"] = (matrix[:, columns] - means[columns]) @ coefficients[columns]
    interval = model["interval"]
    if interval:
        variance = np.einsum("ij,jk,ik->i", matrix, np.array(interval["covariance"]), matrix)
        error = np.sqrt(interval["sigma"] ** 2 + variance)
        dependences = dependence_matrix(model)
        gaps, sizes = np.abs(matrix @ dependences), np.abs(matrix) @ np.abs(dependences)
        error[np.any(gaps > AGREE * sizes, axis=1)] = UNBOUNDED
        t = interval["t"] if level is None else quantile(level, interval["degrees_of_freedom"])
        answer |= {"standard_error": error, "low": prediction - t * error, "high": prediction + t * error}
    return {name: np.clip(values, -UNBOUNDED, UNBOUNDED) for name, values in answer.items()}


def design_rows(model: Mapping[str, Any], rows: Mapping[str, Sequence[Any]]) -> Array:
    """The design matrix [n, 1 + p] of raw rows, a column of ones first; rounded to 32-bit floats where the served graph does."""
    columns = transformed_columns(model, rows)
    count = len(next(iter(columns.values())))
    return np.column_stack([np.ones(count), DesignMatrix.from_json(model["design"]).dense(columns)])


def transformed_columns(model: Mapping[str, Any], rows: Mapping[str, Sequence[Any]]) -> dict[str, NDArray[Any]]:
    """Raw rows as the transform graph gives them: [n] by transformed name, scaled numbers and level ids."""
    columns: dict[str, NDArray[Any]] = {}
    terms = DesignMatrix.from_json(model["design"]).terms
    levels = {term.key: term.levels for term in terms}
    for entry in model["features"]:
        name = entry["name"]
        if entry["kind"] == "categorical":
            columns[name] = _level_ids(levels[name], rows[name])
            continue
        values = np.array([np.nan if value is None else value for value in rows[name]], np.float32).astype(np.float64)
        if entry["kind"] == "buckets":
            ids = np.searchsorted(entry["boundaries"], values, side="right")
            columns[name] = np.where(np.isnan(values), len(levels[name]) - 1, ids)
        else:
            columns |= _number(entry, values, [term for term in terms if term.feature == name])
    return columns


def _number(entry: Mapping[str, Any], values: Array, terms: Sequence[Any]) -> dict[str, NDArray[Any]]:
    low = -np.inf if entry["min"] is None else entry["min"]
    high = np.inf if entry["max"] is None else entry["max"]
    if entry["outside"] == "clip":
        values = np.clip(values, low, high)
    else:
        values = np.where((values >= low) & (values <= high), values, np.nan)
    missing = np.isnan(values)
    scaled, *indicator = terms
    z = (np.where(missing, entry["fill"], values) - scaled.mean) / scaled.std
    return {scaled.key: z.astype(np.float32), **{term.key: missing for term in indicator}}


def _level_ids(levels: Sequence[str], values: Sequence[Any]) -> NDArray[np.int64]:
    """The last level stands for all that are not among the others."""
    known = {level: index for index, level in enumerate(levels[:-1])}
    texts = (value if value not in (None, "") else MISSING_LEVEL for value in values)
    return np.array([known.get(text, len(known)) for text in texts], np.int64)
