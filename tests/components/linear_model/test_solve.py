import numpy as np
import pytest

from components.errors import DataError
from components.linear_model.factors import TriangularFactor
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

NAMES = [INTERCEPT, "x", "c[a]", "c[b]", "c[(other)]"]
GENERATOR = np.random.default_rng(9)
LEVEL = GENERATOR.integers(0, 2, 40)
MATRIX = np.column_stack([np.ones(40), GENERATOR.normal(size=40), LEVEL == 0, LEVEL == 1, np.zeros(40)])
FACTOR = TriangularFactor(NAMES).add(MATRIX, MATRIX @ [1, 2, 0, 3, 0])


def test_references_and_empty_levels_are_left_out():
    found = Problem([FACTOR], Settings(references={2})).fit()
    assert found.coefficients == pytest.approx([1, 2, 0, 3, 0], abs=1e-12)
    assert [column.because for column in found.dropped] == ["c[(other)] is 0 in every training row"]


def test_another_reference_gives_the_same_predictions():
    settings = Settings(references={3})
    assert Problem([FACTOR], settings).fit().coefficients == pytest.approx([4, 2, -3, 0, 0], abs=1e-12)


def test_auto_needs_folds():
    with pytest.raises(DataError, match="l2: auto needs at least two folds"):
        Problem([FACTOR], Settings(l2="auto", references={2})).fit()


@pytest.mark.parametrize(("spread", "rows", "wanted"), [(1e-5, 60, True), (1e-5, 10**9, False), (1e-8, 10**9, True)])
def test_what_costs_much_to_refine_is_refined_from_a_higher_condition_number_on(spread, rows, wanted):
    generator = np.random.default_rng(6)
    x = generator.normal(size=60)
    matrix = np.column_stack([np.ones(60), x, x + spread * generator.normal(size=60)])
    factor = TriangularFactor([INTERCEPT, "x", "near"], intercept=True).add(matrix, x)
    factor.rows = rows
    problem = Problem([factor], Settings(tolerance=1e-12))
    assert problem.rank == 3
    assert problem.wants_refinement() is wanted
