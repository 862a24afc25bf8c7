import numpy as np
import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def gradient_descent(x, y, rate, steps, weights=None):
    """Plain numpy on the mean squared error, in float64."""
    weights = np.ones_like(y) if weights is None else weights
    theta, trace = np.zeros(2), []
    for step in range(steps + 1):
        error = theta[0] + theta[1] * x - y
        trace.append(np.average(error**2, weights=weights))
        if step < steps:
            share = 2 * weights * error / weights.sum()
            theta -= rate * np.array([share.sum(), (share * x).sum()])
    return theta, trace


@pytest.mark.parametrize("weighted", [False, True])
def test_equals_plain_gradient_descent(tmp_path, weighted):
    from components.fit.settings import Sgd
    from components.linear_model.design_matrix import DesignMatrix, Term
    from components.trainer.model import LINEAR_LAYER, build_model
    from components.trainer.sgd import fit

    generator = np.random.default_rng(1)
    x = generator.random(50).astype(np.float32)
    y = (2 + 3 * x + generator.random(50)).astype(np.float32)
    w = generator.integers(1, 4, 50).astype(np.float32) if weighted else None
    model = build_model(DesignMatrix((Term("x", "x"),)))
    settings = Sgd(learning_rate=0.1, steps=25, trace_every=10)
    trace = fit(model, settings, {"x": x}, y, w, str(tmp_path))
    kernel, bias = model.get_layer(LINEAR_LAYER).get_weights()
    theta, losses = gradient_descent(*(np.float64(v) for v in (x, y)), 0.1, 25, None if w is None else np.float64(w))
    assert [bias[0], kernel[0, 0]] == pytest.approx(theta, rel=1e-5)
    assert [point.step for point in trace] == [0, 10, 20, 25]
    assert [point.loss for point in trace] == pytest.approx([losses[i] for i in (0, 10, 20, 25)], rel=1e-5)
    assert list(tmp_path.rglob("events.out.tfevents*"))


def test_shapes_that_would_broadcast_are_refused(tmp_path):
    from components.fit.settings import Sgd
    from components.linear_model.design_matrix import DesignMatrix, Term
    from components.trainer.model import build_model
    from components.trainer.sgd import fit

    model = build_model(DesignMatrix((Term("x", "x"),)))
    x = np.zeros(3, np.float32)
    with pytest.raises(ValueError, match="must all have the same shape"):
        fit(model, Sgd(), {"x": x}, x.reshape(3, 1), None, str(tmp_path))
