from __future__ import annotations

import pyarrow as pa
import pytest

from components.errors import DataError
from components.table.extents import Extents


def seen(columns, weight=None):
    """As two chunks would report it."""
    table = pa.table(columns)
    half = table.num_rows // 2
    parts = []
    for part in (table.slice(0, half), table.slice(half)):
        found = Extents()
        for batch in part.to_batches():
            found.add(batch, weight)
        parts.append(found.to_json())
    return Extents.merged(parts)


def test_extents_of_numbers_and_texts():
    found = seen({"x": [3.0, None, 1.0, 2.0], "c": ["b", "a", None, None], "plumbline_row": [0, 1, 2, 3]})
    assert (found.rows, found.columns) == (4, {"x": [3, 1.0, 3.0], "c": [2, "a", "b"]})


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        (
            {"x": [1.0, 2, 3, 4], "y": [7.0] * 4},
            "label 'y': it is 7 in all 4 training rows, so that there is nothing to learn.",
        ),
        (
            {"x": pa.nulls(8, pa.float32()), "c": pa.nulls(8, pa.string()), "y": [1.0, 2] * 4},
            "features x, c: no training row has a value there. Leave them out.",
        ),
        (
            {"x": [1.0, 2, 3, 4], "y": [1.0, 2, 3, 5]},
            "too few rows: there are 4 training rows, and the intercept and the features have at least 2 coefficients; expected at "
            "least 5 rows more than coefficients.",
        ),
    ],
)
def test_what_makes_a_fit_impossible_is_said(columns, message):
    with pytest.raises(DataError) as caught:
        seen(columns).check("y", [name for name in columns if name != "y"], penalised=False)
    assert str(caught.value).startswith(message)


def test_rows_of_weight_zero_and_features_without_variation_do_not_count():
    columns = {"x": list(map(float, range(8))), "one": [1.0] * 8, "y": [1.0, 2, 3, 5, 4, 9, 7, 6]}
    seen({**columns, "w": [1.0] * 7 + [0.0]}, "w").check("y", ["x", "one"], penalised=False)
    with pytest.raises(DataError, match="there are 6 training rows"):
        seen({**columns, "w": [1.0] * 6 + [0.0] * 2}, "w").check("y", ["x", "one"], penalised=False)


def test_a_penalty_allows_more_coefficients_than_rows():
    seen({"a": [1.0, 2], "b": [2.0, 1], "y": [1.0, 2]}).check("y", ["a", "b"], penalised=True)


def test_too_few_digits_of_a_feature_or_the_label_are_said_but_not_of_what_travels_as_integers():
    columns = {"x": [float(index % 7) for index in range(40)], "n": [10**9 + index for index in range(40)]}
    columns["y"] = [1e9 + 100 * index for index in range(40)]
    with pytest.raises(DataError, match="column 'y': 32-bit floats"):
        seen(columns).check("y", ["x", "n"], penalised=False)
    seen(columns).check("y", ["x", "n"], penalised=False, exact={"y"})
    closer = {**columns, "y": [1e9 + index for index in range(40)]}
    with pytest.raises(
        DataError, match=r"column 'y': 32-bit floats, as which its predictions travel, have .* at least 10 times"
    ):
        seen(closer).check("y", ["x", "n"], penalised=False, exact={"y"})
    columns = {"x": columns["y"], "y": columns["x"], "w": columns["y"]}
    with pytest.raises(DataError, match="column 'x': 32-bit floats"):
        seen(columns, "w").check("y", ["x"], penalised=False)
    seen(columns, "w").check("y", [], penalised=False)  # a weight acts by its ratio to others


def test_a_little_rounding_of_whole_numbers_is_counted():
    found = seen({"x": [float(10**9 + 7 * 10**6 * index + 1) for index in range(40)], "y": [0.1] * 40})
    assert found.rounded(["x", "y", "z"]) == {"x": 40}


def test_rows_of_weight_above_zero_are_counted_not_their_weights():
    assert seen({"y": [1.0, 2, 3, 4], "w": [0.0, 10.0, 0.5, 0.0]}, "w").rows == 2
