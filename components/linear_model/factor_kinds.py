"""Both kinds of factors of [1 X y]: with all columns (`TriangularFactor`), or a feature's levels eliminated (`AbsorbedFactor`)."""

from __future__ import annotations

import io
from collections.abc import Callable, Mapping, Sequence
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from components.linear_model import absorbed_factor, factors
from components.linear_model.absorbed_factor import AbsorbedFactor, Levels
from components.linear_model.factors import TriangularFactor

Array = NDArray[np.float64]
Factors = list[Any]  # of factors, all of one kind
Open = Callable[[str, str], IO[Any]]


def is_absorbed(found: Factors) -> bool:
    """Whether a feature's levels are eliminated in all of them; of no factors, or of others, False."""
    return bool(found) and isinstance(found[0], AbsorbedFactor)


def levels_of(found: Factors) -> Levels | None:
    """The levels that are eliminated; None where none are."""
    return found[0].levels if found and isinstance(found[0], AbsorbedFactor) else None


def empty(names: list[str], levels: Levels | None) -> Any:
    """A factor of no rows, with an intercept; `levels` are those to eliminate."""
    return TriangularFactor(names, intercept=True) if levels is None else AbsorbedFactor(names, levels)


def merged(found: Sequence[Any]) -> Any:
    """One factor of all folds' rows, of their kind."""
    factor = found[0].copy()
    for fold in found[1:]:
        factor.merge(fold)
    return factor


def to_arrays(found: Factors) -> dict[str, NDArray[Any]]:
    """What the kind's own `to_arrays` gives."""
    return absorbed_factor.to_arrays(found) if is_absorbed(found) else factors.to_arrays(found)


def from_arrays(names: list[str], arrays: Mapping[str, NDArray[Any]], absorbed: str | None) -> Factors:
    """What `to_arrays` was given; `absorbed` is the key of the term whose levels are eliminated."""
    return (
        factors.from_arrays(names, arrays) if absorbed is None else absorbed_factor.from_arrays(names, absorbed, arrays)
    )


def write_array(array: Array, path: str, opener: Open = open) -> None:
    """Writes one array as .npy. `opener(path, mode)` opens the file."""
    buffer = io.BytesIO()
    np.save(buffer, array, allow_pickle=False)
    with opener(path, "wb") as file:
        file.write(buffer.getvalue())


def read_array(path: str, opener: Open = open) -> NDArray[Any]:
    """The array of an .npy file."""
    with opener(path, "rb") as file:
        return np.asarray(np.load(io.BytesIO(file.read()), allow_pickle=False))


def write_arrays(arrays: Mapping[str, NDArray[Any]], path: str, opener: Open = open) -> None:
    """Writes arrays as one .npz file. `opener(path, mode)` opens it."""
    buffer = io.BytesIO()
    np.savez(buffer, **arrays)
    with opener(path, "wb") as file:
        file.write(buffer.getvalue())


def read_arrays(path: str, opener: Open = open) -> dict[str, NDArray[Any]]:
    """The arrays of an .npz file by name."""
    with opener(path, "rb") as file:
        return dict(np.load(io.BytesIO(file.read()), allow_pickle=False))
