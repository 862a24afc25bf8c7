"""Words in texts against scikit-learn's tokens and RE2, by Arrow."""

from __future__ import annotations

import string
import sys
import unicodedata

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.feature_extraction.text import CountVectorizer

from components.values.words import has_word, word_pattern

WORDS = [
    "good",
    "very bad",
    "C++",
    "é",
    "straße",
    "ΛΌΓΟΣ",
    "iş",
    "İ",
    "a.b",
    "2024",
    "_x",
    "(?i)",
    "東京",
    "\\",
    "'",
    "#1",
]
TEXTS = [
    "", "good", "Good!", "goods", "no good", "GOOD-ish", "good\nbad", "_good", "good1", "ungood good", "góod", "good\u0301",
    "very bad", "Very  bad", "VERY BAD.", "c++", "C+++", "c++x", "É", "e\u0301", "STRASSE", "Straße", "STRAẞE", "λόγος", "ΛΌΓΟς",
    "IŞ", "ış", "İŞ", "i", "aXb", "A.B", "x2024", "in 2024.", "_X", "(?I)", "在東京", "東京", "a\\b", "it's", "#1",
    "##12", "good\0", "\u2028good\u2029",
]  # fmt: skip


def re2(texts, word):
    return pc.match_substring_regex(pa.array(texts, pa.string()), rf"\A(?:{word_pattern(word)})\z").to_pylist()


@pytest.mark.parametrize("word", WORDS)
def test_re2_finds_the_same(word):
    assert re2(TEXTS, word) == [has_word(text, word) for text in TEXTS]


def test_every_sign_stands_for_itself():
    for sign in string.punctuation:
        word = f"a{sign}b"
        assert re2([word, "aXb", f"x{word}"], word) == [True, False, False]
        assert has_word(word, word) and not has_word("aXb", word)


@given(st.text("goGO \n.-_1\u0301é", max_size=12), st.sampled_from(["go", "g", "o o", "og"]))
def test_re2_finds_the_same_in_any_text(text, word):
    assert re2([text], word) == [has_word(text, word)]


def test_every_character_beside_a_word_is_a_part_of_it_or_not_for_both():
    known = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    for texts in (["good" + beside for beside in known], [beside + "good" for beside in known]):
        assert re2(texts, "good") == [has_word(text, "good") for text in texts]


def test_the_case_of_every_letter_is_the_same_for_both():
    cased = [letter for letter in map(chr, range(1, 0x1E943)) if letter.lower() != letter or letter.upper() != letter]
    for letter in cased:
        others = [letter, *{letter.lower()[:1], letter.upper()[:1], letter.title()[:1]}, "i", "I", "İ", "ı"]
        assert re2(others, letter) == [has_word(other, letter) for other in others], letter


def test_single_words_are_scikit_learns_tokens():
    words = ["good", "bad", "straße", "2024", "東京"]
    oracle = CountVectorizer(vocabulary=words, binary=True, token_pattern=r"(?u)\b\w+\b")  # noqa: S106
    texts = [text for text in TEXTS if "\u0301" not in text and "ẞ" not in text]
    found = np.array([[has_word(text, word) for word in words] for text in texts], int)
    assert (found == oracle.transform(texts).toarray()).all()
