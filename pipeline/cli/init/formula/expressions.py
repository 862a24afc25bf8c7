"""An expression within a formula, which is Python's as formulaic and patsy have it, to what it says of columns."""

from __future__ import annotations

import ast
from collections.abc import Mapping

from formulaic.utils.code import sanitize_variable_names

from pipeline.cli.init.formula.factors import Column, Factor, Made, Refusal
from pipeline.cli.init.formula.functions import FUNCTIONS, ROOTS, called, logarithm, root

MOST_FACTORS = 3  # of a product


def read(expression: str) -> Factor:
    """Reads an expression.

    Raises:
      Refusal: it can't be expressed.
    """
    aliases: dict[str, str] = {}
    code = sanitize_variable_names(expression, {}, aliases, template="_formula_{}")
    return _Reader(aliases).factor(ast.parse(code, mode="eval").body)


class _Reader:
    """Reads expressions in which names between backticks stand under others."""

    def __init__(self, aliases: Mapping[str, str]) -> None:
        self._aliases = aliases

    def factor(self, node: ast.expr) -> Factor:
        """What an expression is."""
        match node:
            case ast.Call(args=[inside], keywords=[]) if _path(node.func) == "I":
                return self.factor(inside)
            case ast.Call() if (name := _path(node.func)) in FUNCTIONS:
                return FUNCTIONS[name](self._column(node), node)
            case ast.Call() if (name := _path(node.func)) in ("log", "log1p"):
                return self._logarithm(name, node)
        return _of_powers(self._powers(node))

    def _logarithm(self, name: str, node: ast.Call) -> Made:
        [inside] = _arguments(name, node, 1)
        match inside:
            case (
                ast.BinOp(left=x, op=ast.Add(), right=ast.Constant(value=1))
                | ast.BinOp(left=ast.Constant(value=1), op=ast.Add(), right=x)
            ) if name == "log":
                return logarithm("log1p", self._named(x))
        return logarithm(name, self._named(inside))

    def _column(self, node: ast.Call) -> str:
        """The column that a function is of."""
        if not node.args:
            raise Refusal(f"{ast.unparse(node.func)}() needs a column first")
        return self._named(node.args[0])

    def _named(self, node: ast.expr) -> str:
        factor = self.factor(node)
        if not isinstance(factor, Column):
            raise Refusal(
                f"{ast.unparse(node)!r} is no column: a function is of one column as it is. Make that column in the table"
            )
        return factor.name

    def _powers(self, node: ast.expr) -> dict[str, float]:
        """An expression as a product: the exponent of each column."""
        path = _path(node)
        if path is not None:
            return {self._aliases.get(path, path): 1.0}
        match node:
            case ast.UnaryOp(op=ast.UAdd(), operand=inside):
                return self._powers(inside)
            case ast.BinOp(left=ast.Constant(value=1), op=ast.Div(), right=right):
                return _times({}, self._powers(right), -1.0)
            case ast.BinOp(left=left, op=ast.Mult() | ast.Div() as op, right=right):
                return _times(self._powers(left), self._powers(right), 1.0 if isinstance(op, ast.Mult) else -1.0)
            case ast.BinOp(left=left, op=ast.Pow() | ast.BitXor(), right=right):
                return _times({}, self._powers(left), _exponent(right))
            case ast.Call():
                return self._call(node)
        raise Refusal(_why_not(node))

    def _call(self, node: ast.Call) -> dict[str, float]:
        name = _path(node.func)
        if name == "Q":
            [quoted] = _arguments(name, node, 1)
            if isinstance(quoted, ast.Constant) and isinstance(quoted.value, str):
                return {quoted.value: 1.0}
            raise Refusal('Q() takes the name of a column within quotes: Q("odd name")')
        if name == "I":
            return self._powers(_arguments(name, node, 1)[0])
        if name in ROOTS:
            return _times({}, self._powers(_arguments(name, node, 1)[0]), ROOTS[name])
        if name == "power":
            base, exponent = _arguments(name, node, 2)
            return _times({}, self._powers(base), _exponent(exponent))
        raise Refusal(called(ast.unparse(node.func)))


def _why_not(node: ast.expr) -> str:
    """Why an expression is no product of powers of columns."""
    match node:
        case ast.Constant() | ast.UnaryOp(op=ast.USub()):
            return "a column times a number is the column in another unit. Write the column alone: the coefficient is in its unit"
        case ast.BinOp(op=ast.Add() | ast.Sub()):
            return "a sum is no feature. Write its parts as terms, or make the column in the table"
        case ast.Compare() | ast.BoolOp():
            return (
                "a comparison is no feature. Make a column of 0 and 1 in the table, or in the configuration a feature of kind "
                "buckets"
            )
    return f"{ast.unparse(node)!r} is nothing that a feature can be. Make the column in the table"


def _of_powers(powers: dict[str, float]) -> Column | Made:
    """A product of powers as what it is as a feature."""
    powers = {name: exponent for name, exponent in powers.items() if exponent != 0}
    if not powers:
        raise Refusal("a constant is no feature")
    if len(powers) == 1:
        [(name, exponent)] = powers.items()
        return Column(name) if exponent == 1 else root(name, exponent)
    if not all(exponent > 0 and exponent.is_integer() for exponent in powers.values()):
        raise Refusal("a product is of columns as they are. Make a column of it in the table")
    return product([name for name, exponent in powers.items() for _ in range(int(exponent))])


def product(columns: list[str]) -> Made:
    """The product of columns of numbers.

    Raises:
      Refusal: they are too many.
    """
    if len(columns) > MOST_FACTORS:
        raise Refusal(f"a product is of {MOST_FACTORS} columns at most. Make a column of it in the table")
    return Made(tuple(columns), {"kind": "product"}, "_x_".join(columns))


def _times(powers: dict[str, float], others: dict[str, float], exponent: float) -> dict[str, float]:
    """A product times another to a power."""
    names = dict.fromkeys([*powers, *others])
    return {name: powers.get(name, 0.0) + exponent * others.get(name, 0.0) for name in names}


def _path(node: ast.expr) -> str | None:
    """`log` of `log`, `np.log` and `numpy.log`; `a.b` of others; None of what is no name."""
    match node:
        case ast.Name(id=name):
            return name
        case ast.Attribute(value=value, attr=name):
            before = _path(value)
            return name if before in ("np", "numpy") else before and f"{before}.{name}"
    return None


def _arguments(name: str, node: ast.Call, number: int) -> list[ast.expr]:
    if node.keywords or len(node.args) != number:
        raise Refusal(f"{name}() takes {number} argument{'s' * (number > 1)}")
    return node.args


def _exponent(node: ast.expr) -> float:
    try:
        value = ast.literal_eval(node)
    except ValueError:
        value = None
    if not isinstance(value, (int, float)):
        raise Refusal(f"{ast.unparse(node)!r} is no number: an exponent is one")
    return float(value)
