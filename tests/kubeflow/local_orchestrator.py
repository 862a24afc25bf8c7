"""Executes a compiled specification with kfp.local, Google's own interpreter of specifications, as a check beside `harness`.

kfp.local decides the order, takes values and placeholders to their places, hands artifacts on and reads what a task reports. It
runs Python functions alone, though, and no containers: the class that launches a task is ours, as its interface asks for. And its
importer looks for the parameter `uri` whatever the specification names, where Kubeflow's own reads the one that is named.

Artifacts have paths and no `minio://` here. What a task takes has the type `system.Artifact`, and no `executor-logs` is added.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from unittest import mock

import yaml
from kfp import components, local
from kfp.local import config, importer_handler, subprocess_task_handler
from kfp.local.status import Status
from kfp.local.task_handler_interface import ITaskHandler

from tests.kubeflow import spec as specs
from tests.kubeflow.spec import Json
from tests.kubeflow.warm import WarmPython

_COLOUR = re.compile(r"\x1b\[\d+m")


@dataclasses.dataclass
class LocalRun:
    """A run that has ended, or is under way.

    Attributes:
      given: what each launched task was handed over (an ExecutorInput), in the order of the launches.
      logs: what each of them wrote.
      codes: their exit codes.
      failure: what kfp.local says of a run that failed; None of one that didn't.
    """

    given: dict[str, Json] = dataclasses.field(default_factory=dict)
    logs: dict[str, str] = dataclasses.field(default_factory=dict)
    codes: dict[str, int] = dataclasses.field(default_factory=dict)
    failure: str | None = None

    def path(self, task: str, output: str) -> Path:
        """Where an output of a task lies."""
        [artifact] = self.given[task]["outputs"]["artifacts"][output]["artifacts"]
        return Path(artifact["uri"])


def run(file: Path, root: Path, python: WarmPython, **parameters: str) -> LocalRun:
    """Runs a compiled file.

    Args:
      file: as `plumbline compile` writes it.
      root: a new folder for the artifacts and logs.
      python: what runs the commands.
      parameters: of the run; those that are not given have their defaults.
    """
    done = LocalRun()
    (root / "logs").mkdir(parents=True)

    class Launcher(ITaskHandler):
        """Runs a task's command as it is, in a process of its own."""

        def __init__(self, image: str, full_command: list[str], pipeline_root: str, runner: Any) -> None:
            self._command = full_command

        def run(self) -> Status:
            given = json.loads(self._command[self._command.index("--json_serialized_invocation_args") + 1])
            task = Path(given["outputs"]["outputFile"]).parent.name
            log = root / "logs" / task
            done.given[task] = given
            done.codes[task] = python.run(self._command, {}, log)
            done.logs[task] = log.read_text(errors="replace")
            return Status.FAILURE if done.codes[task] else Status.SUCCESS

    with _patched(Launcher, root):
        try:
            components.load_component_from_file(str(_named_as_by_kfp(file, root)))(**parameters)
        except RuntimeError as error:
            done.failure = _COLOUR.sub("", str(error))
    return done


def _named_as_by_kfp(file: Path, root: Path) -> Path:
    """A copy whose components are called `comp-…`, as kfp's own compiler calls them: kfp.local takes that off."""
    spec = specs.load(file)
    spec["components"] = {f"comp-{name}": component for name, component in spec["components"].items()}
    for task in spec["root"]["dag"]["tasks"].values():
        task["componentRef"]["name"] = f"comp-{task['componentRef']['name']}"
    copy = root / file.name
    copy.write_text(yaml.safe_dump(spec, sort_keys=False))
    return copy


@contextmanager
def _patched(launcher: type[ITaskHandler], root: Path) -> Iterator[None]:
    """kfp.local with another launcher, an importer that reads the parameter that is named, and the settings of one run."""
    with (
        mock.patch.object(subprocess_task_handler, "SubprocessTaskHandler", launcher),
        mock.patch.object(importer_handler, "get_importer_uri", _importer_uri),
        mock.patch.object(config.LocalExecutionConfig, "instance", None),
    ):
        local.init(
            local.SubprocessRunner(use_venv=False),
            pipeline_root=str(root / "artifacts"),
            workspace_root=str(root / "workspace"),
        )
        yield


def _importer_uri(importer_spec: Any, executor_input: Any) -> str:
    return str(executor_input.inputs.parameter_values[importer_spec.artifact_uri.runtime_parameter].string_value)
