"""A model.json of numbers, of a text with very many levels and one with few, whose covariance is absorbed; made by hand."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from components.linear_model.absorbed_covariance import AbsorbedCovariance
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.portable import DependentColumn, Interval, PortableModel
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.numeric import Numeric
from tests.components.models import made_model

FEW = "abc"


def city(index: int) -> str:
    """The name of a level."""
    return f"city {index:06d}"


def many_levels(levels: int, numbers: int = 2) -> PortableModel:
    """The model: columns `x0`, …, `city` and `few`, of which no training row had another text or a missing one.

    Args:
      levels: of `city`, beside the others and the missing.
      numbers: how many; that of `x1` is given by `x0` and a level of `few`.
    """
    generator = np.random.default_rng(5)
    names = [f"x{index}" for index in range(numbers)]
    kinds: dict[str, Any] = {name: Numeric(scale="none") for name in names}
    kinds |= {"city": Categorical(vocabulary=levels), "few": Categorical(vocabulary=len(FEW))}
    terms = [Term(name, name) for name in names]
    terms.append(Term("city", "city", levels=text_levels([city(index) for index in range(levels)])))
    terms.append(Term("few", "few", levels=text_levels(FEW)))
    design = DesignMatrix(tuple(terms))
    first = 1 + numbers
    own = np.zeros(1 + design.width)
    own[first : first + levels] = generator.uniform(0.1, 1.0, levels)
    rows, root = generator.normal(size=(len(own), first + 3)), generator.normal(size=(first + 3, first + 3))
    after = first + levels + 2
    never = [first + levels, first + levels + 1, after + len(FEW), after + len(FEW) + 1]
    references = {"city": first, "few": after}
    rows[[*never, *references.values()]] = 0.0
    own[[*never, first]] = 0.0
    entries: list[Any] = [{**entry, "fill": 0.0} for entry in features_to_json(kinds)]
    made = made_model(entries, design, references=references)
    means = generator.uniform(0, 1, len(own))
    means[0] = 1.0
    means[first:] /= levels
    return dataclasses.replace(
        made,
        coefficients=generator.normal(size=len(own)),
        means=means,
        interval=Interval(
            level=0.95,
            t=1.96,
            degrees_of_freedom=500.0,
            sigma=0.5,
            covariance=AbsorbedCovariance(own, rows, 0.01 * root @ root.T),
            dropped=[
                {"column": 2, "on": {"1": 2.0, str(after + 1): -1.0}},
                *[DependentColumn(column=at, on={}) for at in never],
            ],
        ),
    )


def raw_rows(levels: int, numbers: int, rows: int) -> dict[str, list[Any]]:
    """Rows of such a model: of each third one `x1` is what it was in training, some texts are unknown, some missing."""
    generator = np.random.default_rng(6)
    found: dict[str, Any] = {f"x{index}": generator.normal(size=rows).astype(np.float32) for index in range(numbers)}
    found["city"] = [city(index) for index in generator.integers(0, levels, rows)]
    found["few"] = list(generator.choice(list(FEW), rows))
    agree = 2.0 * found["x0"] - (np.array(found["few"]) == FEW[1])
    found["x1"][::3] = agree[::3]
    found["city"][3], found["few"][6], found["city"][9], found["few"][12] = "nowhere", "z", None, None
    return found
