import numpy as np
import pytest

from components.errors import DataError
from components.fit.bounds import bounds_of
from components.fit.settings import Exact
from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels
from components.preprocessing.design import build_design_matrix
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.log import Log
from components.preprocessing.kinds.log1p import Log1p
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.power import Power
from components.preprocessing.kinds.product import Product
from components.preprocessing.kinds.sqrt import Sqrt

INF = np.inf
FEATURES = {
    "miles": Numeric(indicator=True),
    "member": Boolean(),
    "age": Buckets(boundaries=[18, 30, 65]),
    "grade": Ordered(levels=["low", "mid", "high"], contrasts="steps", indicator=True),
}
DESIGN = DesignMatrix(
    (
        Term("miles", "miles", mean=5.0, std=4.0),  # 1
        Term("miles_missing", "miles"),  # 2
        Term("member", "member", levels=text_levels(["false", "true"])),  # 3 … 6
        Term("age", "age", levels=bucket_levels([18, 30, 65])),  # 7 … 11, the last one missing values
        Term("grade[>= mid]", "grade", part=">= mid"),  # 12
        Term("grade[>= high]", "grade", part=">= high"),  # 13
        Term("grade_missing", "grade"),  # 14
    )
)
PRESENT = [90] * (1 + DESIGN.width)


def bounds(said, member=3, age=9, present=PRESENT):
    return bounds_of(Exact(constraints=said).constraints, FEATURES, DESIGN, {"member": member, "age": age}, present)


def bounded(found):
    """By place of a column with a bound its ends, and what it is counted from."""
    return {
        place: (found.low[place], found.high[place], found.after[place]) for place in np.flatnonzero(found.constrained)
    }


def test_no_constraints_are_no_bounds():
    assert bounds({}) is None


def test_bounds_are_of_the_scaled_column_and_not_of_its_indicator():
    assert bounded(bounds({"miles": {"min": -1.0, "max": 2.5}})) == {1: (-4.0, 10.0, -1)}
    assert bounded(bounds({"miles": "negative"})) == {1: (-INF, 0.0, -1)}


def test_a_truth_value_is_compared_with_false_whatever_is_left_out():
    assert bounded(bounds({"member": {"min": -1.0, "max": 2.5}})) == {4: (-1.0, 2.5, -1)}
    assert bounded(bounds({"member": {"min": -1.0, "max": 2.5}}, member=4)) == {3: (-2.5, 1.0, -1)}
    assert bounded(bounds({"member": "positive"}, member=4)) == {3: (-INF, 0.0, -1)}
    with pytest.raises(DataError, match=r"model\.constraints\.member: no training row has false there"):
        bounds({"member": "positive"}, member=6)


def test_levels_in_order_are_counted_from_their_neighbour_towards_the_reference():
    assert bounded(bounds({"age": "increasing"})) == {7: (-INF, 0.0, 8), 8: (-INF, 0.0, -1), 10: (0.0, INF, -1)}
    assert bounded(bounds({"age": "decreasing"}, age=7)) == {8: (-INF, 0.0, -1), 9: (-INF, 0.0, 8), 10: (-INF, 0.0, 9)}
    assert not np.signbit(bounds({"age": "increasing"}).high[7])


def test_without_a_reference_among_them_the_first_level_is_free():
    assert bounded(bounds({"age": "increasing"}, age=11)) == {8: (0.0, INF, 7), 9: (0.0, INF, 8), 10: (0.0, INF, 9)}


def test_intervals_without_rows_are_passed_over():
    present = [0 if place in (8, 10) else 90 for place in range(1 + DESIGN.width)]
    assert bounded(bounds({"age": "increasing"}, age=7, present=present)) == {9: (0.0, INF, -1)}


def test_steps_are_bounded_themselves():
    assert bounded(bounds({"grade": "increasing"})) == {12: (0.0, INF, -1), 13: (0.0, INF, -1)}


@pytest.mark.parametrize(
    "feature",
    [
        Numeric(indicator=True),
        Numeric(scale="none"),
        Integer(indicator=True),
        Log(indicator=True),
        Log1p(),
        Sqrt(),
        Power(exponent=0.5),
        Product(of=["a", "b"]),
    ],
    ids=lambda feature: feature.kind,
)
def test_each_kind_of_one_number_has_one_bounded_column(feature):
    design = build_design_matrix(
        {"x": feature}, lambda name: [], lambda name, what: {"mean": 2.0, "variance": 9.0, "origin": 7}[what], {}
    )
    found = bounds_of(Exact(constraints={"x": {"min": 2.0}}).constraints, {"x": feature}, design, {}, [9] * 3)
    scale = 1.0 if getattr(feature, "scale", None) == "none" else 3.0
    assert bounded(found) == {1: (2.0 * scale, INF, -1)}
