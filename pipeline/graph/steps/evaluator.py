"""Evaluator: TFX's, on the split that judges the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.graph.step import Step, Wiring, judged
from pipeline.graph.steps import baseline, example_gen, schema_gen, trainer

if TYPE_CHECKING:
    from tfx.types.channel import BaseChannel


def evaluation(wiring: Wiring, split: str, live: BaseChannel | None) -> Any:
    """An Evaluator.

    Args:
      wiring: of the graph.
      split: that the model is evaluated on.
      live: the model that it is compared with, if any.
    """
    from tfx.components import Evaluator

    from pipeline.graph.evaluation import EXTRACTORS

    return Evaluator(
        examples=wiring.output(example_gen.STEP, "examples"),
        model=wiring.output(trainer.STEP, "model"),
        baseline_model=live,
        schema=wiring.output(schema_gen.STEP, "schema"),
        eval_config=wiring.inputs.eval_config,
        example_splits=[split],
        module_path=EXTRACTORS,
    )


STEP = Step(
    "Evaluator",
    lambda wiring: evaluation(wiring, wiring.judged, baseline.live_model(wiring)),
    beam_modules=("components.model_gate.metrics",),
    reads=lambda config: [judged(config)],
)
