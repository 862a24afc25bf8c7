"""The pass over rows whose feature of very many levels is eliminated finds what the one over all columns does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.blocks import over
from components.linear_model.diagnostics.diagnosis import Column, to_json
from components.linear_model.diagnostics.look import Look, Solved, Wanted, linear_predictor, look
from components.linear_model.linear_fit import raw_units
from tests.alike import assert_alike
from tests.components.absorbed_fits import Table


def _look(table: Table, absorbed: bool, errors: str, l2: float) -> tuple[Look, Solved, Any]:
    fit = table.fit(absorbed, l2=l2)
    problem = table.problem(absorbed, l2=l2, references=set(fit.references.values()))
    found = problem.fit()
    solved = problem.solved("gaussian", found)
    numbers = {
        place: Column(fit.fit.names[place], 0.0, 1.0) for place, term in table.design.places() if not term.levels
    }
    wanted = Wanted(errors, True, numbers, (30.0, 5.0), slices=[("month",)], slice_columns=["month"])

    def raw(change: Any) -> Any:
        whole = np.zeros((len(found.names), change.shape[1]))
        whole[solved.places] = change
        return raw_units(table.design, whole)

    block = table.block(solved.columns)
    parts = [block.take(rows) for rows in np.array_split(np.arange(len(block.label)), 3)]
    return (
        look(solved, wanted, over(lambda: iter(parts)), found.names, fit.raw.standard_errors, raw),
        solved,
        found,
    )


@pytest.mark.parametrize("errors", ["hc0", "hc1", "hc2"])
@pytest.mark.parametrize("l2", [0.0, 2.5])
@pytest.mark.parametrize("weights", [False, True])
def test_as_with_all_columns(errors: str, l2: float, weights: bool) -> None:
    table = Table.drawn(900, 120, weights=weights)
    found, solved, _ = _look(table, True, errors, l2)
    expected, dense, _ = _look(table, False, errors, l2)
    kept = dense.columns
    for kind in {errors, "hc3"}:
        own = found.covariances[kind]
        assert isinstance(own, AbsorbedCovariance)
        at = [solved.places.index(place) for place in kept]
        wide = np.asarray(expected.covariances[kind])
        np.testing.assert_allclose(own.dense()[np.ix_(at, at)], wide, rtol=1e-8, atol=1e-11 * np.abs(wide).max())
    one, other = to_json(found.diagnosis), to_json(expected.diagnosis)
    for part in one["slices"]:
        assert part.pop("moves") is None
        assert part.pop("column") is None
    for part in other["slices"]:
        del part["moves"], part["column"]
    assert [row["row"] for row in one["influential"]] == [row["row"] for row in other["influential"]]
    assert_alike(one, other, 1e-6)


@pytest.mark.parametrize("sign", [-1.0, 1.0])
def test_the_linear_predictor_lies_where_it_does_whatever_the_factors_signs(sign: float) -> None:
    draw = np.random.default_rng(2)
    x = np.column_stack([np.ones(500), draw.normal(size=(500, 2)) + 3, draw.normal(size=500)])
    square = np.linalg.qr(x)[1]
    square *= sign * np.sign(np.diag(square))[:, None]
    eta = x[:, :3] @ [1.0, -2.0, 0.5]
    assert linear_predictor(square, np.array([1.0, -2.0, 0.5])) == pytest.approx((eta.mean(), eta.std()), rel=1e-12)
