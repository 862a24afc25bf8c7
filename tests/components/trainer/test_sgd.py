import dataclasses

import numpy as np
import pytest

from tests.components.fits import ORACLES, drawn, fitted, oracle

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


def descended(family, rows, directory, rate=0.3, steps=4000, weight=None):
    """The coefficients [1 + p] that descent leads to, and its trace."""
    from components.fit.settings import Sgd
    from components.linear_model.families import named
    from components.trainer.model import build_model, input_names, weights_of
    from components.trainer.sgd import fit

    of, design = named(family), fitted(family, rows).design
    settings = Sgd(
        family=of.name, link=of.link.name, power=of.power, learning_rate=rate, steps=steps, trace_every=steps
    )
    values = {"miles": ((rows.miles - 3) / 2).astype(np.float32), "c": rows.level}
    if rows.exposure is not None:
        values["nights"] = np.log(rows.exposure).astype(np.float32)
    model = build_model(design)
    features = {name: values[key] for key, name in input_names(design).items()}
    trace = fit(model, settings, features, rows.label.astype(np.float32), weight, str(directory))
    return settings, weights_of(model, design), trace


@pytest.mark.parametrize("family", ORACLES)
def test_each_family_ends_at_its_optimum(family, tmp_path):
    from components.linear_model.distance import distance

    rows = drawn(family, exposed=family == "poisson")
    exact, by = fitted(family, rows), oracle(family, rows)
    _, coefficients, trace = descended(family, rows, tmp_path)
    raw = exact.in_raw_units(coefficients[0], coefficients[1:])
    assert raw[[0, 1, 3, 4]] == pytest.approx(by.params, abs=1e-3)
    assert distance(exact, coefficients).length < 0.01
    least = exact.fit.residual_sum_of_squares / 400 if family == "gaussian" else exact.fit.loss
    assert trace[-1].loss == pytest.approx(least, rel=1e-5)
    assert trace[0].loss > trace[-1].loss


def test_weights_take_part(tmp_path):
    """A row of weight 3 is three rows."""
    rows = drawn("binomial")
    weight = np.where(rows.label == 1, 3.0, 1.0)
    again = dataclasses.replace(
        rows, **{name: np.repeat(getattr(rows, name), weight.astype(int)) for name in ("miles", "level", "label")}
    )
    _, coefficients, _ = descended("binomial", rows, tmp_path, weight=weight.astype(np.float32))
    raw = fitted("binomial", rows).in_raw_units(coefficients[0], coefficients[1:])
    assert raw[[0, 1, 3, 4]] == pytest.approx(oracle("binomial", again).params, abs=1e-3)


def test_what_diverges_is_told_with_the_ways_out(tmp_path):
    from components.errors import DataError
    from components.trainer.sgd import check_converged

    rows = drawn("poisson")
    rows = dataclasses.replace(rows, label=1000 * rows.label)
    settings, coefficients, trace = descended("poisson", rows, tmp_path, rate=1.0, steps=10)
    with pytest.raises(
        DataError, match=r"diverged: the loss was .* at step 10\. Lower model\.learning_rate \(now 1\)"
    ) as error:
        check_converged(settings, coefficients, trace, float(rows.label.mean()))
    assert f"begins at a mean of 1, and that of the labels is {rows.label.mean():.4g}" in str(error.value)
    check_converged(settings, np.zeros(3), trace[:1], 1.0)


def test_levels_that_are_looked_up_descend_as_those_of_a_product(tmp_path, monkeypatch):
    from components.fit.settings import Sgd
    from components.linear_model import looked_up
    from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
    from components.trainer.model import build_model, weights_of
    from components.trainer.sgd import fit

    generator, levels = np.random.default_rng(2), 300
    design = DesignMatrix((Term("x", "x"), Term("c", "c", levels=text_levels(list(map(str, range(levels - 2)))))))
    features = {"x": generator.normal(size=3_000).astype(np.float32), "c": generator.integers(0, levels, 3_000)}
    label = (features["x"] + 0.01 * features["c"] + generator.normal(size=3_000)).astype(np.float32)
    found = []
    for least in (levels, levels + 1):
        monkeypatch.setattr(looked_up, "LOOKED_UP", least)
        model = build_model(design)
        trace = fit(model, Sgd(learning_rate=0.3, steps=50), features, label, None, str(tmp_path / str(least)))
        found.append((weights_of(model, design), [point.loss for point in trace], model.count_params()))
    (theta, losses, size), (expected, same, dense) = found
    assert size == dense == 2 + levels
    assert losses[-1] < 0.6 * losses[0]
    assert theta == pytest.approx(expected, rel=1e-4, abs=1e-5)
    assert losses == pytest.approx(same, rel=1e-5)
