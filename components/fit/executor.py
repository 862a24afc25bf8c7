"""Fit's work: everything follows from the factors; rows are read again to refine, and for other folds than were gathered."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
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
from components.fit.likelihood import fit_gathered
from components.fit.settings import Exact
from components.gather import shards
from components.gather.beam_pass import FactorRows, combined
from components.gather.design_rows import DesignRows
from components.linear_model.absorbed_factor import ABSORBED_FROM, AbsorbedFactor
from components.linear_model.absorbed_solve import AbsorbedProblem
from components.linear_model.design_matrix import Term
from components.linear_model.factor_kinds import Factors, from_arrays, is_absorbed, levels_of
from components.linear_model.families import named
from components.linear_model.gathered import GatheredRows
from components.linear_model.inference import LeastSquaresFit, LikelihoodFit
from components.linear_model.linear_fit import LinearFit
from components.linear_model.refinement import PASSES, ResidualPass, Solution, improve
from components.linear_model.retransformation import in_units
from components.linear_model.solve import Problem, Settings
from components.preprocessing.features import Kind, features_from_json
from components.preprocessing.kinds.boolean import Boolean
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
            tolerance=TOLERANCE,
            references={*references.values(), *design.offsets},
            log_f=exact.prior is not None,
            scales={place: (term.origin + term.mean, term.std) for place, term in design.places() if not term.levels},
        )
        fit: LeastSquaresFit | LikelihoodFit
        more: dict[str, Any] = {}
        if named(gathered.family).solver == "factors":
            problem, fit = _least_squares(
                [factor.less(design.offsets) for factor in factors],
                settings,
                exact.refine,
                lambda now, columns: one_pass(RefineRows(rows, now, columns)),
            )
            if named(gathered.family).transform is not None:
                passes = passes_over(rows, problem.factor.rows, one_pass)(problem.columns)
                kept = fit.coefficients[problem.columns]
                more["in_units"] = in_units(gathered.family, kept, problem.without_folds(), passes)
        else:
            found = fit_gathered(gathered, factors, exact, settings, rows, one_pass)
            fit = found.fit
            more = {
                "class_weights": found.class_weights,
                "intercept_shift": found.intercept_shift,
                "threshold": found.threshold,
            }
        fit.coefficients[design.offsets] = 1.0
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
            **more,
        ).save(uri, fileio.open)


def _least_squares(
    factors: Factors,
    settings: Settings,
    refine: bool | None,
    one_pass: Callable[[Solution, list[int]], dict[str, Array]],
) -> tuple[Problem | AbsorbedProblem, LeastSquaresFit]:
    """The fit of least squares, refined by passes over the rows where that is wanted, and what it is of.

    Raises:
      ConfigError: refinement is asked for, and a feature's levels are eliminated.
    """
    if (levels := levels_of(factors)) is not None:
        if refine:
            raise ConfigError(
                f"model.refine: features.{levels.key} has {levels.number:,} levels, which are eliminated before all else; "
                "there is no pass that refines it then. Leave the key out, or lower the feature's vocabulary to "
                f"{ABSORBED_FROM - 3} at most."
            )
        absorbed = AbsorbedProblem(factors, settings)
        _check_freedom(absorbed)
        return absorbed, absorbed.fit()
    problem = Problem(factors, settings)
    _check_freedom(problem)
    wanted = problem.wants_refinement() if refine is None else refine and problem.penalty == 0
    if not wanted:
        return problem, problem.fit()
    solution = problem.solution()
    return problem, problem.fit(solution, _refine(solution, lambda now: one_pass(now, problem.columns)))


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
