"""The steps of the graph, in the order in which they run. A step is registered by its line in `STEPS`."""

from __future__ import annotations

from typing import Any

from pipeline.graph.places import Places
from pipeline.graph.step import Kept, Step
from pipeline.graph.steps import (
    baseline,
    data_gate,
    evaluator,
    example_gen,
    example_validator,
    fit,
    gather,
    infra_validator,
    model_gate,
    outcome,
    pusher,
    report,
    schema_gen,
    serving_check,
    statistics_gen,
    test_evaluation,
    trainer,
    transform,
)

STEPS: tuple[Step, ...] = (
    example_gen.STEP,
    statistics_gen.STEP,
    schema_gen.STEP,
    example_validator.STEP,
    data_gate.STEP,
    transform.STEP,
    gather.STEP,
    fit.STEP,
    trainer.STEP,
    baseline.STEP,
    evaluator.STEP,
    model_gate.STEP,
    infra_validator.STEP,
    serving_check.STEP,
    pusher.STEP,
    test_evaluation.STEP,
    report.STEP,
    outcome.STEP,
)
NAMES = tuple(step.name for step in STEPS)
IN_CONTAINERS = tuple(step.name for step in STEPS if step.container)
KEPT: tuple[Kept[Any], ...] = tuple(kept for step in STEPS for kept in step.kept)


def never_cached(places: Places) -> set[str]:
    """The names of the steps that have to run in every run there."""
    return {step.name for step in STEPS if step.never_cached(places)}
