"""The configuration file, as pydantic models. Every error names file, key, value and the way out."""

from __future__ import annotations

import codecs
import difflib
import hashlib
import json
import math
import re
from pathlib import Path
from typing import Any, Literal, get_args

from pydantic import Field, ValidationError, field_validator, model_validator

from components.errors import ConfigError
from components.fit.settings import Exact, Model, Sgd
from components.model_gate.verdict import CROSS_VALIDATED
from components.preprocessing.features import (
    Boolean,
    Buckets,
    Categorical,
    Feature,
    Integer,
    Kind,
    Numeric,
    features_to_json,
    indicator_name,
)
from components.section import Settings
from components.table.added_columns import COLUMNS
from components.table.dialect import Dialect
from components.table.file_names import check_suffix, split_pattern
from components.table.spec import DropRule, TableSpec, ValueRule
from components.table.split_rule import SPLITS, SplitRule, TimeSplit, check_starts
from components.values.texts import MISSING_TOKENS, TRUTHS
from pipeline.config.targets import Target, Targets, section_at
from pipeline.config.yaml_file import read_yaml

METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "r_squared",
    "mean_label",
    "mean_prediction",
)

SHARES = 10_000  # parts that the shares of the splits are told apart by


class Split(Settings):
    """Which rows train, which are held out to judge the model (`eval`), and which are kept for a last look (`test`).

    Parts of the rows, drawn by each row's place in its file: `{train: 0.8, eval: 0.2}`, `{train: 0.7, eval: 0.2, test: 0.1}`, or
    `{train: 1}`, which holds none out: then the model is judged by cross-validation. `seed` draws another split. Or by time:
    `{by: COLUMN, eval_from: VALUE}`, perhaps with `test_from`: a number, a date or a time; what came before trains.
    """

    train: float | None = None
    eval: float | None = None
    test: float | None = None
    seed: int = Field(default=0, ge=0, lt=1 << 32)
    by: str | None = None
    eval_from: float | str | None = None
    test_from: float | str | None = None

    @field_validator("train", "eval", "test")
    @classmethod
    def _part(cls, value: float | None) -> float | None:
        if value is not None and not 0.0001 <= value <= 1:
            raise ValueError("must be between 0.0001 and 1; leave a split that gets no rows out")
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


class Data(Settings):
    """The table, how it is split, and which rows are left out.

    `path` is a file, or a pattern of files (`trips/*.csv`) that may hold TFX's `{SPAN}` and `{VERSION}`. Rows that have the same
    value in `split_by` (a customer's, say) stay together in one split and one fold. `missing` are the texts that stand for nothing.
    How a CSV is written: `delimiter` parts its fields (`";"`, `"\\t"`), `decimal` a number's fraction (`","`); `encoding` is
    a codec of Python's (`cp1252`, `utf-16`); lines that begin with `comment` are left out, and so are `skip_columns`, by name, or
    by place from 1 where there is none (`[1]`: row numbers of pandas and R). `escape` is the character that keeps a quote within
    quotes, a backslash in Spark's; without it such a quote is written twice. A row that can't be right (fields too many, a text for
    a number) is passed over up to `max_rejected` times; more of them end the run.
    """

    path: Path = Field(strict=False)
    split: Split = Split(train=0.8, eval=0.2)
    split_by: str | None = None
    missing: list[str] = MISSING_TOKENS
    delimiter: str = ","
    decimal: Literal[".", ","] = "."
    encoding: str = "utf-8"
    comment: str | None = None
    skip_columns: list[str | int] = []
    escape: str | None = None
    max_rejected: int = Field(default=0, ge=0)
    drop: dict[str, DropRule] = {}

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


class Limit(Settings):
    """What a metric may be: at least `min`, at most `max`, or both."""

    min: float | None = Field(default=None, allow_inf_nan=False)
    max: float | None = Field(default=None, allow_inf_nan=False)

    @model_validator(mode="after")
    def _one_bound(self) -> Limit:
        if self.min is None and self.max is None:
            raise ValueError("needs 'min', 'max' or both")
        if self.min is not None and self.max is not None and self.min > self.max:
            raise ValueError("min must not be above max")
        return self


def _known_metrics(value: dict[str, Limit]) -> dict[str, Limit]:
    for name in value:
        if name not in METRICS:
            raise ValueError(f"unknown metric {name!r}{_nearest(name, METRICS)}. Known: {', '.join(METRICS)}")
    return value


class Slice(Settings):
    """Columns to slice the eval split by; limits that every such slice must keep."""

    columns: list[str] = Field(min_length=1)
    limits: dict[str, Limit] = {}

    _limits = field_validator("limits")(_known_metrics)

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        return {"columns": value} if isinstance(value, list) else value


class Evaluate(Settings):
    """The gate. Without any limit a model must at least beat the mean of the evaluated labels (r_squared of 0).

    A held-out split of fewer than `min_rows` rows judges nothing: there, and where a limit lies inside a metric's interval, the
    cross-validation of the training rows decides.
    """

    min_rows: int = Field(default=30, ge=0)
    limits: dict[str, Limit] = {"r_squared": Limit(min=0.0)}
    no_worse_than_live: float | None = Field(default=0.01, ge=0, allow_inf_nan=False)
    slices: list[Slice] = []

    @field_validator("limits")
    @classmethod
    def _at_least_one(cls, value: dict[str, Limit]) -> dict[str, Limit]:
        if not value:
            raise ValueError(
                "needs at least one limit: without one there is no verdict. Leave the key out for the default"
            )
        return _known_metrics(value)


class Serve(Settings):
    """Where models are pushed to, `<root>/<path>/<name>/<version>`, how many versions stay, and the level of their intervals.

    `infra_validator` is a tag of TF Serving's image (`2.19.1`): TFX's InfraValidator then has the model loaded and queried in that
    image, by the Docker daemon of this machine, before anything is pushed.
    """

    path: str = "serving"
    keep: int = Field(default=5, ge=1)
    level: float = Field(default=0.95, gt=0, lt=1)
    infra_validator: str | None = Field(default=None, pattern=r"^[\w][\w.-]*$")

    @field_validator("infra_validator")
    @classmethod
    def _exact(cls, value: str | None) -> str | None:
        if value == "latest":
            raise ValueError("must be an exact tag of tensorflow/serving, such as '2.19.1'")
        return value

    @field_validator("path")
    @classmethod
    def _inside_the_root(cls, value: str) -> str:
        if not value or Path(value).is_absolute() or ".." in Path(value).parts:
            raise ValueError("must be a path inside the root folder, relative to it")
        return value


class Config(Settings):
    """One pipeline: one table, one label, one linear model.

    `materialize` has Transform write the transformed examples too, for other tools of TFX: no step here reads them.
    """

    name: str
    data: Data
    table_schema: Path | None = Field(default=None, alias="schema", strict=False)
    label: str
    weight: str | None = None
    features: dict[str, Feature] = Field(min_length=1)
    materialize: bool = False
    model: Model = Exact()
    evaluate: Evaluate = Evaluate()
    serve: Serve = Serve()
    targets: Targets = Targets()

    @field_validator("name")
    @classmethod
    def _portable(cls, value: str) -> str:
        if not re.fullmatch(r"[a-z][a-z0-9-]{0,62}", value):
            raise ValueError(
                "must be lower-case letters, digits and hyphens, a letter first, at most 63 (Kubeflow's rule)"
            )
        return value

    @model_validator(mode="after")
    def _columns_apart(self) -> Config:
        for name in self.features:
            if not name or "\0" in name:
                raise ValueError(
                    f"features: {name!r} is no name that a caller could send. Give the column one without NUL, or skip it"
                )
        for role, column in (("label", self.label), ("weight", self.weight)):
            if column in self.features:
                raise ValueError(
                    f"features.{column}: {column!r} is the {role}; it can't be a feature too. Remove one of the two"
                )
        if self.label == self.weight:
            raise ValueError(f"weight: {self.weight!r} is the label. Name another column, or null")
        for name in COLUMNS:
            if name in self.table_spec().columns:
                raise ValueError(f"{name!r} is the name of a column that ingest adds. Rename the table's column")
        numbers = {name: f for name, f in self.features.items() if isinstance(f, (Numeric, Integer))}
        derived = {indicator_name(name): name for name, feature in numbers.items() if feature.indicator}
        for clash in derived.keys() & {*self.features, self.label, self.weight}:
            raise ValueError(
                f"features.{derived[clash]}: its missing indicator would be called {clash!r}, which is a column already. "
                "Rename that column or set indicator: false"
            )
        return self

    @model_validator(mode="after")
    def _drops_suit(self) -> Config:
        spec = self.table_spec()
        for name, rule in self.data.drop.items():
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
        return self

    @model_validator(mode="after")
    def _can_be_judged(self) -> Config:
        if self.data.held_out:
            return self
        if not isinstance(self.model, Exact):
            raise ValueError("data.split: no rows are held out to judge gradient descent by. Add an eval split")
        for metric in self.evaluate.limits:
            if metric not in CROSS_VALIDATED:
                raise ValueError(
                    f"evaluate.limits.{metric}: no rows are held out, and cross-validation gives {', '.join(CROSS_VALIDATED)} "
                    "alone. Set a limit on one of these, or add an eval split"
                )
        if any(entry.limits for entry in self.evaluate.slices):
            raise ValueError(
                "evaluate.slices: no rows are held out to judge slices by. Remove their limits, or add an eval split"
            )
        return self

    @model_validator(mode="after")
    def _schema_on_every_target(self) -> Config:
        for name in Targets.model_fields:
            target: Target | None = getattr(self.targets, name)
            if target is not None and (target.table_schema is None) != (self.table_schema is None):
                rule = "missing, and" if self.table_schema else "given, and no"
                way = (
                    "Add where that file lies there"
                    if self.table_schema
                    else "Remove it, or name the schema for local runs too"
                )
                raise ValueError(
                    f"targets.{name}.schema: this key is {rule} 'schema' stands in the configuration. {way}"
                )
        return self

    def fingerprint(self) -> str:
        """SHA-256 of all that the file says, defaults put in; where the data lie, and where it runs, is no part of it."""
        value = self.model_dump(mode="json", exclude={"data": {"path"}, "table_schema": True, "targets": True})
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

    def serving_directory(self, root: Path) -> Path:
        """The folder that TF Serving watches: `<root>/<serve.path>/<name>`."""
        return root / self.serve.path / self.name

    def table_spec(self) -> TableSpec:
        """What ingest has to know."""
        kinds = {name: _column_kind(feature) for name, feature in self.features.items()}
        others = [(name, "numbers") for name in (self.label, self.weight) if name]
        others += [(name, "texts") for entry in self.evaluate.slices for name in entry.columns]
        others += [(name, "texts" if rule.is_for_texts else "numbers") for name, rule in self.data.drop.items()]
        for name, kind in others:
            kinds.setdefault(name, kind)
        named = {kind: [name for name in kinds if kinds[name] == kind] for kind in dict.fromkeys(kinds.values())}
        return TableSpec(
            numbers=named.get("numbers", []),
            integers=named.get("integers", []),
            wide=[name for name, f in self.features.items() if isinstance(f, Integer) and f.wide],
            booleans=named.get("booleans", []),
            texts=named.get("texts", []),
            label=self.label,
            weight=self.weight,
            drop=self.data.drop,
            missing=self.data.missing,
            split=self.data.split_rule(),
            features=list(self.features),
            penalised=isinstance(self.model, Exact) and self.model.l2 != 0,
            dialect=self.data.dialect(),
            values={
                name: ValueRule(min=f.min, max=f.max, outside=f.outside, impute=str(f.impute))
                for name, f in self.features.items()
                if isinstance(f, (Numeric, Integer))
            },
        )

    def step_config(self) -> dict[str, Any]:
        """What Transform and Trainer get as `custom_config`: plain JSON."""
        return {
            "features": features_to_json(self.features),
            "label": self.label,
            "weight": self.weight,
            "grouped": self.data.split_by is not None,
            "missing": self.data.missing,
        }


def _column_kind(feature: Kind) -> str:
    """Which of `TableSpec`'s lists names a feature's column."""
    if isinstance(feature, Categorical):
        return "texts"
    if isinstance(feature, Boolean):
        return "booleans"
    whole = isinstance(feature, Integer) or (isinstance(feature, Buckets) and feature.whole)
    return "integers" if whole else "numbers"


def load_config(path: Path) -> Config:
    """Reads a configuration file. Paths in it are relative to its own folder.

    Raises:
      ConfigError: the file can't be read, is not YAML, or says something that is wrong.
    """
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise ConfigError(
            f"{path}: expected a mapping with the keys name, data, label, features, model; received {_short(value)}"
        )
    try:
        config = Config.model_validate(value)
    except ValidationError as error:
        raise ConfigError("\n".join(_describe(path, detail) for detail in error.errors())) from error
    folder = path.resolve().parent
    data = config.data.model_copy(update={"path": folder / config.data.path})
    schema = config.table_schema and folder / config.table_schema
    if schema and not schema.is_file():
        raise ConfigError(
            f"{path}: schema: {schema} is not a file. Name a schema in text format, or leave the key out."
        )
    return config.model_copy(update={"data": data, "table_schema": schema})


def _short(value: Any) -> str:
    text = repr(value)
    return text if len(text) <= 200 else f"{text[:200]}…"


def _nearest(word: str, known: Any) -> str:
    close = difflib.get_close_matches(word, list(known), 1)
    return f"; did you mean {close[0]!r}?" if close else ""


def _describe(path: Path, detail: Any) -> str:
    """One of pydantic's errors as one line."""
    location = [part for index, part in enumerate(detail["loc"]) if not _is_tag(detail["loc"], index)]
    key = ".".join(str(part) for part in location) or "the file"
    received = detail["input"]
    if detail["type"] == "extra_forbidden":
        known = _keys_at(detail["loc"][:-1])
        hint = _nearest(str(location[-1]), known)
        return f"{path}: {key}: unknown key{hint or '. Known here: ' + ', '.join(known)}; remove or rename it."
    if detail["type"] == "missing":
        return f"{path}: {key}: this key is missing. Add it."
    if detail["type"] == "value_error":
        rule = str(detail["ctx"]["error"])
        where = "" if key == "the file" else f"{key}: "
        return f"{path}: {where}{rule}." + (
            "" if isinstance(received, dict) and not location else f" Received {_short(received)}."
        )
    hint = ""
    if detail["type"] == "string_type" and isinstance(received, (bool, int, float)):
        hint = f" A text that looks like something else is written in quotes: '{received}'."
    elif detail["type"] == "bool_type" and str(received).lower() in ("yes", "no", "on", "off"):
        hint = " Write true or false."
    return f"{path}: {key}: {detail['msg']}. Received {_short(received)}.{hint}"


def _is_tag(location: tuple[Any, ...], index: int) -> bool:
    """Whether a part of pydantic's location is the kind of a feature or the solver, and no key."""
    return index == {"features": 2, "model": 1}.get(location[0])


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    """The keys that may stand at a place in the file."""
    section: type[Settings]
    match location:
        case ("data",):
            section = Data
        case ("data", "split"):
            section = Split
        case ("data", "drop", _):
            section = DropRule
        case ("features", _, kind):
            section = next(found for found in get_args(Kind) if found.model_fields["kind"].default == kind)
        case ("model", solver):
            section = Exact if solver == "exact" else Sgd
        case ("evaluate",):
            section = Evaluate
        case ("evaluate", "slices", _):
            section = Slice
        case (*_, "limits", _):
            section = Limit
        case ("serve",):
            section = Serve
        case ("targets", *below):
            section = section_at(*below)
        case _:
            section = Config
    return [field.alias or name for name, field in section.model_fields.items()]
