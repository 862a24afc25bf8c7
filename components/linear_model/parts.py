"""The names of the columns of a feature that has several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from components.linear_model import bases
from components.linear_model.bases import dates
from components.values.names import shown


def parts_of(entry: Mapping[str, Any]) -> list[str]:
    """What each of a feature's columns is, for eyes, in their order; empty if it has but one that is itself.

    Args:
      entry: of the feature (`features_to_json`).
    """
    if bases.has_basis(entry):
        return bases.parts_of(entry)
    if entry["kind"] == "datetime":
        return dates.parts_of(entry)
    if entry["kind"] == "text":
        return [shown(word) for word in entry["words"]]
    if entry["kind"] == "ordered":
        levels = entry["levels"]
        if entry["contrasts"] == "steps":
            return [f">= {shown(level)}" for level in levels[1:]]
        return [f"^{degree}" for degree in range(1, len(levels))]
    return []
