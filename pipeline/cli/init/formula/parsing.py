"""A formula's text to its label and terms, by the library formulaic."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable

from formulaic.errors import FormulaicError
from formulaic.parser import DefaultFormulaParser
from formulaic.parser import types as formulaic_types

from components.errors import ConfigError
from pipeline.cli.init.formula.factors import Column

_ONE = "1"  # the intercept

_MARKED = re.compile(r"\x1b\[[\d;]+m(.+?)\x1b\[0m")  # what formulaic colours of the formula


@dataclasses.dataclass(frozen=True)
class Term:
    """A term: what is added up.

    Attributes:
      text: as formulaic writes it.
      factors: that it is a product of: columns, and expressions in Python.
    """

    text: str
    factors: tuple[Column | str, ...]


@dataclasses.dataclass(frozen=True)
class Parsed:
    """A formula in its parts.

    Attributes:
      label: the term before `~`; None if there is none.
      terms: those after it, the intercept not among them.
      has_intercept: whether there is one.
    """

    label: Term | None
    terms: list[Term]
    has_intercept: bool


def parse(formula: str, columns: Iterable[str]) -> Parsed:
    """Parses a formula.

    Args:
      formula: in the notation of Wilkinson and Rogers (1973), as R, patsy and formulaic have it.
      columns: what `.` stands for.

    Raises:
      ConfigError: it is none, or has several labels or parts.
    """
    try:
        sides = DefaultFormulaParser().get_terms(formula, context={"__formulaic_variables_available__": list(columns)})
    except (FormulaicError, SyntaxError, AttributeError) as error:  # the last of brackets that formulaic 1.2 mistakes
        raise ConfigError(f"--formula: {_said(error)} Received {formula!r}.") from error
    left = getattr(sides, "lhs", [])
    right = sides.rhs if hasattr(sides, "rhs") else sides.root
    if "~" not in formula:
        raise ConfigError(f"--formula: expected LABEL ~ TERMS, such as 'price ~ carat + C(cut)'; received {formula!r}.")
    if isinstance(left, tuple) or isinstance(right, tuple):
        raise ConfigError(f"--formula: expected one label and one list of terms, no parts (|); received {formula!r}.")
    labels = [_term(term) for term in left]
    if len(labels) > 1:
        texts = ", ".join(label.text for label in labels)
        raise ConfigError(f"--formula: expected one label before ~; received {texts}.")
    terms = [_term(term) for term in right]
    return Parsed(
        labels[0] if labels else None,
        [term for term in terms if term.factors != (_ONE,)],
        any(term.factors == (_ONE,) for term in terms),
    )


def _term(term: formulaic_types.Term) -> Term:
    factors = [factor for factor in term.factors if factor.expr != _ONE or term.degree == 0]
    return Term(":".join(map(repr, factors)), tuple(map(_factor, factors)))


def _factor(factor: formulaic_types.Factor) -> Column | str:
    is_column = factor.eval_method is formulaic_types.Factor.EvalMethod.LOOKUP
    return Column(factor.expr) if is_column else factor.expr


def _said(error: Exception) -> str:
    """What formulaic says, and where."""
    if isinstance(error, AttributeError):
        return "brackets are not closed as they are opened."
    if isinstance(error, SyntaxError) and not isinstance(error, FormulaicError):
        return (
            f"within brackets, expected Python ({error.msg}). A name that is none there (class, lambda, 2nd, odd name) is "
            'written as Q("class").'
        )
    first, _, rest = str(error).partition("\n")
    place = _MARKED.search(rest)
    return first.rstrip(".") + (f", at {place[1]!r}." if place else ".")
