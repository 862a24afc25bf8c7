"""Features of texts by model.json's arithmetic. That the graph has the same ones is for `test_texts_graph.py`."""

from __future__ import annotations

import pytest

from components.linear_model.design_matrix import Term, text_levels
from components.linear_model.raw_columns import RawColumn
from components.linear_model.text_features import text_columns, texts_of


def test_texts_are_canonical_and_none_where_missing():
    values = [7.0, True, "FALSE", " NA ", None, float("nan"), "", "2024-01-31T00:00:00"]
    assert texts_of(RawColumn("c", "bytes"), values, ["NA"]) == [
        "7", "true", "false", None, None, None, "", "2024-01-31",
    ]  # fmt: skip


def test_truth_values_are_what_they_are_spelt_for():
    found = texts_of(RawColumn("b", "bytes", boolean=True), ["Y", 0, " on ", True, None, "maybe"], ["NA"])
    assert found[:5] == ["true", "false", "true", "true", None]
    assert found[5] not in ("true", "false", None)


def test_a_pair_is_a_level_the_other_one_or_missing_where_both_are():
    term = Term("x", "x", text_levels([("a", "b"), ("a", None)]))
    texts = [["a", "a", None, None, "b"], ["b", None, "b", None, "a"]]
    assert text_columns({"kind": "cross"}, [term], texts)["x"].tolist() == [0, 1, 2, 3, 2]


@pytest.mark.parametrize("indicator", [False, True])
def test_columns_of_levels_and_words_and_perhaps_where_there_are_none(indicator):
    keys = ["o[>= mid]", "o[>= high]", "o_missing"]
    terms = [Term(key, "o") for key in keys[: 2 + indicator]]
    entry = {"kind": "ordered", "levels": ["low", "mid", "high"], "contrasts": "steps"}
    found = text_columns(entry, terms, [["high", "mid", "low", "odd", None]])
    assert found["o[>= mid]"] == pytest.approx([1, 1, 0, 2 / 3, 2 / 3])
    assert found["o[>= high]"] == pytest.approx([1, 0, 0, 1 / 3, 1 / 3])
    terms = [Term(key, "t") for key in ["t[a]", "t[b c]", "t_missing"][: 2 + indicator]]
    words = text_columns({"kind": "text", "words": ["a", "b c"]}, terms, [["A-b c", "ab c", None]])
    assert words["t[a]"].tolist() == [1, 0, 0]
    assert words["t[b c]"].tolist() == [1, 0, 0]
    if indicator:
        assert found["o_missing"].tolist() == [0, 0, 0, 1, 1]
        assert words["t_missing"].tolist() == [0, 0, 1]


def test_no_rows_have_no_columns_of_any_length():
    found = text_columns({"kind": "text", "words": ["a"]}, [Term("t[a]", "t")], [[]])
    assert found["t[a]"].shape == (0,)
