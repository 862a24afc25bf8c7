"""The rule of texts in Arrow and in Python, on values that tables of several makers spell in several ways."""

import datetime
import re

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.values.text_columns import canonical, is_missing, levels, of_column, truths
from components.values.texts import ESCAPES, MISSING_TOKENS, as_texts, canonical_text, unescape

SPELT = {
    "TRUE": "true",
    "False": "false",
    "7.0": "7",
    "-7.000": "-7",
    "-0": "0",
    "-0.0": "0",
    "2024-01-31T00:00:00": "2024-01-31",
    "2024-01-31 00:00:00.000000": "2024-01-31",
    "2024-01-31 23:59:00.1200": "2024-01-31 23:59:00.12",
    "2024-01-31T23:59:00+0000": "2024-01-31 23:59:00Z",
    "01:02:03.000": "01:02:03",
    "01:02:03.50": "01:02:03.5",
    **{text: text for text in ("07.0", "1.10", "2024-01-31 23:59:00+01:00", " true", "true\n", "1.0\n", "fal\u017fe")},
}
NOON = datetime.datetime(2024, 1, 31, 12, 0, 0, 500_000)


def test_what_is_spelt_otherwise():
    assert canonical(pa.array(list(SPELT))).to_pylist() == list(SPELT.values())
    assert [canonical_text(text) for text in SPELT] == list(SPELT.values())


@given(st.text(st.characters(codec="utf-8"), max_size=12) | st.from_regex(r"\A-?\d{1,3}(\.0*)?\Z"))
def test_arrow_and_python_agree_and_once_is_enough(text):
    [found] = canonical(pa.array([text])).to_pylist()
    assert found == canonical_text(text) == canonical_text(found)


@given(
    st.text(st.characters(codec="utf-8"), max_size=6)
    | st.sampled_from([" NA\u2003", "\x85null\v", "NA\x1f", "\u200bNA"])
)
def test_missing_is_what_python_strips_to_a_token(text):
    assert is_missing(pa.array([text]), MISSING_TOKENS).to_pylist() == [text.strip() in MISSING_TOKENS]


def test_tokens_are_texts_and_no_patterns():
    column = pa.array(["a.b", "axb", "", "(", "|", "\u00e9"])
    assert is_missing(column, ["a.b", "(", "\u00e9"]).to_pylist() == [True, False, False, True, False, True]
    assert is_missing(column, []).to_pylist() == [False] * 6


@given(st.text(st.characters(codec="utf-8"), max_size=12) | st.text("\\\n\rne", max_size=6))
def test_an_escaped_text_is_a_line_and_comes_back(text):
    token = text
    for pattern, rewrite in ESCAPES:
        token = (
            re.sub(pattern, lambda _, by=rewrite: by.replace("\\\\", "\\"), token)
            if pattern != "^$"
            else token or r"\e"
        )
    assert token and not re.search(r"[\n\r]", token)
    assert unescape(token) == text


@pytest.mark.parametrize(
    ("values", "kind", "expected"),
    [
        ([7.0, 0.1, 1e-5, None, float("nan"), -0.0, 1e20], pa.float64(), ["7", "0.1", "1e-05", None, None, "0", "1e+20"]),
        ([0.1, 7], pa.float32(), ["0.1", "7"]),
        ([True, None], pa.bool_(), ["true", None]),
        ([2**63 + 1], pa.uint64(), [str(2**63 + 1)]),
        ([datetime.date(2024, 1, 31)], pa.date64(), ["2024-01-31"]),
        ([NOON], pa.timestamp("ns"), ["2024-01-31 12:00:00.5"]),
        ([NOON], pa.timestamp("us", "UTC"), ["2024-01-31 12:00:00.5Z"]),
        ([NOON], pa.timestamp("us", "Europe/Berlin"), ["2024-01-31 13:00:00.5+01:00"]),
        ([NOON], pa.timestamp("us", "-02:30"), ["2024-01-31 09:30:00.5-02:30"]),
        ([NOON.time()], pa.time64("us"), ["12:00:00.5"]),
        ([None], pa.null(), [None]),
    ],
)  # fmt: skip
def test_typed_values_have_the_text_of_a_csv(values, kind, expected):
    assert of_column(pa.array(values, kind)).to_pylist() == expected
    assert of_column(pa.array(values, kind).dictionary_encode()).to_pylist() == expected


def test_decimals_keep_their_places_unless_they_are_whole():
    from decimal import Decimal

    assert of_column(pa.array([Decimal("7.50"), Decimal("7.00")])).to_pylist() == ["7.50", "7"]


def test_what_is_no_text():
    with pytest.raises(TypeError, match="list<item: int64> is no text"):
        of_column(pa.array([[1]]))


def test_truth_values():
    said = pa.array(["TRUE", " yes\u00a0", "1", "F", "off", "maybe", "10", None])
    assert truths(canonical(said)).to_pylist() == ["true", "true", "true", "false", "false", None, None, None]


def test_a_text_that_stands_for_nothing_does_so_as_a_typed_value_too():
    """`missing: ["7.0", "TRUE"]`: in Parquet, the one is 7 and the other true."""
    typed = [of_column(pa.array([7.0])), of_column(pa.array([7])), of_column(pa.array([True])), pa.array(["7.0"])]
    for column in typed:
        assert levels(column, ["7.0", "TRUE"]).to_pylist() == [None]
    assert levels(of_column(pa.array([7.5])), ["7.0"]).to_pylist() == ["7.5"]


def test_a_configurations_list_has_texts_as_a_table_has_them():
    assert as_texts([True, 7, 7.0, 0.5, "a", None]) == ["true", "7", "7", "0.5", "a", None]
    assert as_texts("a") == "a"
