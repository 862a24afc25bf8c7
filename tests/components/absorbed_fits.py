"""The same rows twice: with the columns of a feature's many levels, and with the levels eliminated."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from components.linear_model.absorbed_factor import AbsorbedFactor, levels_of_term
from components.linear_model.absorbed_solve import AbsorbedProblem
from components.linear_model.blocks import Block, Texts
from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
from components.linear_model.elastic_net_problem import ElasticNetProblem
from components.linear_model.factors import TriangularFactor
from components.linear_model.gathered import GatheredRows
from components.linear_model.linear_fit import LinearFit
from components.linear_model.solve import Problem, Settings
from components.values.names import INTERCEPT

FOLDS = 5
TOLERANCE = 1e-6


@dataclasses.dataclass
class Table:
    """Rows: `city` is a level, `month` another feature's, `a` and `b` numbers; y the label."""

    city: Any
    month: Any
    a: Any
    b: Any
    y: Any
    weight: Any
    fold: Any
    cities: int

    @classmethod
    def drawn(cls, rows: int, cities: int, *, weights: bool = False, seed: int = 5) -> Table:
        """Some cities have no row, some one. Numbers lie far from 0."""
        draw = np.random.default_rng(seed)
        city, month = draw.integers(0, cities, rows), draw.integers(0, 4, rows)
        a, b = 2010 + 7 * draw.normal(size=rows), 50 * draw.normal(size=rows) + 3.0 * (city % 7)
        y = 30 + 0.25 * (a - 2010) - 0.01 * b + draw.normal(size=cities)[city] + 0.5 * month + draw.normal(size=rows)
        weight = draw.integers(0, 4, rows) / 2 if weights else None
        return cls(city, month, a, b, y, weight, draw.integers(0, FOLDS, rows), cities)

    def take(self, rows: Any) -> Table:
        """Some of the rows."""
        columns = {name: value[rows] for name, value in vars(self).items() if isinstance(value, np.ndarray)}
        return dataclasses.replace(self, **columns)

    @property
    def design(self) -> DesignMatrix:
        """A number, the cities, a number, the months."""
        cities = text_levels([f"c{index}" for index in range(self.cities)])
        return DesignMatrix(
            (
                Term("a", "a", mean=2010.0, std=7.0),
                Term("city", "city", levels=cities),
                Term("b", "b", mean=1.0, std=50.0),
                Term("month", "month", levels=text_levels([f"m{index}" for index in range(4)])),
            )
        )

    def gathered(self, absorbed: bool) -> GatheredRows:
        """As Gather leaves them, in raw units."""
        design = self.design
        columns = {"a": self.a, "city": self.city, "b": self.b, "month": self.month}
        x = np.column_stack([np.ones(len(self.y)), design.dense(columns)])
        others = design.less("city").dense(columns)
        names = [INTERCEPT, *design.column_names]
        parts: list[Any] = []
        for fold in range(FOLDS):
            mine = np.flatnonzero(self.fold == fold)
            factor: Any = (
                AbsorbedFactor(names, levels_of_term(design, "city"))
                if absorbed
                else TriangularFactor(names, intercept=True)
            )
            for part in np.array_split(mine, 3):
                weight = None if self.weight is None else self.weight[part]
                if absorbed:
                    more = AbsorbedFactor(names, factor.levels).add(self.city[part], others[part], self.y[part], weight)
                    factor.merge(more)
                else:
                    factor.add(x[part], self.y[part], weight)
            parts.append(factor)
        used = slice(None) if self.weight is None else self.weight > 0
        present = np.count_nonzero(x[used], axis=0).tolist()
        return GatheredRows("gaussian", "y", "w", False, design, len(x), present, parts)

    def problem(self, absorbed: bool, **settings: Any) -> Any:
        """Of the scaled columns."""
        found = self.gathered(absorbed)
        kind: Any = AbsorbedProblem if absorbed else Problem
        if settings.get("elastic_net") is not None:
            kind = ElasticNetProblem
        return kind(found.scaled(), Settings(tolerance=TOLERANCE, **settings))

    def block(self, columns: list[int]) -> Block:
        """The rows of a weight above 0, with some scaled columns; slices are the months."""
        means, stds = self.design.scales()
        raw = self.design.dense({"a": self.a, "city": self.city, "b": self.b, "month": self.month})
        x = (np.column_stack([np.ones(len(self.y)), raw]) - means) / stds
        number = np.arange(len(self.y))
        weight = np.ones(len(self.y)) if self.weight is None else self.weight
        months = Texts(self.month.astype(np.int32), ("m0", "m1", "m2", "m3"))
        rows = Block(
            x[:, columns],
            self.y,
            weight,
            weight * 0,
            self.fold,
            number.astype(np.uint64),
            row=number,
            level=self.city,
            slices=(months,),
        )
        return rows.take(weight > 0)

    def fit(self, absorbed: bool, **changed: Any) -> LinearFit:
        """As Fit leaves it; `changed` are of the settings."""
        found = self.gathered(absorbed)
        references = {
            term.key: place + int(np.argmax(found.present[place : place + term.width]))
            for place, term in found.design.places()
            if term.levels
        }
        scales = {place: (term.mean, term.std) for place, term in found.design.places() if not term.levels}
        problem = self.problem(absorbed, references=set(references.values()), scales=scales, **changed)
        parts = found.scaled()
        return LinearFit(
            "gaussian",
            "y",
            "w",
            found.design,
            references,
            found.rows_read,
            found.present,
            problem.fit(),
            [part.rows for part in parts],
            parts if absorbed else np.array([part.square() for part in parts]),
            fold_log_weights=[part.log_weight for part in parts],
        )
