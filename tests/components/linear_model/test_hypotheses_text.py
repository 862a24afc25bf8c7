"""The grammar of hypotheses: what a text says of which coefficients, whatever characters names are made of, and what is refused."""

import dataclasses
from fractions import Fraction

import numpy as np
import pytest
import statsmodels.api as sm
from hypothesis import given
from hypothesis import strategies as st

from components.errors import ConfigError
from components.linear_model.hypotheses_text import Names, Reader, equation_text
from tests.components.table_fits import table_fit

ODD = [
    "(intercept)",
    "a",
    "b",
    "a - b",
    "ab",
    "x=1, y",
    "2",
    "2nd class",
    "Straße[größer als 3,5 %]",
    "naïve",
    '"quoted"',
    "tick`s",
    "t[(other)]",
    "t[a, b]",
    "t[x = y]",
    "t[-1]",
    "a.b",
    "a_b",
    "e",
    "'two  blanks'[x]",
    "日本[東京]",
]
NAMES = Names(
    ODD,
    {"t": [12, 13, 14, 15], "日本": [20], "gone": [], "a": [1, 2]},
    {4: "it was left out: ab = a + b", 16: "it is an offset: its coefficient is 1, and not estimated"},
    frozenset({3}),
)


def read(text, names=NAMES):
    """By equation what is named, and the constant."""
    return [
        ({names.columns[place]: weight for place, weight in row.items()}, constant)
        for row, constant in Reader(text, names).equations()
    ]


@pytest.mark.parametrize(
    ("text", "weights", "constant"),
    [
        ("a = b", {"a": 1, "b": -1}, 0),
        ("a", {"a": 1}, 0),
        (" - a\n= 3 ", {"a": -1}, 3),
        ("2*`a` - b/2 = 1", {"a": 2, "b": Fraction(-1, 2)}, 1),
        ("a*2 + 3 = 2*b*4 - .5e1", {"a": 2, "b": -8}, -8),
        ("0.1*a = 0.3", {"a": Fraction(1, 10)}, Fraction(3, 10)),
        ("1/3 = a", {"a": -1}, Fraction(-1, 3)),
        ("-(a - 2*(b - 1))/4 = 0", {"a": Fraction(-1, 4), "b": Fraction(1, 2)}, Fraction(1, 2)),
        ("a+b = 1e-3", {"a": 1, "b": 1}, Fraction(1, 1000)),
        ("a = a + b", {"b": -1}, 0),
        ("-2*-a + -b = +1", {"a": 2, "b": -1}, 1),
        ("(intercept) = 1", {"(intercept)": 1}, 1),
        ("x=1, y = 2", {"x=1, y": 1}, 2),
        ("2*e = 2", {"e": 2}, 2),
        ("`2` = 2", {"2": 1}, 2),
        ("3*2nd class = `2nd class` + 2", {"2nd class": 2}, 2),
        ("Straße[größer als 3,5 %]*2=naïve", {"Straße[größer als 3,5 %]": 2, "naïve": -1}, 0),
        ("nai\u0308ve = 0", {"naïve": 1}, 0),
        ('"quoted" = "a"', {'"quoted"': 1, "a": -1}, 0),
        ('"tick`s" = tick`s/2', {"tick`s": Fraction(1, 2)}, 0),
        ("t[a, b] = t[x = y]", {"t[a, b]": 1, "t[x = y]": -1}, 0),
        ("t[-1]-1=`t[(other)]`", {"t[-1]": 1, "t[(other)]": -1}, 1),
        ("a_b - a", {"a_b": 1, "a": -1}, 0),
        ("'two  blanks'[x] = 日本[東京]", {"'two  blanks'[x]": 1, "日本[東京]": -1}, 0),
        ("日本 = a", {"日本[東京]": 1, "a": -1}, 0),
    ],
)
def test_one_equation(text, weights, constant):
    assert read(text) == [(weights, constant)]


def test_the_longest_name_is_taken_and_quotes_tell_it_apart():
    """`a - b` is a column too: here the reference, which is 0."""
    assert read("a - b = 1") == [({}, 1)]
    assert read("`a` - b = 1") == [({"a": 1, "b": -1}, 1)]
    assert read('a-"b" = 1') == [({"a": 1, "b": -1}, 1)]


def test_several_equations():
    assert read("a = b = 1, t[-1] = 0") == [({"a": 1, "b": -1}, 0), ({"b": 1}, 1), ({"t[-1]": 1}, 0)]


def test_a_feature_stands_for_its_columns_and_a_column_comes_first():
    assert read("2*t - 1 = 3") == [({name: 2}, 4) for name in ODD[12:16]]
    assert read("t") == [({name: 1}, 0) for name in ODD[12:16]]
    assert read("a = 0") == [({"a": 1}, 0)]  # the feature a has two columns


def test_a_reference_level_is_0_and_told():
    reader = Reader("a = `a - b` = 2*`a - b`", NAMES)
    assert reader.equations() == [({1: 1}, 0), ({}, 0)]
    assert reader.references == ["a - b"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "character 1: expected a name or a number; received the end. Write them as 'a = b, c = 0'"),
        ("a = b,", "character 7: expected a name or a number; received the end"),
        ("a = = b", "character 5: expected a name or a number; received '= b'"),
        ("a b", "character 3: expected an operator, =, a comma or the end; received 'b'"),
        ("a*b = 1", "character 3: expected a number, for the hypotheses are linear; received 'b = 1'"),
        ("1/a = 1", "character 3: expected a number, for the hypotheses are linear; received 'a = 1'"),
        ("a/0", "character 3: expected a divisor that is not 0; received '0'"),
        ("a/(1 - 1) = 0", "expected a divisor that is not 0"),
        ("(a = b", "character 4: expected a closing parenthesis; received '= b'"),
        ("`a = b", "character 1: expected a name between ` and `; received '`a = b'"),
        ("`` = b", "expected a name between ` and `"),
        ("t[othr] = 0", "no column and no feature is called 't[othr]'; did you mean 't[(other)]'?"),
        ("`naive` = 0", "no column and no feature is called 'naive'; did you mean 'naïve'?"),
        ("abc = 0", "no column and no feature is called 'abc'; did you mean"),
        ("a[x y] = 0", "no column and no feature is called 'a[x y]'"),
        ("2a = 0", "no column and no feature is called '2a'"),
        ("1e9999 = a", "no column and no feature is called '1e9999'"),
        ("zzzz = 0", "no column and no feature is called 'zzzz'. The names are those that plumbline show prints"),
        ("ab = 0", "'ab' has no coefficient of its own; it was left out: ab = a + b. Leave it out."),
        ("a.b = 1", "it is an offset: its coefficient is 1"),
        ("gone = 0", "the feature 'gone' has no column with a coefficient of its own"),
        (
            "t = b",
            "a feature of several columns can't stand in a sum with, or be equal to, another name; received 4 and 1",
        ),
        ("t = t", "received 4 and 4 columns. Name single columns, such as 't[(other)]'"),
    ],
)
def test_what_is_refused(text, said):
    with pytest.raises(ConfigError) as error:
        Reader(text, NAMES).equations()
    assert str(error.value).startswith("hypotheses: ")
    assert said in str(error.value)


weights = st.dictionaries(
    st.sampled_from([place for place in range(len(ODD)) if place not in (3, 4, 16)]),
    st.fractions(min_value=-9, max_value=9, max_denominator=8).filter(bool),
    min_size=1,
)


@given(weights, st.fractions(min_value=-9, max_value=9, max_denominator=16))
def test_what_is_shown_is_read_as_the_same(row, constant):
    """Of numbers that 12 digits hold, where no name is made of others and an operator, and none has a back-tick."""
    row = {place: weight for place, weight in row.items() if weight.denominator in (1, 2, 4, 8) and place != 11}
    names = [name if name != "a - b" else "c" for name in ODD]
    if row:
        constant = Fraction(round(constant * 16), 16)
        found = Reader(equation_text(row, constant, names), dataclasses.replace(NAMES, columns=names)).equations()
        assert found == [(row, constant)]


@given(st.text(alphabet='ab2[](),=+-*/ `"t.e1日', max_size=12))
def test_any_text_is_read_or_refused(text):
    try:
        found = Reader(text, NAMES).equations()
    except ConfigError:
        return
    assert all(isinstance(weight, Fraction) for row, _ in found for weight in row.values())


def test_the_names_of_a_fit():
    table = sm.datasets.fair.load_pandas().data
    table["level"] = table.occupation.map(lambda value: f"o{value:.0f}")
    table["twice"], table["more words"] = 2 * table.age, table.children
    found = table_fit(table, "affairs", ["age", "level", "twice", "more words"])
    names = Names.of(found)
    assert names.features["level"] == [place for place in range(2, 8) if place not in names.references][:5]
    assert [names.columns[place] for place in names.references] == ["level[o3]"]
    assert names.features["twice"] == []
    assert names.features["more words"] == [names.columns.index("more words")]
    unused = [name for place, name in enumerate(names.columns) if place in names.without]
    assert unused == ["level[(other)]", "level[(missing)]", "twice"]
    assert set(np.flatnonzero(np.isnan(found.raw.standard_errors))) == {*names.without, *names.references}
    with pytest.raises(ConfigError, match=r"'twice' has no coefficient of its own; it was left out: twice = "):
        Reader("twice = 0", names).equations()
