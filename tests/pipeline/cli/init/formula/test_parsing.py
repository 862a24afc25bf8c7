"""A formula's text to terms: what formulaic parses, and what it refuses."""

import pytest

from components.errors import ConfigError
from pipeline.cli.init.formula.factors import Column
from pipeline.cli.init.formula.parsing import parse


def texts(formula, columns=()):
    return [term.text for term in parse(formula, columns).terms]


@pytest.mark.parametrize(
    ("formula", "terms"),
    [
        ("y ~ a + b + a", ["a", "b"]),
        ("y ~ a*b", ["a", "b", "a:b"]),
        ("y ~ (a + b + c)**2", ["a", "a:b", "a:c", "b", "b:c", "c"]),
        ("y ~ a/b", ["a", "a:b"]),
        ("y ~ b:a + a:b", ["b:a"]),
        ("y ~ a*b - b", ["a", "a:b"]),
        ("y ~ 1 + a + 1:b", ["a", "b"]),
        ("log(y) ~ np.log( a )+I(b ** 2 )", ["np.log(a)", "I(b ** 2)"]),
        ("y ~ . - b", ["a", "c"]),
        ("y ~ 1", []),
    ],
)
def test_terms(formula, terms):
    assert texts(formula, ["a", "b", "c"]) == terms


def test_columns_and_expressions_are_told_apart():
    parsed = parse("log(`a b`) ~ `odd name` + class + a.b + Q('x y') + `p:q`:z", [])
    assert parsed.label.factors == ("log(`a b`)",)
    assert [term.factors for term in parsed.terms] == [
        (Column("odd name"),),
        (Column("class"),),
        (Column("a.b"),),
        ("Q('x y')",),
        (Column("p:q"), Column("z")),
    ]


@pytest.mark.parametrize("formula", ["y ~ a - 1", "y ~ 0 + a", "y ~ a + 0", "y ~ -1 + a"])
def test_no_intercept(formula):
    assert not parse(formula, []).has_intercept
    assert texts(formula) == ["a"]


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        ("y ~ a +", "insuffient arguments and/or is misplaced, at '+'. Received 'y ~ a +'"),
        ("y ~ a b", "Missing operator between `a` and `b`, at 'a b'."),
        ("y ~ log(a", "before quote context was closed"),
        ("y ~ I(a **)", "--formula: within brackets, expected Python (invalid syntax). "),
        ("y ~ C(class)", 'A name that is none there (class, lambda, 2nd, odd name) is written as Q("class"). Received'),
        ("y ~ [)a/", "brackets are not closed as they are opened"),
        ("y ~ 2*a", "Numeric literals other than `1`"),
        ("a + b", "expected LABEL ~ TERMS, such as"),
        ("", "expected LABEL ~ TERMS, such as"),
        ("y ~ a | b", "expected one label and one list of terms, no parts (|)"),
        ("y | z ~ a", "expected one label and one list of terms, no parts (|)"),
        ("y + z ~ a", "expected one label before ~; received y, z."),
        ("y ~ a ~ b", ""),
    ],
)
def test_no_formula(formula, message):
    with pytest.raises(ConfigError) as error:
        parse(formula, [])
    assert str(error.value).startswith("--formula: ") and message in str(error.value)
    assert "\x1b" not in str(error.value)
