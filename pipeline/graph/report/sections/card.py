"""Model card: what it is for, what it was made from, where it ends, and the conventions of every number, said once."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from pydantic import BaseModel

from components.linear_model.families import Family, named
from components.values.names import shown
from pipeline.config.about import About
from pipeline.config.file import Config
from pipeline.graph.errors_in_words import kind_in_words
from pipeline.graph.regression import LEVEL, Regression
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.report.words import listed
from pipeline.graph.steps.fit import REGRESSION

MOST = 100  # columns that are told one by one


class Input(BaseModel):
    """A column that callers send.

    Attributes:
      column: its name, as shown.
      kinds: of the features that are made of it.
      missing: what a missing value becomes.
      low, high: of numbers, between which the inner 80 % of the training rows lie; the model was seldom seen beyond.
      texts: how many different ones the training rows had; None of numbers.
    """

    column: str
    kinds: list[str]
    missing: str
    low: float | None
    high: float | None
    texts: int | None


class Card(BaseModel):
    """The section.

    Attributes:
      about: what the configuration says: purpose, limits, owner, licence; None each where it says nothing.
      title: what kind of model it is.
      predicts: which number, in words.
      rows: training rows.
      split: which rows judge it, in words.
      inputs: what callers send; `more` are not told.
      limits: where it ends.
      conventions: of its numbers.
    """

    about: About
    title: str
    predicts: str
    rows: int
    split: str
    inputs: list[Input]
    more: int
    limits: list[str]
    conventions: list[str]


def _read(source: Source) -> Card | None:
    fit = source.record(REGRESSION)
    if fit is None:
        return None
    family, inputs = named(fit.family), list(_inputs(source))
    return Card(
        about=source.config.about,
        title=family.title,
        predicts=_predicts(family, fit),
        rows=fit.rows,
        split=_split(source),
        inputs=inputs[:MOST],
        more=max(len(inputs) - MOST, 0),
        limits=list(_limits(family)),
        conventions=list(_conventions(family, fit, source.config)),
    )


def _predicts(family: Family, fit: Regression) -> str:
    label = shown(fit.label)
    if fit.answers is not None:
        return fit.answers
    if fit.classes is not None:
        return f"the probability that {label} is {fit.classes[1]}, and not {fit.classes[0]}"
    if fit.exposure is not None:
        return f"the mean of {label}, which is proportional to {shown(fit.exposure)}"
    return f"the mean of {label}" + (", in its units" if family.solver == "factors" else "")


def _split(source: Source) -> str:
    rule, data = source.config.data.split_rule(), source.config.data
    if rule.time is not None:
        begin = data.split.eval_from
        return f"rows are split by {shown(rule.time.column)}: what came before {begin} trains, what came later judges"
    if not data.held_out:
        return "no rows are held out: all train, and the model is judged by cross-validation"
    by = "" if rule.group is None else f"; those of one {shown(rule.group)} stay together"
    total = sum(rule.shares.values())
    shares = ", ".join(f"{name} {share / total:.4g}" for name, share in rule.shares.items())
    return f"rows are drawn by their place in the file ({shares}){by}"


def _inputs(source: Source) -> Iterator[Input]:
    """The features' columns in the configuration's order, and the offset's."""
    from components.linear_model.raw_columns import raw_columns
    from components.preprocessing.features import features_to_json

    entries = features_to_json(source.config.columns)
    spreads = {one.column: one for one in source.distributions}
    for name in raw_columns(entries):
        own = [entry for entry in entries if name in entry["columns"]]
        found = spreads.get(name)
        train = None if found is None else found.spreads.get("train")
        yield Input(
            column=shown(name),
            kinds=list(dict.fromkeys(_kind(entry) for entry in own)),
            missing="; ".join(dict.fromkeys(map(_missing, own))),
            low=None if train is None else train.tenth,
            high=None if train is None else train.ninetieth,
            texts=None if found is None else found.texts,
        )


def _kind(entry: dict[str, Any]) -> str:
    return "exposure" if entry.get("log") is True else str(entry["kind"])


def _missing(entry: dict[str, Any]) -> str:
    """What a feature makes of a missing value."""
    if entry["kind"] == "offset":
        return "no answer"
    if "impute" not in entry:
        return "no word stands there" if entry["kind"] == "text" else "a level of its own"
    way = entry["impute"]
    found = f"the {way} of the training rows" if isinstance(way, str) else f"{way:g}"
    return found + (", and a column of its own" if entry.get("indicator") else "")


def _limits(family: Family) -> Iterator[str]:
    yield (
        "It is a linear model: beyond the numbers that it was trained on it goes straight on, and nothing bears that out. Between "
        "which values most training rows lie stands below; splines tell when they are asked beyond their knots."
    )
    yield (
        "A text that is no level counts as (other), where training rows had others. A row outside of what was trained on (a level "
        "without training rows, collinear columns that no longer agree) gets an answer, and an interval without ends."
    )
    yield (
        "It says which rows go together with which labels, not what would follow if somebody changed a column: coefficients are no "
        "causes."
    )
    yield "Answers are 32-bit floats, of about seven digits; inside, and in the explanations' sums, it has 64 bits."
    if family.classes:
        yield "Its probabilities are of rows like those of the table: where the classes are more or less frequent, they are off."


def _conventions(family: Family, fit: Regression, config: Config) -> Iterator[str]:
    level = config.serve.level
    if family.solver == "factors":
        of = "in the label's units" if fit.answers is None else f"of {fit.fitted}, and told in the label's units"
        yield f"The served interval, at {level:.4g}, is that of the label of one new row, {of}."
    else:
        of = "probability" if fit.classes is not None else "mean label"
        yield f"The served interval, at {level:.4g}, is that of the {of}, not of the label of one row."
    yield (
        f"A contribution is what a feature adds to {fit.models} against the mean training row; with the baseline they add up "
        "to the linear predictor."
    )
    errors = (
        "there are none: the same rows have selected the columns"
        if fit.selected is not None
        else kind_in_words(fit.errors)
    )
    yield f"Standard errors, t, p and intervals of coefficients, at {LEVEL:.4g}: {errors}."
    if fit.references:
        yield (
            "A level's coefficient is the difference to its feature's reference: "
            + listed(list(fit.references.values()), 10)
            + "."
        )
    if fit.ratio is not None:
        yield f"exp of a coefficient is the {fit.ratio} for one unit more of its column."
    if fit.threshold is not None and fit.classes is not None:
        yield f"A row of a probability of {fit.threshold:.4g} or more is answered as {fit.classes[1]}."
    if config.weight is not None:
        yield "Rows have weights: means, metrics and shares are weighted, numbers of rows are not."
    yield (
        "Numbers on this page are rounded; report.json has all their digits. No row of the table stands in either: what fewer than "
        f"{FEWEST} rows have is pooled or left out, and rows that stand out are named by file and number alone."
    )
    rare = [name for name, feature in config.features.items() if getattr(feature, "min_rows", FEWEST) < FEWEST]
    if rare:
        yield f"Levels of {', '.join(rare)} are named although fewer rows have them: min_rows makes them the model's."


SECTION = Section("card", "Model card", Card, _read)
