import numpy as np
import pytest

from components.linear_model.singular_values import decompose


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (3, 0)])
def test_it_is_the_matrix(shape):
    matrix = np.random.default_rng(0).normal(size=shape)
    u, s, vt = decompose(matrix)
    np.testing.assert_allclose(u * s @ vt, matrix, atol=1e-14)
    assert (np.diff(s) <= 0).all()


@pytest.mark.parametrize("seed", [6, 7, 8])
def test_the_dummies_of_a_panel(seed):
    """A fold of 545 people in 8 years; numpy 1.26's own OpenBLAS does not converge for the seed 7."""
    random = np.random.default_rng(seed)
    person, year = np.divmod(np.arange(545 * 8), 8)
    kept = random.random(len(person)) > 0.2
    numbers = random.normal(size=(len(person), 3))
    dummies = [person[:, None] == np.arange(1, 545), year[:, None] == np.arange(1, 8)]
    design = np.column_stack([np.ones(len(person)), numbers, dummies[1], dummies[0]])[kept]
    upper = np.linalg.qr(design)[1][1:, 1:]
    matrix = np.vstack([upper, np.zeros((7, upper.shape[1]))])
    u, s, vt = decompose(matrix)
    np.testing.assert_allclose(u * s @ vt, matrix, atol=1e-12)
    np.testing.assert_allclose(s**2, np.linalg.eigvalsh(matrix.T @ matrix)[::-1], rtol=1e-9)
