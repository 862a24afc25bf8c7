from __future__ import annotations

import importlib.util
import subprocess
import sys
from pathlib import Path

import pytest

from pipeline.graph import steps
from pipeline.graph.places import Places
from pipeline.graph.registry import KEPT, NAMES, STEPS, never_cached
from pipeline.graph.step import task_name
from tests.conftest import REPOSITORY

HEAVY = ("tensorflow", "tfx", "apache_beam", "keras", "rich.console", "scipy")


def test_every_file_of_a_step_is_registered():
    files = {path.stem for path in Path(steps.__file__).parent.glob("*.py")} - {"__init__"}
    assert {step.node.__module__.rpartition(".")[2] for step in STEPS} == files


def test_names_and_keys_are_apart():
    assert len(set(NAMES)) == len({task_name(name) for name in NAMES}) == len(STEPS)
    assert len({kept.key for kept in KEPT}) == len(KEPT)


def test_the_registry_imports_nothing_heavy():
    code = f"import sys, pipeline.graph.registry; print(sorted(set({HEAVY!r}) & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=REPOSITORY)
    assert done.stdout == "[]\n"


@pytest.mark.parametrize("module", sorted({module for step in STEPS for module in step.beam_modules}))
def test_what_workers_import_is_there(module):
    assert importlib.util.find_spec(module) is not None


@pytest.mark.parametrize(
    ("target", "serving", "names"),
    [
        (None, "/R/serving", {"Pusher", "Report"}),
        ("kubeflow", "gs://b/m", {"ExampleGen", "Pusher", "Report"}),
        ("vertex", "gs://b/m", {"Pusher", "Report"}),
        ("vertex", None, {"Report"}),
    ],
)
def test_what_a_cache_knows_too_little_of(target, serving, names):
    assert never_cached(Places("gs://b/r", "gs://b/rejected", serving, None, target=target)) == names


def test_what_fails_by_its_verdict_is_not_tried_again():
    assert {step.name for step in STEPS if not step.retried} == {"DataGate", "Outcome"}
