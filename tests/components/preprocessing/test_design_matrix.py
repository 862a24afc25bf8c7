import numpy as np

from components.preprocessing.design_matrix import (
    DesignMatrix,
    bucket_levels,
    build_design_matrix,
)
from components.preprocessing.features import Buckets, Categorical, Numeric

FEATURES = {
    "miles": Numeric(indicator=True),
    "hour": Buckets(boundaries=[6, 10]),
    "company": Categorical(),
    "plain": Numeric(scale="none"),
}
CONSTANTS = {("miles", "mean"): 3.0, ("miles", "variance"): 4.0}
DESIGN = build_design_matrix(FEATURES, {"company": ["Flash", "(missing)"]}.__getitem__, lambda *key: CONSTANTS[key])


def test_columns_are_named_and_ordered():
    assert DESIGN.column_names == [
        "miles", "miles_missing", "hour[< 6]", "hour[6 to 10]", "hour[>= 10]", "hour[(missing)]",
        "company[Flash]", "company[(missing)]", "company[(other)]", "plain",
    ]  # fmt: skip
    assert (DESIGN.terms[0].mean, DESIGN.terms[0].std) == (3.0, 2.0)


def test_json_round_trip():
    assert DesignMatrix.from_json(DESIGN.to_json()) == DESIGN


def test_a_constant_column_keeps_a_scale_of_one():
    design = build_design_matrix({"x": Numeric()}, lambda _: [], lambda _, which: {"mean": 5.0, "variance": 0.0}[which])
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
    assert matrix[1].tolist() == [-1, 1, 0, 0, 1, 0, 1, 0, 0, 8]


def test_bucket_levels_follow_the_ids():
    assert bucket_levels([6.0]) == ("< 6", ">= 6", "(missing)")
