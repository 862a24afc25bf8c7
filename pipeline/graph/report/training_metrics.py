"""Metrics of the training rows, as far as the fit and the pass that looks at its rows tell them."""

from __future__ import annotations

import math

from components.linear_model.families import Family, named
from pipeline.graph.diagnostics import Errors
from pipeline.graph.regression import Regression
from pipeline.graph.report.source import Source
from pipeline.graph.steps.fit import DIAGNOSTICS, REGRESSION
from pipeline.graph.steps.trainer import TRAINING


def training_metrics(source: Source) -> dict[str, float | None]:
    """By name; what is not there is not known.

    Of a transformed label the fit knows metrics on the fitted scale alone, and class weights change what they are means of: then
    none is known. Of gradient descent its loss is.
    """
    fit, training, found = source.record(REGRESSION), source.record(TRAINING), source.record(DIAGNOSTICS)
    if fit is None or training is None or named(fit.family).transform is not None or fit.class_weights is not None:
        return {}
    if training.solver != "exact":
        return _of_descent(fit, training.loss_trace[-1].loss) if training.loss_trace else {}
    errors = None if found is None else found.errors
    return {**({} if errors is None else _of_rows(named(fit.family), errors)), **_of_exact(fit)}


def _of_exact(fit: Regression) -> dict[str, float | None]:
    found: dict[str, float | None] = {"mean_label": fit.label_mean}
    if fit.passes is None:
        found |= _squares(fit.loss) | {"r_squared": fit.r_squared}
    elif fit.deviance is not None and fit.weight:
        deviance = fit.deviance / fit.weight
        metric = named(fit.family).compared_by
        found |= {metric: deviance / 2 if metric == "log_loss" else deviance}
        found |= {"deviance_explained": fit.deviance_explained}
    return found


def _of_rows(family: Family, errors: Errors) -> dict[str, float | None]:
    """What the pass over the rows adds."""
    known: dict[str, float | None] = {
        "mean_prediction": errors.mean_prediction,
        "calibration": errors.mean_prediction / errors.mean_label if errors.mean_label else None,
        "mean_absolute_error": errors.mean_absolute,
        "brier_score": errors.mean_square,
        "root_mean_squared_error": math.sqrt(errors.mean_square),
    }
    return {name: value for name, value in known.items() if name in family.metric_names}


def _of_descent(fit: Regression, loss: float) -> dict[str, float | None]:
    """Of where gradient descent ended, whose loss is the family's; of means it lacks what the labels alone give to the deviance."""
    family = named(fit.family)
    if family.compared_by == "log_loss":
        return {"log_loss": loss, "mean_label": fit.label_mean}
    if family.compared_by != "mean_squared_error":
        return {}
    explained = 1 - loss / fit.label_deviation**2 if fit.label_deviation else None
    return _squares(loss) | {"r_squared": explained, "mean_label": fit.label_mean}


def _squares(mean: float) -> dict[str, float | None]:
    return {"mean_squared_error": mean, "root_mean_squared_error": math.sqrt(mean)}
