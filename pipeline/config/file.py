"""The configuration file: all its sections, and how it is read. Every error names file, key, value and the way out."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError, field_validator, model_validator

from components.errors import ConfigError
from components.fit.constraints import check_constraints
from components.fit.settings import Exact, Solver, exact_of
from components.linear_model.families import Family
from components.linear_model.raw_columns import raw_columns
from components.preprocessing.features import Feature, Kind, features_to_json
from components.preprocessing.kinds.offset import Offset
from components.section import Section
from components.table.added_columns import COLUMNS
from components.table.spec import TableSpec
from components.values.texts import CLASSES, canonical_text, nothing
from pipeline.config.about import About
from pipeline.config.beam import Beam
from pipeline.config.data import Data
from pipeline.config.errors import describe, short
from pipeline.config.evaluate import Evaluate, Limit
from pipeline.config.features import check_columns, check_made_names, check_names, columns_by_kind, value_rules
from pipeline.config.label import Label
from pipeline.config.serve import Serve
from pipeline.config.targets import Target, Targets
from pipeline.config.yaml_file import read_yaml

_NAME = "[a-z][a-z0-9-]{0,62}"  # Kubeflow's rule


class Config(Section):
    """One pipeline: one table, one label, one linear model."""

    name: str = Field(
        description="Of the pipeline and the served model: lower-case letters, digits and hyphens, a letter first, at most 63.",
        examples=["taxi-fare"],
        json_schema_extra={"pattern": f"^{_NAME}$"},
    )
    about: About = Field(
        default=About(),
        description="What only people know of the model, for its card.",
        examples=[{"purpose": "Fares that the app quotes before a trip."}],
    )
    data: Data = Field(description="The table.", examples=[{"path": "data.csv"}])
    table_schema: Path | None = Field(
        default=None,
        alias="schema",
        strict=False,
        description="A schema of TensorFlow Metadata in text format, which the table must keep; relative to the configuration's "
        "folder. By default it is inferred.",
        examples=["schema.pbtxt"],
    )
    label: Label = Field(
        description="The column to predict: numbers, or with `positive` a text or truth value; or a mapping with `column` "
        "and what is done with its values before the fit.",
        examples=["fare", {"column": "price", "transform": "log"}],
    )
    positive: str | None = Field(
        default=None,
        description="Of a label that is one of two texts or truth values: the one that a family of classes takes as 1. It is what "
        "is predicted the probability of.",
        examples=["yes"],
    )
    weight: str | None = Field(
        default=None,
        description="The column of the rows' weights, none below zero. By default all rows weigh the same.",
        examples=["exposure"],
    )
    offset: str | None = Field(
        default=None,
        description="A column of numbers that is added to the linear predictor, with a coefficient of 1. Callers send it as they "
        "send features.",
        examples=["log_population"],
    )
    exposure: str | None = Field(
        default=None,
        description="A column of numbers above 0 that the mean is proportional to (months insured, nights at risk): its logarithm "
        "is an offset. For the link `log`. Callers send it as they send features.",
        examples=["months"],
    )
    features: dict[str, Feature] = Field(
        min_length=1,
        description="What predicts, by name: a kind, or a mapping with `kind` and its options. A feature is made of the column of "
        "its name, if it names no other.",
        examples=[{"trip_miles": "numeric", "company": {"kind": "categorical", "vocabulary": 12}}],
    )
    materialize: bool = Field(
        default=False,
        description="Whether Transform writes the transformed examples too, for other tools of TFX: no step here reads them.",
        examples=[True],
    )
    model: Solver = Field(default=Exact(), description="How the model is fitted.", examples=[{"l2": "auto"}])
    evaluate: Evaluate = Field(
        default=Evaluate(),
        description="What the model must keep to be pushed.",
        examples=[{"limits": {"r_squared": {"min": 0.5}}}],
    )
    serve: Serve = Field(default=Serve(), description="Where the model is pushed to.", examples=[{"keep": 10}])
    beam: Beam = Field(
        default=Beam(),
        description="Which Beam engine does the steps' work.",
        examples=[{"engine": "flink", "master": "jobmanager:8081"}],
    )
    targets: Targets = Field(
        default=Targets(),
        description="Where else than on this machine the pipeline runs.",
        examples=[{"kubeflow": {"data": "gs://bucket/trips/*.csv", "serving": "gs://bucket/serving/taxi-fare"}}],
    )

    @field_validator("positive", mode="before", json_schema_input_type=str | bool | float | None)
    @classmethod
    def _as_text(cls, value: Any) -> Any:
        """YAML reads `true` and `1` as such; in a table they are texts."""
        return canonical_text(value) if isinstance(value, (str, bool, int, float)) else value

    @field_validator("name")
    @classmethod
    def _portable(cls, value: str) -> str:
        if not re.fullmatch(_NAME, value):
            raise ValueError(
                "must be lower-case letters, digits and hyphens, a letter first, at most 63 (Kubeflow's rule)"
            )
        return value

    @model_validator(mode="after")
    def _label_of_the_model(self) -> Config:
        try:
            smearing = self.family.smearing
        except ValueError as error:
            raise ValueError(f"label.{error}") from error
        if smearing and not isinstance(self.model, Exact):
            raise ValueError(
                "label.mean: smearing is over the residuals of the exact fit. Set model.solver: exact, or serve the median (leave "
                "mean out)"
            )
        return self

    @model_validator(mode="after")
    def _columns_apart(self) -> Config:
        others = {"label": self.label.column, "weight": self.weight, "offset": self.offset, "exposure": self.exposure}
        check_names(self.features, others)
        check_columns(self.columns)
        if self.offset is not None and self.exposure is not None:
            raise ValueError("offset and exposure: give one of them; an exposure's logarithm is an offset")
        label = self.label.column
        if label == self.weight:
            raise ValueError(f"weight: {self.weight!r} is the label. Name another column, or null")
        for role, name in (("offset", self.offset), ("exposure", self.exposure)):
            if name is not None and name in (label, self.weight):
                what = "label" if name == label else "weight"
                raise ValueError(f"{role}: {name!r} is the {what}. Name another column, or null")
        cluster = exact_of(self.model).cluster
        if cluster is not None and cluster in (label, self.weight):
            what = "label" if cluster == label else "weight"
            raise ValueError(
                f"model.errors.cluster: {cluster!r} is the {what}. Name the column whose values are the clusters"
            )
        for name in COLUMNS:
            if name in {*self.features, *self.table_spec().columns}:
                raise ValueError(f"{name!r} is the name of a column that ingest adds. Rename the table's column")
        check_made_names(self.features, others)
        return self

    @model_validator(mode="after")
    def _constraints_suit(self) -> Config:
        if isinstance(self.model, Exact):
            check_constraints(self.model.constraints, self.features)
        return self

    @model_validator(mode="after")
    def _drops_suit(self) -> Config:
        self.data.check_drops(self.table_spec())
        return self

    @model_validator(mode="after")
    def _label_and_offset_of_the_family(self) -> Config:
        family = self.model.of_family
        if self.positive is not None and not family.classes:
            raise ValueError(
                f"positive: is for families of classes; {family.name} has none. Set model.family: binomial, or leave it out"
            )
        if self.positive is not None and self.positive.strip() in nothing(self.data.missing):
            raise ValueError(
                f"positive: {self.positive!r} is one of data.missing, and stands for nothing. Take it out there, or name "
                "another value"
            )
        self._check_class_weight()
        if self.exposure is not None and family.link.name != "log":
            raise ValueError(
                f"exposure: is for the link log; that of {family.name} is {family.link.name}. Give an offset, or a weight"
            )
        return self

    def _check_class_weight(self) -> None:
        """Raises a ValueError if the weights are of other classes than the label has."""
        weights = self.model.class_weight
        if not isinstance(weights, dict):
            return
        if self.positive is None and set(weights) != set(CLASSES):
            raise ValueError(
                f"model.class_weight: the classes of a label of numbers are 0 and 1; received {', '.join(weights)}. Weigh these; "
                "or, if the label is one of two other values, name the one that counts as 1: positive"
            )
        if self.positive is not None and self.positive not in weights:
            raise ValueError(
                f"model.class_weight: lacks the class {self.positive!r} (positive). Received {', '.join(weights)}"
            )

    @model_validator(mode="after")
    def _metrics_of_the_family(self) -> Config:
        family = self.model.of_family
        slices = [(f"slices.{place}.limits", entry.limits) for place, entry in enumerate(self.evaluate.slices)]
        for key, limits in (("limits", self.limits), *slices):
            for name in limits:
                if name not in family.metric_names:
                    raise ValueError(
                        f"evaluate.{key}.{name}: is no metric of the family {family.name}. Its own: "
                        f"{', '.join(family.metric_names)}"
                    )
        return self

    @model_validator(mode="after")
    def _can_be_judged(self) -> Config:
        if self.data.held_out:
            return self
        if not isinstance(self.model, Exact):
            raise ValueError("data.split: no rows are held out to judge gradient descent by. Add an eval split")
        known = self.model.of_family.cross_validated_names
        for metric in self.limits:
            if metric not in known:
                raise ValueError(
                    f"evaluate.limits.{metric}: no rows are held out, and cross-validation gives {', '.join(known)} "
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

    @property
    def family(self) -> Family:
        """The family of the model, with its link, its power and what is done with the label."""
        return self.label.of(self.model.of_family)

    @property
    def columns(self) -> dict[str, Kind]:
        """What the model is made of: the features, and the offset, by name."""
        name = self.offset or self.exposure
        return {**self.features, **({name: Offset(log=self.offset is None)} if name else {})}

    @property
    def limits(self) -> dict[str, Limit]:
        """By metric what it may be on the whole split: as configured, or as the family has it."""
        if self.evaluate.limits is not None:
            return self.evaluate.limits
        return {metric: Limit(**limit) for metric, limit in self.model.of_family.limits.items()}

    def fingerprint(self) -> str:
        """SHA-256 of what the model is made by, defaults put in: where the data lie, where it runs, and `about` are not of it."""
        value = self.model_dump(
            mode="json", exclude={"data": {"path"}, "table_schema": True, "targets": True, "beam": True, "about": True}
        )
        return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()

    def serving_directory(self, root: Path) -> Path:
        """The folder that TF Serving watches: `<root>/<serve.path>/<name>`."""
        return root / self.serve.path / self.name

    @property
    def slice_columns(self) -> list[str]:
        """The columns of all slices, each once."""
        return list(dict.fromkeys(name for entry in self.evaluate.slices for name in entry.columns))

    def table_spec(self) -> TableSpec:
        """What ingest has to know."""
        raw = raw_columns(features_to_json(self.columns))
        kinds = columns_by_kind(self.columns)
        others = [(self.label.column, "numbers" if self.positive is None else "texts")]
        others += [(self.weight, "numbers")] if self.weight else []
        others += [(name, "texts") for name in self.slice_columns]
        others += [(name, "texts" if rule.is_for_texts else "numbers") for name, rule in self.data.drop.items()]
        for name, kind in others:
            kinds.setdefault(name, kind)
        named = {kind: [name for name in kinds if kinds[name] == kind] for kind in dict.fromkeys(kinds.values())}
        return TableSpec(
            numbers=named.get("numbers", []),
            integers=named.get("integers", []),
            wide=[column.name for column in raw.values() if column.wide],
            dates={column.name: column.dates for column in raw.values() if column.dates},
            booleans=named.get("booleans", []),
            texts=named.get("texts", []),
            label=self.label.column,
            weight=self.weight,
            drop=self.data.drop,
            missing=self.data.missing,
            split=self.data.split_rule(),
            features=list(raw),
            family=self.family.text,
            positive=self.positive,
            offset=self.offset or self.exposure,
            exposed=self.exposure is not None,
            penalised=isinstance(self.model, Exact) and self.model.penalised,
            cluster=exact_of(self.model).cluster,
            dialect=self.data.dialect(),
            values=value_rules(self.features),
        )

    def step_config(self) -> dict[str, Any]:
        """What Transform and Trainer get as `custom_config`: plain JSON."""
        return {
            "features": features_to_json(self.columns),
            "label": self.label.column,
            "weight": self.weight,
            "added": self.table_spec().added,
            "missing": self.data.missing,
        }


def load_config(path: Path) -> Config:
    """Reads a configuration file. Paths in it are relative to its own folder.

    Raises:
      ConfigError: the file can't be read, is not YAML, or says something that is wrong.
    """
    value = read_yaml(path)
    if not isinstance(value, dict):
        raise ConfigError(
            f"{path}: expected a mapping with the keys name, data, label, features, model; received {short(value)}"
        )
    try:
        config = Config.model_validate(value)
    except ValidationError as error:
        raise ConfigError("\n".join(f"{path}: {describe(Config, detail)}" for detail in error.errors())) from error
    folder = path.resolve().parent
    data = config.data.model_copy(update={"path": folder / config.data.path})
    schema = config.table_schema and folder / config.table_schema
    if schema and not schema.is_file():
        raise ConfigError(
            f"{path}: schema: {schema} is not a file. Name a schema in text format, or leave the key out."
        )
    return config.model_copy(update={"data": data, "table_schema": schema})
