"""A model beside one that always answers the mean label of the training rows, of classes their share.

Of m for every row the mean deviance is that of the rows' own mean ȳ, which R² or the deviance explained gives, and the deviance of
ȳ from m: mean d(y, m) = mean d(y, ȳ) + d(ȳ, m), exactly, as unit deviances are Bregman divergences (Banerjee, Merugu, Dhillon,
Ghosh 2005, Clustering with Bregman Divergences, proposition 1).
"""

from __future__ import annotations

import math
from typing import Literal

from pydantic import BaseModel

from components.linear_model.families import Family, named
from components.model_gate.verdict import Verdict
from pipeline.graph.regression import Regression


class AlwaysMean(BaseModel):
    """The comparison.

    Attributes:
      metric: by which.
      by: the rows: held out, or those of the cross-validation, or of training.
      constant: what is always answered.
      of: whose mean it is: of the training rows, or, where that is not known in the label's units, of these rows themselves, which
        no constant beats.
      model: the model's metric.
      mean: the constant's.
      root_model, root_mean: roots of these, where the metric is a mean square.
      saved: 1 − model/mean; below 0 where the constant is better; `apart` is its size.
    """

    metric: str
    by: Literal["held_out", "cross_validated"]
    constant: float
    of: Literal["training rows", "these rows"]
    model: float
    mean: float
    root_model: float | None
    root_mean: float | None
    saved: float
    apart: float


def always_mean(verdict: Verdict, fit: Regression) -> AlwaysMean | None:
    """The comparison on the held-out rows, or by the cross-validation; None where neither has the figures."""
    family = named(fit.family)
    explained = "r_squared" if "r_squared" in family.metric_names else "deviance_explained"
    held_out = verdict.split == "eval"
    values = verdict.metrics["overall"] if held_out else verdict.cross_validated or {}
    model, share = values.get(family.compared_by), values.get(explained)
    own = verdict.metrics["overall"].get("mean_label")  # without held-out rows those of training are evaluated
    if model is None or share is None or own is None or not math.isfinite(share) or share >= 1:
        return None
    known = family.transform is None and fit.label_mean is not None and _is_in_table(fit)
    constant = fit.label_mean if known and fit.label_mean is not None else own
    mean = model / (1 - share) + _apart(family, own, constant)
    squared = family.compared_by == "mean_squared_error"
    return AlwaysMean(
        metric=family.compared_by,
        by="held_out" if held_out else "cross_validated",
        constant=constant,
        of="training rows" if known else "these rows",
        model=model,
        mean=mean,
        root_model=math.sqrt(model) if squared else None,
        root_mean=math.sqrt(mean) if squared else None,
        saved=1 - model / mean,
        apart=abs(1 - model / mean),
    )


def _is_in_table(fit: Regression) -> bool:
    """Whether the mean label of the fit is the table's: class weights change it."""
    return fit.class_weights is None


def _apart(family: Family, own: float, constant: float) -> float:
    """The deviance of one mean from another, in units of the metric: a log loss is half a deviance."""
    import numpy as np

    found = float(family.unit_deviance(np.array([own]), np.array([constant]))[0])
    return found / 2 if family.compared_by == "log_loss" else found
