"""Which model is the baseline: the latest blessed one that is not the candidate itself."""

from __future__ import annotations

import logging
import os
from typing import Any

from tfx.dsl.components.common.resolver import ResolverStrategy
from tfx.dsl.input_resolution.strategies.latest_blessed_model_strategy import LatestBlessedModelStrategy
from tfx.dsl.io import fileio
from tfx.utils import path_utils

from components.linear_model.portable import MODEL_FILE, PortableModel


class LatestBlessedOther(ResolverStrategy):
    """TFX's LatestBlessedModelStrategy, the candidate left out.

    A second run with nothing changed yields the same model, blessed by now. To compare it with itself would say nothing,
    and would make every second run evaluate and push again. A model that parses a column as another type than the candidate can't
    read the candidate's rows, and is left out too, with a line in the log.
    """

    def resolve_artifacts(self, store: Any, input_dict: dict[str, list[Any]]) -> dict[str, list[Any]] | None:
        """Resolves `model` and `model_blessing` to at most one artifact each; `candidate` stays as it is."""
        candidate = input_dict["candidate"]
        others = [
            model
            for model in input_dict["model"]
            if model.id not in {artifact.id for artifact in candidate} and _reads_rows_of(model, candidate)
        ]
        found = LatestBlessedModelStrategy().resolve_artifacts(
            store, {"model": others, "model_blessing": input_dict["model_blessing"]}
        )
        return None if found is None else {**found, "candidate": candidate}


def _reads_rows_of(model: Any, candidates: list[Any]) -> bool:
    """Whether no column is of another type for a model than for the candidates."""
    own = _types(model)
    for candidate in candidates:
        wanted = _types(candidate)
        odd = [name for name in own if own[name] != wanted.get(name, own[name])]
        if odd:
            logging.getLogger(__name__).warning(
                "The live model (artifact %s) is not compared: it takes %s for another type than the configuration does now",
                model.id,
                ", ".join(map(repr, odd)),
            )
            return False
    return True


def _types(model: Any) -> dict[str, str]:
    """By column how a model parses it; empty for one that is not of Plumbline's, or of another format."""
    path = os.path.join(path_utils.serving_model_dir(model.uri), MODEL_FILE) if model.uri else ""
    if not path or not fileio.exists(path):
        return {}
    with fileio.open(path) as file:
        text = file.read()
    try:
        return {name: column.type for name, column in PortableModel.from_text(text).raw_columns.items()}
    except ValueError:
        return {}
