"""Nothing private of a library is used outside the modules that are for it, and docs/decisions.md lists what they have."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

SOURCES = [path for room in ("components", "pipeline") for path in sorted((REPOSITORY / room).rglob("*.py"))]
INTERNALS = sorted(
    [*(REPOSITORY / "components/internals").glob("[a-z]*.py"), *REPOSITORY.glob("pipeline/**/*_internals.py")]
)
ELSEWHERE = [path for path in SOURCES if path not in INTERNALS]
LIBRARIES = {
    *("apache_beam", "google", "keras", "kfp", "ml_metadata", "numpy", "pyarrow", "scipy", "tensorflow"),
    *("tensorflow_model_analysis", "tensorflow_transform", "tfx", "tfx_bsl"),
}
UNDOCUMENTED = (
    "apache_beam.portability",
    "apache_beam.runners.portability",
    "apache_beam.runners.worker",
    "apache_beam.transforms.environments",
    "tensorflow.python",
    "tensorflow_model_analysis.extractors.",
    "tensorflow_model_analysis.metrics.",
    "tfx.components.transform",
    "tfx.dsl.compiler",
    "tfx.orchestration.kubeflow.v2.container",
    "tfx.orchestration.kubeflow.v2.file_based_example_gen",
    "tfx.orchestration.local",
    "tfx.orchestration.portable",
    "tfx_bsl.arrow",
    "tfx_bsl.coders",
    "tfx_bsl.tfxio",
)
FOR_SUBCLASSES = {"_make_beam_pipeline"}  # TFX's guide to custom executors has them call it
DOCUMENTED = {"os._exit"}


def imports_of(tree: ast.AST) -> dict[str, str]:
    """What each imported name stands for."""
    found = {}
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.asname or alias.name.partition(".")[0]: alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name: f"{node.module}.{alias.name}" for alias in node.names}
    return found


def own_names(tree: ast.AST) -> set[str]:
    """The names that a module defines: functions, classes, variables and attributes of `self`."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef, ast.ClassDef)):
            found.add(node.name)
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            if isinstance(node.value, ast.Name) and node.value.id in ("self", "cls"):
                found.add(node.attr)
    return found


def is_private(name: str) -> bool:
    return name.startswith("_") and not name.startswith("__")


def private_parts(source: str) -> Iterator[str]:
    """What a source uses of libraries that is private, undocumented, or put in the place of something of theirs."""
    tree = ast.parse(source)
    imports, own = imports_of(tree), own_names(tree)
    for full in imports.values():
        package = full.partition(".")[0]
        if package in LIBRARIES and (full.startswith(UNDOCUMENTED) or any(map(is_private, full.split(".")))):
            yield f"import of {full}"
    for node in ast.walk(tree):
        if not isinstance(node, ast.Attribute):
            continue
        text = ast.unparse(node)
        if is_private(node.attr) and text not in DOCUMENTED and node.attr not in FOR_SUBCLASSES:
            inherited = isinstance(node.value, ast.Call) and ast.unparse(node.value.func) == "super"
            if inherited or node.attr not in own:
                yield text
        elif isinstance(node.ctx, ast.Store) and isinstance(node.value, ast.Name):
            if imports.get(node.value.id, "").partition(".")[0] in LIBRARIES:
                yield f"{text} = …"


@pytest.mark.parametrize("path", ELSEWHERE, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_nothing_private_of_a_library_is_used(path):
    assert list(private_parts(path.read_text())) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        (
            "from apache_beam.runners.portability import fn_api_runner",
            "import of apache_beam.runners.portability.fn_api_runner",
        ),
        ("import tfx.dsl.compiler.compiler", "import of tfx.dsl.compiler.compiler"),
        ("from tensorflow.python.framework import dtypes", "import of tensorflow.python.framework.dtypes"),
        ("from keras import _tf_keras", "import of keras._tf_keras"),
        ("class A(B):\n  def f(self): return self._x", "self._x"),
        ("class A(B):\n  def _f(self): return super()._f()", "super()._f"),
        ("def f(session): session._run()", "session._run"),
        ("from tfx_bsl.public.tfxio import TFExampleRecord as T\nT.BeamSource = 1", "T.BeamSource = …"),
    ],
)
def test_what_is_private_is_found(source, found):
    assert list(private_parts(source)) == [found]


@pytest.mark.parametrize(
    "source",
    [
        "class A:\n  def __init__(self): self._x = 1\n  def f(self, other): return self._x + other._x",
        "from tfx.types import artifact_utils\nartifact_utils.get_single_uri(__name__)",
        "from tfx_bsl.public.tfxio import TFExampleRecord",
        "import os\nos._exit(1)",
    ],
)
def test_what_is_public_or_ones_own_is_not(source):
    assert list(private_parts(source)) == []


def listed() -> dict[tuple[str, str], list[str]]:
    """The table of docs/decisions.md: by module and name of it, the tests that hold it."""
    text = (REPOSITORY / "docs/decisions.md").read_text()
    rows = re.findall(r"^\| `([\w/.]+)` \| `(\w+)` \|.*\| ([^|]+) \|$", text, re.MULTILINE)
    return {(module, name): re.findall(r"`([^`]+)`", tests) for module, name, tests in rows}


@pytest.mark.parametrize("path", INTERNALS, ids=lambda path: str(path.relative_to(REPOSITORY)))
def test_each_is_listed_with_its_reason_and_its_test(path: Path):
    public = {
        node.name
        for node in ast.parse(path.read_text()).body
        if isinstance(node, (ast.FunctionDef, ast.ClassDef)) and not is_private(node.name)
    }
    module = str(path.relative_to(REPOSITORY))
    assert public == {name for listed_module, name in listed() if listed_module == module}


def test_the_tests_that_the_list_names_are_there():
    assert listed()
    for tests in listed().values():
        assert tests
        for test in tests:
            path, _, name = test.partition("::")
            assert re.search(rf"def {re.escape(name)}\(", (REPOSITORY / "tests" / path).read_text()), test
