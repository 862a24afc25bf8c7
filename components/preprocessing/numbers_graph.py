"""Numbers inside the transform graph: cleaned, imputed, made into the columns of their bases, and scaled."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any

import numpy as np
import tensorflow as tf
import tensorflow_transform as tft

from components.linear_model.bases import columns_of, has_basis, parts_of
from components.linear_model.bases.domain import least_of, limits
from components.linear_model.design_matrix import part_name
from components.linear_model.raw_columns import NUMBERS, raw_columns
from components.preprocessing.features import indicator_name
from components.preprocessing.moments import moments, scaled
from components.preprocessing.ranks import ends, quantiles
from components.preprocessing.stacks import FLOATS, STACK_OF, WHOLES, Stack, chosen, stacks

MEDIAN_RANK_ERROR = 1e-4  # of TFT's quantile sketch: the median's rank is right to this fraction of the rows
KNOT_RANK_ERROR = 1e-3
LEAST_SHARE = 1e-11  # of a power's second moment: what is less is no power that the lower ones don't give

Entry = Mapping[str, Any]


def operation_name(safe_name: str, which: str) -> str:
    """Name of the graph operation that holds an integer's `origin`, an offset's `value`, or what a basis learned."""
    return f"number_{safe_name}_{which}"


def numbers_operation(which: str) -> str:
    """Name of the graph operation that holds of all numbers (`number_names`) `mean`, `variance` and `fill`, or `value`, what they
    are before scaling; or of all columns of bases (`made_names`) `made_mean`, `made_variance` and `made_value`: float64 [numbers],
    or [n, numbers].
    """
    return f"numbers_{which}"


def number_names(entries: Sequence[Entry]) -> list[str]:
    """The features that are numbers, in the order in which the graph handles them: whole ones, less their origins, come last."""
    types = raw_columns(entries)

    def group(entry: Entry) -> int:
        if entry["kind"] in ("product", "integer"):
            return 2 if entry["kind"] == "product" else 3
        return int(types[entry["columns"][0]].type == "int64")

    numbers = [entry for entry in entries if entry["kind"] in (*NUMBERS, "product") or has_basis(entry)]
    return [entry["name"] for entry in sorted(numbers, key=group)]


def made_names(entries: Sequence[Entry]) -> list[str]:
    """The transformed names of all columns of bases, in the order in which the graph handles them: orthogonal ones come last."""
    by_name = {entry["name"]: entry for entry in entries}
    made = [by_name[name] for name in number_names(entries) if has_basis(by_name[name])]
    return [part_name(entry["name"], part) for entry in sorted(made, key=_is_orthogonal) for part in parts_of(entry)]


def _is_orthogonal(entry: Entry) -> bool:
    return bool(entry.get("orthogonal"))


def learned_names(entry: Entry) -> list[str]:
    """What training finds out for a feature's basis, or for its intervals."""
    if entry["kind"] == "buckets":
        return [] if entry["quantiles"] is None else ["boundaries"]
    if entry["kind"] == "spline":
        return ["knots"]
    return ["centre", "spread", "basis"] if _is_orthogonal(entry) else []


@dataclass(frozen=True)
class _Analysed:
    """What one pass over the rows says of some numbers.

    Attributes:
      valid: float64 [n, numbers], NaN where nothing valid is there.
      means, variances, shares: float64 [numbers]: of the valid values, and which part of the rows has one.
      fills: float64 [numbers], what a missing value becomes.
    """

    valid: tf.Tensor
    means: tf.Tensor
    variances: tf.Tensor
    shares: tf.Tensor
    fills: tf.Tensor

    @classmethod
    def joined(cls, parts: Sequence[_Analysed]) -> _Analysed:
        """Side by side, with the fills in their operation."""
        every = {field.name: [getattr(part, field.name) for part in parts] for field in fields(cls)}
        joined = {name: each[0] if len(each) == 1 else tf.concat(each, axis=-1) for name, each in every.items()}
        return cls(**{**joined, "fills": tf.identity(joined["fills"], name=numbers_operation("fill"))})

    @property
    def there(self) -> tf.Tensor:
        """Where a valid value is, bool [n, numbers]."""
        return ~tf.math.is_nan(self.valid)

    def imputed(self) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
        """The imputed columns, float64 [n, numbers], their means and their variances.

        These follow from those of the valid values, of which a part s is there and the rest is c: s·m + (1 − s)·c, and
        s·v + s·(1 − s)·(m − c)². An analyzer of the imputed column itself would need a second pass.
        """
        means = self.shares * self.means + (1 - self.shares) * self.fills
        variances = self.shares * self.variances
        variances += self.shares * (1 - self.shares) * tf.square(self.means - self.fills)
        return tf.where(self.there, self.valid, self.fills), means, variances


def number_columns(
    entries: Sequence[Entry], raw: Mapping[str, Stack], inputs: Mapping[str, Any], safe: Mapping[str, str]
) -> dict[str, tf.Tensor]:
    """Transformed columns of all numbers and their missing indicators, float32 [n] by name.

    One pass over the rows finds what missing values become and the scales (one before it the origins of whole numbers), and
    where there are bases a further one the scales of their columns. Beam's local runner can't have three that depend on each
    other, so that whole numbers and bases have no pass in common.

    Args:
      entries: of all features.
      raw: their columns.
      inputs: the same, as they come.
      safe: names of features and columns that an operation can have.
    """
    by_name = {entry["name"]: entry for entry in entries}
    names = number_names(entries)
    numbers = [by_name[name] for name in names]
    if not numbers:
        return {}
    reals = [entry for entry in numbers if entry["kind"] != "integer"]
    wholes = [entry for entry in numbers if entry["kind"] == "integer"]
    columns = _Columns(entries, raw)
    found = []
    if reals:
        found.append(_analysed(_valid_reals(reals, columns), reals, [None] * len(reals)))
    if wholes:
        origins = [_origin(inputs[entry["columns"][0]], safe[entry["name"]]) for entry in wholes]
        found.append(_analysed(_valid_wholes(wholes, columns, tf.stack(origins)), wholes, origins))
    both = _Analysed.joined(found)
    filled, means, variances = both.imputed()
    filled = tf.identity(filled, name=numbers_operation("value"))
    means = tf.identity(means, name=numbers_operation("mean"))
    variances = tf.identity(variances, name=numbers_operation("variance"))
    own = [place for place, entry in enumerate(numbers) if not has_basis(entry)]
    outputs: dict[str, tf.Tensor] = {}
    if own:
        of_own = np.array([numbers[place].get("scale") != "none" for place in own])
        z = scaled(_some(filled, own), _some(means, own), _some(variances, own), of_own)
        outputs |= dict(zip([names[place] for place in own], tf.unstack(z, axis=1), strict=True))
    if len(own) < len(numbers):
        outputs |= _made(reals, found[0] if wholes else both, safe)
    if any(entry["indicator"] for entry in numbers):
        absent = tf.unstack(tf.cast(~both.there, tf.float32), axis=1)
        for entry, column in zip(numbers, absent, strict=True):
            if entry["indicator"]:
                outputs[indicator_name(entry["name"])] = column
    return outputs


def _some(values: tf.Tensor, places: Sequence[int]) -> tf.Tensor:
    """Some of the numbers' columns or constants."""
    if len(places) == values.shape[-1]:
        return values
    return tf.gather(values, list(places), axis=-1)


class _Columns:
    """The columns of numbers, by what a feature takes of them."""

    def __init__(self, entries: Sequence[Entry], raw: Mapping[str, Stack]) -> None:
        self._raw = raw
        self._types = raw_columns(entries)
        self._places = {name: names.index(name) for names in stacks(entries).values() for name in names}

    def stack_of(self, name: str) -> str:
        return STACK_OF[self._types[name].type]

    def of(self, stack: str, names: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
        """Columns of one stack, and where a value is there that is one: [n, names] both."""
        places = [self._places[name] for name in names]
        return chosen(self._raw[stack].values, places), chosen(self._raw[stack].valued, places)

    def real(self, name: str) -> tf.Tensor:
        """A column as float64 [n], NaN where there is none."""
        values, there = self.of(self.stack_of(name), [name])
        return tf.where(there[:, 0], tf.cast(values[:, 0], tf.float64), tf.constant(float("nan"), tf.float64))


def _valid_reals(entries: Sequence[Entry], columns: _Columns) -> tf.Tensor:
    """Numbers in 64 bits, [n, features], NaN where nothing valid is there. Limits have a value's own digits."""
    parts = []
    for stack, kind in ((FLOATS, np.float32), (WHOLES, np.float64)):
        own = [e for e in entries if e["kind"] != "product" and columns.stack_of(e["columns"][0]) == stack]
        if own:
            x, there = columns.of(stack, [entry["columns"][0] for entry in own])
            x, there = _in_range(own, tf.cast(x, kind), there, kind, -np.inf, np.inf)
            parts.append(tf.where(there, tf.cast(x, tf.float64), tf.constant(float("nan"), tf.float64)))
    products = []
    for entry in entries:
        if entry["kind"] == "product":
            first, *others = (columns.real(name) for name in entry["columns"])
            for other in others:
                first *= other
            products.append(first)
    if products:
        parts.append(tf.stack(products, axis=1))
    return parts[0] if len(parts) == 1 else tf.concat(parts, axis=1)


def _valid_wholes(entries: Sequence[Entry], columns: _Columns, origins: tf.Tensor) -> tf.Tensor:
    """Whole numbers less their origins, float64 [n, features], with NaN where nothing valid is there."""
    x, there = columns.of(WHOLES, [entry["columns"][0] for entry in entries])
    clipped, there = _in_range(entries, x, there, np.int64, -(2**63), 2**63 - 1)
    less = clipped - origins
    wrapped = (clipped >= origins) != (less >= 0)  # the two lie further apart than 2^63
    apart = tf.where(wrapped, tf.cast(clipped, tf.float64) - tf.cast(origins, tf.float64), tf.cast(less, tf.float64))
    return tf.where(there, apart, tf.constant(float("nan"), tf.float64))


def _in_range(
    entries: Sequence[Entry],
    x: tf.Tensor,
    there: tf.Tensor,
    kind: type[np.generic],
    least: float,
    greatest: float,
) -> tuple[tf.Tensor, tf.Tensor]:
    """Values clipped where the feature says so, and where valid ones are there; both [n, features]."""
    for outside in ("clip", "missing"):
        ends = [limits(entry) if entry["outside"] == outside else (None, None) for entry in entries]
        if all(end == (None, None) for end in ends):
            continue
        low, high = (
            np.array(
                [default if end is None else max(min(end, greatest), least) for end in side],
                kind,
            )
            for side, default in zip(zip(*ends, strict=True), (least, greatest), strict=True)
        )
        if outside == "clip":
            x = tf.minimum(tf.maximum(x, low), high)
        else:
            there &= (x >= low) & (x <= high)
    return x, there


def _origin(value: tf.Tensor | tf.SparseTensor, safe_name: str) -> tf.Tensor:
    """The least of whole numbers, int64 [], so that what is computed of them is small: 64-bit floats end at 2^53.

    As the complement of the greatest complement, because TFT's `min` is −max(−x), which −2^63 has none of.
    """
    values = value.values if isinstance(value, tf.SparseTensor) else tf.reshape(value, [-1])
    least = tf.bitwise.invert(tft.max(tf.bitwise.invert(values)))
    nothing = least >= tf.constant(2**63 - 2, tf.int64)  # what TFT says of no rows
    return tf.identity(tf.where(nothing, tf.zeros_like(least), least), name=operation_name(safe_name, "origin"))


def _analysed(wide: tf.Tensor, entries: Sequence[Entry], origins: Sequence[tf.Tensor | None]) -> _Analysed:
    """Means and what missing values become, by one pass."""
    means, variances, shares = moments(wide)
    middles = tf.unstack(means)
    by_median = [place for place, entry in enumerate(entries) if entry["impute"] == "median"]
    if by_median:
        medians = quantiles(_some(wide, by_median), 2, MEDIAN_RANK_ERROR)[:, 0]
        medians = tf.where(tf.math.is_inf(medians), tf.zeros_like(medians), medians)
        for place, median in zip(by_median, tf.unstack(tf.cast(medians, tf.float64)), strict=True):
            middles[place] = median
    fills = tf.stack([_fill(*of_one) for of_one in zip(entries, middles, origins, strict=True)])
    return _Analysed(wide, means, variances, shares, fills)


def _fill(entry: Entry, found: tf.Tensor, origin: tf.Tensor | None) -> tf.Tensor:
    """What stands for a missing value, in the units of the found mean or median: those of a whole number less its origin."""
    if isinstance(entry["impute"], (int, float)):
        given = tf.constant(entry["impute"], tf.float64)
        return given if origin is None else given - tf.cast(origin, tf.float64)
    least = least_of(entry)  # where no value is valid, 0 was found, of which not every basis has a value
    return found if not least else tf.maximum(found, tf.constant(least, tf.float64))


def _made(reals: Sequence[Entry], analysed: _Analysed, safe: Mapping[str, str]) -> dict[str, tf.Tensor]:
    """The columns of all bases, scaled: float32 [n] by transformed name."""
    filled, means, variances = analysed.imputed()
    others: list[tf.Tensor] = []
    orthonormal: list[tf.Tensor] = []
    learned_of = _knots(reals, analysed.valid) | _orthogonal(reals, filled, means, variances)
    for place, entry in enumerate(reals):
        if has_basis(entry):
            x = filled[:, place]
            learned = {
                which: tf.identity(value, name=operation_name(safe[entry["name"]], which))
                for which, value in learned_of.get(place, {}).items()
            }
            (orthonormal if _is_orthogonal(entry) else others).extend(columns_of(entry, x, learned, tf.math))
    # Orthonormal columns have the mean 0 and the variance 1; what they learned took the last pass that there may be.
    found_means = tf.zeros([len(orthonormal)], tf.float64)
    found_variances = tf.ones([len(orthonormal)], tf.float64)
    if others:
        matrix = tf.stack(others, axis=1)
        own_means, own_variances = (
            tf.reshape(analyzer(matrix, reduce_instance_dims=False), [len(others)]) for analyzer in (tft.mean, tft.var)
        )
        found_means = tf.concat([own_means, found_means], axis=0)
        found_variances = tf.concat([own_variances, found_variances], axis=0)
    values = tf.identity(tf.stack(others + orthonormal, axis=1), name=numbers_operation("made_value"))
    found_means = tf.identity(found_means, name=numbers_operation("made_mean"))
    found_variances = tf.identity(found_variances, name=numbers_operation("made_variance"))
    z = scaled(values, found_means, found_variances, np.ones(len(others) + len(orthonormal), bool))
    return dict(zip(made_names(reals), tf.unstack(z, axis=1), strict=True))


def _knots(reals: Sequence[Entry], valid: tf.Tensor) -> dict[int, dict[str, tf.Tensor]]:
    """By the places of splines where their knots lie, float64 [K]; by number from the least valid value to the greatest."""
    splines = {place: entry["knots"] for place, entry in enumerate(reals) if entry["kind"] == "spline"}
    found = {place: tf.constant(knots, tf.float64) for place, knots in splines.items() if not isinstance(knots, int)}
    for count in sorted({knots for place, knots in splines.items() if place not in found}):
        places = [place for place, knots in splines.items() if knots == count]
        x = _some(valid, places)
        least, greatest = ends(x)
        inner = tf.cast(quantiles(x, count - 1, KNOT_RANK_ERROR), tf.float64)
        knots = tf.concat([least[:, None], inner, greatest[:, None]], axis=1)
        found |= dict(zip(places, tf.unstack(knots), strict=True))
    return {place: {"knots": knots} for place, knots in found.items()}


def _orthogonal(
    reals: Sequence[Entry], filled: tf.Tensor, means: tf.Tensor, variances: tf.Tensor
) -> dict[int, dict[str, tf.Tensor]]:
    """By the places of orthogonal polynomials what makes their powers orthonormal (`learned_names`)."""
    places = [place for place, entry in enumerate(reals) if _is_orthogonal(entry)]
    if not places:
        return {}
    spreads = tf.where(variances > 0, tf.sqrt(variances), tf.ones_like(variances))
    z = (filled - means) / spreads
    by_degree: dict[int, list[int]] = {}
    for place in places:
        by_degree.setdefault(reals[place]["degree"], []).append(place)
    powers = {
        degree: tf.concat([_some(z, of_degree) ** power for power in range(1, 2 * degree + 1)], axis=1)
        for degree, of_degree in by_degree.items()
    }
    found = tf.reshape(tft.mean(tf.concat(list(powers.values()), axis=1), reduce_instance_dims=False), [-1])
    each = tf.split(found, [power.shape[1] for power in powers.values()])
    learned = {}
    for (degree, of_degree), own in zip(by_degree.items(), each, strict=True):
        of_powers = tf.transpose(tf.reshape(own, [2 * degree, len(of_degree)]))
        for place, basis in zip(of_degree, tf.unstack(_orthonormal(of_powers, degree)), strict=True):
            learned[place] = {"centre": means[place], "spread": spreads[place], "basis": basis}
    return learned


def _orthonormal(of_powers: tf.Tensor, degree: int) -> tf.Tensor:
    """The lower triangular factors of powers that make them orthonormal over all rows.

    By Gram and Schmidt on the powers' second moments, each power twice. One that the lower ones give over these rows is 0.

    Args:
      of_powers: float64 [columns, 2·degree], the means of the powers from the first on.
      degree: of the polynomials.

    Returns:
      float64 [columns, degree + 1, degree + 1].
    """
    of_powers = tf.concat([tf.ones([of_powers.shape[0], 1], tf.float64), of_powers], axis=1)
    places = [[row + column for column in range(degree + 1)] for row in range(degree + 1)]
    gram = tf.gather(of_powers, places, axis=1)

    def inner(a: tf.Tensor, b: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(a * tf.linalg.matvec(gram, b), axis=1, keepdims=True)

    basis: list[tf.Tensor] = []
    for unit in np.eye(degree + 1):
        row = tf.tile(tf.constant(unit[None]), [of_powers.shape[0], 1])
        left = row
        for _ in range(2):
            for other in basis:
                left -= inner(left, other) * other
        size = inner(left, left)
        is_new = size > LEAST_SHARE * inner(row, row)
        basis.append(tf.where(is_new, left / tf.sqrt(tf.where(is_new, size, tf.ones_like(size))), tf.zeros_like(left)))
    return tf.stack(basis, axis=1)
