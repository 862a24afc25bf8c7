"""Baseline: the live model, which the candidate is compared with, if there is a way to find it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.graph.step import Step, Wiring
from pipeline.graph.steps import trainer

if TYPE_CHECKING:
    from tfx.types.channel import BaseChannel

MODEL = "model"
IMPORTED = "artifact"  # as kfp's importers call what they import


def _node(wiring: Wiring) -> Any:
    """Kubeflow has no resolvers, Vertex has two of TFX's; what a run is given, both import."""
    from tfx.types import standard_artifacts
    from tfx.types.channel import Channel

    blessed = {
        MODEL: Channel(type=standard_artifacts.Model),
        "model_blessing": Channel(type=standard_artifacts.ModelBlessing),
    }
    if wiring.places.target is not None and wiring.places.baseline:
        from tfx.dsl.components.common.importer import Importer

        return Importer(source_uri=wiring.inputs.baseline, artifact_type=standard_artifacts.Model, output_key=IMPORTED)
    from tfx.dsl.components.common.resolver import Resolver

    if wiring.places.target is None:
        from components.model_gate.baseline import LatestBlessedOther

        candidate = wiring.output(trainer.STEP, "model")
        return Resolver(strategy_class=LatestBlessedOther, **blessed, candidate=candidate)
    if wiring.places.target == "vertex":
        from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy

        return Resolver(strategy_class=LatestBlessedModelStrategy, **blessed)
    return None


def live_model(wiring: Wiring) -> BaseChannel | None:
    """The live model; None where nothing looks for it."""
    node = wiring.nodes.get(STEP.name)
    return None if node is None else node.outputs[IMPORTED if IMPORTED in node.outputs else MODEL]


STEP = Step("Baseline", _node, container=False)
