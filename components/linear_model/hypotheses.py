"""Linear hypotheses about the coefficients of a fit: independent equations, from a text (`hypotheses_text` has the grammar).

All arithmetic is exact, in fractions, so that which equations follow from others, and which contradict them, is no matter of
rounding.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from components.errors import ConfigError
from components.linear_model.hypotheses_text import Names, Reader, Weights, beginning, equation_text

Array = NDArray[np.float64]

MOST = 2000  # equations, and columns in them: of matrices of so many columns all eigenvalues are found


@dataclasses.dataclass(frozen=True)
class Equation:
    """Σ weight · coefficient = constant.

    Attributes:
      weights: by the place of a coefficient; none is 0.
      constant: the right side.
      text: for eyes, as it was understood.
    """

    weights: Weights
    constant: Fraction
    text: str


@dataclasses.dataclass(frozen=True)
class Hypotheses:
    """Linearly independent equations.

    Attributes:
      equations: [m].
      said: sentences about equations that were left out, and names that are 0 by definition.
    """

    equations: list[Equation]
    said: list[str]

    @property
    def places(self) -> list[int]:
        """Of the coefficients that are named, increasing, [k]."""
        return sorted({place for equation in self.equations for place in equation.weights})

    def system(self) -> tuple[Array, Array]:
        """L [m, k], of the coefficients at `places`, and the constants c [m]: L·b = c.

        Raises:
          ConfigError: a number is beyond what 64 bits hold.
        """
        at = {place: index for index, place in enumerate(self.places)}
        matrix = np.zeros((len(self.equations), len(at)))
        try:
            for row, equation in zip(matrix, self.equations, strict=True):
                for place, weight in equation.weights.items():
                    row[at[place]] = float(weight)
            return matrix, np.array([float(equation.constant) for equation in self.equations])
        except OverflowError as error:
            raise ConfigError(
                "hypotheses: a number is beyond the range of 64 bits. Write the equation in other units."
            ) from error


def parse(text: str, names: Names) -> Hypotheses:
    """The hypotheses of a text.

    Args:
      text: of the grammar.
      names: that may stand in it.

    Raises:
      ConfigError: it is not of the grammar, names what is not known or has no coefficient, contradicts itself, or says nothing
        about any coefficient.
    """
    reader = Reader(text, names)
    found = reader.equations()
    if len(found) > MOST or len({place for row, _ in found for place in row}) > MOST:
        raise ConfigError(
            f"hypotheses: expected at most {MOST:,} equations and columns; received {len(found):,} equations. "
            "plumbline show has the tests of whole features."
        )
    references = [f"{name} is a reference level: 0 by definition" for name in reader.references]
    said = list(references)
    kept: list[Equation] = []
    pivots: dict[int, tuple[Weights, Fraction]] = {}
    for weights, constant in found:
        equation = Equation(weights, constant, equation_text(weights, constant, names.columns))
        row, rest = _reduced(weights, constant, pivots)
        if row:
            pivots[min(row)] = row, rest
            kept.append(equation)
        elif rest:
            before = " and those before it contradict each other" if weights else " can't be"
            raise ConfigError(f"hypotheses: {equation.text}{before}. Leave one of them out.")
        elif weights:
            said.append(f"{equation.text} follows from the others: counted once")
        else:
            said.append("an equation is true by definition: not counted")
    if not kept:
        raise ConfigError(
            f"hypotheses: {beginning(text)!r} says nothing about any coefficient"
            f"{''.join(f'; {sentence}' for sentence in references)}. Name one that is estimated: plumbline show has them."
        )
    return Hypotheses(kept, said)


def _reduced(
    weights: Mapping[int, Fraction], constant: Fraction, pivots: Mapping[int, tuple[Weights, Fraction]]
) -> tuple[Weights, Fraction]:
    """An equation less what others say of it; the others are by the first place that each has."""
    row, rest = dict(weights), constant
    while (place := min((place for place in row if place in pivots), default=None)) is not None:
        other, its = pivots[place]
        by = row[place] / other[place]
        rest -= by * its
        for column, weight in other.items():
            row[column] = row.get(column, Fraction(0)) - by * weight
            if not row[column]:
                del row[column]
    return row, rest
