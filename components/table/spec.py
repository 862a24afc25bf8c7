"""What ingest has to know of the configuration: columns by kind, rules that drop rows, texts that stand for nothing, the split."""

from __future__ import annotations

from typing import Any

from pydantic import BaseModel, Field, field_validator, model_validator

from components.section import Section
from components.table.added_columns import CLUSTER_COLUMN, GROUP_COLUMN, ROW_COLUMN, TIME_COLUMN
from components.table.dialect import PLAIN, Dialect
from components.table.split_rule import SplitRule
from components.values.texts import MISSING_TOKENS, as_texts


class DropRule(Section, json_schema_extra={"minProperties": 1}):
    """Rows to leave out of training and evaluation, by the value of one column."""

    missing: bool = Field(default=False, description="Whether rows without a value are left out.", examples=[True])
    below: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Rows with a number below this one are left out.",
        examples=[2.25],
        json_schema_extra={"x-unit": "the column's"},
    )
    above: float | None = Field(
        default=None,
        allow_inf_nan=False,
        description="Rows with a number above this one are left out.",
        examples=[200],
        json_schema_extra={"x-unit": "the column's"},
    )
    values: list[str] | None = Field(
        default=None,
        min_length=1,
        description="Rows with one of these texts or truth values are left out.",
        examples=[["test", "void"]],
    )

    @field_validator("values", mode="before", json_schema_input_type=list[str | bool | float] | None)
    @classmethod
    def _as_texts(cls, value: Any) -> Any:
        return as_texts(value)

    @model_validator(mode="after")
    def _says_something(self) -> DropRule:
        if not self.missing and self.below is None and self.above is None and self.values is None:
            raise ValueError("drops no row. Give missing: true, below, above or values, or remove the rule")
        return self

    @property
    def is_for_texts(self) -> bool:
        """Whether it asks nothing that needs a number."""
        return self.below is None and self.above is None


class ValueRule(BaseModel):
    """What the served graph does with some values of a feature of numbers, or of ordered texts; ingest only counts them.

    Attributes:
      column: that the feature is made of; None for the one of its name.
      levels: of a feature of texts, all that are valid.
      min, max: the ends of what is valid.
      too_low: how a value below `min` is told of, where its number would not say it.
      outside: `missing` or `clip`.
      impute: what a missing value becomes.
    """

    column: str | None = None
    min: int | float | None = None
    max: int | float | None = None
    levels: list[str] | None = None
    too_low: str | None = None
    outside: str
    impute: str


class TableSpec(BaseModel):
    """What ingest has to know of the configuration.

    Attributes:
      numbers: columns that are numbers (numeric features, buckets, label, weight, drop rules).
      texts: columns that are texts (categorical features, slices, drop rules).
      integers: columns that are whole numbers, to be taken exactly.
      wide: those of them that may be beyond 2^53.
      booleans: columns that are truth values.
      dates: by column of dates how they are written (`components.values.dates`); each is one of `texts` or `integers` too.
      label, weight: names; every kept row must have a finite value there, the weight none below zero.
      drop: rules that leave rows out, by column.
      values: rules of the features of numbers and of ordered texts, to be counted, by feature.
      missing: texts that stand for nothing.
      split: how rows are split.
      features: the columns among these that are features.
      family: text of the family of models (`Family.text`), which says what labels it can have.
      positive: of a label that is one of two texts, the one that is 1; None for numbers.
      offset: name of the column of the offset, a number in every kept row; one of `features`.
      exposed: whether that column is an exposure: above 0 in every kept row.
      penalised: whether the fit may have a penalty, so that there may be more coefficients than rows.
      cluster: the column whose values are the clusters of the standard errors; a kept row has a value there.
      dialect: how CSV files are written.
    """

    numbers: list[str]
    texts: list[str]
    integers: list[str] = []
    wide: list[str] = []
    booleans: list[str] = []
    dates: dict[str, str] = {}
    label: str
    weight: str | None = None
    drop: dict[str, DropRule] = {}
    values: dict[str, ValueRule] = {}
    missing: list[str] = MISSING_TOKENS
    split: SplitRule = SplitRule()
    features: list[str] = []
    family: str = "gaussian"
    positive: str | None = None
    offset: str | None = None
    exposed: bool = False
    penalised: bool = False
    cluster: str | None = None
    dialect: Dialect = PLAIN

    @property
    def kept(self) -> list[str]:
        """The columns that have a kind, and are kept."""
        return [*self.numbers, *self.integers, *self.booleans, *self.texts]

    @property
    def columns(self) -> list[str]:
        """The columns to read."""
        return list(dict.fromkeys([*self.kept, *self.split.columns, *([self.cluster] if self.cluster else [])]))

    @property
    def added(self) -> list[str]:
        """The columns that ingest adds (`added_columns`), in the order in which they stand after the others."""
        there = {
            ROW_COLUMN: True,
            GROUP_COLUMN: self.split.group is not None,
            CLUSTER_COLUMN: self.cluster is not None,
            TIME_COLUMN: self.split.time is not None,
        }
        return [name for name, is_there in there.items() if is_there]
