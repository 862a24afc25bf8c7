"""The configuration file, as pydantic models. Every error names file, key, value and the way out."""

from __future__ import annotations

import difflib
import hashlib
import json
import math
import re
from fractions import Fraction
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from components.errors import ConfigError
from components.ingest.files import check_suffix, split_pattern
from components.ingest.table import MISSING_TOKENS, DropRule, TableSpec, ValueRule
from components.preprocessing.features import (
    Buckets,
    Categorical,
    Feature,
    Numeric,
    features_to_json,
    indicator_name,
    servable,
)
from components.settings import Settings
from components.trainer.settings import Exact, Model, Sgd
from pipeline.targets import Target, Targets, section_at
from pipeline.yaml_file import read_yaml

METRICS = (
    "mean_squared_error",
    "root_mean_squared_error",
    "mean_absolute_error",
    "r_squared",
    "mean_label",
    "mean_prediction",
)


class Data(Settings):
    """The table, how it is split, and which rows are left out.

    `path` is a file, or a pattern of files (`trips/*.csv`) that may hold TFX's `{SPAN}` and `{VERSION}`. A row's split is decided
    by a hash of its values, or of its value in `split_by`. `missing` are the texts that stand for nothing. A row that can't be
    right (fields too many, a text for a number) is passed over up to `max_rejected` times; more of them end the run.
    """

    path: Path = Field(strict=False)
    split: dict[str, float] = {"train": 0.8, "eval": 0.2}
    split_by: str | None = None
    missing: list[str] = MISSING_TOKENS
    max_rejected: int = Field(default=0, ge=0)
    drop: dict[str, DropRule] = {}

    def location(self) -> tuple[Path, str]:
        """The folder that holds the files, and their pattern below it."""
        base, pattern = split_pattern(str(self.path))
        return Path(base), pattern

    def buckets(self) -> dict[str, int]:
        """The least numbers of hash buckets that make the splits, by name."""
        # In one order, whatever the file's: it decides which rows go where.
        parts = {name: Fraction(self.split[name]).limit_denominator(10_000) for name in ("train", "eval")}
        total = math.lcm(*(part.denominator for part in parts.values()))
        return {name: int(part * total) for name, part in parts.items()}

    @field_validator("path")
    @classmethod
    def _suffix(cls, value: Path) -> Path:
        check_suffix(value.name)
        return value

    @field_validator("split")
    @classmethod
    def _sums_to_one(cls, value: dict[str, float]) -> dict[str, float]:
        if set(value) != {"train", "eval"}:
            raise ValueError("must name the splits 'train' and 'eval', and no other")
        if any(not 0.0001 <= part <= 0.9999 for part in value.values()):
            raise ValueError("each split must be between 0.0001 and 0.9999")
        if not math.isclose(sum(value.values()), 1.0, abs_tol=1e-9):
            raise ValueError(f"must sum to 1; it sums to {sum(value.values()):g}")
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
    """The gate. Without any limit a model must at least beat the mean of the evaluated labels (r_squared of 0)."""

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
    """One pipeline: one table, one label, one linear model."""

    name: str
    data: Data
    table_schema: Path | None = Field(default=None, alias="schema", strict=False)
    label: str
    weight: str | None = None
    features: dict[str, Feature] = Field(min_length=1)
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
            if not servable(name):
                raise ValueError(
                    f"features.{name}: a served model can't have an input of this name. Rename the column in the table: "
                    "letters, digits, '_', '.' and '-' of ASCII, a letter or digit first"
                )
        for role, column in (("label", self.label), ("weight", self.weight)):
            if column in self.features:
                raise ValueError(
                    f"features.{column}: {column!r} is the {role}; it can't be a feature too. Remove one of the two"
                )
        if self.label == self.weight:
            raise ValueError(f"weight: {self.weight!r} is the label. Name another column, or null")
        derived = {indicator_name(n): n for n, f in self.features.items() if isinstance(f, Numeric) and f.indicator}
        for clash in derived.keys() & {*self.features, self.label, self.weight}:
            raise ValueError(
                f"features.{derived[clash]}: its missing indicator would be called {clash!r}, which is a column already. "
                "Rename that column or set indicator: false"
            )
        texts = set(self.table_spec().texts)
        for name in self.data.drop:
            if name in texts:
                raise ValueError(f"data.drop.{name}: rules are for numbers, and {name!r} is a text. Remove the rule")
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
        numbers = [name for name, feature in self.features.items() if not isinstance(feature, Categorical)]
        numbers += [name for name in (self.label, self.weight) if name]
        texts = [name for name, feature in self.features.items() if isinstance(feature, Categorical)]
        sliced = [name for entry in self.evaluate.slices for name in entry.columns]
        texts += [name for name in sliced if name not in {*numbers, *texts}]
        numbers += [name for name in self.data.drop if name not in {*numbers, *texts}]
        return TableSpec(
            numbers=list(dict.fromkeys(numbers)),
            texts=list(dict.fromkeys(texts)),
            label=self.label,
            weight=self.weight,
            drop=self.data.drop,
            missing=self.data.missing,
            splits=self.data.buckets(),
            split_by=self.data.split_by,
            values={
                name: ValueRule(min=f.min, max=f.max, outside=f.outside, impute=str(f.impute))
                for name, f in self.features.items()
                if isinstance(f, Numeric)
            },
        )

    def step_config(self) -> dict[str, Any]:
        """What Transform and Trainer get as `custom_config`: plain JSON."""
        return {
            "features": features_to_json(self.features),
            "label": self.label,
            "weight": self.weight,
        }


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
    return f"{path}: {key}: {detail['msg']}. Received {_short(received)}."


def _is_tag(location: tuple[Any, ...], index: int) -> bool:
    """Whether a part of pydantic's location is the kind of a feature or the solver, and no key."""
    return index == {"features": 2, "model": 1}.get(location[0])


def _keys_at(location: tuple[Any, ...]) -> list[str]:
    """The keys that may stand at a place in the file."""
    section: type[Settings]
    match location:
        case ("data",):
            section = Data
        case ("data", "drop", _):
            section = DropRule
        case ("features", _, kind):
            kinds: dict[str, type[Settings]] = {"numeric": Numeric, "buckets": Buckets, "categorical": Categorical}
            section = kinds[kind]
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
