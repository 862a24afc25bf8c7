import pytest
from pydantic import ValidationError

from components.fit.constraints import Range, check_constraints
from components.fit.settings import Exact
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.log import Log
from components.preprocessing.kinds.numeric import Numeric
from components.preprocessing.kinds.ordered import Ordered
from components.preprocessing.kinds.product import Product
from components.preprocessing.kinds.spline import Spline

FEATURES = {
    "miles": Numeric(),
    "income": Log(),
    "both": Product(of=["a", "b"]),
    "member": Boolean(),
    "age": Buckets(boundaries=[18, 30, 65]),
    "grade": Ordered(levels=["low", "mid", "high"], contrasts="steps"),
    "size": Ordered(levels=["s", "m", "l"]),
    "city": Categorical(vocabulary=5),
    "curve": Spline(knots=4),
}


def test_what_may_be_said():
    said = {
        "miles": "positive", "income": {"min": 0.5}, "both": "negative", "member": {"min": -1.0, "max": 1.0},
        "age": "increasing", "grade": "decreasing",
    }  # fmt: skip
    exact = Exact(constraints=said)
    check_constraints(exact.constraints, FEATURES)
    assert exact.constraints["income"] == Range(min=0.5)
    assert Exact.model_validate(exact.model_dump(mode="json")) == exact


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (
            {"mile": "positive"},
            r"model.constraints.mile: there is no feature of this name \('miles' is near\). Name one",
        ),
        (
            {"miles": "increasing"},
            "miles: expected positive, negative or {min, max}, for numeric has one.*Say positive",
        ),
        ({"member": "decreasing"}, "for boolean has one coefficient; received decreasing. Say negative"),
        ({"age": "positive"}, "age: expected increasing or decreasing, for buckets has a coefficient for each level"),
        ({"grade": {"max": 1}}, "for ordered has a coefficient for each level; received {min, max}"),
        ({"size": "increasing"}, "the columns of 'size' are polynomials, .*Set features.size.contrasts: steps"),
        (
            {"city": "increasing"},
            "city: categorical has several coefficients, and no order of levels. Constrain a feature of",
        ),
        ({"curve": "positive"}, "curve: spline has several coefficients"),
    ],
)
def test_a_constraint_that_can_not_be_is_refused_with_the_way_out(said, error):
    with pytest.raises(ValueError, match=error):
        check_constraints(Exact(constraints=said).constraints, FEATURES)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        ({"a": "rising"}, "Input should be 'positive', 'negative', 'increasing' or 'decreasing'"),
        ({"a": {}}, "expected min, max or both"),
        ({"a": {"min": 2, "max": 1}}, "min must be at most max; received 2 and 1"),
        ({"a": {"min": float("inf")}}, "finite"),
        ({"a": {"least": 1}}, "least"),
    ],
)
def test_what_is_no_constraint_is_refused(said, error):
    with pytest.raises(ValidationError, match=error):
        Exact(constraints=said)


def test_what_keeps_no_bounds_is_refused_beside_them():
    with pytest.raises(ValidationError, match=r"constraints: can't be kept with prior: log_f\. Leave one out"):
        Exact(family="binomial", prior="log_f", constraints={"a": "positive"})
    with pytest.raises(ValidationError, match=r"constraints: no pass of refinement keeps them\. Leave refine out"):
        Exact(refine=True, constraints={"a": "positive"})
    assert Exact(refine=False, constraints={"a": "positive"}).constraints
