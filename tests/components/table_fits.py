"""Fits of whole tables in memory, as the steps Gather and Fit make them: numbers in z-scores, texts as levels, folds."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from components.fit.look import Looked, look_at_rows, standard_errors_json
from components.fit.settings import Clustered, Exact
from components.linear_model.arrays import Rows
from components.linear_model.blocks import Block, Pass, Texts, over, scattered
from components.linear_model.bounded import Bounds
from components.linear_model.bounded_solve import BoundedProblem
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.diagnostics.look import Solved, linear_predictor
from components.linear_model.elastic_net import ElasticNet
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factor_kinds import merged
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
    bounds: Callable[[DesignMatrix], Bounds] | None = None,
    elastic_net: ElasticNet | None = None,
) -> LinearFit:
    """The fit of a pandas table.

    Args:
      table: a DataFrame; columns of texts become levels, the most frequent one first, which is the reference.
      label: name of a column.
      features: names of columns, in the order of the design matrix; several columns `name:…` belong to the feature `name`.
      family: its text.
      weight, exposure: names of columns.
      l2: penalty.
      bounds: of the design matrix' columns; None for none.
      elastic_net: one instead of it.
    """
    more: Any = {"bounds": bounds, "elastic_net": elastic_net}
    return _fitted(table, label, features, family=family, weight=weight, exposure=exposure, l2=l2, **more)[0]


def table_look(
    table: Any,
    label: str,
    features: Sequence[str],
    *,
    errors: Any = "classical",
    cluster: str | None = None,
    slices: Sequence[str] = (),
    time: str | None = None,
    family: str = "gaussian",
    weight: str | None = None,
    exposure: str | None = None,
    l2: float = 0.0,
    bounds: Callable[[DesignMatrix], Bounds] | None = None,
) -> tuple[LinearFit, str]:
    """The fit of a pandas table as the step leaves it with its diagnostics, and the text of these; rows are known by position.

    Args:
      table, label, features, family, weight, exposure, l2, bounds: as of `table_fit`.
      errors: by name, or
      cluster: a column of integers.
      slices: columns of texts, a set of slices each.
      time: a column of integers.
    """
    of: dict[str, Any] = {"family": family, "weight": weight, "exposure": exposure, "l2": l2, "bounds": bounds}
    found, solved = _fitted(table, label, features, **of)
    exact = Exact(errors=errors if cluster is None else Clustered(cluster=cluster), l2=l2)
    solved.fit.coefficients[found.design.offsets] = 1.0
    x, y, weights, offset = _arrays(table, label, found.design, weight)
    some = weights > 0
    block = Block(
        x,
        y,
        weights,
        offset,
        np.zeros(len(y), np.int64),
        scattered(np.arange(len(y))),
        row=np.arange(len(y)),
        cluster=None if cluster is None else table[cluster].to_numpy(np.int64),
        time=None if time is None else table[time].to_numpy(np.int64),
        slices=tuple(_texts(table[name]) for name in slices),
    ).take(some)

    def passes(columns: list[int]) -> Pass:
        return over(lambda: [dataclasses.replace(block, x=block.x[:, columns])])

    eta = linear_predictor(merged(found.fold_factors).square(), solved.fit.coefficients)
    gathered: Any = found  # of what was gathered, the design alone is read
    numbers = [term.feature for term in found.design.terms if not term.levels and not term.offset]
    looked: Looked = look_at_rows(
        gathered, solved, exact, eta, passes, numbers, [[name] for name in slices], time is not None
    )
    fit = dataclasses.replace(looked.fit, coefficients=found.fit.coefficients)
    errors_of = standard_errors_json(looked.standard_errors)
    assert looked.diagnostics is not None
    return dataclasses.replace(found, fit=fit, standard_errors=errors_of, cluster=cluster), looked.diagnostics


def _texts(values: Any) -> Texts:
    levels = sorted(values.unique())
    return Texts(values.map({text: place for place, text in enumerate(levels)}).to_numpy(np.int32), tuple(levels))


def _design(table: Any, features: Sequence[str], exposure: str | None) -> DesignMatrix:
    terms = []
    for name in features:
        feature, values = name.partition(":")[0], table[name]
        if values.dtype == object:
            terms.append(Term(name, feature, levels=text_levels(list(values.value_counts().index))))
        else:
            mean, std = float(values.mean()), float(values.std(ddof=0)) or 1.0
            terms.append(Term(name, feature, mean=mean, std=std))
    if exposure is not None:
        terms.append(Term(exposure, exposure, offset=True, log=True))
    return DesignMatrix(tuple(terms))


def _arrays(table: Any, label: str, design: DesignMatrix, weight: str | None) -> tuple[Any, Any, Any, Any]:
    """x, label, weight and offset."""
    columns = {}
    for term in design.terms:
        values = table[term.key]
        if term.levels:
            places = {level.text: index for index, level in enumerate(term.levels)}
            columns[term.key] = values.map(places).to_numpy()
        elif term.log:
            columns[term.key] = np.log(values.to_numpy(float))
        else:
            columns[term.key] = (values.to_numpy(float) - term.mean) / term.std
    x = np.column_stack([np.ones(len(table)), design.dense(columns)])
    weights = np.ones(len(table)) if weight is None else table[weight].to_numpy(float)
    return x, table[label].to_numpy(float), weights, x[:, design.offsets].sum(axis=1)


def _fitted(
    table: Any,
    label: str,
    features: Sequence[str],
    *,
    family: str,
    weight: str | None,
    exposure: str | None,
    l2: float,
    bounds: Callable[[DesignMatrix], Bounds] | None = None,
    elastic_net: ElasticNet | None = None,
) -> tuple[LinearFit, Solved]:
    design = _design(table, features, exposure)
    x, y, weights, offset = _arrays(table, label, design, weight)
    fold = np.arange(len(y)) % FOLDS
    factors = [
        TriangularFactor([INTERCEPT, *design.column_names], intercept=True).add(
            x[mine], y[mine], None if weight is None else weights[mine]
        )
        for mine in (fold == index for index in range(FOLDS))
    ]
    references = {term.feature: place for place, term in design.places() if term.levels}
    within = None if bounds is None else bounds(design)
    settings = Settings(
        references={*references.values(), *design.offsets},
        tolerance=1e-6,
        l2=l2,
        elastic_net=elastic_net,
        bounds=within,
    )
    if named(family).solver == "factors":
        kind: Any = Problem if within is None else BoundedProblem
        kind = kind if elastic_net is None else ElasticNetProblem
        problem: Any = kind([factor.less(design.offsets) for factor in factors], settings)
        fit: Any = problem.fit()
        solved = problem.solved(family, fit)
    else:
        found = Likelihood(family, factors, settings, Rows(x, y, weights, offset, fold, BLOCK_ROWS).passes)
        fit = found.fit
        solved = Solved(family, fit, found.kept, found.beta, found.root, found.without_folds)
    fit.coefficients[design.offsets] = 1.0
    whole = LinearFit(
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
        fold_log_weights=None if weight is None else [factor.log_weight for factor in factors],
    )
    return whole, solved
