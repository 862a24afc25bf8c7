"""What `show` prints of the Trainer: gradient descent beside the exact fit, and the curves of splines."""

from __future__ import annotations

import io
from typing import Any

from rich.console import Console

from components.trainer.training import Curve, LossPoint, Training
from pipeline.graph.regression import Regression, read_regression
from pipeline.graph.step import Kept
from pipeline.graph.steps.trainer import STEP
from tests.components.fits import drawn, fitted


class Records:
    """Of a run whose Fit is done, or not."""

    def __init__(self, fit: Any) -> None:
        self._fit = fit

    def record(self, kept: Kept[Any]) -> Any:
        return self._fit


def regression(family: str) -> Regression:
    from tensorflow_metadata.proto.v0.statistics_pb2 import DatasetFeatureStatistics

    return read_regression(fitted(family, drawn(family)), DatasetFeatureStatistics())


def section(training: Training, fit: Regression | None, whole: bool = False) -> list[str]:
    out = io.StringIO()
    [kept] = STEP.kept
    assert kept.section
    kept.section(Console(file=out, width=100), training, Records(fit), whole)
    return out.getvalue().splitlines()


def printed(family: str, done: bool = True) -> list[str]:
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
    assert Training.model_validate_json(training.to_json()) == training
    return section(training, regression(family) if done else None)


def test_of_gradient_descent_the_same_levels_are_shown_as_of_the_exact_fit() -> None:
    few = regression("gaussian")
    [reference] = [column for column in few.columns if column.role == "reference"]
    more = [
        reference.model_copy(update={"name": f"c[v{n}]", "level": f"v{n}", "role": None, "coefficient": n, "rows": 3})
        for n in range(40)
    ]
    many = few.model_copy(update={"columns": [*few.columns, *more]})
    training = Training(
        label="y",
        solver="sgd",
        rows={"train": 9},
        intercept=0.25,
        coefficients={column.name: 0.5 for column in many.columns[1:]},
        loss="mean squared error",
        loss_trace=[LossPoint(step=0, loss=3.0), LossPoint(step=5, loss=2.0)],
    )
    lines = section(training, many)
    names = [
        line.split()[0] for line in lines[2 : lines.index("loss (mean squared error) by step of gradient descent:")]
    ]
    extreme = [f"c[v{n}]" for n in (0, 1, 35, 36, 37, 38, 39)]
    assert names == ["(intercept)", "miles", "c[cash]", "c[card]", "c[none]", *extreme, "…"]
    whole = section(training, many, whole=True)
    assert len(whole) == len(lines) - len(names) + len(many.columns)


def test_a_splines_curve_is_a_table_of_its_knots() -> None:
    heading, *table = printed("binomial")
    assert heading.startswith("spline [b]m: what it adds to log odds of ")
    assert heading.endswith(", against its first knot; beyond the knots linear")
    assert [line.split() for line in table] == [["knot", "adds"], ["0.5", "0"], ["2", "-0.25"], ["1.23457e+06", "3"]]
    assert printed("gaussian", done=False) == []
