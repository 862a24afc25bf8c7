from __future__ import annotations

import math
import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from components.values import number_columns
from components.values.texts import MISSING_TOKENS

PIECES = st.sampled_from(
    [*" \t\xa0+-.eEx_,()017\u0665", *"12 5.0 00 nan NaN NAN inf Infinity 0x1F NA null true FALSE".split()]
)
WHOLE_PIECES = st.sampled_from(["", "1e400", "1e-400", "-999", "9007199254740993", "9" * 19])
TEXT = st.lists(PIECES | WHOLE_PIECES, max_size=4).map("".join)
COLUMN = st.lists(st.one_of(st.none(), TEXT, st.integers().map(str), st.floats().map(repr)), max_size=30)
MISSING = st.sampled_from([MISSING_TOKENS, ["", "-999"], ["x", " 5.0 "], []])


def as_number(text, missing):
    """What Python says of one text: a number, None for missing, "odd" for neither."""
    trimmed = text.strip()
    if trimmed in {token.strip() for token in missing} or re.fullmatch(r"[+-]?nan", trimmed, re.IGNORECASE):
        return None
    trimmed = {"true": "1", "false": "0"}.get(trimmed.lower(), trimmed)
    if not re.fullmatch(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", trimmed):
        return "odd"
    marks = [float(token) for token in missing if re.fullmatch(r"\s*-?[0-9.]+\s*", token)]
    return None if float(trimmed) in marks else float(trimmed)


@settings(max_examples=500)
@given(COLUMN, MISSING)
@example(["-nan", "1"], MISSING_TOKENS)
@example(["-nan", "bad"], MISSING_TOKENS)
@example(["inf", "1"], MISSING_TOKENS)
@example(["nan(1)", "1"], MISSING_TOKENS)
def test_each_text_is_read_by_itself_whatever_its_neighbours_are(column, missing):
    """Seen: `-nan` was missing or rejected by what else the batch held. Oracle: Python, one by one."""
    found, odd = number_columns.of_texts(pa.array(["", *column], pa.string()).slice(1), missing, truths=True)
    expected = [None if text is None else as_number(text, missing) for text in column]
    assert odd.tolist() == [value == "odd" for value in expected]
    assert found.to_pylist() == [None if value == "odd" else value for value in expected]


@settings(max_examples=500)
@given(COLUMN, MISSING)
def test_whole_numbers_are_read_exactly_and_by_themselves(column, missing):
    found, odd, beyond = number_columns.whole_of_texts(
        pa.array(["", *column], pa.string()).slice(1), missing, truths=True
    )
    marks = [int(float(token)) for token in missing if re.fullmatch(r"\s*-?[0-9.]+\s*", token)]
    for index, text in enumerate(column):
        number = None if text is None else as_number(text, missing)
        trimmed = {"true": "1", "false": "0"}.get((text or "").strip().lower(), (text or "").strip())
        whole = re.fullmatch(r"([+-]?[0-9]+)(\.0*)?", trimmed)
        value = int(whole[1]) if whole and number is not None and int(whole[1]) not in marks else None
        fits = value is not None and -(2**63) <= value < 2**63
        assert found[index].as_py() == (value if fits else None)
        assert beyond[index] == (value is not None and not fits)
        assert odd[index] == (number == "odd" or (number is not None and not whole))


def test_blanks_of_unicode_are_no_part_of_a_number():
    found, odd = number_columns.of_texts(pa.array(["\u00a01\u2003", "\u30002", "\u200b3"]), [])
    assert (found.to_pylist(), odd.tolist()) == ([1.0, 2.0, None], [False, False, True])


@pytest.mark.parametrize("kind", [pa.int64(), pa.float64()])
def test_a_number_that_stands_for_nothing_does_so_in_every_spelling(kind):
    column = pa.array([-999, 1, None], kind)
    for token in ("-999", "-999.0", " -999. "):
        assert number_columns.without_marks(column, ["", token, "NA"]).to_pylist() == [None, 1, None]
    texts = pa.array(["-999", "-999.0", "-0999", "-9.99e2", "1"])
    assert number_columns.of_texts(texts, ["-999"])[0].to_pylist() == [None] * 4 + [1.0]


def test_a_number_too_small_for_64_bits_is_no_zero():
    texts = pa.array(["0", "0.000", "1e-400", "0e5", "-0." + "0" * 400 + "1", "1", None, "0e-5"])
    found, _ = number_columns.of_texts(texts, [])
    assert np.flatnonzero(number_columns.underflows(texts, found)).tolist() == [2, 4]
    assert math.copysign(1, found[4].as_py()) == -1
