"""Fits of whole tables in memory, as the steps Gather and Fit make them: numbers in z-scores, texts as levels, folds."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from components.linear_model.arrays import Rows
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.factors import BLOCK_ROWS, TriangularFactor
from components.linear_model.families import named
from components.linear_model.likelihood import Likelihood
from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

FOLDS = 3


def table_fit(
    table: Any,
    label: str,
    features: Sequence[str],
    *,
    family: str = "gaussian",
    weight: str | None = None,
    exposure: str | None = None,
    l2: float = 0.0,
) -> LinearFit:
    """The fit of a pandas table.

    Args:
      table: a DataFrame; columns of texts become levels, the most frequent one first, which is the reference.
      label: name of a column.
      features: names of columns, in the order of the design matrix; several columns `name:…` belong to the feature `name`.
      family: its text.
      weight, exposure: names of columns.
      l2: penalty.
    """
    terms, columns = [], {}
    for name in features:
        feature, values = name.partition(":")[0], table[name]
        if values.dtype == object:
            texts = list(values.value_counts().index)
            terms.append(Term(name, feature, levels=text_levels(texts)))
            columns[name] = values.map({text: index for index, text in enumerate(texts)}).to_numpy()
        else:
            mean, std = float(values.mean()), float(values.std(ddof=0)) or 1.0
            terms.append(Term(name, feature, mean=mean, std=std))
            columns[name] = (values.to_numpy(float) - mean) / std
    if exposure is not None:
        terms.append(Term(exposure, exposure, offset=True, log=True))
        columns[exposure] = np.log(table[exposure].to_numpy(float))
    design = DesignMatrix(tuple(terms))
    y, ones = table[label].to_numpy(float), np.ones(len(table))
    x = np.column_stack([ones, design.dense(columns)])
    weights = None if weight is None else table[weight].to_numpy(float)
    fold = np.arange(len(y)) % FOLDS
    factors = [
        TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(
            x[mine], y[mine], None if weights is None else weights[mine]
        )
        for mine in (fold == index for index in range(FOLDS))
    ]
    references = {term.feature: place for place, term in design.places() if term.levels}
    settings = Settings(references={*references.values(), *design.offsets}, tolerance=1e-6, l2=l2)
    if named(family).solver == "factors":
        fit: Any = Problem([factor.less(design.offsets) for factor in factors], settings).fit()
    else:
        rows = Rows(x, y, ones if weights is None else weights, x[:, design.offsets].sum(axis=1), fold, BLOCK_ROWS)
        fit = Likelihood(family, factors, settings, rows.passes).fit
    fit.coefficients[design.offsets] = 1.0
    return LinearFit(
        family=family,
        label=label,
        weight=weight,
        design=design,
        references=references,
        rows_read=len(y),
        present=np.count_nonzero(x, axis=0).tolist(),
        fit=fit,
        fold_rows=[factor.rows for factor in factors],
        factors=np.array([factor.square() for factor in factors]),
        classes=["no", "yes"] if named(family).classes else None,
        fold_log_weights=None if weights is None else [factor.log_weight for factor in factors],
    )
