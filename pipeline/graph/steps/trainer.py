"""Trainer: the linear model as a Keras graph, and gradient descent beside the exact fit."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.trainer.training import TRAINING_FILE, WAY_OUT, Training
from pipeline.graph.regression import Regression
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import example_gen, fit, gather, schema_gen, transform

if TYPE_CHECKING:
    from rich.console import Console

TRACE_LINES = 12


def _node(wiring: Wiring) -> Any:
    from components.trainer.component import Trainer

    config = wiring.config
    model = config.model.model_dump(mode="json")
    return Trainer(
        examples=wiring.output(example_gen.STEP, "examples"),
        transform_graph=wiring.output(transform.STEP, "transform_graph"),
        schema=wiring.output(schema_gen.STEP, "schema"),
        linear_fit=wiring.output(fit.STEP, "fit"),
        gathered=wiring.output(gather.STEP, "gathered"),
        settings={**config.step_config(), "unit": config.label.unit, "model": model, "level": config.serve.level},
        eval_split=wiring.judged,
    )


def _read(results: Results) -> Training:
    path = results.folder(STEP, "model_run") / TRAINING_FILE
    return Training.parse(path.read_text(), path, WAY_OUT)


def _print(console: Console, model: Training, records: Records, whole: bool) -> None:
    exact = records.record(fit.REGRESSION)
    if exact is None:
        return
    if model.loss_trace:
        _print_descent(console, model, exact, whole)
    _print_curves(console, model, exact)


def _print_curves(console: Console, model: Training, exact: Regression) -> None:
    """Each spline at its knots: what a curve is can't be told from its columns' coefficients."""
    from rich.markup import escape
    from rich.table import Table

    from components.values.names import shown
    from pipeline.graph.figures import figure

    for name, curve in model.curves.items():
        console.print(
            escape(
                f"spline {shown(name)}: what it adds to {exact.models}, against its first knot; beyond the knots linear"
            ),
            highlight=False,
            soft_wrap=True,
        )
        table = Table("knot", "adds", box=None)
        for column in table.columns:
            column.justify = "right"
        for knot, value in zip(curve.knots, curve.values, strict=True):
            table.add_row(figure(knot), figure(value))
        console.print(table)


def _print_descent(console: Console, model: Training, exact: Regression, whole: bool) -> None:
    """Gradient descent's coefficients beside the exact ones, and how far it is from the optimum."""
    from rich.markup import escape
    from rich.table import Table

    from pipeline.graph.coefficient_tables import fill
    from pipeline.graph.figures import figure

    console.print("gradient descent, raw units:", highlight=False)
    table = Table(box=None)
    for heading in ("column", "coefficient", "exact"):
        table.add_column(heading, justify="left" if heading == "column" else "right")
    found = {exact.columns[0].name: model.intercept, **model.coefficients}
    columns = [column for column in exact.columns if column.role != "offset"]
    fill(table, columns, whole, lambda column: [figure(found[column.name]), figure(column.coefficient)])
    console.print(table)
    points = model.loss_trace
    step = -(-len(points) // TRACE_LINES)
    console.print(f"loss ({model.loss}) by step of gradient descent:", highlight=False)
    for point in [*points[:-1:step], points[-1]]:
        console.print(f"  {point.step:>8}  {point.loss:.6g}", highlight=False)
    last, least = points[-1].loss, exact.loss
    more = f" ({last / least - 1:+.2%})" if least else ""
    console.print(
        f"  the exact optimum's is {least:.6g}; gradient descent ended {last - least:.6g} above it{more}",
        highlight=False,
    )
    if model.from_exact is not None:
        apart = model.from_exact
        console.print(
            f"  its coefficients are {figure(apart.length, 3)} standard errors from the exact ones, the farthest "
            f"{figure(apart.largest, 3)} of its own: {escape(apart.column)}",
            highlight=False,
            soft_wrap=True,
        )


TRAINING = Kept("fit", Training, _read, _print)
STEP = Step(
    "Trainer",
    _node,
    count=lambda results: _read(results).rows,
    kept=(TRAINING,),
)
