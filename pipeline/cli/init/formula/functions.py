"""The functions of a formula that a kind of feature is for."""

from __future__ import annotations

import ast
import difflib
import inspect
from collections.abc import Callable
from typing import Any

from components.values.texts import canonical_text
from pipeline.cli.init.formula.factors import Category, Made, Refusal

ROOTS = {"sqrt": 0.5, "square": 2.0}  # functions that are powers
_ELSEWHERE = {  # what R's and others' formulas have, and where it is here
    "offset": "An offset is no term here: say offset: COLUMN, or of counts exposure: COLUMN, in the configuration",
    "weights": "Weights are no term here: say weight: COLUMN in the configuration",
    "factor": "Write C()",
    "categorical": "Write C()",
    "cut": "Write the column alone, and in the configuration make it of kind buckets",
    "s": "Write bs(): it has no penalty of its own (in the configuration: l2: auto)",
}
_TRUTHS = {"TRUE": True, "FALSE": False}  # R's
_KNOWN = ("I", "Q", "C", "log", "log1p", "sqrt", "square", "power", "poly", "bs", "cr", "cs", "ns")


def called(name: str) -> str:
    """Why a function can't be: that it is unknown."""
    if name.rpartition(".")[2] in ("center", "scale", "standardize"):
        return (
            f"{name}() is not needed: fit, tests and predictions are those of the column itself. Write the column alone: its "
            "coefficient is in the column's unit"
        )
    if name in _ELSEWHERE:
        return f"no function {name}() is known. {_ELSEWHERE[name]}"
    if name in ("log2", "log10", "np.log2", "np.log10"):
        return f"{name}() is log() in another unit. Write log(), the natural one"
    near = difflib.get_close_matches(name, _KNOWN, 1)
    hint = f"; did you mean {near[0]}?" if near else f". Known: {', '.join(_KNOWN)}."
    return f"no function {name}() is known{hint} Else make the column in the table"


def logarithm(kind: str, column: str) -> Made:
    """The kinds `log` and `log1p`."""
    return Made((column,), {"kind": kind}, f"{kind}_{column}", above=0.0 if kind == "log" else -1.0)


def root(column: str, exponent: float) -> Made:
    """A column to a power: the kinds `sqrt` and `power`."""
    if exponent == ROOTS["sqrt"]:
        return Made((column,), {"kind": "sqrt"}, f"sqrt_{column}", above=0.0, or_equal=True)
    shown: float = int(exponent) if exponent == int(exponent) else exponent
    above = None if exponent > 0 and exponent == int(exponent) else 0.0
    name = f"{column}_{shown}"
    return Made((column,), {"kind": "power", "exponent": shown}, name, above, or_equal=exponent > 0)


def poly(column: str, degree: int = 1, raw: bool = False) -> Made:
    """A polynomial, orthogonal unless it is `raw`."""
    number = _whole("degree", degree, 2, "Of degree 1 it is the column alone: write that")
    return Made((column,), {"kind": "polynomial", "degree": number, "orthogonal": not raw}, column)


def bs(
    column: str,
    df: int | None = None,
    knots: list[float] | None = None,
    degree: int = 3,
    include_intercept: bool = False,
) -> Made:
    """A B-spline: a natural one of as many columns, or with the same knots."""
    if degree != 3:
        raise Refusal(f"a spline is cubic; received degree={degree!r}. Leave degree out, or use poly()")
    remark = "a natural cubic spline, a straight line beyond its first and last knot, where bs() has a cubic"
    if df is None and knots is None:
        df = 3 + include_intercept
    return _spline(column, None if df is None else df - include_intercept, knots, remark)


def ns(column: str, df: int | None = None, knots: list[float] | None = None) -> Made:
    """R's natural cubic spline."""
    return _spline(column, df, knots, "")


def cr(column: str, df: int | None = None, knots: list[float] | None = None, constraints: str | None = None) -> Made:
    """patsy's and mgcv's natural cubic spline: without constraint one of its columns is the intercept's."""
    if constraints not in (None, "center"):
        raise Refusal("constraints other than 'center' can't be expressed. Leave them out")
    return _spline(column, None if df is None else df - (constraints is None), knots, "")


def _spline(column: str, columns: int | None, knots: list[float] | None, remark: str) -> Made:
    if knots is None:
        number = _whole("df", columns, 2, "Give df or knots; of one column it is the column alone: write that")
        remark = ", ".join(filter(None, [remark, "knots at quantiles, as kind spline has them"]))
        return Made((column,), {"kind": "spline", "knots": number + 1}, column, remark=remark)
    if columns is not None:
        raise Refusal("give df or knots, not both")
    if not isinstance(knots, (list, tuple)) or not knots or not all(isinstance(knot, (int, float)) for knot in knots):
        raise Refusal(f"knots must be a list of numbers, the inner ones; received {knots!r}")
    return Made((column,), {"kind": "spline"}, column, inner=tuple(map(float, knots)), remark=remark)


def _whole(name: str, value: Any, least: int, way: str) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or value < least:
        raise Refusal(f"{name} must be a whole number of at least {least}; received {value!r}. {way}")
    return value


def _category(column: str, node: ast.Call) -> Category:
    """`C(x)`, with contrasts and levels."""
    given = {"contrasts": node.args[1]} if node.args[1:] else {}
    given |= {word.arg or "**": word.value for word in node.keywords}
    unknown = given.keys() - {"contrasts", "levels"}
    if unknown or node.args[2:]:
        raise Refusal(f"C() takes contrasts and levels; received {', '.join(sorted(unknown)) or 'more'}")
    levels = _literal(given["levels"], "levels") if "levels" in given else None
    if levels is not None and (not isinstance(levels, (list, tuple)) or len({*map(str, levels)}) < max(2, len(levels))):
        raise Refusal(f"levels must be a list of two or more, each once; received {levels!r}")
    texts = None if levels is None else tuple(map(canonical_text, levels))
    if "contrasts" not in given:
        return Category(column, levels=texts)
    contrast = given["contrasts"]
    name, base = _contrast(contrast)
    match name.lower():
        case "treatment":
            return Category(column, base, levels=texts)
        case "sas":
            return Category(column, base, is_last=base is None, levels=texts)
        case "poly" if base is None:
            return Category(column, levels=texts, is_polynomial=True)
    raise Refusal(
        f"contrasts {ast.unparse(contrast)} can't be expressed; treatment (with a reference) and poly can. The fit is the same "
        "with either: leave them out"
    )


def _contrast(node: ast.expr) -> tuple[str, str | None]:
    """The name of contrasts, and the level that is their base."""
    if not isinstance(node, ast.Call):
        return ast.unparse(node).removeprefix("contr."), None
    values = [*node.args, *(word.value for word in node.keywords if word.arg in ("base", "reference"))]
    name = ast.unparse(node.func).removeprefix("contr.")
    if len(values) < len(node.args) + len(node.keywords) or len(values) > 1:
        return ast.unparse(node), None
    base = _literal(values[0], "the reference") if values else None
    return name, None if base is None else canonical_text(base)


def _literal(node: ast.expr, what: str) -> Any:
    if isinstance(node, ast.Name) and node.id in _TRUTHS:
        return _TRUTHS[node.id]
    try:
        return ast.literal_eval(node)
    except ValueError:
        raise Refusal(f"{what} must be written out; received {ast.unparse(node)!r}") from None


def _by_signature(function: Callable[..., Made]) -> Callable[[str, ast.Call], Made]:
    """A function with values written out, called as an expression calls it."""
    signature = inspect.signature(function)

    def call(column: str, node: ast.Call) -> Made:
        values = [_literal(value, "an argument") for value in node.args[1:]]
        words = {word.arg or "**": _literal(word.value, word.arg or "**") for word in node.keywords}
        try:
            bound = signature.bind(column, *values, **words)
        except TypeError as error:
            takes = ", ".join(list(signature.parameters)[1:])
            raise Refusal(f"{function.__name__}() takes a column, {takes}: {error}") from None
        return function(*bound.args, **bound.kwargs)

    return call


FUNCTIONS: dict[str | None, Callable[[str, ast.Call], Category | Made]] = {
    "C": _category,
    "poly": _by_signature(poly),
    "bs": _by_signature(bs),
    "ns": _by_signature(ns),
    "cr": _by_signature(cr),
    "cs": _by_signature(cr),
}
