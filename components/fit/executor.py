"""Fit's work: everything follows from the factors; rows are read again to refine, and for other folds than were gathered."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Mapping
from typing import Any

import apache_beam as beam
import numpy as np
from numpy.typing import NDArray
from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
from tfx.dsl.io import fileio
from tfx.types import artifact_utils
from tfx.utils import json_utils

from components.errors import ConfigError, DataError
from components.fit.beam_pass import ReadShards, RefineRows, passes_over
from components.fit.bounds import bounds_of
from components.fit.likelihood import fit_gathered
from components.fit.look import DIAGNOSTICS_FILE, Looked, look_at_rows, standard_errors_json
from components.fit.settings import Clustered, Exact
from components.gather import shards
from components.gather.beam_pass import FactorRows, combined
from components.gather.design_rows import DesignRows
from components.linear_model.absorbed_factor import ABSORBED_FROM, AbsorbedFactor
from components.linear_model.absorbed_solve import AbsorbedProblem
from components.linear_model.blocks import Pass
from components.linear_model.bounded_solve import BoundedProblem
from components.linear_model.design_matrix import Term
from components.linear_model.diagnostics.look import Solved, linear_predictor
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factor_kinds import Factors, from_arrays, is_absorbed, levels_of, merged
from components.linear_model.factors import TriangularFactor
from components.linear_model.families import named
from components.linear_model.gathered import GatheredRows
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.linear_fit import LinearFit
from components.linear_model.refinement import PASSES, ResidualPass, Solution, improve
from components.linear_model.retransformation import in_units
from components.linear_model.solve import Problem, Settings
from components.preprocessing.features import Kind, features_from_json
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.number import Filled
from components.table.added_columns import TIME_COLUMN
from components.table.extents import LEAST_FREEDOM
from components.values.texts import canonical_text

# A tf.Example holds 32-bit floats, so that what is collinear in the table is so to about 7 digits in what was ingested.
TOLERANCE = 1e-6
MOST_LEVELS = 20  # in an error

Array = NDArray[np.float64]


class Executor(BaseBeamExecutor):
    """Writes the `LinearFit`."""

    def Do(self, input_dict: dict[str, Any], output_dict: dict[str, Any], exec_properties: dict[str, Any]) -> None:
        """Fits the training split.

        Raises:
          DataError: the rows can't be fitted (see `Problem`); the text names the columns.
        """
        config = json_utils.loads(exec_properties["settings"])
        exact = Exact.model_validate(config["exact"])
        features = features_from_json(config["features"])
        directory = artifact_utils.get_single_uri(input_dict["gathered"])
        gathered = GatheredRows.load(directory, fileio.open)
        design, present = gathered.design, gathered.present
        rows = DesignRows(design, gathered.grouped, exact.folds, gathered.levels)
        uri = artifact_utils.get_single_uri(output_dict["fit"])

        def one_pass(combine: beam.CombineFn) -> dict[str, Array]:
            return combined(self._make_beam_pipeline(), ReadShards(shards.shards(directory)), combine, uri)

        factors = _folds(gathered, exact.folds, lambda: one_pass(FactorRows(rows)))
        references = {
            term.key: place + _reference(features[term.feature], term, present[place : place + term.width])
            for place, term in design.places()
            if term.levels
        }
        settings = Settings(
            l2=exact.l2,
            collinear=exact.collinear,
            elastic_net=None if exact.elastic_net is None else exact.elastic_net.net(),
            tolerance=TOLERANCE,
            references={*references.values(), *design.offsets},
            log_f=exact.prior is not None,
            scales={place: (term.origin + term.mean, term.std) for place, term in design.places() if not term.levels},
            bounds=bounds_of(exact.constraints, features, design, references, present),
        )
        fit: LeastSquaresFit | LikelihoodFit
        solved: Solved | None = None  # what one more pass over the rows takes, where there is one
        more: dict[str, Any] = {}
        if named(gathered.family).solver == "factors":
            problem, fit, solution = _least_squares(
                [factor.less(design.offsets) for factor in factors],
                settings,
                exact.refine,
                lambda now, columns: one_pass(RefineRows(rows, now, columns)),
            )
            if exact.diagnosed:
                solved = problem.solved(gathered.family, fit, solution)
            if named(gathered.family).transform is not None:
                over_kept = passes_over(rows, problem.factor.rows, one_pass)(problem.columns)
                kept = fit.coefficients[problem.columns]
                more["in_units"] = in_units(gathered.family, kept, problem.without_folds(), over_kept)
        else:
            found = fit_gathered(gathered, factors, exact, settings, rows, one_pass)
            fit, rows = found.fit, found.rows
            solved = found.solved if exact.diagnosed else None
            more = {
                "class_weights": found.class_weights,
                "intercept_shift": found.intercept_shift,
                "threshold": found.threshold,
            }
        fit.coefficients[design.offsets] = 1.0
        if solved is not None:
            solved.fit.coefficients[design.offsets] = 1.0
            passes = passes_over(rows, merged(factors).rows, one_pass, whole=True)
            numbers = [name for name, kind in features.items() if isinstance(kind, Filled)]
            looked = _looked(gathered, solved, exact, factors, config, numbers, passes)
            fit = dataclasses.replace(looked.fit, coefficients=fit.coefficients)
            if exact.elastic_net is None:  # which claims no standard errors
                more["standard_errors"] = standard_errors_json(looked.standard_errors)
            if looked.diagnostics is not None:
                with fileio.open(os.path.join(uri, DIAGNOSTICS_FILE), "w") as file:
                    file.write(looked.diagnostics)
        LinearFit(
            family=gathered.family,
            label=gathered.label,
            weight=gathered.weight,
            design=design,
            references=references,
            rows_read=gathered.rows_read,
            present=present,
            fit=fit,
            fold_rows=[factor.rows for factor in factors],
            fold_log_weights=None if gathered.weight is None else [factor.log_weight for factor in factors],
            factors=_kept(factors),
            classes=gathered.classes,
            cluster=exact.cluster,
            **more,
        ).save(uri, fileio.open)


def _looked(
    gathered: GatheredRows,
    solved: Solved,
    exact: Exact,
    factors: Factors,
    config: Mapping[str, Any],
    numbers: list[str],
    passes: Callable[[list[int]], Pass],
) -> Looked:
    """What one more pass over the rows adds to the fit.

    Raises:
      ConfigError: errors by cluster are asked for, and a feature's levels are eliminated.
    """
    if isinstance(exact.errors, Clustered) and is_absorbed(factors):
        raise ConfigError(_no_clusters(factors))
    return look_at_rows(
        gathered,
        solved,
        exact,
        eta=_eta(merged(factors), solved.fit.coefficients),
        passes=passes,
        numbers=numbers,
        slices=config.get("slices", []),
        ordered=TIME_COLUMN in config["added"],
    )


def _eta(whole: TriangularFactor | AbsorbedFactor, coefficients: Array) -> tuple[float, float]:
    """Mean and standard deviation of η over the training rows."""
    if isinstance(whole, TriangularFactor):
        return linear_predictor(whole.square(), coefficients)
    levels, rows = whole.levels, whole.by_rows()
    at = [0, *whole.others]
    by_level = rows[:, :-1] @ coefficients[at] + coefficients[levels.place : levels.place + levels.number]
    mean = float(whole.by_level @ by_level) / whole.weight
    within = whole.within[:, :-1] @ coefficients[whole.others]
    spread = float(np.sqrt((whole.by_level @ (by_level - mean) ** 2 + within @ within) / whole.weight))
    return mean, spread if spread > 0 else 1.0


def _no_clusters(factors: Factors) -> str:
    levels = levels_of(factors)
    return (
        f"model.errors: features.{levels and levels.key} has {levels and levels.number:,} levels, which are eliminated before all "
        f"else; there are no clustered errors then. Take hc3, or lower the feature's vocabulary to {ABSORBED_FROM - 3} at most."
    )


def _least_squares(
    factors: Factors,
    settings: Settings,
    refine: bool | None,
    one_pass: Callable[[Solution, list[int]], dict[str, Array]],
) -> tuple[Problem | AbsorbedProblem | ElasticNetProblem, LeastSquaresFit, Solution | None]:
    """The fit of least squares, refined by passes over the rows where that is wanted, and what it is of.

    Raises:
      ConfigError: refinement or constraints are asked for, and a feature's levels are eliminated.
    """
    if settings.elastic_net is not None:
        net = ElasticNetProblem(factors, settings)
        return net, net.fit(), None
    if (levels := levels_of(factors)) is not None:
        if settings.bounds is not None:
            raise ConfigError(
                f"model.constraints: features.{levels.key} has {levels.number:,} levels, which are eliminated before all else; no "
                "bound can be kept then. Leave the key out, or lower the feature's vocabulary to "
                f"{ABSORBED_FROM - 3} at most."
            )
        if refine:
            raise ConfigError(
                f"model.refine: features.{levels.key} has {levels.number:,} levels, which are eliminated before all else; "
                "there is no pass that refines it then. Leave the key out, or lower the feature's vocabulary to "
                f"{ABSORBED_FROM - 3} at most."
            )
        absorbed = AbsorbedProblem(factors, settings)
        _check_freedom(absorbed)
        return absorbed, absorbed.fit(), None
    problem = Problem(factors, settings) if settings.bounds is None else BoundedProblem(factors, settings)
    _check_freedom(problem)
    wanted = problem.wants_refinement() if refine is None else refine and problem.penalty == 0
    if not wanted:
        return problem, problem.fit(), None
    solution = problem.solution()
    fit = problem.fit(solution, _refine(solution, lambda now: one_pass(now, problem.columns)))
    return problem, fit, solution


def _kept(factors: Factors) -> Array | list[AbsorbedFactor]:
    """Factors as a `LinearFit` has them."""
    return factors if is_absorbed(factors) else np.array([factor.square() for factor in factors])


def _folds(gathered: GatheredRows, number: int, one_pass: Callable[[], dict[str, Array]]) -> Factors:
    """A factor of the scaled columns for each fold: what was gathered, or from a pass over the rows for another number of folds."""
    if number == len(gathered.parts):
        return gathered.scaled()
    levels = gathered.levels
    return dataclasses.replace(gathered, parts=from_arrays(gathered.names, one_pass(), levels and levels.key)).scaled()


def _check_freedom(problem: Problem | AbsorbedProblem) -> None:
    """Raises a DataError where ordinary least squares leaves too few rows to tell an error from a coincidence."""
    freedom = problem.factor.rows - problem.rank
    if problem.penalty == 0 and freedom < LEAST_FREEDOM:
        raise DataError(
            f"too few rows: {problem.factor.rows:,} rows leave {freedom} degrees of freedom beside {problem.rank:,} coefficients; "
            f"expected at least {LEAST_FREEDOM}. Give more rows, fewer features or levels, or a penalty (model.l2, a number)."
        )


def _refine(solution: Solution, one_pass: Callable[[Solution], dict[str, Array]]) -> int:
    """Passes over the rows until the solution settles. Returns how many."""
    for done in range(1, PASSES + 1):
        arrays = one_pass(solution)
        gathered = ResidualPass(solution)
        gathered.gradient = arrays["gradient"][0], arrays["gradient"][1]
        gathered.sum_of_squares = arrays["sum_of_squares"][0], arrays["sum_of_squares"][1]
        gathered.correction.factor = arrays["correction"]
        if improve(solution, gathered):
            return done
    return PASSES


def _reference(feature: Kind, term: Term, rows: list[int]) -> int:
    """The level that the others are compared with, by its id: the one asked for, else the most frequent; of equals, the first.

    Raises:
      DataError: the one asked for has no training row.
    """
    wanted = getattr(feature, "reference", None)
    if isinstance(feature, Boolean) and wanted is None and rows[0]:
        return 0  # false
    if wanted is None:
        return rows.index(max(rows))
    text = tuple(wanted) if isinstance(wanted, list) else canonical_text(wanted)
    found = [index for index, level in enumerate(term.levels) if level.text == text and rows[index]]
    if not found:
        there = [level.name for level, count in zip(term.levels, rows, strict=True) if count]
        more = ", …" if there[MOST_LEVELS:] else ""
        raise DataError(
            f"features.{term.feature}.reference: no training row has the level {wanted!r}, or it is not among the levels. "
            f"Levels with rows: {', '.join(there[:MOST_LEVELS])}{more}. Name one of them, or leave the key out."
        )
    return found[0]
