"""Is it right? Predictions beside labels, over the range of the predictions and in slices of the rows."""

from __future__ import annotations

from collections.abc import Sequence
from statistics import NormalDist
from typing import Literal

from pydantic import BaseModel

from components.linear_model.families import Family, named
from components.model_gate.tables import Confusion
from components.model_gate.verdict import Verdict
from pipeline.graph.diagnostics import Diagnostics, Tenth
from pipeline.graph.feature_tests import Joint
from pipeline.graph.regression import LEVEL, Regression
from pipeline.graph.report.section import Section
from pipeline.graph.report.slices import Slices, slices_by
from pipeline.graph.report.source import FEWEST, Source
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION
from pipeline.graph.steps.model_gate import VERDICT

SHARES = (0.05, 0.25, 0.5, 0.75, 0.95)  # of `diagnostics.Tenth.residuals`


class Group(BaseModel):
    """Training rows of about the same prediction.

    Attributes:
      rows: of them.
      prediction, label: means, on the scale that is fitted.
      low, high: ends of the mean label's interval.
      residuals: quantiles at `Right.shares`; None for one beyond which fewer than `FEWEST` rows lie.
    """

    rows: int
    prediction: float
    label: float
    low: float
    high: float
    residuals: list[float | None]


class HeldOut(BaseModel):
    """Judged rows of about the same prediction.

    Attributes:
      rows: of them.
      prediction, label: means.
    """

    rows: int
    prediction: float
    label: float


class Quantile(BaseModel):
    """Of all training residuals, in standard deviations, beside a normal law's."""

    share: float
    expected: float
    residual: float | None


class Right(BaseModel):
    """The section.

    Attributes:
      label: what is predicted, in words.
      scale: what predictions and labels of the groups are: of a transformed label another than `label`.
      classes: the names of the negative one and the positive one; None for numbers.
      level: of the intervals.
      groups: of training rows, from the lowest predictions up; empty where there are no diagnostics.
      shares: of the rows of a group, at which residuals are told.
      residuals: what these are: in the label's units, or Pearson's by √φ.
      calibration: Hosmer and Lemeshow's χ²; None of other families than binomial.
      quantiles: of all residuals.
      normal: whether residuals of a right model have about a normal law: `yes`; `near`, where each row's label is made of many
        parts; `no`, of two classes.
      split: the rows that are judged: held out ones, or the training rows themselves.
      held_out: groups of the judged rows; empty of families that have none.
      confusion: of the judged rows, of classes.
      slices: of the judged rows, by set of columns.
    """

    label: str
    scale: str
    classes: list[str] | None
    level: float
    groups: list[Group]
    shares: list[float]
    residuals: Literal["label", "pearson"]
    calibration: Joint | None
    quantiles: list[Quantile]
    normal: Literal["yes", "near", "no"]
    split: Literal["eval", "train"]
    held_out: list[HeldOut]
    confusion: Confusion | None
    slices: list[Slices]


def _read(source: Source) -> Right | None:
    fit, verdict = source.record(REGRESSION), source.record(VERDICT)
    if fit is None or verdict is None:
        return None
    family, found = named(fit.family), source.record(DIAGNOSTICS)
    return Right(
        label=_label(source, fit),
        scale=_label(source, fit) if fit.fitted is None else fit.fitted,
        classes=fit.classes,
        level=LEVEL,
        groups=[] if found is None else [_group(tenth) for tenth in found.tenths if tenth.rows >= FEWEST],
        shares=list(SHARES),
        residuals="label" if family.solver == "factors" else "pearson",
        calibration=None if found is None else found.calibration,
        quantiles=[] if found is None or family.classes else _quantiles(found),
        normal=_normal(family),
        split=verdict.split,
        held_out=_held_out(verdict),
        confusion=None if verdict.tables is None else verdict.tables.confusion,
        slices=_slices(source, verdict, family),
    )


def _label(source: Source, fit: Regression) -> str:
    """What is predicted: with its unit, and of classes the share of the positive one."""
    if fit.classes is not None:
        return f"share of {fit.classes[1]}"
    unit = source.facts.config["label"].get("unit")
    return f"{fit.label} ({unit})" if unit else fit.label


def _normal(family: Family) -> Literal["yes", "near", "no"]:
    if family.solver == "factors":
        return "yes"
    return "no" if family.classes else "near"


def _group(tenth: Tenth) -> Group:
    return Group(
        rows=tenth.rows,
        prediction=tenth.prediction,
        label=tenth.label,
        low=tenth.label_low,
        high=tenth.label_high,
        residuals=[
            value if min(share, 1 - share) * tenth.rows >= FEWEST else None
            for share, value in zip(SHARES, tenth.residuals, strict=True)
        ],
    )


def _quantiles(found: Diagnostics) -> list[Quantile]:
    law = NormalDist()
    return [
        Quantile(share=one.share, expected=law.inv_cdf(one.share), residual=one.residual) for one in found.quantiles
    ]


def _held_out(verdict: Verdict) -> list[HeldOut]:
    tenths = [] if verdict.tables is None else verdict.tables.tenths
    return [
        HeldOut(rows=tenth.rows, prediction=tenth.mean_prediction, label=tenth.mean_label)
        for tenth in tenths
        if tenth.rows >= FEWEST
    ]


def _slices(source: Source, verdict: Verdict, family: Family) -> list[Slices]:
    config = source.facts.config
    sets: Sequence[Sequence[str]] = [entry["columns"] for entry in config["evaluate"]["slices"]]
    least, weighted = max(FEWEST, config["evaluate"]["min_rows"]), config["weight"] is not None
    return [slices_by(verdict, columns, family, least, weighted=weighted) for columns in sets]


SECTION = Section("right", "Is it right?", Right, _read)
