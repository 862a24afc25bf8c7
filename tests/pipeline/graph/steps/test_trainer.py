"""What `show` prints of the Trainer: the curves of splines."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from components.trainer.training import Curve, Training
from pipeline.graph.regression import read_regression
from pipeline.graph.step import Kept
from pipeline.graph.steps.trainer import STEP
from tests.components.fits import drawn, fitted


class Records:
    """Of a run whose Fit is done, or not."""

    def __init__(self, fit: Any) -> None:
        self._fit = fit

    def record(self, kept: Kept[Any]) -> Any:
        return self._fit


def printed(family: str, done: bool = True) -> list[str]:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    curves = {"[b]m": Curve(knots=[0.5, 2.0, 1234567.8], values=[0.0, -0.25, 3.0])}
    training = Training(
        label="y",
        solver="exact",
        rows={"train": 9},
        intercept=0,
        coefficients={},
        curves=curves,
        loss="",
        loss_trace=[],
    )
    out, fit = (
        io.StringIO(),
        read_regression(fitted(family, drawn(family)), DatasetFeatureStatistics()) if done else None,
    )
    assert STEP.kept
    assert STEP.kept.section
    STEP.kept.section(Console(file=out, width=100), training, Records(fit), False)
    assert Training.model_validate_json(training.to_json()) == training
    return out.getvalue().splitlines()


def test_a_splines_curve_is_a_table_of_its_knots() -> None:
    heading, *table = printed("binomial")
    assert heading.startswith("spline [b]m: what it adds to log odds of ")
    assert heading.endswith(", against its first knot; beyond the knots linear")
    assert [line.split() for line in table] == [["knot", "adds"], ["0.5", "0"], ["2", "-0.25"], ["1.23457e+06", "3"]]
    assert printed("gaussian", done=False) == []
