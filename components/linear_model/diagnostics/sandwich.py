"""Robust covariances from the pass: bread, meat, bread, and the small-sample factor."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from components.errors import DataError
from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance
from components.linear_model.diagnostics import FEW_CLUSTERS
from components.linear_model.diagnostics.meat import KINDS
from components.linear_model.diagnostics.one_pass import DiagnosticsPass
from components.linear_model.diagnostics.seen import Effects, Lens

Array = NDArray[np.float64]

CLUSTER = "cluster"


def covariance(found: DiagnosticsPass, lens: Lens, errors: str) -> Covariance:
    """A robust covariance [q, q] of the coefficients that the lens has; where levels are eliminated, [q + levels, q + levels].

    The factors are those of R's `sandwich` (Zeileis 2004; Zeileis, Köll and Graham 2020): hc1 n/(n − p); clusters G/(G − 1), and of
    least squares (n − 1)/(n − p) besides, as its `vcovCL` has it for `lm` and Stata for `regress`. (statsmodels has the second
    one for every family.) With a penalty p is the trace of the hat matrix.

    Args:
      found: the pass.
      lens: what it was made by.
      errors: `hc0`, `hc1`, `hc2`, `hc3` or `cluster`.

    Raises:
      DataError: there are fewer than two clusters.
    """
    if errors == CLUSTER:
        assert found.clusters is not None  # noqa: S101 (asked for)
        meat, count = found.clusters.meat(), len(found.clusters.ids)
        if count < 2:
            raise DataError(
                f"model.errors: {count} cluster has rows to fit; expected at least 2, and {FEW_CLUSTERS} for errors that can be "
                "trusted. Name another column, or take hc3."
            )
        factor = count / (count - 1)
        factor *= (lens.rows - 1) / lens.freedom if lens.squares else 1.0
    else:
        assert errors in KINDS  # noqa: S101 (configured)
        meat = found.meat[errors]
        factor = lens.rows / lens.freedom if errors == "hc1" else 1.0
        if lens.levels is not None:
            return _of_levels(found, lens.levels, lens.root, errors).scaled(factor)
    return np.asarray(factor * (lens.root @ meat @ lens.root.T))


def _of_levels(found: DiagnosticsPass, levels: Effects, root: Array, errors: str) -> AbsorbedCovariance:
    """F·(D P; Pᵀ Q)·Fᵀ, D the levels' diagonal, Q the others' part, P between them, and F = (√e, −w·e·m·S⁻¹; 0, S⁻¹)."""
    own, across, inner = (found.meat[name] for name in (f"{errors}/own", f"{errors}/across", errors))
    width, scale = len(inner), np.sqrt(levels.reciprocal)
    through = np.concatenate([root, -levels.centre @ root])
    directly = np.concatenate([np.zeros((len(root), width)), scale[:, None] * across])
    return AbsorbedCovariance(
        np.concatenate([np.zeros(len(root)), levels.reciprocal * own]),
        np.concatenate([through, directly], axis=1),
        np.block([[inner, np.eye(width)], [np.eye(width), np.zeros((width, width))]]),
    )
