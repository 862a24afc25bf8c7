"""Which equations are independent, which say nothing new and which contradict each other: exactly."""

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import ConfigError
from components.linear_model.hypotheses import MOST, Hypotheses, parse
from components.linear_model.hypotheses_text import Names

NAMES = Names(["(intercept)", "a", "b", "c", "f[x]", "f[y]", "f[z]"], {"f": [4, 5]}, {}, frozenset({6}))


def test_the_system_is_that_of_the_text():
    found = parse("2*a - c/4 = 1, f = -3", NAMES)
    assert [equation.text for equation in found.equations] == ["2*a - 0.25*c = 1", "f[x] = -3", "f[y] = -3"]
    assert found.places == [1, 3, 4, 5]
    matrix, constants = found.system()
    assert matrix.tolist() == [[2, -0.25, 0, 0], [0, 0, 1, 0], [0, 0, 0, 1]]
    assert constants.tolist() == [1, -3, -3]
    assert found.said == []


@pytest.mark.parametrize(
    ("text", "kept", "said"),
    [
        ("a = b, b = a", ["a - b = 0"], ["b - a = 0 follows from the others: counted once"]),
        (
            "a = b, b = c, 3*a = 3*c",
            ["a - b = 0", "b - c = 0"],
            ["3*a - 3*c = 0 follows from the others: counted once"],
        ),
        ("0.1*a = 0.3, a = 3", ["0.1*a = 0.3"], ["a = 3 follows from the others: counted once"]),
        ("a/3 = 1/3, a = 1", ["0.333333333333*a = 0.333333333333"], ["a = 1 follows from the others: counted once"]),
        (
            "f = 0, f[x] = f[z]",
            ["f[x] = 0", "f[y] = 0"],
            ["f[z] is a reference level: 0 by definition", "f[x] = 0 follows from the others: counted once"],
        ),
        ("a = 1, 1 = 1", ["a = 1"], ["an equation is true by definition: not counted"]),
    ],
)
def test_what_follows_is_counted_once_and_said(text, kept, said):
    found = parse(text, NAMES)
    assert [equation.text for equation in found.equations] == kept
    assert found.said == said


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a = 1, a = 2", "a = 2 and those before it contradict each other. Leave one of them out."),
        ("a = b, b = c, a - c = 0.5", "a - c = 0.5 and those before it contradict each other"),
        ("0.1*a = 0.3, a = 3.0000000000000001", "contradict each other"),
        ("1 = 2", "0 = 1 can't be"),
        ("f[z] = 0", "'f[z] = 0' says nothing about any coefficient; f[z] is a reference level: 0 by definition"),
        ("a - a", "says nothing about any coefficient"),
    ],
)
def test_what_contradicts_or_says_nothing_is_refused(text, said):
    with pytest.raises(ConfigError) as error:
        parse(text, NAMES)
    assert said in str(error.value)


def test_numbers_and_equations_beyond_what_is_held_are_refused():
    with pytest.raises(ConfigError, match="a number is beyond the range of 64 bits"):
        parse("1e300*1e300*a = 1", NAMES).system()
    names = Names(
        ["(intercept)", *(f"f[{index}]" for index in range(MOST + 1))], {"f": list(range(1, MOST + 2))}, {}, frozenset()
    )
    with pytest.raises(ConfigError, match="expected at most 2,000 equations and columns; received 2,001 equations"):
        parse("f = 0", names)
    assert len(parse("f[0] = f[1] = f[2]", names).equations) == 2


small = st.integers(min_value=-3, max_value=3)


@given(st.lists(st.tuples(small, small, small, small), min_size=1, max_size=6))
def test_as_many_are_kept_as_numpys_rank(rows):
    """Against the rank of [L c] and of L: where they differ, no coefficients fulfil all equations."""
    text = ", ".join(f"{a}*a + {b}*b + {c}*c = {d}" for a, b, c, d in rows)
    whole = np.array(rows, float)
    rank = np.linalg.matrix_rank(whole[:, :3])
    if rank < np.linalg.matrix_rank(whole) or not rank:
        with pytest.raises(ConfigError):
            parse(text, NAMES)
        return
    found = parse(text, NAMES)
    assert isinstance(found, Hypotheses)
    assert len(found.equations) == rank == np.linalg.matrix_rank(found.system()[0])
    solved = np.linalg.lstsq(*found.system(), rcond=None)[0]
    values = dict.fromkeys(range(4), 0.0) | dict(zip(found.places, solved, strict=True))
    assert np.allclose(whole[:, :3] @ [values[1], values[2], values[3]], whole[:, 3])
    assert all(isinstance(equation.constant, Fraction) for equation in found.equations)
