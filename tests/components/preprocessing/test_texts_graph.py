"""The graph's columns of texts against scikit-learn and patsy, and against model.json's arithmetic."""

from __future__ import annotations

import numpy as np
import pandas as pd
import patsy
import pytest
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.preprocessing import OneHotEncoder

from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.cross import Cross
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.text import Text
from tests.components.models import made_model
from tests.components.transform import analyse, sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

LEVELS = ["low", "mid", "high", "1", "\\"]
WORDS = ["good", "bad", "very good", "C++", "straße", "iş"]
FEATURES = {
    "color": Categorical(min_rows=1),
    "color × size": Cross(of=["color", "size"], min_rows=1),
    "frequent": Cross(of=["color", "size"], vocabulary=3, min_rows=2),
    "three": Cross(of=["color", "member", "size"], min_rows=1),
    "member": Boolean(),
    "grade": Ordered(levels=LEVELS, indicator=True),
    "steps": Ordered(column="grade", levels=LEVELS, contrasts="steps"),
    "note": Text(words=WORDS, indicator=True),
    "rare": Cross(of=["size", "note"], min_rows=400),
}
COLORS = ["red", "a\nb", "\\x", "x", "", "\\", "a\\xb", " red", "(missing)", "Zürich × 東京"]
SIZES = ["large", "\\xlarge", "x", "\\", "7.0", "(other)", "\r"]
TRUTHS = ["true", "YES", "0", " f ", "maybe"]
GRADES = [*LEVELS, "1.0", "LOW", "none of them", "mid "]
NOTES = [
    "Good", "no goods", "very good.", "bad\nGOOD", "good\\nbad", "c++ is bad", "STRASSE", "Straße", "GROẞE STRAẞE", "IŞ", "iş",
    "İŞ", "2024-01-31T00:00:00", "goo\u0301d", "", "_bad", "bad\u2028", "Very  good",
]  # fmt: skip
RNG = np.random.default_rng(19)
COUNT = 600


def drawn(values, every):
    return [None if i % every == 3 else values[k] for i, k in enumerate(RNG.integers(0, len(values), COUNT))]


TABLE = {
    "color": drawn(COLORS, 9),
    "size": drawn(SIZES, 6),
    "member": drawn(TRUTHS, 11),
    "grade": drawn(GRADES, 13),
    "note": drawn(NOTES, 7),
}


def rows_of(table):
    count = len(table["color"])
    return [
        {name: [] if values[i] is None else [values[i].encode()] for name, values in table.items()} | {"y": [1.0]}
        for i in range(count)
    ]


@pytest.fixture(scope="module")
def analysed(tmp_path_factory):
    """Transform's output, and a model.json without coefficients."""
    from components.preprocessing.features import features_to_json
    from components.preprocessing.transform_graph import design_matrix_of

    output = analyse(rows_of(TABLE), FEATURES, "y", tmp_path_factory.mktemp("transform"))
    model = made_model(features_to_json(FEATURES), design_matrix_of(output, FEATURES), missing=("NA",))
    return output, type(model).from_text(model.to_text())


def served(output, table):
    found = output.transform_features_layer()(sparse_columns(rows_of(table)))
    return {name: values.numpy() for name, values in found.items()}


def terms_of(model, feature):
    return [term for term in model.design.terms if term.feature == feature]


def test_the_graph_is_model_jsons_arithmetic(analysed):
    from components.linear_model.scoring import transformed_columns

    output, model = analysed
    unseen = {
        "color": ["never", "red", None, "NA", "\\x", None, "x"],
        "size": ["large", None, None, "large", "\\x", "never", "7"],
        "member": ["Y", "no", "", None, "?", "ON", "true"],
        "grade": ["high", "\\\\", None, "NA", "", "mid", "never"],
        "note": ["BAD", "good\0", None, "NA", "very\ngood", "a good, very good", "c+++"],
    }
    for table in (TABLE, unseen):
        found, expected = served(output, table), transformed_columns(model, table)
        assert set(expected) == set(found) - {"y", "plumbline_row"}
        for name, values in expected.items():
            assert found[name].tolist() == values.tolist(), name


def canonical(name):
    """The column by pandas: texts, and `None` for a missing one."""
    return pd.Series(TABLE[name], dtype=object).replace({"7.0": "7", "1.0": "1"}).where(lambda s: s.notna(), None)


@pytest.mark.parametrize(("feature", "of"), [("color × size", ["color", "size"]), ("frequent", ["color", "size"])])
def test_a_crosss_columns_are_those_of_joined_levels(analysed, feature, of):
    output, model = analysed
    [term] = terms_of(model, feature)
    pairs = list(zip(*map(canonical, of), strict=True))
    joined = np.array([[repr(pair)] for pair in pairs])
    kept = [level.text for level in term.levels if level.special is None]
    encoder = OneHotEncoder(categories=[[repr(text) for text in kept]], handle_unknown="ignore", sparse_output=False)
    expected = encoder.fit(joined).transform(joined)
    ids = served(output, TABLE)[feature]
    assert (np.eye(term.width)[ids][:, : len(kept)] == expected).all()
    gone = np.array([pair == (None, None) for pair in pairs])
    assert (ids[gone] == term.place("missing")).all() and gone.any()
    assert ((ids == term.place("other")) == ~gone & ~expected.any(axis=1)).all()
    counts = pd.Series(pairs)[~gone].value_counts()
    assert len(kept) == (3 if feature == "frequent" else len(counts))
    assert counts[kept].min() >= counts[~counts.index.isin(kept)].max() if len(kept) < len(counts) else True


def test_levels_of_a_cross_are_told_apart(analysed):
    _, model = analysed
    [term] = terms_of(model, "color × size")
    names = {level.text: level.name for level in term.levels}
    assert names["red", "large"] == "red × large"
    assert names["red", None] == "red × (missing)"
    assert names["(missing)", "(other)"] == "'(missing)' × '(other)'"
    assert names["Zürich × 東京", "x"] == r"'Z\xfcrich \xd7 \u6771\u4eac' × x"
    assert names["\\x", "x"] != names["\\", "\\xlarge"]
    assert len(set(names.values())) == len(names)


def test_a_truth_value_is_crossed_as_one_however_it_is_spelt(analysed):
    _, model = analysed
    [term] = terms_of(model, "three")
    assert {text[1] for text in (level.text for level in term.levels) if text} == {"true", "false", None}


def test_no_joined_level_is_frequent_enough(analysed):
    _, model = analysed
    [term] = terms_of(model, "rare")
    assert [level.name for level in term.levels] == ["(none)", "(other)", "(missing)"]


def test_ordered_levels_are_patsys_contrasts(analysed):
    output, model = analysed
    found, grades = served(output, TABLE), canonical("grade").tolist()
    known = np.array([grade in LEVELS for grade in grades])
    places = [LEVELS.index(grade) for grade in grades if grade in LEVELS]
    keys = [term.key for term in terms_of(model, "grade")]
    assert keys == ["grade[^1]", "grade[^2]", "grade[^3]", "grade[^4]", "grade_missing"]
    own = np.stack([found[key] for key in keys[:4]], axis=1)
    polynomials = patsy.contrasts.Poly().code_without_intercept(LEVELS).matrix
    assert own[known] == pytest.approx(polynomials[places], abs=1e-6)
    assert not own[~known].any()
    assert found["grade_missing"].tolist() == (~known).tolist()
    steps = np.stack([found[f"steps[>= {level}]"] for level in ["mid", "high", "1", "\\"]], axis=1)
    assert steps[known].tolist() == (np.array(places)[:, None] > np.arange(4)).tolist()
    assert (steps[~known] == np.array([0.8, 0.6, 0.4, 0.2], np.float32)).all()


def test_contrasts_are_fitted_in_64_bits(analysed):
    from components.preprocessing.transform_graph import raw_values
    from tests.components.exported import example

    output, _ = analysed
    rows = [
        example({**{name: None for name in TABLE}, "grade": level, "y": 1.0, "plumbline_row": 0}) for level in LEVELS
    ]
    found = raw_values(output, FEATURES, ["y"])(rows)
    own = np.stack([found[f"grade[^{degree}]"].numpy() for degree in range(1, 5)], axis=1)
    assert own == pytest.approx(patsy.contrasts.Poly().code_without_intercept(LEVELS).matrix, abs=1e-12)


def test_words_are_scikit_learns(analysed):
    output, _ = analysed
    found = served(output, TABLE)
    single = ["good", "bad", "straße"]
    oracle = CountVectorizer(vocabulary=single, binary=True, token_pattern=r"(?u)\b[\w\u0301]+\b")  # noqa: S106
    texts = ["" if text is None else text.replace("ẞ", "ß") for text in TABLE["note"]]
    expected = oracle.transform(texts).toarray()
    assert np.stack([found[f"note[{word}]"] for word in single], axis=1).tolist() == expected.tolist()
    assert found["note_missing"].tolist() == [float(text is None) for text in TABLE["note"]]
    for word, there in (("very good", {"very good."}), ("C++", {"c++ is bad"}), ("iş", {"iş", "IŞ"})):
        assert found[f"note[{word}]"].tolist() == [float(text in there) for text in TABLE["note"]], word


def test_tensorflow_takes_every_character_for_a_part_of_a_word_as_python_does():
    import sys
    import unicodedata

    import tensorflow as tf

    from components.values.words import has_word, word_pattern

    known = [chr(code) for code in range(sys.maxunicode + 1) if unicodedata.category(chr(code)) not in ("Cn", "Cs")]
    texts = ["good" + beside for beside in known]
    found = tf.strings.regex_full_match(texts, word_pattern("good")).numpy()
    assert found.tolist() == [has_word(text, "good") for text in texts]
