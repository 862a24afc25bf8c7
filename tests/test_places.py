"""Things lie where their names say: tests at the path of what they test, modules where texts name them."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

# Tests of no one module, with the reason.
OF_NO_ONE_MODULE = {
    "components/internals/test_sources.py": "whether any module reaches private parts of a library",
    "components/values/test_one_reading.py": "properties that the reading of tables and the served graph must share",
}
NAMED = re.compile(r"(?:\bfrom |\bimport |-m )((?:benchmarks|components|pipeline|tests)(?:\.\w+)+)")


def is_module(path: Path) -> bool:
    return path.with_suffix(".py").is_file() or path.is_dir()


def module_of(path: Path) -> Path | None:
    """The module of `test_X.py`, or of `test_X_more.py` where X is one; `test_init.py` is of the package itself."""
    words = path.stem.removeprefix("test_").split("_")
    if words[0] == "init" and (path.parent / "__init__.py").is_file():
        return path.parent
    names = (path.parent / "_".join(words[:end]) for end in range(len(words), 0, -1))
    return next(filter(is_module, names), None)


def test_a_test_lies_at_the_path_of_what_it_tests() -> None:
    tests = REPOSITORY / "tests"
    found = [path.relative_to(tests) for top in ("components", "pipeline") for path in (tests / top).rglob("test_*.py")]
    assert len(found) > 80
    assert {str(path) for path in found if module_of(REPOSITORY / path) is None} == set(OF_NO_ONE_MODULE)


@pytest.mark.parametrize(
    ("test", "module"),
    [
        ("components/publishing/test_publish_crashes.py", "components/publishing/publish"),
        ("components/test_init.py", "components"),
        ("pipeline/cli/init/test_init_property.py", "pipeline/cli/init"),
        ("components/table/test_cleaner.py", None),
    ],
)
def test_what_a_test_tests_is_found_by_its_path(test: str, module: str | None) -> None:
    assert module_of(REPOSITORY / test) == (module and REPOSITORY / module)


def test_modules_that_texts_name_are_there() -> None:
    """Commands of make and of the documentation, and programs that are started from a text: no tool else looks into them."""
    listed = subprocess.run(["git", "ls-files"], cwd=REPOSITORY, capture_output=True, text=True, check=True).stdout
    missing, count = [], 0
    for name in listed.splitlines():
        path = REPOSITORY / name
        if path.suffix not in (".py", ".md", ".sh", ".toml", "") or not path.is_file() or name.startswith("data/"):
            continue
        for module in NAMED.findall(path.read_text()):
            count += 1
            if not is_module(REPOSITORY / module.replace(".", "/")):
                missing.append(f"{name}: {module}")
    assert count > 500
    assert missing == []
