import numpy as np
import pytest

from components.linear_model.singular_values import condition_number, decompose


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


@pytest.mark.parametrize("width", [1, 40, 257, 700])
@pytest.mark.parametrize("kind", ["plain", "dummies", "near", "orthogonal"])
def test_the_condition_number_is_that_of_all_singular_values(width, kind):
    generator = np.random.default_rng(width)
    x = generator.normal(size=(3 * width + 5, width)) * 10.0 ** generator.integers(-6, 7, width)
    if kind == "dummies":
        x = np.eye(width)[generator.permutation(len(x)) % width]
        x[:, 0] = 1.0
    if kind == "near":
        x[:, -1] = x[:, 0] * (1 + 1e-7 * generator.normal(size=len(x)))
    r = np.triu(np.eye(width)) * 3.0 if kind == "orthogonal" else np.linalg.qr(x, mode="r")
    assert condition_number(r) == pytest.approx(np.linalg.cond(r / np.linalg.norm(r, axis=0)), rel=1e-8)


def test_a_singular_triangle_has_no_condition_number():
    factor = np.triu(np.random.default_rng(0).normal(size=(300, 300)))
    factor[7, 7] = 0.0
    assert condition_number(factor) > 1e15
