"""A model.json made by hand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.portable import FeatureEntry, PortableModel
from components.values.names import INTERCEPT, safe_names


def made_model(
    features: Sequence[FeatureEntry],
    design: DesignMatrix,
    missing: Sequence[str] = ("",),
    references: Mapping[str, int] | None = None,
) -> PortableModel:
    """A model of least squares whose coefficients are all 0."""
    width = 1 + design.width
    return PortableModel(
        family="gaussian",
        label="y",
        weight=None,
        solver="exact",
        missing=list(missing),
        features=[{"columns": [entry["name"]], **entry} for entry in features],
        inputs=safe_names(entry["name"] for entry in features),
        design=design,
        columns=[INTERCEPT, *design.column_names],
        coefficients=np.zeros(width),
        means=np.zeros(width),
        references=dict(references or {}),
        cross_validated=None,
        interval=None,
    )
