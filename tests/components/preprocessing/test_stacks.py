"""Columns side by side, against numpy."""

import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 7
RNG = np.random.default_rng(4)


def drawn(kind, empty=False):
    values = RNG.integers(1, 99, ROWS).astype(kind)
    there = np.zeros(ROWS, bool) if empty else RNG.random(ROWS) < 0.6
    return values, there


def sparse(values, there):
    import tensorflow as tf

    rows = np.flatnonzero(there)
    return tf.SparseTensor(
        np.stack([rows, 0 * rows], axis=1), tf.constant(values[rows].tolist(), kind_of(values)), [ROWS, 1]
    )


def kind_of(values):
    import tensorflow as tf

    return {"f": tf.float32, "i": tf.int64}.get(values.dtype.kind, tf.string)


@pytest.mark.parametrize(("kind", "nothing"), [("float32", -1.0), ("int64", -1), ("str", "")])
@pytest.mark.parametrize("dense", [(), (1,), (0, 3), (0, 1, 2, 3, 4)])
def test_sparse_and_dense_columns_side_by_side(kind, nothing, dense):
    import tensorflow as tf

    from components.preprocessing.stacks import side_by_side

    drawings = [drawn(kind, empty=place == 2) for place in range(5)]
    columns = [
        tf.constant(values.tolist(), kind_of(values)) if place in dense else sparse(values, there)
        for place, (values, there) in enumerate(drawings)
    ]
    expected = np.stack([values for values, _ in drawings], axis=1).astype(object)
    present = np.stack([there | (place in dense) for place, (_, there) in enumerate(drawings)], axis=1)
    expected[~present] = nothing
    values, there = side_by_side(columns, nothing)
    found = [[x.decode() if isinstance(x, bytes) else x for x in row] for row in values.numpy().tolist()]
    assert found == expected.tolist()
    assert there.numpy().tolist() == present.tolist()


def test_no_rows():
    import tensorflow as tf

    from components.preprocessing.stacks import side_by_side

    nothing = tf.SparseTensor(tf.zeros([0, 2], tf.int64), tf.zeros([0]), [0, 1])
    values, there = side_by_side([nothing, nothing], 0.0)
    assert values.shape == there.shape == (0, 2)


@pytest.mark.parametrize("place", [0, 1])
def test_a_second_value_of_a_row_is_an_error(place):
    import tensorflow as tf

    from components.preprocessing.stacks import side_by_side

    one = tf.SparseTensor([[0, 0], [2, 0]], [1.0, 2.0], [3, 1])
    two = tf.SparseTensor([[0, 0], [0, 1]], [1.0, 2.0], [3, 2])
    columns = [two, one] if place == 0 else [one, two]
    with pytest.raises(tf.errors.InvalidArgumentError, match="out of bounds"):
        side_by_side(columns, 0.0)
