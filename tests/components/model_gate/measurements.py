"""What the gate is asked with: metrics, rules, models."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from components.model_gate.live import Described
from components.model_gate.verdict import Rules

RULES = Rules(family="gaussian", limits={}, slices=[], no_worse_than_live=0.01, min_rows=30, held_out=True)
FOLDS = {"mean_squared_error": 5.0, "root_mean_squared_error": 5.0**0.5, "r_squared": 0.61, "rows": 69}


def rules(**changed: Any) -> Rules:
    return Rules(**{**vars(RULES), **changed})


def described(
    cross_validated: Mapping[str, float] | None = FOLDS,
    family: str = "gaussian",
    label: str = "y",
    classes: list[str] | None = None,
) -> Described:
    return Described(family, label, classes, cross_validated)


def measured(rows: float = 200, label: float = 10.0, **values: float | tuple[float, float]) -> dict[str, float]:
    """Metrics, each a value or `(value, standard error)`; the label's standard deviation is 3."""
    table: dict[str, float] = {
        "example_count": rows,
        "mean_label": label,
        "mean_label_standard_error": 3 / math.sqrt(rows),
    }
    for name, found in values.items():
        table[name], table[name + "_standard_error"] = found if isinstance(found, tuple) else (found, 1e-9)
    return table
