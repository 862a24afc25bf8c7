"""Runs the commands of containers in forks of one process that has TFX imported: an import takes longer than most tasks."""

from __future__ import annotations

import importlib
import json
import os
import runpy
import subprocess
import sys
import traceback
from pathlib import Path
from typing import Any

REPOSITORY = Path(__file__).parent.parent.parent
PYTHON = ["python", "-m"]  # what a command must begin with


class WarmPython:
    """A process that forks a child for each command. To be used in a `with` block."""

    def __init__(self, *modules: str) -> None:
        """Takes the names of modules to import beside TFX."""
        self._modules = modules

    def __enter__(self) -> WarmPython:
        self._server = subprocess.Popen(
            [sys.executable, __file__, *self._modules],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            cwd=REPOSITORY,
            env={**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), *filter(None, sys.path)])},
        )
        return self

    def __exit__(self, *_: object) -> None:
        self._server.communicate()

    def run(self, command: list[str], env: dict[str, str], log: Path) -> int:
        """Runs `python -m module arguments…`; what it writes goes to a file. Returns its exit code."""
        if command[:2] != PYTHON:
            raise ValueError(f"expected a command that begins with {PYTHON}. Received: {command[:3]}.")
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        job = {"module": command[2], "arguments": command[3:], "env": env, "log": str(log)}
        self._server.stdin.write(json.dumps(job) + "\n")
        self._server.stdin.flush()
        answer = self._server.stdout.readline()
        if not answer:
            raise RuntimeError("the process that has TFX imported has ended; its stderr says why.")
        return int(answer)


def _serve() -> None:
    """Takes jobs from stdin, and answers each with an exit code on stdout."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what the imports print is no answer
    import pipeline.beam.preload  # noqa: F401, I001 (first)
    import tfx.orchestration.kubeflow.v2.container.kubeflow_v2_run_executor  # noqa: F401

    for module in sys.argv[1:]:
        importlib.import_module(module)
    for line in sys.stdin:
        child = os.fork()
        if child == 0:
            os._exit(_run(json.loads(line)))
        _, status = os.waitpid(child, 0)
        print(os.waitstatus_to_exitcode(status), file=answers, flush=True)


def _run(job: dict[str, Any]) -> int:
    """In the child: what `python -m` does. Returns the exit code."""
    with open(job["log"], "ab") as log:
        os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)
    os.environ.update(job["env"])
    sys.argv[1:] = job["arguments"]
    code: Any = 0
    try:
        runpy.run_module(job["module"], run_name="__main__", alter_sys=True)
    except SystemExit as stop:
        code = 0 if stop.code is None else stop.code if isinstance(stop.code, int) else 1
    except BaseException:  # noqa: BLE001 (as the interpreter does)
        traceback.print_exc()
        code = 1
    sys.stdout.flush()
    sys.stderr.flush()
    return int(code)


if __name__ == "__main__":
    _serve()
