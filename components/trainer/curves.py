"""The splines of a fitted model, at their knots."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from components.linear_model.bases.spline import curve_at_knots
from components.linear_model.design_matrix import DesignMatrix
from components.trainer.training import Curve


def curves(
    design: DesignMatrix, learned: Mapping[str, Mapping[str, Any]], coefficients: Sequence[float]
) -> dict[str, Curve]:
    """What each spline adds to η at its knots, by feature.

    Args:
      design: of the model.
      learned: by feature, what training found out (`transform_graph.learned_of`).
      coefficients: [1 + p] in raw units, the intercept first.
    """
    own: dict[str, list[float]] = {}
    for place, term in design.places():
        if term.part:  # a missing indicator is none
            own.setdefault(term.feature, []).append(coefficients[place])
    found = {name: of.get("learned", {}).get("knots") for name, of in learned.items()}
    return {name: Curve(knots=knots, values=curve_at_knots(knots, own[name])) for name, knots in found.items() if knots}
