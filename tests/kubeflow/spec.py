"""Reads a compiled specification (schema 2.1) as a backend does: order, placeholders, parameters, queries. Pure functions."""

from __future__ import annotations

import graphlib
import json
import re
from pathlib import Path
from typing import Any

import yaml

Json = dict[str, Any]
KNOWN_OF_A_TASK = {"cachingOptions", "componentRef", "dependentTasks", "inputs", "retryPolicy", "taskInfo"}
_PLACEHOLDER = re.compile(r"\{\{\$\.?(.*?)\}\}")
_CONDITION = re.compile(r'(schema_title|state|name|metadata\.(\w+)\.number_value)=("?)(.*?)\3')


class SpecError(Exception):
    """The specification, or what was given with it, is not what the backend takes."""


def load(path: Path) -> Json:
    """The first document of a file; a second one, if there is one, is for platforms."""
    spec: Json = next(yaml.safe_load_all(path.read_text()))
    if spec.get("schemaVersion") != "2.1.0":
        raise SpecError(f"{path}: expected schemaVersion 2.1.0. Received: {spec.get('schemaVersion')!r}.")
    return spec


def order(spec: Json, named: bool) -> list[str]:
    """The names of the tasks, each after those that it depends on.

    Args:
      spec: the specification.
      named: whether those alone count that `dependentTasks` names, as in Argo; otherwise those that make its inputs do, too.

    Raises:
      SpecError: a task takes what can't have been made yet.
    """
    tasks = spec["root"]["dag"]["tasks"]
    graph: dict[str, set[str]] = {}
    for name, task in tasks.items():
        if unknown := task.keys() - KNOWN_OF_A_TASK:
            raise SpecError(f"task {name}: {sorted(unknown)} can't be played here.")
        needed = {source["taskOutputArtifact"]["producerTask"] for source in inputs_of(task, "artifacts").values()}
        if named and not needed <= set(task.get("dependentTasks", [])):
            raise SpecError(f"task {name}: takes artifacts of {sorted(needed)}, which are not all in dependentTasks.")
        graph[name] = needed | set(task.get("dependentTasks", []))
        if missing := graph[name] - tasks.keys():
            raise SpecError(f"task {name}: depends on {sorted(missing)}, which is no task.")
    return list(graphlib.TopologicalSorter(graph).static_order())


def inputs_of(task: Json, kind: str) -> Json:
    """A task's `artifacts` or `parameters`, by name."""
    found: Json = task.get("inputs", {}).get(kind, {})
    return found


def root_parameters(spec: Json, given: Json) -> Json:
    """The run's parameters: those given, and defaults. Raises a SpecError over one that is missing or unknown."""
    definitions = spec["root"].get("inputDefinitions", {}).get("parameters", {})
    if unknown := given.keys() - definitions.keys():
        raise SpecError(f"unknown parameters {sorted(unknown)}; the pipeline has {sorted(definitions)}.")
    defaults = {name: entry["defaultValue"] for name, entry in definitions.items() if "defaultValue" in entry}
    if missing := definitions.keys() - given.keys() - defaults.keys():
        raise SpecError(f"no value for the parameters {sorted(missing)}.")
    return {**defaults, **given}


def parameters(task: Json, root: Json) -> Json:
    """The values of a task's parameters: constants, and the run's parameters."""
    values: Json = {}
    for name, source in inputs_of(task, "parameters").items():
        if "componentInputParameter" in source:
            values[name] = root[source["componentInputParameter"]]
        elif "runtimeValue" in source:
            values[name] = source["runtimeValue"]["constant"]
        else:
            raise SpecError(f"parameter {name}: {sorted(source)} can't be played here.")
    return values


def resolve(text: str, executor_input: Json) -> str:
    """Puts values in the place of `{{$}}`, `{{$.inputs.parameters['x']}}`, `{{$.outputs.artifacts['x'].uri}}` and so on.

    Raises:
      SpecError: there is nothing at that place.
    """

    def value(match: re.Match[str]) -> str:
        found = _at([part for part in re.split(r"[.\[\]']+", match[1]) if part], executor_input)
        if found is None:
            raise SpecError(f"{match[0]}: there is nothing of this name.")
        return found if isinstance(found, str) else json.dumps(found)

    return _PLACEHOLDER.sub(value, text)


def _at(parts: list[str], executor_input: Json) -> Any:
    renamed = {"parameters": "parameterValues"} if parts[:1] == ["inputs"] else {}
    names = {**renamed, "output_file": "outputFile"}
    found: Any = executor_input
    for part in parts:
        if not isinstance(found, dict):
            return None
        found = found.get(names.get(part, part))
        if isinstance(found, dict) and "artifacts" in found and isinstance(found["artifacts"], list):
            found = next(iter(found["artifacts"]), None)  # the first of a list
    return found


def matches(query: str, artifact: Json) -> bool:
    """Whether an artifact (with `title`, `name` and `metadata`) is what a resolver's filter asks for."""
    for condition in query.split(" AND "):
        found = _CONDITION.fullmatch(condition)
        if not found:
            raise SpecError(f"filter {query!r}: {condition!r} can't be played here.")
        kind, key, _, value = found.groups()
        if kind == "schema_title" and artifact["title"] != value:
            return False
        if kind == "name" and artifact["name"] != value:
            return False
        if key and artifact["metadata"].get(key) != float(value):
            return False
    return True


def title(artifact_type: Json) -> str:
    """The title of a type, which is the platform's own or given as an instance schema."""
    if "schemaTitle" in artifact_type:
        return str(artifact_type["schemaTitle"])
    return str(yaml.safe_load(artifact_type["instanceSchema"])["title"])
