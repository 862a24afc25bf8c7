"""Fit: the exact fit, with the regression table that a statistician expects."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

from components.fit.settings import exact_of
from pipeline.graph.diagnostics import Diagnostics, read_diagnostics
from pipeline.graph.regression import Regression, read_regression
from pipeline.graph.step import Kept, Records, Results, Step, Wiring
from pipeline.graph.steps import example_gen, gather, statistics_gen

if TYPE_CHECKING:
    from rich.console import Console

    from components.linear_model.linear_fit import LinearFit


def _node(wiring: Wiring) -> Any:
    from components.fit.component import Fit

    # Of gradient descent's own settings the exact fit reads none: a change of them does not run it again.
    config = wiring.config
    exact = exact_of(config.model)
    return Fit(
        gathered=wiring.output(gather.STEP, "gathered"),
        settings={
            **config.step_config(),
            "exact": exact.model_dump(mode="json"),
            "slices": [entry.columns for entry in config.evaluate.slices],
        },
    )


def exact_fit(results: Results) -> LinearFit:
    """The fit that the step left."""
    return _loaded(str(results.folder(STEP, "fit")))


@functools.lru_cache(maxsize=1)
def _loaded(folder: str) -> LinearFit:
    """A run reads it more than once, and with very many levels that takes seconds."""
    from components.linear_model.linear_fit import LinearFit

    return LinearFit.load(folder)


def _read(results: Results) -> Regression:
    [train] = statistics_gen.datasets(results.folder(statistics_gen.STEP, "statistics"), "train")
    return read_regression(exact_fit(results), train)


def _print(console: Console, found: Regression, records: Records, whole: bool) -> None:
    from pipeline.graph.regression_table import print_regression

    del records
    print_regression(console, found, whole)


def _read_diagnostics(results: Results) -> Diagnostics | None:
    """What `model.diagnostics` asks for; None where it was not, or a feature's levels are eliminated."""
    from components.fit.look import DIAGNOSTICS_FILE

    path, counts = results.folder(STEP, "fit") / DIAGNOSTICS_FILE, results.records.record(example_gen.CLEANING)
    return None if counts is None or not path.exists() else read_diagnostics(path.read_text(), counts)


def _print_diagnostics(console: Console, found: Diagnostics, records: Records, whole: bool) -> None:
    from pipeline.graph.diagnostics_tables import print_diagnostics

    fit = records.record(REGRESSION)
    if fit is not None:
        print_diagnostics(console, found, fit, whole)


REGRESSION = Kept("linear_fit", Regression, _read, _print)
DIAGNOSTICS = Kept("diagnostics", Diagnostics, _read_diagnostics, _print_diagnostics)
STEP = Step(
    "Fit",
    _node,
    count=lambda results: {"train": exact_fit(results).rows_read},
    kept=(REGRESSION, DIAGNOSTICS),
    beam_modules=("components.fit.executor",),
)
