"""Where Newton's steps within bounds begin."""

from __future__ import annotations

import dataclasses

import numpy as np
from numpy.typing import NDArray

from components.linear_model.bounded import Bounds
from components.linear_model.newton import mean_intercept
from components.linear_model.sample import Sample

Array = NDArray[np.float64]


def start_within(bounds: Bounds, beta: Array, sample: Sample, family: str, intercept: bool) -> Array:
    """Coefficients brought within bounds, [q], and where that changed them the intercept with which the mean is the labels' again.

    Args:
      bounds: of the columns.
      beta: [q], anywhere.
      sample: of the rows.
      family: its text.
      intercept: whether column 0 is the intercept's, which has no bounds.
    """
    found = bounds.feasible(beta)
    if not intercept or (found == beta).all():
        return found
    rows = sample.weighted()
    rows = dataclasses.replace(rows, offset=rows.offset + rows.x[:, 1:] @ found[1:])
    found[0] = mean_intercept(rows, family)[0]
    return found
