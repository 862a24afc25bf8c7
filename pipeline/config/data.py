"""The `data:` section of the configuration: the table, how it is written and split, and which rows are left out."""

from __future__ import annotations

import codecs
import math
from pathlib import Path
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from components.section import Section
from components.table.dialect import Dialect
from components.table.file_names import check_suffix, split_pattern
from components.table.spec import DropRule, TableSpec
from components.table.split_rule import SPLITS, SplitRule, TimeSplit, check_starts
from components.values.texts import MISSING_TOKENS, TRUTHS

SHARES = 10_000  # parts that the shares of the splits are told apart by
LEAST_PART = 1 / SHARES
_PART: dict[str, Any] = {"minimum": LEAST_PART, "maximum": 1, "x-unit": "part of the rows"}


class Split(Section):
    """Which rows train, which are held out to judge the model (`eval`), and which are kept for a last look (`test`).

    Either parts of the rows, which sum to 1 and are drawn by each row's place in its file: `{train: 0.8, eval: 0.2}`, or
    `{train: 1}`, which holds none out: then the model is judged by cross-validation. Or by time:
    `{by: day, eval_from: 2024-04-01}`; what came before trains.
    """

    train: float | None = Field(
        default=None, description="The part that trains.", examples=[0.7], json_schema_extra=_PART
    )
    eval: float | None = Field(
        default=None, description="The part that judges the model.", examples=[0.2], json_schema_extra=_PART
    )
    test: float | None = Field(
        default=None,
        description="The part that no step reads but a last evaluation after the push.",
        examples=[0.1],
        json_schema_extra=_PART,
    )
    seed: int = Field(default=0, ge=0, lt=1 << 32, description="Another one draws another split.", examples=[1])
    by: str | None = Field(
        default=None, description="The column of numbers, dates or times that splits by time.", examples=["day"]
    )
    eval_from: float | str | None = Field(
        default=None,
        description="The first value of `by` that judges: a number, or a date or time as ISO 8601 has it.",
        examples=["2024-04-01"],
        json_schema_extra={"x-unit": "the column's"},
    )
    test_from: float | str | None = Field(
        default=None,
        description="The first value of `by` that is kept for the last look, after `eval_from`.",
        examples=["2024-05-01"],
        json_schema_extra={"x-unit": "the column's"},
    )

    @field_validator("train", "eval", "test")
    @classmethod
    def _part(cls, value: float | None) -> float | None:
        if value is not None and not LEAST_PART <= value <= 1:
            raise ValueError(f"must be between {LEAST_PART} and 1; leave a split that gets no rows out")
        return value

    @model_validator(mode="after")
    def _shares_or_time(self) -> Split:
        if self.by is None:
            if self.eval_from is not None or self.test_from is not None:
                raise ValueError("eval_from and test_from need 'by', the column that they are values of")
            if self.train is None:
                raise ValueError("needs 'train', the part of the rows to fit")
            total = sum(self._parts().values())
            if not math.isclose(total, 1.0, abs_tol=1e-6):
                raise ValueError(f"must sum to 1; it sums to {total:g}")
        elif self.eval_from is None:
            raise ValueError("'by' needs 'eval_from', the first value that is held out")
        elif self._parts() or self.seed:
            raise ValueError("rows are split by time ('by') or by parts ('train', 'eval', 'test', 'seed'), not by both")
        check_starts(self.starts())
        return self

    def _parts(self) -> dict[str, float]:
        return {name: part for name in SPLITS if (part := getattr(self, name)) is not None}

    def shares(self) -> dict[str, int]:
        """The part of each split that there is, in the order of `SPLITS`, as the least whole numbers: to 1 in 10,000."""
        parts = {name: round(part * SHARES) for name, part in self._parts().items()}
        if parts:
            parts["train"] += SHARES - sum(parts.values())
        return {name: part // math.gcd(*parts.values()) for name, part in parts.items()}

    def starts(self) -> dict[str, float | str]:
        """The value that each split by time begins with."""
        starts = {"eval": self.eval_from, "test": self.test_from}
        return {name: start for name, start in starts.items() if start is not None}


class Data(Section):
    """The table, how it is split, and which rows are left out. `plumbline init` finds how a CSV is written."""

    path: Path = Field(
        strict=False,
        description="A CSV, CSV.gz or Parquet file, or a pattern of such files that may hold TFX's `{SPAN}` and `{VERSION}`; "
        "relative to the configuration's folder.",
        examples=["trips/*.csv"],
    )
    split: Split = Field(
        default=Split(train=0.8, eval=0.2),
        description="Which rows train, which judge.",
        examples=[{"train": 0.7, "eval": 0.2, "test": 0.1}],
    )
    split_by: str | None = Field(
        default=None,
        description="Rows that have the same value in this column (a customer's, say) stay together in one split and one fold.",
        examples=["customer"],
    )
    missing: list[str] = Field(
        default=MISSING_TOKENS,
        description="The texts that stand for nothing, blanks around them aside.",
        examples=[["", "NA", "-"]],
    )
    delimiter: str = Field(
        default=",",
        description="The character of ASCII that parts a CSV's fields; `tab` is one too.",
        examples=[";"],
    )
    decimal: Literal[".", ","] = Field(
        default=".", description="What parts a number's fraction from its whole part.", examples=[","]
    )
    encoding: str = Field(
        default="utf-8", description="A CSV's text encoding, by any name that Python knows.", examples=["cp1252"]
    )
    comment: str | None = Field(default=None, description="How a line of a CSV begins that is no row.", examples=["#"])
    skip_columns: list[str | int] = Field(
        default=[],
        description="Columns that are passed over: by name, or by place from 1 where there is none (row numbers of pandas and R).",
        examples=[[1]],
    )
    escape: str | None = Field(
        default=None,
        description="The character of a CSV that keeps a quote within quotes, a backslash in Spark's; without it such a quote is "
        "written twice.",
        examples=["\\"],
    )
    max_rejected: int = Field(
        default=0,
        ge=0,
        description="How many rows that can't be right (fields too many, a text for a number) are passed over; more of them "
        "end the run.",
        examples=[10],
        json_schema_extra={"x-unit": "rows"},
    )
    drop: dict[str, DropRule] = Field(
        default={},
        description="Rules that leave rows out of training and evaluation, by column.",
        examples=[{"fare": {"missing": True, "below": 2.25}}],
    )

    def location(self) -> tuple[Path, str]:
        """The folder that holds the files, and their pattern below it."""
        base, pattern = split_pattern(str(self.path))
        return Path(base), pattern

    def dialect(self) -> Dialect:
        """How CSV files are written."""
        return Dialect(
            delimiter=self.delimiter,
            decimal=self.decimal,
            encoding=self.encoding,
            comment=self.comment,
            skip_columns=tuple(self.skip_columns),
            escape=self.escape,
        )

    def split_rule(self) -> SplitRule:
        """What ingest has to know of the split."""
        time = TimeSplit(column=self.split.by, starts=self.split.starts()) if self.split.by else None
        return SplitRule(shares=self.split.shares(), seed=self.split.seed, group=self.split_by, time=time)

    def check_drops(self, spec: TableSpec) -> None:
        """Raises a ValueError if a rule that drops rows does not suit its column's kind."""
        for name, rule in self.drop.items():
            where = f"data.drop.{name}"
            if name in spec.texts or name in spec.booleans:
                what = "a text" if name in spec.texts else "a truth value"
                if not rule.is_for_texts:
                    raise ValueError(
                        f"{where}: below and above are for numbers, and {name!r} is {what}. Use missing or values"
                    )
            elif rule.values is not None:
                raise ValueError(
                    f"{where}: values are for texts and truth values, and {name!r} is a number. Use below and above"
                )
            if name in spec.booleans and not set(rule.values or ()) <= set(TRUTHS):
                raise ValueError(
                    f"{where}.values: {name!r} is a truth value: true, false or both. Received {rule.values}"
                )

    @property
    def held_out(self) -> bool:
        """Whether rows are held out to judge the model."""
        return "eval" in self.split_rule().names

    @field_validator("path")
    @classmethod
    def _suffix(cls, value: Path) -> Path:
        check_suffix(value.name)
        return value

    @model_validator(mode="after")
    def _groups_or_time(self) -> Data:
        if self.split_by is not None and self.split.by is not None:
            raise ValueError("rows are split by time (split.by) or by a column's values (split_by), not by both")
        return self

    @field_validator("delimiter")
    @classmethod
    def _parts_fields(cls, value: str) -> str:
        value = "\t" if value in ("tab", r"\t") else value
        if len(value) != 1 or not value.isascii() or value in '"\r\n\0':
            raise ValueError("must be one character of ASCII, such as ';' or \"\\t\", and no quote or line end")
        return value

    @field_validator("encoding")
    @classmethod
    def _known_codec(cls, value: str) -> str:
        try:
            if "é".encode(value) and codecs.getincrementaldecoder(value):
                return value
        except (LookupError, UnicodeError, TypeError):
            pass
        raise ValueError("must be a text encoding that Python knows, such as utf-8, cp1252, latin-1 or utf-16")

    @field_validator("comment")
    @classmethod
    def _begins_a_line(cls, value: str | None) -> str | None:
        if value is not None and (not value or '"' in value or len(value.splitlines()) != 1 or value[-1] in "\r\n"):
            raise ValueError(
                "must be what a line begins with that is no row, such as '#', without a quote or a line end"
            )
        return value

    @field_validator("skip_columns")
    @classmethod
    def _each_once(cls, value: list[str | int]) -> list[str | int]:
        if len(set(value)) < len(value) or any(isinstance(item, int) and item < 1 for item in value):
            raise ValueError("must be names of columns, or places from 1, each once")
        return value

    @model_validator(mode="after")
    def _told_apart(self) -> Data:
        if self.delimiter in (self.decimal, self.escape) and (self.delimiter, self.decimal) != (",", "."):
            raise ValueError(
                "delimiter must be another character than decimal and escape: with decimal commas, it is ';' or a tab"
            )
        return self

    @field_validator("escape")
    @classmethod
    def _one_character(cls, value: str | None) -> str | None:
        if value is not None and (len(value) != 1 or not value.isascii() or value in '",\r\n'):
            raise ValueError("must be one character of ASCII, such as '\\' (Spark's), and no quote, comma or line end")
        return value
