import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from components.linear_model.rank import dependences, independent_columns

TOLERANCE = 1e-12


@settings(max_examples=80)
@given(st.integers(0, 10_000), st.integers(2, 6), st.integers(1, 3))
def test_dependent_columns_and_what_they_depend_on(seed, independent, dependent):
    """Columns of very different units; each dependent one is made of two others, and stands after them."""
    generator = np.random.default_rng(seed)
    columns = [generator.normal(size=50) * 10.0 ** generator.integers(-6, 7) for _ in range(independent)]
    made = {}
    for _ in range(dependent):
        a, b = generator.choice(independent, 2, replace=False)
        p, q = generator.uniform(1, 3, 2)
        # parts of like length, so that both count
        scale = np.linalg.norm(columns[a]) / np.linalg.norm(columns[b])
        made[len(columns)] = {int(a): p, int(b): q * scale}
        columns.append(p * columns[a] + q * scale * columns[b])
    found = dependences(np.linalg.qr(np.column_stack(columns), mode="r"), TOLERANCE)
    assert [entry.column for entry in found] == sorted(made)
    for entry in found:
        expected = made[entry.column]
        assert set(entry.on) == set(expected)
        assert all(np.isclose(entry.on[other], factor, rtol=1e-6) for other, factor in expected.items())


def test_zero_and_repeated_columns():
    one = np.arange(1.0, 6.0)
    found = dependences(np.linalg.qr(np.column_stack([one, np.zeros(5), 3 * one]), mode="r"), TOLERANCE)
    assert [(entry.column, list(entry.on)) for entry in found] == [(1, []), (2, [0])]
    assert found[1].doubt[0] < 1e-10
    assert dependences(np.linalg.qr(np.column_stack([one, one**2]), mode="r"), TOLERANCE) == []


def test_more_columns_than_rows_depend_on_as_many_as_there_are_rows():
    wide = np.random.default_rng(3).normal(size=(4, 7))
    found = dependences(wide, TOLERANCE)
    assert [entry.column for entry in found] == [4, 5, 6]
    for entry in found:
        assert np.allclose(wide[:, list(entry.on)] @ list(entry.on.values()), wide[:, entry.column], atol=1e-9)


@pytest.mark.parametrize("skipped", [0, 40])
@pytest.mark.parametrize("made", [[], [3], [70, 71, 200], [*range(100, 160)]])
def test_wide_tables_are_reduced_by_blocks(skipped, made):
    """Dependent columns within a block and across blocks, beside columns that are no candidates."""
    generator = np.random.default_rng(5)
    x = generator.normal(size=(600, 300))
    for column in made:
        x[:, column] = 2 * x[:, 0] - 3 * x[:, 1 + column % 2]
    r = np.linalg.qr(np.column_stack([generator.normal(size=(600, skipped)), x]), mode="r")[:, skipped:]
    found = dependences(r, TOLERANCE)
    assert [entry.column for entry in found] == made
    assert independent_columns(r, TOLERANCE) == [column for column in range(300) if column not in made]
    for entry in found:
        assert entry.on == pytest.approx({0: 2.0, 1 + entry.column % 2: -3.0}, rel=1e-9)


@pytest.mark.parametrize("part", [0.4, 0.9, 1.1, 1.9, 2.1, 4.0])
def test_near_the_tolerance_it_is_decided_by_what_is_left_of_a_column(part):
    """What the columns before leave is known here: the second column has this part of it on an axis of its own."""
    tolerance = 1e-6
    length = part * tolerance
    factor = np.array([[1.0, np.sqrt(1 - length**2)], [0.0, length]])
    assert independent_columns(factor, tolerance) == ([0, 1] if part > 1 else [0])
