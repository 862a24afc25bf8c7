"""Executes a compiled specification without a cluster: plays the backend and the launcher, each task in a process of its own.

Two modes, after what the two say that they do (no cluster was ever looked at from here):

- `vertex`: artifacts have their full types and resource names; the hook before ExampleGen runs; resolvers query earlier runs.
- `kubeflow`, the open-source one: an output `executor-logs` is added; what a task takes has an empty type, and a number for a
  name; the hook isn't run; resolvers end the run; artifacts are `minio://…`. Each task has a `/minio` of its own, with what it
  takes in it and nothing else, and what it leaves in the folders of its outputs is all that is kept.
"""

from __future__ import annotations

import dataclasses
import itertools
import json
import shutil
from pathlib import Path
from typing import Any

from tests.kubeflow import spec as specs
from tests.kubeflow.spec import Json, SpecError
from tests.kubeflow.warm import WarmPython

VERTEX, KUBEFLOW = "vertex", "kubeflow"
MINIO = "minio://"
LOGS = {"artifacts": [{"type": {"schemaTitle": "system.Artifact"}, "metadata": {}}]}
LAST_LINES = 20


@dataclasses.dataclass(frozen=True)
class Failure:
    """A task that failed.

    Attributes:
      task: its name.
      code: the exit code of its process.
      last: the last lines that it wrote.
    """

    task: str
    code: int
    last: list[str]


@dataclasses.dataclass(frozen=True)
class Run:
    """A run that has ended.

    Attributes:
      outputs: artifacts by task and output; those of a resolver that found nothing are absent.
      failure: the task that ended the run, or None.
    """

    outputs: dict[str, dict[str, Json]]
    failure: Failure | None


class Platform:
    """A project on Vertex, or a Kubeflow installation: runs specifications, and remembers the artifacts of earlier runs."""

    def __init__(self, mode: str, root: Path, python: WarmPython) -> None:
        """Takes `vertex` or `kubeflow`, a folder that stands for everything outside the containers, and what runs the commands."""
        self.mode, self.root, self._python = mode, root, python
        self.artifacts: list[Json] = []
        self._numbers = itertools.count(1)
        self._runs = itertools.count(1)

    def path(self, artifact: Json) -> Path:
        """Where an artifact's files are."""
        uri: str = artifact["uri"]
        return self.root / "minio" / uri.removeprefix(MINIO) if uri.startswith(MINIO) else Path(uri)

    def run(self, spec: Json, parameters: Json | None = None) -> Run:
        """Runs a specification, as `spec.load` gives it, with values for the pipeline's parameters.

        Raises:
          SpecError: the platform doesn't take it.
        """
        root_values = specs.root_parameters(spec, parameters or {})
        run = f"run-{next(self._runs)}"
        outputs: dict[str, dict[str, Json]] = {}
        for name in specs.order(spec, named=self.mode == KUBEFLOW):
            task = _Task(spec, name, f"{spec['pipelineInfo']['name']}/{run}/{name}")
            taken = _taken(task, outputs)
            values = specs.parameters(task.task, root_values)
            if "importer" in task.executor:
                outputs[name] = self._import(task, values)
            elif "resolver" in task.executor:
                outputs[name] = self._query(task, taken)
            else:
                found = self._launch(task, taken, values)
                if isinstance(found, Failure):
                    return Run(outputs, found)
                outputs[name] = found
        return Run(outputs, None)

    def _remember(self, key: str, artifact_type: Json, uri: str, metadata: Json) -> Json:
        number = next(self._numbers)
        name = f"projects/1/locations/here/metadataStores/default/artifacts/{number}"
        artifact = {
            "key": key,
            "name": name if self.mode == VERTEX else str(number),
            "type": artifact_type,
            "title": specs.title(artifact_type),
            "uri": uri,
            "metadata": metadata,
        }
        self.artifacts.append(artifact)
        return artifact

    def _import(self, task: _Task, values: Json) -> dict[str, Json]:
        importer = task.executor["importer"]
        source = importer["artifactUri"]
        uri = values[source["runtimeParameter"]] if "runtimeParameter" in source else source["constant"]
        if self.mode == KUBEFLOW and "://" not in uri:
            raise SpecError(f"task {task.name}: no provider scheme found in artifact URI: {uri}")
        [key] = task.outputs
        return {key: self._remember(key, importer["typeSchema"], uri, importer.get("metadata", {}))}

    def _query(self, task: _Task, taken: dict[str, Json]) -> dict[str, Json]:
        if self.mode == KUBEFLOW:
            raise SpecError(f"task {task.name}: resolver executors not implemented")
        found = {}
        for key, query in task.executor["resolver"]["outputArtifactQueries"].items():
            if set(specs.inputs_of(task.task, "artifacts")) <= taken.keys():  # nothing can follow from nothing
                wanted = specs.resolve(query["filter"], {"inputs": {"artifacts": _listed(taken)}})
                if latest := [artifact for artifact in self.artifacts if specs.matches(wanted, artifact)]:
                    found[key] = latest[-1]
        return found

    def _launch(self, task: _Task, taken: dict[str, Json], values: Json) -> dict[str, Json] | Failure:
        """Runs a container."""
        folder = self.root / "pods" / task.place
        folder.mkdir(parents=True)
        mounts, log = folder / "mounts", folder / "log"
        begin = f"{MINIO}mlpipeline/v2/artifacts/{task.place}" if self.mode == KUBEFLOW else str(self.root / task.place)
        made = {key: {"type": entry["artifactType"], "uri": f"{begin}/{key}"} for key, entry in task.outputs.items()}
        executor_input: Json = {
            "inputs": {"parameterValues": values, "artifacts": _listed(self._seen_by_a_task(taken))},
            "outputs": {"artifacts": _listed(made), "outputFile": str(folder / "out" / "executor_output.json")},
        }
        container = task.executor["container"]
        if self.mode == KUBEFLOW:
            executor_input["outputs"]["artifacts"]["executor-logs"] = json.loads(json.dumps(LOGS))
            executor_input["outputs"]["artifacts"]["executor-logs"]["artifacts"][0]["uri"] = f"{begin}/executor-logs"
            for artifact in taken.values():
                _copy(self.path(artifact), mounts / "minio" / artifact["uri"].removeprefix(MINIO))
            for artifact in made.values():
                (mounts / "minio" / artifact["uri"].removeprefix(MINIO)).parent.mkdir(parents=True, exist_ok=True)
        elif hook := container.get("lifecycle", {}).get("preCacheCheck"):
            if code := self._command(hook, executor_input, mounts, log):
                return Failure(task.name, code, _last(log))
            _merge_hook(executor_input)
        if code := self._command(container, executor_input, mounts, log):
            return Failure(task.name, code, _last(log))
        reported = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text())
        outputs = {}
        for key, artifact in made.items():
            [told] = reported["artifacts"][key]["artifacts"]
            if told.get("uri", artifact["uri"]) != artifact["uri"]:
                raise SpecError(
                    f"task {task.name}: output {key} is {artifact['uri']}, and was reported as {told['uri']}."
                )
            if self.mode == KUBEFLOW:
                _copy(mounts / "minio" / artifact["uri"].removeprefix(MINIO), self.path(artifact))
            outputs[key] = self._remember(key, artifact["type"], artifact["uri"], told.get("metadata", {}))
        shutil.rmtree(mounts, ignore_errors=True)
        return outputs

    def _seen_by_a_task(self, taken: dict[str, Json]) -> dict[str, Json]:
        empty = {"type": {"instanceSchema": ""}} if self.mode == KUBEFLOW else {}
        return {
            key: {part: artifact[part] for part in ("name", "type", "uri", "metadata")} | empty
            for key, artifact in taken.items()
        }

    def _command(self, container: Json, executor_input: Json, mounts: Path, log: Path) -> int:
        words = [*container["command"], *container.get("args", [])]
        command = [specs.resolve(word, executor_input) for word in words]
        return self._python.run(command, {"PLUMBLINE_MOUNTS": str(mounts)}, log)


class _Task:
    """A task with its component and executor."""

    def __init__(self, spec: Json, name: str, place: str) -> None:
        self.name, self.place = name, place
        self.task = spec["root"]["dag"]["tasks"][name]
        component = spec["components"][self.task["componentRef"]["name"]]
        self.executor = spec["deploymentSpec"]["executors"][component["executorLabel"]]
        self.outputs = component.get("outputDefinitions", {}).get("artifacts", {})
        defined = component.get("inputDefinitions", {})
        for kind in ("artifacts", "parameters"):
            given, known = specs.inputs_of(self.task, kind), defined.get(kind, {})
            if unknown := given.keys() - known.keys():
                raise SpecError(f"task {name}: {kind} {sorted(unknown)} are given, and the component has none such.")
            required = {
                key for key, entry in known.items() if not entry.get("isOptional") and "defaultValue" not in entry
            }
            if missing := required - given.keys():
                raise SpecError(f"task {name}: {kind} {sorted(missing)} are not given.")


def _taken(task: _Task, outputs: dict[str, dict[str, Json]]) -> dict[str, Json]:
    taken = {}
    for key, source in specs.inputs_of(task.task, "artifacts").items():
        origin = source["taskOutputArtifact"]
        produced = outputs[origin["producerTask"]]
        if origin["outputArtifactKey"] in produced:
            taken[key] = produced[origin["outputArtifactKey"]]
    return taken


def _listed(artifacts: dict[str, Json]) -> dict[str, Any]:
    return {key: {"artifacts": [artifact]} for key, artifact in artifacts.items()}


def _merge_hook(executor_input: Json) -> None:
    """Takes over what the hook found out: parameters, and properties of outputs."""
    told = json.loads(Path(executor_input["outputs"]["outputFile"]).read_text())
    executor_input["inputs"]["parameterValues"].update(told.get("parameterValues", {}))
    for key, found in told.get("artifacts", {}).items():
        [artifact] = executor_input["outputs"]["artifacts"][key]["artifacts"]
        artifact["metadata"] = found["artifacts"][0].get("metadata", {})


def _copy(source: Path, target: Path) -> None:
    if source.is_dir():
        shutil.copytree(source, target, dirs_exist_ok=True)
    elif source.exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, target)


def _last(log: Path) -> list[str]:
    return log.read_text(errors="replace").splitlines()[-LAST_LINES:]
