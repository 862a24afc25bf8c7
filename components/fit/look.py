"""One more pass over the gathered rows, with the fit at hand: robust errors, and what to doubt."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable, Collection, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from components.fit.settings import Clustered, Exact
from components.linear_model.absorbed_covariance import AbsorbedCovariance, Covariance, variances
from components.linear_model.blocks import Pass
from components.linear_model.design_matrix import DesignMatrix
from components.linear_model.diagnostics.diagnosis import Column, to_json
from components.linear_model.diagnostics.look import Solved, Wanted, look
from components.linear_model.diagnostics.sandwich import CLUSTER
from components.linear_model.gathered import GatheredRows
from components.linear_model.inference import CLASSICAL, LeastSquaresFit, LikelihoodFit
from components.linear_model.linear_fit import raw_covariance, raw_units

Array = NDArray[np.float64]

DIAGNOSTICS_FILE = "diagnostics.json"


@dataclasses.dataclass(frozen=True)
class Looked:
    """What the pass adds to a fit.

    Attributes:
      fit: with the covariance of the errors that are asked for.
      standard_errors: by kind of errors, [1 + p] in raw units; NaN where there is none.
      diagnostics: the text of `DIAGNOSTICS_FILE`; None where it is not wanted.
    """

    fit: LeastSquaresFit | LikelihoodFit
    standard_errors: dict[str, Array]
    diagnostics: str | None


def look_at_rows(
    gathered: GatheredRows,
    solved: Solved,
    exact: Exact,
    eta: tuple[float, float],
    passes: Callable[[list[int]], Pass],
    numbers: Collection[str],
    slices: Sequence[Sequence[str]],
    ordered: bool,
) -> Looked:
    """Looks at all rows once.

    Args:
      gathered: of the training rows.
      solved: the fit of its scaled columns.
      exact: the configuration's.
      eta: mean and standard deviation of η, about.
      passes: over all rows, by the columns that are wanted.
      numbers: names of features that are numbers, one by one looked at for curvature.
      slices: sets of columns that slices are made by.
      ordered: whether rows have a time.
    """
    fit, design, places = solved.fit, gathered.design, solved.places
    errors = CLUSTER if isinstance(exact.errors, Clustered) else exact.errors
    wanted = Wanted(
        errors=errors,
        diagnosis=exact.diagnostics,
        numbers=_columns(design, fit.names, numbers),
        eta=eta,
        ordered=ordered,
        slices=slices,
        slice_columns=list(dict.fromkeys(name for names in slices for name in names)),
    )

    def placed(values: Array) -> Array:
        whole = np.zeros((len(fit.names), *values.shape[1:]))
        whole[places] = values
        return whole

    def filled(of: Covariance) -> Covariance:
        """Of all columns, NaN where the classical one is."""
        if isinstance(of, AbsorbedCovariance):
            own = np.where(np.isnan(variances(fit.covariance)), np.nan, placed(of.own))
            return AbsorbedCovariance(own, placed(of.rows), of.inner)
        whole = np.full((len(fit.names), len(fit.names)), np.nan)
        whole[np.ix_(places, places)] = of
        return whole if fit.bounds is None else fit.bounds.without(whole)

    def raw_errors(of: Covariance) -> Array:
        return np.sqrt(variances(raw_covariance(design, of)))

    classical = fit.covariance
    own = raw_errors(classical)
    found = look(
        solved, wanted, passes(solved.columns), fit.names, own, lambda change: raw_units(design, placed(change))
    )
    selected = (
        isinstance(fit, LeastSquaresFit) and fit.selection is not None
    )  # then there are no standard errors of any kind
    robust = {} if selected else {kind: filled(of) for kind, of in found.covariances.items()}
    return Looked(
        dataclasses.replace(fit, covariance=robust.get(errors, classical), errors=errors, clusters=found.clusters),
        {} if selected else {CLASSICAL: own, **{kind: raw_errors(of) for kind, of in robust.items()}},
        None if found.diagnosis is None else json.dumps(to_json(found.diagnosis), indent=1),
    )


def _columns(design: DesignMatrix, names: Sequence[str], features: Collection[str]) -> dict[int, Column]:
    """By place the first column of each of some features, and what it is measured from and by.

    Of a basis that is the number itself, or it by another origin and unit.
    """
    found: dict[int, Column] = {}
    left = set(features)
    for place, term in design.places():
        if term.feature in left:
            left.remove(term.feature)
            found[place] = Column(names[place], term.origin + term.mean, term.std)
    return found


def standard_errors_json(found: dict[str, Array]) -> dict[str, list[Any]]:
    """As plain JSON: None where there is none."""
    return {kind: [float(value) if np.isfinite(value) else None for value in of] for kind, of in found.items()}
