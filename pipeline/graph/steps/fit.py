"""Fit: the exact fit, with the regression table that a statistician expects."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from components.fit.settings import Exact, OfFamily
from pipeline.graph.regression import Regression, read_regression
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import gather, statistics_gen

if TYPE_CHECKING:
    from rich.console import Console

    from components.linear_model.linear_fit import LinearFit


def _node(wiring: Wiring) -> Any:
    from components.fit.component import Fit

    # Of gradient descent's own settings the exact fit reads none: a change of them does not run it again.
    model = wiring.config.model
    common = {name: getattr(model, name) for name in OfFamily.model_fields}
    exact = model if isinstance(model, Exact) else Exact(**common)
    return Fit(
        gathered=wiring.output(gather.STEP, "gathered"),
        settings={**wiring.config.step_config(), "exact": exact.model_dump(mode="json")},
    )


def _fit(results: Results) -> LinearFit:
    from components.linear_model.linear_fit import LinearFit

    return LinearFit.load(str(results.folder(STEP, "fit")))


def _read(results: Results) -> Regression:
    [train] = statistics_gen.datasets(results.folder(statistics_gen.STEP, "statistics"), "train")
    return read_regression(_fit(results), train)


def _print(console: Console, found: Regression, records: Records, whole: bool) -> None:
    from pipeline.graph.regression_table import print_regression

    del records
    print_regression(console, found, whole)


REGRESSION = Kept("linear_fit", Regression, _read, _print)
STEP = Step(
    "Fit",
    _node,
    count=lambda results: {"train": _fit(results).rows_read},
    kept=REGRESSION,
    beam_modules=("components.fit.executor",),
)
