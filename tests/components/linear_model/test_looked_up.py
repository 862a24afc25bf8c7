"""Rows whose levels are looked up, against the dense design matrix and the dense covariance."""

import dataclasses
import json
import tracemalloc

import numpy as np
import pytest

from components.linear_model import looked_up
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.looked_up import Layout
from components.linear_model.portable import UNBOUNDED, PortableModel
from components.linear_model.scoring import score, term_sizes
from tests.components.many_levels import city, many_levels, raw_rows

LEVELS, ROWS = 300, 50
DESIGN = DesignMatrix(
    (
        Term("x", "x"),
        Term("c", "c", levels=text_levels([f"c{index}" for index in range(LEVELS)])),
        Term("few", "few", levels=text_levels("ab")),
        Term("o", "o", offset=True),
        Term("d", "d", levels=text_levels([f"d{index}" for index in range(LEVELS)])),
    )
)


@pytest.fixture
def all_dense(monkeypatch):
    """Has everything multiplied that would be looked up."""
    return lambda: monkeypatch.setattr(looked_up, "LOOKED_UP", 10**9)


def columns():
    generator = np.random.default_rng(1)
    found = {name: generator.normal(size=ROWS) for name in ("x", "o")}
    return found | {name: generator.integers(0, wide, ROWS) for name, wide in (("c", 302), ("few", 4), ("d", 302))}


def test_products_are_those_of_the_dense_matrix():
    generator, layout = np.random.default_rng(2), Layout.of(DESIGN)
    rows, dense = layout.rows(columns()), np.column_stack([np.ones(ROWS), DESIGN.dense(columns())])
    assert [term.key for _, term in layout.looked_up] == ["c", "d"]
    assert rows.numbers.shape == (ROWS, 1 + 1 + 4 + 1)
    matrix, vector = generator.normal(size=(dense.shape[1], 3)), generator.normal(size=dense.shape[1])
    assert rows.dot(matrix) == pytest.approx(dense @ matrix, rel=1e-12, abs=1e-12)
    assert rows.dot(vector) == pytest.approx(dense @ vector, rel=1e-12, abs=1e-12)
    assert rows.sizes(matrix) == pytest.approx(np.abs(dense) @ np.abs(matrix), rel=1e-12)
    root = generator.normal(size=(dense.shape[1],) * 2)
    covariance = root @ root.T
    expected = np.einsum("ij,jk,ik->i", dense, covariance, dense)
    assert rows.variances(covariance) == pytest.approx(expected, rel=1e-12)


def test_what_is_looked_up_is_no_column_of_numbers(all_dense):
    assert Layout.of(DESIGN).places.tolist() == [0, 1, *range(304, 309)]
    all_dense()
    whole = Layout.of(DESIGN)
    assert (whole.places.tolist(), whole.looked_up) == (list(range(1 + DESIGN.width)), [])


def test_answers_are_those_of_the_dense_covariance_and_the_dense_matrix(all_dense):
    model, rows = many_levels(LEVELS), raw_rows(LEVELS, 2, ROWS)
    found, sizes = score(model, rows), term_sizes(model, rows)
    all_dense()
    dense = dataclasses.replace(model.interval, covariance=model.interval.covariance.dense())
    again = dataclasses.replace(model, interval=dense)
    assert len(again.layout.places) == len(model.columns)
    expected = score(again, rows)
    assert set(found) == {
        "prediction", "baseline", "contribution_x0", "contribution_x1", "contribution_city", "contribution_few",
        "standard_error", "low", "high",
    }  # fmt: skip
    for name, values in expected.items():
        assert found[name] == pytest.approx(values, rel=1e-12, abs=1e-12), name
    assert sizes == pytest.approx(term_sizes(again, rows), rel=1e-12)
    unbounded = found["standard_error"] == UNBOUNDED
    assert np.flatnonzero(~unbounded).tolist() == [row for row in range(0, ROWS, 3) if row not in (3, 6, 9, 12)]
    parts = sum(found[f"contribution_{name}"] for name in ("x0", "x1", "city", "few"))
    assert parts + found["baseline"] == pytest.approx(found["prediction"], abs=1e-12)


def test_model_json_holds_the_absorbed_covariance_in_a_format_of_its_own():
    model, rows = many_levels(LEVELS), raw_rows(LEVELS, 2, ROWS)
    text = model.to_text()
    value = json.loads(text)
    assert value["format"] == 5
    assert {name: np.shape(array) for name, array in value["interval"]["covariance"].items()} == {
        "own": (310,), "rows": (310, 6), "inner": (6, 6),
    }  # fmt: skip
    again = PortableModel.from_text(text)
    assert again.to_text() == text
    for name, values in score(model, rows).items():
        assert score(again, rows)[name].tolist() == values.tolist(), name
    dense = dataclasses.replace(model.interval, covariance=model.interval.covariance.dense())
    assert json.loads(dataclasses.replace(model, interval=dense).to_text())["format"] == 4


def test_levels_without_rows_share_one_dependence():
    model = many_levels(LEVELS)
    assert model.dependences.shape == (310, 3)  # of x1, of city and of few
    assert np.flatnonzero(model.dependences[:, 1]).tolist() == [303, 304]


def test_100_000_levels_are_scored_without_anything_as_wide():
    levels = 100_000
    model, rows = many_levels(levels, 30), raw_rows(levels, 30, 1_000)
    tracemalloc.start()
    answer = score(model, rows)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    place = 1 + 30 + int(rows["city"][0].split()[1])
    assert rows["city"][0] == city(place - 31)
    mean = model.means[31 : 31 + levels + 2] @ model.coefficients[31 : 31 + levels + 2]
    assert answer["contribution_city"][0] == pytest.approx(model.coefficients[place] - mean, rel=1e-12)
    assert peak < 100e6  # the dense rows alone would be 800 MB
