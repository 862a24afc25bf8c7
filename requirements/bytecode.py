"""Writes the bytecode of what the project imports, so that no start compiles it again.

`install.sh` calls it once, with the Python of .venv. Where PYTHONDONTWRITEBYTECODE is set nobody would write it later, and each
start would compile 100 MB of sources. What a command, a step or a test names in an import is imported here, and importing is what
compiles it: a third of the files in .venv, and no list to keep.
"""

from __future__ import annotations

import ast
import compileall
import importlib
import sys
import warnings
from collections.abc import Iterator
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent
OURS = ("components", "pipeline", "tests")
# What others load by a text or within a function: Beam, TFX and pydantic, Keras for gradient descent's curve, pytest's plugins.
LATE = (
    "google_crc32c",
    "pydantic.dataclasses",
    "setuptools",
    "tensorboard.summary.v1",
    "importlinter.cli",
    "pytest_timeout",
    "xdist.looponfail",
    "xdist.plugin",
    "xdist.remote",
    "xdist.workermanage",
)
# A third of all bytecode, for a submission to Vertex AI alone.
SELDOM = ("google.cloud.aiplatform", "tfx.extensions.google_cloud_ai_platform")


def imported(source: bytes) -> Iterator[tuple[str, str]]:
    """The modules that a source names in an import, inside functions too, each with a name that it takes from it, or none."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            yield from ((alias.name, "") for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from ((node.module, alias.name) for alias in node.names)


def load(module: str, name: str) -> None:
    """What an import does: a module of many parts may load the one that a name is of only now, and a name may be a module's."""
    found = importlib.import_module(module)
    if name and not hasattr(found, name):
        importlib.import_module(f"{module}.{name}")


def main() -> None:
    """Imports what others wrote, and compiles what is ours without running it."""
    sys.dont_write_bytecode = False
    warnings.simplefilter("ignore")
    sources = (path for top in OURS for path in sorted((REPOSITORY / top).rglob("*.py")))
    names = [name for path in sources for name in imported(path.read_bytes())]
    late = [(name, "") for name in LATE]
    for module, name in dict.fromkeys([("tfx.components", ""), *names, *late]):  # TFX first: README.md
        if module.partition(".")[0] in OURS or f"{module}.{name}".startswith(SELDOM):
            continue
        try:
            load(module, name)
        except ImportError:  # of what is not installed
            continue
    for top in OURS:
        compileall.compile_dir(REPOSITORY / top, quiet=1)


if __name__ == "__main__":
    main()
