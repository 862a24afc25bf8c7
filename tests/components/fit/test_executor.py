from __future__ import annotations

import numpy as np
import pytest

from components.errors import ConfigError, DataError
from components.linear_model.bounded import Bounds
from components.linear_model.factors import TriangularFactor
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT
from tests.components.absorbed_fits import Table

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def problem(rows: int, columns: int, l2: float) -> Problem:
    generator = np.random.default_rng(0)
    names = [INTERCEPT, *(f"x{index}" for index in range(1, columns))]
    matrix = np.column_stack([np.ones(rows), generator.normal(size=(rows, columns - 1))])
    factor = TriangularFactor(names, intercept=True).add(matrix, generator.normal(size=rows))
    return Problem([factor], Settings(l2=l2))


def test_few_degrees_of_freedom_end_the_fit_unless_there_is_a_penalty():
    from components.fit.executor import _check_freedom

    _check_freedom(problem(15, 10, 0.0))
    _check_freedom(problem(14, 10, 1.0))
    with pytest.raises(
        DataError, match="14 rows leave 4 degrees of freedom beside 10 coefficients; expected at least 5"
    ):
        _check_freedom(problem(14, 10, 0.0))


def test_levels_that_are_eliminated_and_constraints_exclude_each_other():
    from components.fit.executor import _least_squares

    table = Table.drawn(2_000, 300)
    gathered = table.gathered(absorbed=True)
    width = 1 + table.design.width
    bounds = Bounds.simple(np.full(width, -np.inf), np.full(width, np.inf))
    with pytest.raises(
        ConfigError, match=r"model\.constraints: features\.city has 302 levels, which are eliminated before"
    ):
        _least_squares(gathered.scaled(), Settings(bounds=bounds), None, lambda now, columns: {})
