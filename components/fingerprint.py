"""A fingerprint of our own code, for TFX's cache.

TFX's cache compares a step's inputs and execution properties. It does not see code that is reached by import path, so
each step of ours carries the fingerprint of its sources among its execution properties.
"""

from __future__ import annotations

import ast
import functools
import hashlib
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

_ROOT = Path(__file__).parent  # of the one package that steps may import (import-linter holds it)


def code_fingerprint(*modules: str) -> str:
    """Fingerprint of the sources of all that some modules import of this package.

    Args:
      *modules: full names, such as `"components.trainer.run_fn"`: of the step's component, which imports its executor, and of
        whatever the step reaches by name.

    Returns:
      Hexadecimal SHA-256 over the names and contents of `imported_modules`.

    Raises:
      ModuleNotFoundError: there is no such module.
    """
    return _digest(imported_modules(*modules))


@functools.cache
def whole_code(*packages: str) -> str:
    """Fingerprint of all sources of some packages, as they are when this is first called.

    Args:
      *packages: full names of what is imported already.

    Returns:
      Hexadecimal SHA-256 over the names and contents of their modules.
    """
    found: dict[str, Path] = {}
    for package in packages:
        [folder] = sys.modules[package].__path__
        found |= {f"{package}/{file.relative_to(folder)}": file for file in Path(folder).rglob("*.py")}
    return _digest(found)


def _digest(files: Mapping[str, Path]) -> str:
    """SHA-256 over the names and contents of some files, in the order of their names."""
    digest = hashlib.sha256()
    for name, file in sorted(files.items()):
        digest.update(name.encode() + b"\0" + file.read_bytes() + b"\0")
    return digest.hexdigest()


def imported_modules(*modules: str) -> dict[str, Path]:
    """Some modules and all of this package that they import, at the top or inside a function, directly or not.

    Args:
      *modules: full names.

    Returns:
      The file of each module, by its full name; the packages that hold a module are among them, because they are run too.

    Raises:
      ModuleNotFoundError: there is no such module.
    """
    found: dict[str, Path] = {}
    ahead = list(modules)
    for name in modules:
        if _file(name) is None:
            raise ModuleNotFoundError(f"no module {name!r} in {_ROOT}", name=name)
    while ahead:
        name = ahead.pop()
        file = _file(name)
        if file is None or name in found:  # a name that is no module: a class or a function
            continue
        found[name] = file
        parent = name.rpartition(".")[0]
        ahead += [parent, *_imports(file, name if file.name == "__init__.py" else parent, file.stat().st_mtime_ns)]
    return found


def _file(name: str) -> Path | None:
    """The source of a module of ours; None for anything else."""
    top, *rest = name.split(".")
    if top != _ROOT.name:
        return None
    path = _ROOT.joinpath(*rest)
    candidates = [path / "__init__.py", *([path.with_name(f"{path.name}.py")] if rest else [])]
    return next((file for file in candidates if file.is_file()), None)


@functools.cache
def _imports(file: Path, package: str, changed: int) -> tuple[str, ...]:
    """Whatever may be a module among the names that a file imports; `changed` keeps the cache from an edited file."""
    del changed
    return tuple(_names(ast.parse(file.read_bytes()), package))


def _names(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: package.count(".") + 2 - node.level] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)
