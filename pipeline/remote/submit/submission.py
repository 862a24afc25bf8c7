"""What is sent: a compiled pipeline, and the values of one run or of a recurring one."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from components.errors import ConfigError
from pipeline.config.addresses import check_label, check_pipeline_root

SCHEMA = "2.1.0"
DIGITS = 12  # of the file's SHA-256, in the name of a pipeline's version


@dataclasses.dataclass(frozen=True)
class Submission:
    """A compiled pipeline and the values of a run.

    Attributes:
      target: `kubeflow` or `vertex`.
      name: the pipeline's.
      version: the same for the same file.
      path: the compiled file.
      spec: what is in it.
      parameters: the run's, by name.
      labels: the run's; Vertex AI alone has them.
      cron: when it recurs, five fields, in UTC; None for one run now.
    """

    target: str
    name: str
    version: str
    path: Path
    spec: dict[str, Any]
    parameters: dict[str, str]
    labels: dict[str, str]
    cron: str | None

    @property
    def root(self) -> str:
        """The address that takes the artifacts."""
        return str(self.spec["defaultPipelineRoot"])

    def describe(self) -> str:
        """All of it as JSON, the specification last."""
        told = dataclasses.asdict(self) | {"path": str(self.path), "pipeline root": self.root}
        spec = told.pop("spec")
        return json.dumps({**told, "spec": spec}, indent=1)


def read_spec(path: Path, target: str, name: str) -> dict[str, Any]:
    """A compiled pipeline.

    Args:
      path: the file that `plumbline compile` wrote.
      target: where it is to run.
      name: the pipeline's, as the configuration has it.

    Raises:
      ConfigError: it can't be read, is no specification of schema 2.1.0, is of another pipeline, or can't run there.
    """
    again = f"Compile it again: plumbline compile … --target {target}."
    if path.suffix not in {".yaml", ".yml"}:
        raise ConfigError(f"{path}: expected a file that ends in .yaml: the clients take no other. {again}")
    try:
        spec: Any = next(yaml.safe_load_all(path.read_text(encoding="utf-8")), None)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigError(f"{path}: can't be read: {error}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    schema = spec.get("schemaVersion") if isinstance(spec, dict) else None
    if schema != SCHEMA:
        raise ConfigError(
            f"{path}: expected a pipeline specification of schemaVersion {SCHEMA}. Received {schema!r}. {again}"
        )
    _check_message(path, spec, again)
    found = spec["pipelineInfo"]["name"]
    if found != name:
        raise ConfigError(f"{path}: expected the pipeline {name!r} of the configuration. Received {found!r}. {again}")
    if target == "kubeflow" and any("resolver" in value for value in spec["deploymentSpec"]["executors"].values()):
        raise ConfigError(f"{path}: has a resolver, which Kubeflow can't run: it was compiled for vertex. {again}")
    check_pipeline_root(target, str(spec.get("defaultPipelineRoot", "")))
    return dict(spec)


def _check_message(path: Path, spec: dict[str, Any], again: str) -> None:
    """Raises a ConfigError unless it is a PipelineSpec with a name and tasks."""
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    try:
        message = json_format.ParseDict(spec, pipeline_spec_pb2.PipelineSpec())
    except json_format.ParseError as error:
        raise ConfigError(f"{path}: is no pipeline specification: {' '.join(str(error).split())}. {again}") from error
    if not message.pipeline_info.name or not message.root.dag.tasks or "executors" not in message.deployment_spec:
        raise ConfigError(f"{path}: is a pipeline specification without name, tasks or executors. {again}")


def definitions_of(spec: dict[str, Any]) -> dict[str, Any]:
    """The parameters that a specification defines, by name."""
    found: dict[str, Any] = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    return found


def parameters(path: Path, spec: dict[str, Any], values: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The values of a run.

    Args:
      path: the compiled file, for the texts.
      spec: what is in it.
      values: of the configuration.
      given: by hand, which are stronger.

    Returns:
      A value for every parameter of the specification.

    Raises:
      ConfigError: there is a value for a parameter that the specification doesn't have, or none for one that it has.
    """
    definitions = definitions_of(spec)
    unknown = sorted(given.keys() - definitions.keys())
    if unknown:
        raise ConfigError(
            f"--set: {path} has no parameter {', '.join(map(repr, unknown))}. It has: {', '.join(sorted(definitions))}."
        )
    strange = sorted(values.keys() - definitions.keys())
    if strange:
        raise ConfigError(
            f"{path}: has no parameter {', '.join(map(repr, strange))}, of which the configuration has a value. Compile it again."
        )
    found = {**{name: entry.get("defaultValue") for name, entry in definitions.items()}, **values, **given}
    missing = sorted(name for name, value in found.items() if value is None)
    if missing:
        raise ConfigError(
            f"{path}: no value for the parameter {', '.join(map(repr, missing))}, which has no default. Pass it: "
            f"--set {missing[0]}=VALUE."
        )
    return {name: str(found[name]) for name in sorted(found)}


def check_same(path: Path, spec: dict[str, Any], now: dict[str, Any]) -> None:
    """Compares a compiled file with what the configuration compiles to now, but for the parameters' values.

    Raises:
      ConfigError: they differ; the text says where.
    """
    place = _difference(_without_defaults(spec), _without_defaults(now))
    if place is not None:
        raise ConfigError(
            f"{path}: is not what the configuration compiles to now: they differ in {place}. A run can have another table, span, "
            "baseline and other limits than the file; for any other change, compile it again."
        )


def _without_defaults(spec: dict[str, Any]) -> dict[str, Any]:
    copy: dict[str, Any] = json.loads(json.dumps(spec))
    for entry in definitions_of(copy).values():
        entry.pop("defaultValue", None)
    return copy


def _difference(left: Any, right: Any, place: str = "") -> str | None:
    """Where two JSON values differ first; None if nowhere."""
    if isinstance(left, dict) and isinstance(right, dict):
        for key in sorted({*left, *right}):
            found = _difference(left.get(key), right.get(key), f"{place}.{key}" if place else key)
            if found is not None:
                return found
        return None
    return None if left == right else place


def version_name(name: str, path: Path) -> str:
    """The name of a version of a pipeline: the same file is the same version."""
    return f"{name}-{hashlib.sha256(path.read_bytes()).hexdigest()[:DIGITS]}"


def parse_pairs(option: str, texts: tuple[str, ...]) -> dict[str, str]:
    """`NAME=VALUE` texts by name.

    Raises:
      ConfigError: one of them isn't of this form, or comes twice.
    """
    found: dict[str, str] = {}
    for text in texts:
        name, separator, value = text.partition("=")
        if not separator or not name:
            raise ConfigError(f"{option}: expected NAME=VALUE. Received {text!r}.")
        if name in found:
            raise ConfigError(f"{option}: {name} is given twice. Remove one of them.")
        found[name] = value
    return found


def check_cron(cron: str) -> None:
    """Raises a ConfigError unless it has the five fields of a cron expression."""
    field = r"[0-9A-Za-z*/,?#-]+"
    if not re.fullmatch(rf"{field}(?: {field}){{4}}", cron):
        raise ConfigError(
            "--cron: expected five fields, in UTC: minute hour day month weekday, such as '30 6 * * 1-5'. "
            f"Received {cron!r}."
        )


def check_labels(target: str, labels: Mapping[str, str]) -> None:
    """Raises a ConfigError unless the target takes these labels."""
    if labels and target == "kubeflow":
        raise ConfigError(
            "--label: Kubeflow's runs have no labels. Leave it out, or use 'experiment' to tell runs apart."
        )
    for name, text in labels.items():
        try:
            check_label(name, text)
        except ValueError as error:
            raise ConfigError(f"--label: {error}.") from error
