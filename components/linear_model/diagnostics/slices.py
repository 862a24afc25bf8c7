"""What single slices of the rows have: their residuals, and how far the coefficients move without them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from components.linear_model.blocks import Texts
from components.linear_model.diagnostics.seen import Seen

Array = NDArray[np.float64]

Values = tuple[str | None, ...]

MOST = 100  # slices of one set of columns that are told apart, and
MOST_WIDE = 1 << 22  # numbers that their information may take
ALONE = 1e-9  # of a direction's information, what is left without a slice: below, the slice alone determines it


class Slices:
    """By set of columns and by values, over a slice's rows: `figures` [4] (how many, Σ w, Σ w·(y − μ), Σ w·(y − μ)²), and in the
    columns x·M their `score` [k] and `information` [k, k].

    A set with more than `MOST` slices is not told of.
    """

    def __init__(self, sets: Sequence[tuple[int, ...]], width: int) -> None:
        """Takes by set the places of its columns among a block's slices, and k."""
        self._sets = list(sets)
        self._most = max(1, min(MOST, MOST_WIDE // max(width, 1) ** 2))
        self.found: list[dict[Values, dict[str, Array]] | None] = [{} for _ in self._sets]

    def add(self, seen: Seen) -> None:
        """Adds rows."""
        white = seen.white * np.sqrt(seen.information)[:, None]
        residual, weight = seen.residual, seen.block.weight
        figures = np.stack([np.ones(len(weight)), weight, weight * residual, weight * residual**2], axis=1)
        scores = seen.white * seen.score[:, None]
        for index, columns in enumerate(self._sets):
            for values, mine in _parted([seen.block.slices[column] for column in columns]):
                own = white[mine]
                sums = {
                    "figures": figures[mine].sum(axis=0),
                    "score": scores[mine].sum(axis=0),
                    "information": own.T @ own,
                }
                self._take(index, values, sums)

    def _take(self, index: int, values: Values, more: Mapping[str, Array]) -> None:
        there = self.found[index]
        if there is None:
            return
        mine = there.get(values)
        there[values] = dict(more) if mine is None else {name: mine[name] + more[name] for name in more}
        if len(there) > self._most:
            self.found[index] = None

    def merge(self, other: Slices) -> None:
        """Adds others."""
        for index, there in enumerate(other.found):
            if there is None:
                self.found[index] = None
                continue
            for values, more in there.items():
                self._take(index, values, more)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """All of it; a text is stored as what it is, None as no text."""
        arrays: dict[str, NDArray[Any]] = {"told": np.array([there is not None for there in self.found])}
        for index, there in enumerate(self.found):
            if not there:
                continue
            texts = [value or "" for values in there for value in values]
            # An end mark, or numpy takes a text's last NULs for padding.
            arrays[f"{index}/texts"] = np.array([f"{text}." for text in texts])
            arrays[f"{index}/given"] = np.array([value is not None for values in there for value in values])
            for name in next(iter(there.values())):
                arrays[f"{index}/{name}"] = np.stack([sums[name] for sums in there.values()])
        return arrays

    def load(self, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Takes what `arrays` gave."""
        for index, columns in enumerate(self._sets):
            self.found[index] = {} if arrays["told"][index] else None
            if f"{index}/texts" not in arrays:
                continue
            texts = [
                text[:-1] if given else None
                for text, given in zip(
                    arrays[f"{index}/texts"].tolist(), arrays[f"{index}/given"].tolist(), strict=True
                )
            ]
            width = len(columns)
            self.found[index] = {
                tuple(texts[place * width : (place + 1) * width]): {
                    name: arrays[f"{index}/{name}"][place] for name in ("figures", "score", "information")
                }
                for place in range(len(texts) // width)
            }
        return self

    def told(self, index: int) -> list[tuple[Values, Array, Array, Array]] | None:
        """The slices of a set, the most rows first; None of one that has too many.

        Returns:
          Of each its values; its figures; by what the coefficients of x·M are less without it, [k]: (I − Hₛ)⁻¹·gₛ, g and H its
          score and information; and the directions [k, d] that it alone determines, which are not in that.
        """
        there = self.found[index]
        if there is None:
            return None
        ordered = sorted(there.items(), key=lambda item: (-item[1]["figures"][0], [value or "" for value in item[0]]))
        return [(values, sums["figures"], *_without(sums["score"], sums["information"])) for values, sums in ordered]


def _parted(columns: Sequence[Texts]) -> list[tuple[Values, NDArray[np.int64]]]:
    """The rows by their texts in some columns."""
    code = np.zeros(len(columns[0].codes), np.int64)
    for column in columns:
        code = code * len(column.levels) + column.codes
    order = np.argsort(code, kind="stable")
    ends = np.flatnonzero(np.diff(code[order])) + 1
    return [
        (tuple(column.levels[column.codes[mine[0]]] for column in columns), mine)
        for mine in np.split(order, ends)
        if len(mine)
    ]


def _without(score: Array, information: Array) -> tuple[Array, Array]:
    values, vectors = np.linalg.eigh(np.eye(len(score)) - information)
    alone = values < ALONE
    left = vectors[:, ~alone]
    return left @ ((left.T @ score) / values[~alone]), vectors[:, alone]
