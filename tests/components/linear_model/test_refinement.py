"""NIST's certified values, and exact rational arithmetic on the stored doubles as a second oracle."""

from fractions import Fraction

import numpy as np
import pytest

from benchmarks.nist import load, log_relative_error
from components.linear_model import fit
from components.linear_model.arrays import refine_rows
from components.linear_model.refinement import PASSES, Solution

SETS = {data.name: data for data in load()}


def rational_solution(matrix, y):
    """The normal equations, in exact rational arithmetic."""
    rows = [[Fraction(float(v)) for v in row] for row in matrix]
    label = [Fraction(float(v)) for v in y]
    width = len(rows[0])
    system = [
        [sum(row[i] * row[j] for row in rows) for j in range(width)]
        + [sum(row[i] * v for row, v in zip(rows, label, strict=True))]
        for i in range(width)
    ]
    for i in range(width):
        pivot = next(k for k in range(i, width) if system[k][i] != 0)
        system[i], system[pivot] = system[pivot], system[i]
        system[i] = [v / system[i][i] for v in system[i]]
        for k in range(width):
            if k != i:
                system[k] = [a - system[k][i] * b for a, b in zip(system[k], system[i], strict=True)]
    return np.array([float(row[-1]) for row in system])


@pytest.mark.parametrize("name", SETS)
def test_refined_reaches_thirteen_digits(name):
    data = SETS[name]
    found = fit(data.x, data.y, refine=True)
    assert log_relative_error(data.coefficients, found.coefficients) >= 13
    assert log_relative_error(data.standard_errors, found.standard_errors) >= 13


@pytest.mark.parametrize("name", SETS)
def test_refined_equals_rational_arithmetic_to_the_last_digits(name):
    data = SETS[name]
    found = fit(data.x, data.y, refine=True)
    assert found.coefficients == pytest.approx(rational_solution(data.matrix, data.y), rel=4e-16)


def test_an_ill_conditioned_fit_is_refined_by_itself_and_others_are_not():
    longley = SETS["Longley"]
    found = fit(longley.x, longley.y)
    assert found.refined > 0
    assert log_relative_error(longley.coefficients, found.coefficients) >= 13
    generator = np.random.default_rng(0)
    assert fit(generator.normal(size=(50, 3)), generator.normal(size=50)).refined == 0


def test_a_condition_near_the_limit_of_float64_is_refined_to_full_accuracy():
    """Far beyond where one over the square of the condition number is still above eps."""
    generator = np.random.default_rng(1)
    x = generator.normal(size=(80, 4))
    x[:, 3] = x[:, 0] + 1e-11 * x[:, 3]
    y = generator.normal(size=80)
    exact = rational_solution(np.column_stack([np.ones(80), x]), y)
    plain, refined = (fit(x, y, refine=refine) for refine in (False, True))
    assert refined.condition_number > 1e10
    assert np.max(np.abs(plain.coefficients / exact - 1)) > 1e-9
    assert refined.coefficients == pytest.approx(exact, rel=1e-14)


@pytest.mark.parametrize(("off", "wrong"), [(2.0, 0.3), (0.1, 0.6)])
def test_a_step_that_leads_away_is_refused_or_taken_back(off, wrong):
    """A factor that says little of the rows: its step promises more than all there is, or makes the residuals grow."""
    generator = np.random.default_rng(3)
    x, y = generator.normal(size=(60, 3)), generator.normal(size=60)
    best = np.linalg.lstsq(x, y, rcond=None)[0]
    factor = np.linalg.qr(x, mode="r")
    solution = Solution.of(factor * wrong, best + off)
    solution.correction = np.eye(3)
    assert refine_rows(solution, x, y, None, 16) <= 2
    assert solution.beta[0].tolist() == (best + off).tolist()
    assert solution.residual_sum_of_squares == pytest.approx(np.sum((y - x @ (best + off)) ** 2))
    right = Solution.of(factor, best + off)
    assert refine_rows(right, x, y, None, 16) < PASSES
    assert right.beta[0] == pytest.approx(best, rel=1e-12)


def test_parts_of_a_pass_merge():
    from components.linear_model.factors import TriangularFactor
    from components.linear_model.refinement import ResidualPass, improve
    from components.linear_model.solve import Problem, Settings

    data = SETS["Longley"]
    names = [str(index) for index in range(data.matrix.shape[1])]
    problem = Problem([TriangularFactor(names).add(data.matrix, data.y)], Settings())
    solution = problem.solution()
    for _ in range(3):
        parts = [ResidualPass(solution).add(data.matrix[i::3], data.y[i::3], None) for i in range(3)]
        improve(solution, parts[2].merge(parts[0]).merge(parts[1]))
    found = problem.fit(solution, passes=3)
    assert found.refined == 3
    assert log_relative_error(data.coefficients, found.coefficients) >= 14
