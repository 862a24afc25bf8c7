from __future__ import annotations

import numpy as np
import pytest

from components.errors import DataError
from components.linear_model.factors import TriangularFactor
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

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
