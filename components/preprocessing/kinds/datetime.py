"""A date or a time."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, field_validator, model_validator

from components.preprocessing.kinds.of_column import OfColumn
from components.section import Section
from components.values.calendar_parts import CYCLIC, LEVELS, NUMBERS
from components.values.dates import ISO, check_format
from components.values.zones import FIRST_YEAR, LAST_YEAR, zone_of

Part = Literal["hour", "weekday", "month", "day_of_year", "quarter", "year", "elapsed"]
_WAYS = {"levels": tuple(LEVELS), "cyclic": CYCLIC, "number": NUMBERS}
_USUAL = {
    **dict.fromkeys(NUMBERS, "number"),
    **dict.fromkeys(CYCLIC, "cyclic"),
    "weekday": "levels",
    "quarter": "levels",
}


class DatePart(Section):
    """A part of a date, and what it is in the linear model."""

    part: Part = Field(
        description="`hour` of the day, `weekday`, `month`, `day_of_year`, `quarter`, `year`, or `elapsed`: days since 1970-01-01 "
        "in UTC with their fraction.",
        examples=["month"],
    )
    as_: Literal["cyclic", "levels", "number"] | None = Field(
        default=None,
        alias="as",
        description="`cyclic`: the sine and the cosine of a circle that `hour` (with its minutes), `weekday`, `month`, `quarter` "
        "or `day_of_year` goes round. `levels`: one for each `hour`, `weekday`, `month` or `quarter`, and one for missing dates. "
        "`number`: `year` and `elapsed`, as z-scores. By default numbers are so, weekdays and quarters are levels, and others "
        "cyclic.",
        examples=["levels"],
    )

    @model_validator(mode="before")
    @classmethod
    def _usual(cls, value: Any) -> Any:
        if isinstance(value, dict) and value.get("as") is None and value.get("part") in _USUAL:
            return {**value, "as": _USUAL[value["part"]]}
        return value

    @model_validator(mode="after")
    def _possible(self) -> DatePart:
        if self.as_ and self.part not in _WAYS[self.as_]:
            ways = " or ".join(way for way, parts in _WAYS.items() if self.part in parts)
            raise ValueError(f"as: {self.part} can be {ways} alone")
        return self


def _expand(value: Any) -> Any:
    return {"part": value} if isinstance(value, str) else value


class Datetime(OfColumn):
    """A date or a time: parts of it, each a number, levels, or a place on a circle. A missing one is a level of its own, the middle
    of a circle, and of numbers the mean.
    """

    kind: Literal["datetime"] = Field(default="datetime", description="The kind of feature.", examples=["datetime"])
    format: str = Field(
        default=ISO,
        description="How dates are written: `iso` (ISO 8601: `2024-01-31`, `2024-01-31T23:59:00.5+01:00`, or a Parquet file's own "
        "dates), whole numbers of seconds (`epoch`) or milliseconds (`epoch_ms`) since 1970 in UTC, or digits as `strptime` names "
        "them: `%Y` `%y` `%m` `%d` `%H` `%M` `%S` `%f` `%z`. Texts as ISO 8601 has them are always read.",
        examples=["%d/%m/%Y %H:%M"],
    )
    zone: str = Field(
        default="UTC",
        description="The zone of the IANA database whose clocks and calendar the parts are of, and whose time a text without an "
        f"offset is. Its changes between {FIRST_YEAR} and {LAST_YEAR} are in the model.",
        examples=["Europe/Berlin"],
    )
    parts: list[Annotated[DatePart, BeforeValidator(_expand, json_schema_input_type=Part | DatePart)]] = Field(
        default=["elapsed", "month", "weekday"],
        validate_default=True,
        min_length=1,
        description="What of the date predicts: names of parts, or mappings that say what a part is to be.",
        examples=[["elapsed", {"part": "month", "as": "levels"}]],
    )
    indicator: bool = Field(
        default=False,
        description="Whether a column is added that is 1 where the date was missing, else 0.",
        examples=[True],
    )

    @field_validator("format")
    @classmethod
    def _known_format(cls, value: str) -> str:
        check_format(value)
        return value

    @field_validator("zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        zone_of(value)
        return value

    @field_validator("parts")
    @classmethod
    def _once(cls, value: list[DatePart]) -> list[DatePart]:
        if len({(said.part, said.as_) for said in value}) < len(value):
            raise ValueError("must be apart; one stands there twice")
        return value
