"""A formula's terms as features of the configuration."""

from __future__ import annotations

import math
from collections.abc import Iterable
from itertools import pairwise
from typing import Any

from pydantic import TypeAdapter, ValidationError

from components.errors import ConfigError
from components.preprocessing.features import Feature, Kind
from components.values.names import shown
from pipeline.cli.init.findings import Findings
from pipeline.cli.init.formula.columns import Columns
from pipeline.cli.init.formula.expressions import MOST_FACTORS, product, read
from pipeline.cli.init.formula.factors import Category, Column, Factor, Made, Refusal
from pipeline.cli.init.formula.parsing import Term
from pipeline.cli.init.notes import Rank

_CONFIGURED: TypeAdapter[Kind] = TypeAdapter(Feature)
_OF_LEVELS = ("categorical", "boolean", "ordered", "cross")  # kinds


def take(terms: Iterable[Term], findings: Findings) -> None:
    """Puts a formula's terms in the place of the features that were found.

    Raises:
      ConfigError: a term can't be expressed; it names all that can't.
    """
    columns = Columns(findings)
    read_terms: dict[str, list[Factor]] = {}
    made: dict[str, Made] = {}
    uses: dict[str, tuple[bool, str]] = {}
    refused = []
    for term in terms:
        try:
            read_terms[term.text] = [part if isinstance(part, Column) else read(part) for part in term.factors]
            made[term.text] = _feature(read_terms[term.text], columns)
            _check_use(term.text, made[term.text], uses)
            _check_options(made[term.text])
            columns.check_spread(made[term.text])
        except Refusal as error:
            refused.append(f"\n- {term.text}: {error}")
    if refused:
        number = f"{len(refused)} terms" if refused[1:] else "a term"
        raise ConfigError(f"--formula: {number} can't be expressed:{''.join(refused)}")
    if not made:
        raise ConfigError("--formula: expected a term beside the intercept; received none.")
    _name(made, read_terms, findings)
    _say_shared(made, findings)
    columns.leave_out_missing(list(dict.fromkeys(name for feature in made.values() for name in feature.columns)))


def _say_shared(made: dict[str, Made], findings: Findings) -> None:
    """Says which crosses have columns that are features too."""
    others = {name for feature in made.values() if feature.options["kind"] != "cross" for name in feature.columns}
    for text, feature in made.items():
        if feature.options["kind"] == "cross" and others & set(feature.columns):
            what = "beside its columns themselves, coefficients may compare other pairs than the formula's; the fit is the same"
            findings.say(Rank.OTHER, what, text)


def _check_options(feature: Made) -> None:
    """Refuses what the configuration would: a degree too high, knots too many."""
    try:
        _CONFIGURED.validate_python(_options("", feature))
    except ValidationError as error:
        detail = error.errors()[0]
        key = next((part for part in detail["loc"] if part in feature.options), "kind")
        raise Refusal(f"{key}: {detail['msg']}. Received {feature.options[key]!r}") from error


def _check_use(text: str, feature: Made, uses: dict[str, tuple[bool, str]]) -> None:
    """Refuses a column whose values are levels in one term and numbers in another; `uses` has what they are, and where first."""
    has_levels = feature.options["kind"] in _OF_LEVELS
    for name in feature.columns:
        as_levels, first = uses.setdefault(name, (has_levels, text))
        if as_levels != has_levels:
            what = ("numbers", "levels")
            raise Refusal(
                f"the values of column {shown(name)} are {what[has_levels]} here, and {what[as_levels]} in {first}. A column's are "
                "one of them: copy the column in the table"
            )


def _feature(factors: list[Factor], columns: Columns) -> Made:
    """What a term is as a feature."""
    if len(factors) > 1:
        return _together(factors, columns)
    match factors[0]:
        case Column(name):
            return Made((name,), columns.plain(name), name)
        case Category(name):
            return Made((name,), columns.levels(factors[0]), name)
        case Made() as made:
            columns.check(made)
            return _with_knots(made, columns)


def _with_knots(made: Made, columns: Columns) -> Made:
    """With the ends of a spline's knots."""
    if made.inner is None:
        return made
    low, high = columns.ends(made.columns[0])
    knots = [low, *made.inner, high]
    if any(b <= a for a, b in pairwise(knots)):
        raise Refusal(
            f"knots must be increasing and between the column's ends, {low:g} and {high:g}; received {list(made.inner)}"
        )
    return Made(made.columns, {**made.options, "knots": knots}, made.name, remark=made.remark)


def _together(factors: list[Factor], columns: Columns) -> Made:
    """What factors are together: a product of numbers, or a cross of levels."""
    names = tuple(name for factor in factors for name in factor.columns)
    if any(isinstance(factor, Made) for factor in factors):
        raise Refusal(
            "an interaction is of columns as they are. Make a column of each factor that is a function in the table"
        )
    if len(set(names)) < len(names) or len(names) > MOST_FACTORS:
        raise Refusal(f"an interaction is of at most {MOST_FACTORS} columns, each once")
    are_numbers = [isinstance(factor, Column) and columns.is_number(factor.name) for factor in factors]
    if all(are_numbers):
        made = product(list(names))
        columns.check(made)
        return made
    if any(are_numbers):
        raise Refusal(_slopes(factors, are_numbers, columns))
    options = {"kind": "cross", "vocabulary": math.prod(len(columns.found(name)) for name in names), "min_rows": 1}
    return Made(names, options, "_x_".join(names))


def _slopes(factors: list[Factor], are_numbers: list[bool], columns: Columns) -> str:
    """Why levels and numbers can't interact, and what to do."""
    number = shown(factors[are_numbers.index(True)].columns[0])
    category = factors[are_numbers.index(False)]
    why = f"levels by a number ({number}) is a slope for each level, which no kind is"
    if isinstance(category, Category) and columns.found(category.name).keys() == {"0", "1"}:
        return f"{why}. Write {shown(category.name)} without C() in each term: as numbers, 0 and 1 are multiplied"
    return f"{why}. Make a column of 0 and 1 of each level in the table, and write their products with {number}"


def _name(made: dict[str, Made], factors: dict[str, list[Factor]], findings: Findings) -> None:
    """Gives each feature a name that no other and no other column has: a readable one, else the term's text."""
    names = {
        text: feature.name
        for text, feature in made.items()
        if isinstance(factors[text][0], Column) and not factors[text][1:]
    }
    taken = {findings.table.label.name, *names.values()}
    findings.features, findings.remarks = {}, {}
    findings.left_out = {name: findings.left_out.get(name, "not in the formula") for name in findings.table.columns}
    for text, feature in made.items():
        if text not in names:
            own = feature.name in feature.columns
            is_free = feature.name not in taken and (own or feature.name not in findings.table.columns)
            names[text] = feature.name if is_free else text
            taken.add(names[text])
        name = names[text]
        findings.features[name] = _options(name, feature)
        for column in feature.columns:
            findings.left_out.pop(column, None)
        if text not in (name, f"`{name}`"):
            findings.remarks[name] = text
        if feature.remark:
            findings.say(Rank.OTHER, feature.remark, text)


def _options(name: str, feature: Made) -> str | dict[str, Any]:
    """As the configuration writes it."""
    if feature.options["kind"] in ("product", "cross"):
        kind, *others = feature.options.items()
        return dict([kind, ("of", list(feature.columns)), *others])
    options = feature.options if name == feature.columns[0] else {"column": feature.columns[0], **feature.options}
    return options if len(options) > 1 else options["kind"]
