"""Expressions to what they say of columns."""

import pytest

from pipeline.cli.init.formula.expressions import read
from pipeline.cli.init.formula.factors import Category, Column, Refusal


@pytest.mark.parametrize(
    ("expression", "column"),
    [
        ("I(x)", "x"),
        ("I(+x)", "x"),
        ("I(x ** 1)", "x"),
        ("I(x * z / z)", "x"),
        ("Q('odd name')", "odd name"),
        ('I(Q("class"))', "class"),
        ("I(`odd name`)", "odd name"),
        ("I(a.b)", "a.b"),
    ],
)
def test_a_column(expression, column):
    assert read(expression) == Column(column)


@pytest.mark.parametrize(
    ("expression", "columns", "options", "name"),
    [
        ("log(x)", ("x",), {"kind": "log"}, "log_x"),
        ("np.log(x)", ("x",), {"kind": "log"}, "log_x"),
        ("numpy.log(`a b`)", ("a b",), {"kind": "log"}, "log_a b"),
        ("I(log(x))", ("x",), {"kind": "log"}, "log_x"),
        ("log1p(x)", ("x",), {"kind": "log1p"}, "log1p_x"),
        ("np.log(x + 1)", ("x",), {"kind": "log1p"}, "log1p_x"),
        ("log(1 + Q('x'))", ("x",), {"kind": "log1p"}, "log1p_x"),
        ("sqrt(x)", ("x",), {"kind": "sqrt"}, "sqrt_x"),
        ("I(x ** 0.5)", ("x",), {"kind": "sqrt"}, "sqrt_x"),
        ("I(x ** 2)", ("x",), {"kind": "power", "exponent": 2}, "x_2"),
        ("x ** 2", ("x",), {"kind": "power", "exponent": 2}, "x_2"),
        ("I(x ^ 2)", ("x",), {"kind": "power", "exponent": 2}, "x_2"),
        ("I(x * x * x)", ("x",), {"kind": "power", "exponent": 3}, "x_3"),
        ("np.square(x)", ("x",), {"kind": "power", "exponent": 2}, "x_2"),
        ("np.power(x, 1.5)", ("x",), {"kind": "power", "exponent": 1.5}, "x_1.5"),
        ("I(1 / x)", ("x",), {"kind": "power", "exponent": -1}, "x_-1"),
        ("I(x ** -2)", ("x",), {"kind": "power", "exponent": -2}, "x_-2"),
        ("I(x * z)", ("x", "z"), {"kind": "product"}, "x_x_z"),
        ("I(educ * exper * tenure)", ("educ", "exper", "tenure"), {"kind": "product"}, "educ_x_exper_x_tenure"),
        ("I(educ * exper ** 2)", ("educ", "exper", "exper"), {"kind": "product"}, "educ_x_exper_x_exper"),
        ("poly(x, 3)", ("x",), {"kind": "polynomial", "degree": 3, "orthogonal": True}, "x"),
        ("poly(x, degree=2, raw=True)", ("x",), {"kind": "polynomial", "degree": 2, "orthogonal": False}, "x"),
        ("bs(x, df=4)", ("x",), {"kind": "spline", "knots": 5}, "x"),
        ("bs(x, 4)", ("x",), {"kind": "spline", "knots": 5}, "x"),
        ("bs(x)", ("x",), {"kind": "spline", "knots": 4}, "x"),
        ("bs(x, df=5, include_intercept=True)", ("x",), {"kind": "spline", "knots": 5}, "x"),
        ("ns(x, df=4)", ("x",), {"kind": "spline", "knots": 5}, "x"),
        ("cr(x, df=4, constraints='center')", ("x",), {"kind": "spline", "knots": 5}, "x"),
        ("cs(x, df=4)", ("x",), {"kind": "spline", "knots": 4}, "x"),
    ],
)
def test_made_of_columns(expression, columns, options, name):
    made = read(expression)
    assert (made.columns, made.options, made.name) == (columns, options, name)


def test_knots_and_what_is_not_as_the_formula_has_it():
    assert read("ns(x, knots=[2, 5])").inner == (2.0, 5.0)
    assert read("ns(x, knots=[2, 5])").remark == ""
    assert read("bs(x, knots=(2,))").remark.startswith("a natural cubic spline")
    assert read("cr(x, df=4)").remark == "knots at quantiles, as kind spline has them"


@pytest.mark.parametrize(
    ("expression", "above", "or_equal"),
    [
        ("log(x)", 0, False),
        ("log1p(x)", -1, False),
        ("sqrt(x)", 0, True),
        ("I(x ** 1.5)", 0, True),
        ("I(1 / x)", 0, False),
        ("I(x ** 3)", None, True),
    ],
)
def test_what_values_must_be(expression, above, or_equal):
    made = read(expression)
    assert (made.above, made.or_equal) == (above, or_equal)


@pytest.mark.parametrize(
    ("expression", "category"),
    [
        ("C(x)", Category("x")),
        ("C(Q('odd name'))", Category("odd name")),
        ("C(x, Treatment)", Category("x")),
        ("C(x, Treatment('a'))", Category("x", "a")),
        ("C(x, Treatment(reference='a'))", Category("x", "a")),
        ("C(x, contr.treatment(base=1978))", Category("x", "1978")),
        ("C(x, contr.treatment(True))", Category("x", "true")),
        ("C(x, contrasts=contr.SAS)", Category("x", is_last=True)),
        ("C(x, levels=['b', 'a'])", Category("x", levels=("b", "a"))),
        ("C(x, Treatment(2.0), levels=(1, 2))", Category("x", "2", levels=("1", "2"))),
        ("C(x, contr.poly, levels=['a', 'b', 'c'])", Category("x", levels=("a", "b", "c"), is_polynomial=True)),
        ("C(x, contr.treatment(TRUE))", Category("x", "true")),
        ("C(x, Poly)", Category("x", is_polynomial=True)),
    ],
)
def test_levels(expression, category):
    assert read(expression) == category


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("I(x / 100)", "a column times a number is the column in another unit. Write the column alone"),
        ("I(2 * x)", "in another unit"),
        ("I(-x)", "in another unit"),
        ("2", "in another unit"),
        ("I(x / z)", "a product is of columns as they are"),
        ("I(x ** 2 * z ** 2)", "a product is of 3 columns at most"),
        ("I(x - 5)", "a sum is no feature. Write its parts as terms"),
        ("I(x > 5)", "a comparison is no feature"),
        ("I((x == 1) & (z == 2))", "is nothing that a feature can be"),
        ("I(x ** z)", "'z' is no number: an exponent is one"),
        ("I(x ** 0)", "a constant is no feature"),
        ("log(x * z)", "'x * z' is no column: a function is of one column as it is"),
        ("log(log(x))", "'log(x)' is no column"),
        ("log()", "log() takes 1 argument"),
        ("np.power(x)", "power() takes 2 arguments"),
        ("poly()", "poly() needs a column first"),
        ("Q(x)", "Q() takes the name of a column within quotes"),
        ("log10(x)", "log10() is log() in another unit"),
        ("np.log2(x)", "log2() is log() in another unit"),
        ("scale(x)", "scale() is not needed"),
        ("exp(x)", "no function exp() is known. Known: I, Q, C, log,"),
        ("loge(x)", "no function loge() is known; did you mean log?"),
        ("x.mean()", "no function x.mean() is known"),
        ("poly(x)", "degree must be a whole number of at least 2; received 1"),
        ("poly(x, n)", "an argument must be written out; received 'n'"),
        ("poly(x, deg=2)", "poly() takes a column, degree, raw: got an unexpected keyword argument 'deg'"),
        ("bs(x, df=1)", "df must be a whole number of at least 2; received 1"),
        ("bs(x, df=4, degree=2)", "a spline is cubic; received degree=2"),
        ("bs(x, df=4, knots=[1])", "give df or knots, not both"),
        ("ns(x)", "df must be a whole number of at least 2; received None"),
        ("ns(x, knots=5)", "knots must be a list of numbers, the inner ones; received 5"),
        ("cr(x, df=4, constraints=[1])", "constraints other than 'center'"),
        ("C(x, Sum)", "contrasts Sum can't be expressed; treatment (with a reference) and poly can"),
        ("C(x, contr.poly(scores=[1, 2]))", "contrasts contr.poly(scores=[1, 2]) can't be expressed"),
        ("C(x, spans_intercept=False)", "C() takes contrasts and levels; received spans_intercept"),
        ("C(x, levels=['a', 'a'])", "levels must be a list of two or more, each once"),
        ("C(x, levels=n)", "levels must be written out; received 'n'"),
        ("offset(x)", "An offset is no term here: say offset: COLUMN, or of counts exposure: COLUMN"),
        ("factor(x)", "no function factor() is known. Write C()"),
        ("hashed(x, levels=3)", "no function hashed() is known"),
    ],
)
def test_what_can_not_be_expressed(expression, message):
    with pytest.raises(Refusal) as error:
        read(expression)
    assert message in str(error.value)
