"""model.json: the fitted model as plain numbers, enough to score rows without TensorFlow: by numpy, scipy and pyarrow.

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

Columns are known by their place, the intercept's being 0. A feature's `input` is its argument where the SavedModel is called from
Python; a server's signatures have the column's own name.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model.design_matrix import LARGEST_Z, DesignMatrix, Term
from components.preprocessing.features import Kind, example_type, features_to_json
from components.values.names import safe_names
from components.values.numbers import marks_of, whole_marks
from components.values.texts import TRUTHS, canonical_text, nothing

if TYPE_CHECKING:
    from components.linear_model.linear_fit import LinearFit

MODEL_FILE = "model.json"
AGREE = 1e-3  # of the columns' sizes: within this, dependent columns of a row agree
UNBOUNDED = float(np.finfo(np.float32).max)
Array = NDArray[np.float64]


def portable_model(
    found: LinearFit,
    features: Mapping[str, Kind],
    fills: Mapping[str, float],
    coefficients: Sequence[float] | Array,
    level: float,
    solver: str,
    missing: Sequence[str],
) -> dict[str, Any]:
    """The model as plain JSON.

    Args:
      found: the exact fit; its design matrix, covariance and means are taken.
      features: as configured, in their order.
      fills: by number, what stands for a missing value: in raw units, of whole numbers less their origin.
      coefficients: [1 + p] of the transformed columns, the intercept first: of the exact fit or of gradient descent.
      level: of the prediction intervals, between 0 and 1.
      solver: `exact` or `sgd`. Gradient descent has no covariance, so that it has no intervals.
      missing: the texts that stand for nothing.
    """
    fit, inputs = found.fit, safe_names(features)
    return {
        "label": found.label,
        "weight": found.weight,
        "solver": solver,
        "missing": list(missing),
        "features": [
            {**entry, "input": inputs[entry["name"]]}
            | ({"fill": fills[entry["name"]]} if entry["name"] in fills else {})
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
            "dropped": [{"column": column.column, "on": column.on} for column in [*fit.dropped, *fit.shared]],
        },
    }


def example_types(model: Mapping[str, Any]) -> dict[str, str]:
    """By feature, the kind of list that holds it in a tf.Example: `bytes`, `int64` or `float`."""
    return {entry["name"]: example_type(entry) for entry in model["features"]}


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
    dropped = model["interval"]["dropped"] if model["interval"] else []
    matrix = np.zeros((len(model["columns"]), len(dropped)))
    for index, entry in enumerate(dropped):
        matrix[entry["column"], index] = 1.0
        for other, factor in entry["on"].items():
            matrix[int(other), index] -= factor
    return matrix


def feature_columns(model: Mapping[str, Any]) -> dict[str, list[int]]:
    """Which columns of the design matrix (the intercept is 0) come from each raw feature."""
    columns: dict[str, list[int]] = {entry["name"]: [] for entry in model["features"]}
    for place, term in DesignMatrix.from_json(model["design"]).places():
        columns[term.feature] += range(place, place + term.width)
    return columns


def score(model: Mapping[str, Any], rows: Mapping[str, Sequence[Any]], level: float | None = None) -> dict[str, Array]:
    """What the signature `explain` answers, from model.json alone.

    Args:
      model: the parsed file.
      rows: by feature, raw values [n]; None, NaN or a text that stands for nothing where missing. Numbers are taken as 32-bit
        floats, as serving takes them, but for whole ones.
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
    terms: dict[str, list[Term]] = {}
    for term in DesignMatrix.from_json(model["design"]).terms:
        terms.setdefault(term.feature, []).append(term)
    missing = model["missing"]
    for entry in model["features"]:
        name, values = entry["name"], rows[entry["name"]]
        if example_type(entry) == "bytes":
            columns[name] = _level_ids(entry["kind"], terms[name][0], values, missing)
        elif entry["kind"] == "buckets":
            columns[name] = _interval_ids(entry, terms[name][0], values, missing)
        else:
            columns |= _number(entry, values, terms[name], missing)
    return columns


def _interval_ids(
    entry: Mapping[str, Any], term: Term, values: Sequence[Any], missing: Sequence[str]
) -> NDArray[np.int64]:
    kind = np.float64 if entry["whole"] else np.float32
    numbers = _without_marks(np.array([np.nan if value is None else value for value in values], kind), missing)
    ids = np.searchsorted(np.array(entry["boundaries"], kind), numbers, side="right")
    return np.where(np.isnan(numbers), term.width - 1, ids)


def _without_marks(numbers: NDArray[Any], missing: Sequence[str]) -> NDArray[Any]:
    """NaN for numbers that stand for nothing."""
    return np.where(np.isin(numbers, np.array(marks_of(missing), numbers.dtype)), numbers.dtype.type(np.nan), numbers)


def _number(
    entry: Mapping[str, Any], values: Sequence[Any], terms: Sequence[Term], missing: Sequence[str]
) -> dict[str, NDArray[Any]]:
    scaled, *indicator = terms
    if entry["kind"] == "integer":
        numbers = _integers(entry, values, scaled.origin, missing)
    else:
        numbers = _floats(entry, values, missing)
    gone = np.isnan(numbers)
    z = (np.where(gone, entry["fill"], numbers) - scaled.mean) / scaled.std
    z = np.clip(z, -LARGEST_Z, LARGEST_Z).astype(np.float32)
    return {scaled.key: z, **{term.key: gone for term in indicator}}


def _floats(entry: Mapping[str, Any], values: Sequence[Any], missing: Sequence[str]) -> Array:
    """32-bit floats with NaN where nothing valid is there."""
    numbers = _without_marks(np.array([np.nan if value is None else value for value in values], np.float32), missing)
    low = np.float32(-np.inf if entry["min"] is None else entry["min"])
    high = np.float32(np.inf if entry["max"] is None else entry["max"])
    if entry["outside"] == "clip":
        return np.clip(numbers, low, high).astype(np.float64)
    return np.where((numbers >= low) & (numbers <= high), numbers, np.nan).astype(np.float64)


def _integers(entry: Mapping[str, Any], values: Sequence[Any], origin: int, missing: Sequence[str]) -> Array:
    """Whole numbers less their origin, computed exactly, with NaN where nothing valid is there."""
    low = -(2**63) if entry["min"] is None else entry["min"]
    high = 2**63 - 1 if entry["max"] is None else entry["max"]
    found, marks = np.full(len(values), np.nan), whole_marks(missing)
    for index, value in enumerate(values):
        if _is_nothing(value):
            continue
        whole = int(value)
        if whole in marks:
            continue
        if entry["outside"] == "clip":
            whole = min(max(whole, low), high)
        if low <= whole <= high:
            found[index] = whole - origin
    return found


def _is_nothing(value: Any) -> bool:
    return value is None or (isinstance(value, (float, np.floating)) and math.isnan(value))


def _level_ids(kind: str, term: Term, values: Sequence[Any], missing: Sequence[str]) -> NDArray[np.int64]:
    known = {level.text: index for index, level in enumerate(term.levels) if level.special is None}
    gone, other = term.place("missing"), term.place("other")
    tokens = nothing(missing)
    if kind == "boolean":
        known = {spelling: known[truth] for truth, spellings in TRUTHS.items() for spelling in spellings.split("|")}

    def level(value: Any) -> int | None:
        if _is_nothing(value):
            return gone
        text = canonical_text(value)
        if text.strip() in tokens or (isinstance(value, str) and value.strip() in tokens):
            return gone
        return known.get(text.strip().lower() if kind == "boolean" else text, other)

    return np.array([level(value) for value in values], np.int64)
