import json

import numpy as np

from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels
from components.preprocessing.design import build_design_matrix
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.text import Text

FEATURES = {
    "miles": Numeric(indicator=True),
    "hour": Buckets(boundaries=[6, 10]),
    "company": Categorical(),
    "plain": Numeric(scale="none"),
}
CONSTANTS = {("miles", "mean"): 3.0, ("miles", "variance"): 4.0}
DESIGN = build_design_matrix(FEATURES, {"company": ["Flash", "(missing)"]}.__getitem__, lambda *key: CONSTANTS[key], {})


def test_columns_are_named_and_ordered():
    assert DESIGN.column_names == [
        "miles", "miles_missing", "hour[< 6]", "hour[6 to 10]", "hour[>= 10]", "hour[(missing)]",
        "company[Flash]", "company['(missing)']", "company[(other)]", "company[(missing)]", "plain",
    ]  # fmt: skip
    assert (DESIGN.terms[0].mean, DESIGN.terms[0].std) == (3.0, 2.0)


def test_json_round_trip():
    assert DesignMatrix.from_json(DESIGN.to_json()) == DESIGN


def test_a_constant_column_keeps_a_scale_of_one():
    design = build_design_matrix(
        {"x": Numeric()}, lambda _: [], lambda _, which: {"mean": 5.0, "variance": 0.0}[which], {}
    )
    assert design.terms[0].std == 1.0


COLUMNS = {
    "miles": np.array([0.5, -1.0, 2.0]),
    "miles_missing": np.array([0.0, 1.0, 0.0]),
    "hour": np.array([0, 2, 3]),
    "company": np.array([2, 0, 1]),
    "plain": np.array([7.0, 8.0, 9.0]),
}


def test_dense_matrix():
    matrix = DESIGN.dense(COLUMNS)
    assert matrix[1].tolist() == [-1, 1, 0, 0, 1, 0, 1, 0, 0, 0, 8]


def test_bucket_levels_follow_the_ids():
    assert [level.name for level in bucket_levels([6.0])] == ["< 6", ">= 6", "(missing)"]


def test_close_boundaries_have_names_of_their_own():
    """Six digits made three intervals one name, and all of them the reference."""
    boundaries = [41.88181, 41.88182, 41.88183, 41.88184]
    names = [level.name for level in bucket_levels(boundaries)]
    assert names[1] == "41.88181 to 41.88182"
    assert len(set(names)) == 6


def test_texts_that_look_like_another_are_quoted_and_stay_apart():
    texts = ["cash", "cash ", "(other)", "(missing)", "caf\u00e9", "cafe\u0301", "a\u2028b", "a b", "", "'cash '"]
    levels = text_levels(texts)
    names = [level.name for level in levels]
    assert names[:4] == ["cash", "'cash '", "'(other)'", "'(missing)'"]
    assert names[-2:] == ["(other)", "(missing)"]
    assert len(set(names)) == len(texts) + 2
    assert all(name.isprintable() for name in names)
    assert [level.text for level in levels] == [*texts, None, None]


def test_features_and_levels_that_make_one_name_have_two():
    terms = (Term("g[x]", "g[x]"), Term("g", "g", levels=text_levels(["x"])), Term("(intercept)", "(intercept)"))
    assert DesignMatrix(terms).column_names == ["g[x]", "g[x] #2", "g[(other)]", "g[(missing)]", "(intercept) #2"]


def test_a_vocabulary_without_a_level_shows_none():
    levels = text_levels(["49d0cd50-04bb-48c0-bc6f-5b575dce351a"])
    assert [(level.name, level.text) for level in levels] == [("(none)", None), ("(other)", None), ("(missing)", None)]


def test_levels_of_several_columns_are_named_by_their_texts():
    texts = [("red", "large"), ("red", None), ("(missing)", "large"), ("a × b", "c"), ("a", "b × c"), ("", " x")]
    levels = text_levels(texts)
    assert [level.name for level in levels] == [
        "red × large", "red × (missing)", "'(missing)' × large", r"'a \xd7 b' × c", r"a × 'b \xd7 c'", "'' × ' x'", "(other)",
        "(missing)",
    ]  # fmt: skip
    design = DesignMatrix((Term("c", "c", levels=levels),))
    assert DesignMatrix.from_json(json.loads(json.dumps(design.to_json()))) == design


def test_parts_have_names_of_their_own():
    features = {"grade": Ordered(levels=["low", "mid", "high"], indicator=True), "note": Text(words=["good"])}
    design = build_design_matrix(features, lambda _: [], lambda *_: 0.0, {})
    assert design.column_names == ["grade[^1]", "grade[^2]", "grade_missing", "note[good]"]
