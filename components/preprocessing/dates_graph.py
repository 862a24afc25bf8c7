"""Dates inside the transform graph: read by the rules and patterns of `values.dates`, and made into their parts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import tensorflow as tf

from components.linear_model.bases.dates import columns_of, number_parts, parts_of
from components.linear_model.design_matrix import part_name
from components.preprocessing.features import indicator_name
from components.preprocessing.moments import moments, scaled
from components.preprocessing.numbers_graph import numbers_operation
from components.preprocessing.stacks import TEXTS, WHOLES, Stack
from components.values import calendar_parts, dates
from components.values.texts import BLANKS, missing_pattern
from components.values.zones import Zone, zone_of

Entry = Mapping[str, Any]


def date_names(entries: Sequence[Entry]) -> list[str]:
    """The transformed names of all parts of dates."""
    return [part_name(entry["name"], part) for entry in _dates(entries) for part in parts_of(entry)]


def date_number_names(entries: Sequence[Entry]) -> list[str]:
    """Those of the parts that are numbers, in the order in which the graph handles them."""
    return [part_name(entry["name"], part) for entry in _dates(entries) for part in number_parts(entry)]


def _dates(entries: Sequence[Entry]) -> list[Entry]:
    return [entry for entry in entries if entry["kind"] == "datetime"]


def date_columns(
    entries: Sequence[Entry],
    raw: Mapping[str, Stack],
    places: Mapping[str, Sequence[str]],
    missing: Sequence[str],
) -> dict[str, tf.Tensor]:
    """Transformed columns of all dates and their missing indicators, [n] by name: int64 ids of levels, float32 else.

    Args:
      entries: of all features.
      raw: their columns.
      places: the columns' names, by stack.
      missing: texts that stand for nothing.
    """
    numbers: dict[str, tf.Tensor] = {}
    outputs: dict[str, tf.Tensor] = {}
    for entry in _dates(entries):
        name = entry["name"]
        zone = zone_of(entry["zone"])
        instants, there = _read(entry, raw, places, zone, missing)
        local = calendar_parts.LocalTime(instants, zone, steps)
        for part, values in columns_of(entry, local, tf.cast(there, tf.int64), tf.math).items():
            if part in number_parts(entry):
                numbers[part_name(name, part)] = tf.where(there, values, tf.constant(float("nan"), tf.float64))
            else:
                is_level = values.dtype == tf.int64
                outputs[part_name(name, part)] = values if is_level else tf.cast(values, tf.float32)
        if entry["indicator"]:
            outputs[indicator_name(name)] = tf.cast(~there, tf.float32)
    if not numbers:
        return outputs
    wide = tf.stack(list(numbers.values()), axis=1)
    means, variances, shares = moments(wide)
    means = tf.identity(means, name=numbers_operation("date_mean"))
    variances = tf.identity(shares * variances, name=numbers_operation("date_variance"))  # of the filled columns
    values = tf.identity(tf.where(tf.math.is_nan(wide), means, wide), name=numbers_operation("date_value"))
    z = scaled(values, means, variances, np.ones(len(numbers), bool))
    return outputs | dict(zip(numbers, tf.unstack(z, axis=1), strict=True))


def _read(
    entry: Entry, raw: Mapping[str, Stack], places: Mapping[str, Sequence[str]], zone: Zone, missing: Sequence[str]
) -> tuple[tf.Tensor, tf.Tensor]:
    """Instants [n], int64, and where there is a date, bool."""
    stack = WHOLES if entry["format"] in dates.EPOCHS else TEXTS
    place = places[stack].index(entry["columns"][0])
    values, there = raw[stack].values[:, place], raw[stack].valued[:, place]
    if stack == WHOLES:
        instants, within = of_numbers(values, entry["format"])
        return instants, there & within
    x = tf.where(there, values, _EPOCH)
    instants, read = of_texts(x, missing, entry["format"], zone, entry["columns"][0])
    return instants, there & read


_EPOCH = "1970-01-01"  # read where there is no date


def steps(starts: Sequence[int], values: Sequence[int], at: tf.Tensor) -> tf.Tensor:
    """`calendar_parts.Steps` by TensorFlow."""
    places = tf.searchsorted(tf.constant(starts, tf.int64), at, side="right")
    return tf.gather(tf.constant(values, tf.int64), places)


def of_texts(x: tf.Tensor, missing: Sequence[str], form: str, zone: Zone, name: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Texts as instants, as `date_columns.of_texts` reads them.

    Args:
      x: string [n]. A text that is no date is an InvalidArgumentError, which says so.
      missing: texts that stand for nothing.
      form: of texts (`dates`).
      zone: of texts without one.
      name: of the column.

    Returns:
      int64 [n], microseconds since 1970-01-01T00:00:00Z, and bool [n]: where there is a date.
    """
    gone = tf.strings.regex_full_match(x, missing_pattern(missing))
    trimmed = tf.strings.regex_replace(x, rf"\A{BLANKS}|{BLANKS}\z", "")
    texts = tf.where(gone, tf.constant(_EPOCH), _rewritten(trimmed, dates.rules(form)))
    valid = tf.strings.regex_full_match(texts, dates.VALID)
    refused = tf.strings.join([f"{name}: expected {dates.expected(form)}; received ", x])  # `to_number` raises it
    stamp, fraction, offset = (
        tf.strings.to_number(tf.where(valid, _rewritten(texts, rules), other), tf.int64)
        for rules, other in ((dates.STAMP, refused), (dates.FRACTION, "0"), (dates.OFFSET, "0"))
    )
    naive = tf.cast(tf.strings.regex_full_match(texts, dates.WITHOUT_ZONE), tf.int64) if zone != Zone() else 0
    return calendar_parts.instants(stamp, fraction, offset, naive, zone, steps), ~gone


def of_numbers(x: tf.Tensor, form: str) -> tuple[tf.Tensor, tf.Tensor]:
    """Whole numbers since 1970, int64, as instants, and which are of the calendar, bool."""
    unit = dates.EPOCHS[form]
    within = (x >= calendar_parts.FIRST // unit) & (x <= calendar_parts.LAST // unit)
    return tf.where(within, x, tf.zeros_like(x)) * unit, within


def _rewritten(x: tf.Tensor, rules: dates.Rules) -> tf.Tensor:
    for pattern, rewrite in rules:
        x = tf.strings.regex_replace(x, pattern, rewrite)
    return x
