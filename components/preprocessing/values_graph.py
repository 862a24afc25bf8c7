"""What a text is, inside TensorFlow's graphs: the same rules as `texts`, by the same patterns."""

from __future__ import annotations

import re
from collections.abc import Sequence

import tensorflow as tf

from components.values.numbers import NAN
from components.values.texts import (
    BLANKS,
    CANONICAL,
    ESCAPES,
    SPELT_OTHERWISE,
    TRUTHS,
    missing_pattern,
    truth_pattern,
    unescape,
)

MISSING = r"\m"  # the token of a missing value: no text is escaped to it
OTHER = r"\o"  # a token that no vocabulary has
_JOINT = r"\x"  # between tokens that are joined: none has it

# RE2's `.` does not match what is no UTF-8; `\C` does.
_BREAKS = r"\C*[\\\n\r]\C*|^$"


def _rewritten(x: tf.Tensor, rules: Sequence[tuple[str, str]]) -> tf.Tensor:
    """Rules applied in order."""
    for pattern, replacement in rules:
        x = tf.strings.regex_replace(x, pattern, replacement)
    return x


def tokens(x: tf.Tensor, missing: Sequence[str]) -> tf.Tensor:
    """Texts as a vocabulary holds them.

    Args:
      x: string, of any shape.
      missing: the texts that stand for nothing.

    Returns:
      string, of the same shape: `MISSING`, or the canonical text, escaped.
    """
    nothing = missing_pattern(missing)
    gone = tf.strings.regex_full_match(x, nothing)

    def rewrite() -> tuple[tf.Tensor, tf.Tensor]:
        text = _rewritten(x, CANONICAL)
        return _rewritten(text, ESCAPES), gone | tf.strings.regex_full_match(text, nothing)

    # Nearly always there is no text that one of the rules touches.
    touched = tf.reduce_any(tf.strings.regex_full_match(x, f"{SPELT_OTHERWISE}|{_BREAKS}"))
    found, gone_too = tf.cond(touched, rewrite, lambda: (x, gone))
    return tf.where(gone_too, tf.constant(MISSING), found)


def canonical(x: tf.Tensor) -> tf.Tensor:
    """Canonical texts, string, of the same shape."""
    touched = tf.reduce_any(tf.strings.regex_full_match(x, SPELT_OTHERWISE))
    return tf.cond(touched, lambda: _rewritten(x, CANONICAL), lambda: x)


def joint(x: Sequence[tf.Tensor]) -> tf.Tensor:
    """Tokens of several columns as one token of each row, that no others give; string [n].

    `MISSING` where all are, `OTHER` where one is; a missing one is a part as others are (`joint_texts`).
    """
    found = tf.strings.join(list(x), separator=_JOINT)
    columns = tf.stack(list(x))
    found = tf.where(tf.reduce_any(tf.equal(columns, OTHER), axis=0), tf.constant(OTHER), found)
    return tf.where(tf.reduce_all(tf.equal(columns, MISSING), axis=0), tf.constant(MISSING), found)


def joint_texts(token: str) -> tuple[str | None, ...]:
    """The texts that a token of `joint` stands for, None where missing."""
    parts = re.sub(r"\\.", lambda m: "\n" if m[0] == _JOINT else m[0], token).split("\n")  # no token has a line's end
    return tuple(None if part == MISSING else unescape(part) for part in parts)


def escape(text: str) -> str:
    """The token of a canonical text."""
    for pattern, replacement in ESCAPES:
        text = re.sub(pattern, replacement, text)
    return text


def truths(x: tf.Tensor) -> tf.Tensor:
    """Tokens of booleans as `true`, `false`, `MISSING`, or `OTHER` for what is no truth value."""
    lower = tf.strings.lower(x)
    found = tf.fill(tf.shape(x), OTHER)
    for truth in TRUTHS:
        found = tf.where(tf.strings.regex_full_match(lower, truth_pattern(truth)), tf.constant(truth), found)
    return tf.where(tf.equal(x, MISSING), x, found)


def whole_numbers(x: tf.Tensor, missing: Sequence[str]) -> tuple[tf.Tensor, tf.Tensor]:
    """Texts of whole numbers, as `number_columns.whole_of_texts` reads them.

    Args:
      x: string, of any shape. A text that is no whole number of 64 bits is an InvalidArgumentError.
      missing: the texts that stand for nothing.

    Returns:
      int64, and bool: where there is one. Both of the same shape.
    """
    trimmed = tf.strings.regex_replace(x, rf"\A{BLANKS}|{BLANKS}\z", "")
    gone = tf.strings.regex_full_match(x, missing_pattern(missing)) | tf.strings.regex_full_match(trimmed, NAN)
    digits = tf.strings.regex_replace(trimmed, r"\.0*\z", "")
    return tf.strings.to_number(tf.where(gone, tf.constant("0"), digits), tf.int64), ~gone
