"""Which model is the baseline: the latest blessed one that is not the candidate itself."""

from __future__ import annotations

from typing import Any

from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy


class LatestBlessedOther(ResolverStrategy):
    """TFX's LatestBlessedModelStrategy, the candidate left out.

    A second run with nothing changed yields the same model, blessed by now. To compare it with itself would say nothing,
    and would make every second run evaluate and push again.
    """

    def resolve_artifacts(self, store: Any, input_dict: dict[str, list[Any]]) -> dict[str, list[Any]] | None:
        """Resolves `model` and `model_blessing` to at most one artifact each; `candidate` stays as it is."""
        candidate = input_dict["candidate"]
        others = [model for model in input_dict["model"] if model.id not in {artifact.id for artifact in candidate}]
        found = LatestBlessedModelStrategy().resolve_artifacts(
            store, {"model": others, "model_blessing": input_dict["model_blessing"]}
        )
        return None if found is None else {**found, "candidate": candidate}
