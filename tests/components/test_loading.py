"""Libraries that wait until they are used, by packages made for it, in a process of their own."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from components.loading import DEFERRED

PACKAGES = {
    "plain/__init__.py": "value = 1",
    "slow/__init__.py": "print('slow is executed'); value = 2; from slow import part",
    "slow/part.py": "import slow; print('part is executed'); value = slow.value + 1",
    "slow/other.py": "value = 4",
    "broken.py": "raise ValueError('as it is')",
}
BEGIN = """
import gc, sys, types
from components import loading
loading.DEFERRED = {"slow": "-", "slow.part": "-", "broken": "-", "not_there": "-"}
"""


@pytest.fixture
def said(tmp_path):
    """What a program prints that finds `PACKAGES`."""
    for name, text in PACKAGES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(text)

    def run(program: str) -> list[str]:
        begin = f"{BEGIN}sys.path.insert(0, {str(tmp_path)!r})\n"
        done = subprocess.run([sys.executable, "-c", begin + program], capture_output=True, text=True, check=False)
        assert (done.returncode, done.stderr) == (0, "")
        return done.stdout.splitlines()

    return run


@pytest.mark.parametrize(
    ("use", "printed"),
    [
        ("", []),
        ("import slow", []),
        ("from slow import part", []),
        ("import slow.part as part, slow as again; assert part.__spec__.name == 'slow.part'; again.__path__", []),
        ("print(slow.value)", ["slow is executed", "2"]),
        ("from slow import value; print(value)", ["slow is executed", "2"]),
        ("print(slow.part.value)", ["slow is executed", "part is executed", "3"]),
        ("from slow import *; print(value)", ["slow is executed", "2"]),
        ("import slow.other; print(slow.other.value, slow.value)", ["slow is executed", "4 2"]),
        ("slow.value; slow.value; assert type(slow) is types.ModuleType; import slow", ["slow is executed"]),
        ("print(hasattr(slow, 'nothing'))", ["slow is executed", "False"]),
    ],
)
def test_a_module_is_executed_once_something_of_it_is_asked_for(said, use, printed):
    assert said(f"with loading.libraries():\n    import plain, slow\nassert plain.value == 1\n{use}") == printed


def test_what_waits_is_what_it_would_be(said):
    program = (
        "{}import slow\nslow.value\nfrom slow import part\nprint(part.value, sorted(vars(slow)), type(slow.__loader__))"
    )
    assert said(program.format("with loading.libraries(): pass\n")) == said(program.format(""))


def test_errors_come_when_it_is_executed_and_what_is_missing_is_missing_at_once(said):
    program = """
with loading.libraries():
    import broken
    try: import not_there
    except ModuleNotFoundError as error: print(error)
for _ in range(2):
    try: broken.anything
    except ValueError as error: print(error, "broken" in sys.modules)
"""
    assert said(program) == ["No module named 'not_there'", "as it is True", "as it is True"]


def test_nothing_is_collected_meanwhile_and_what_is_loaded_never(said):
    program = """
with loading.libraries():
    print(gc.isenabled())
print(gc.isenabled(), gc.get_freeze_count() > 1000)
gc.disable()
with loading.libraries(): pass
print(gc.isenabled())
"""
    assert said(program) == ["False", "True True", "False"]


def test_it_is_told_what_was_loaded(said):
    program = """
loading.tell(print)
with loading.libraries():
    import plain, slow
    print(type(plain.__spec__.loader).__name__, plain.__spec__.loader is plain.__loader__)
"""
    loader, first, packages, waiting = said(program)
    assert loader == "SourceFileLoader True"
    assert first.startswith("loaded 2 modules in 0.")
    assert packages.startswith("  CPU seconds of each package's own: plain 0.0")
    assert waiting == "  not loaded before something of them is used: slow"


@pytest.mark.parametrize("name", DEFERRED)
def test_what_is_deferred_is_still_a_module_of_its_library(name):
    """A name that a library no longer has would be deferred in vain."""
    places = [Path(folder, *name.split(".")) for folder in sys.path]
    assert any((place / "__init__.py").is_file() or place.with_suffix(".py").is_file() for place in places)


@pytest.mark.e2e
def test_a_run_uses_nothing_of_what_waits(taxi_run):
    assert " is loaded now: " not in Path(taxi_run.show()["log"]).read_text()
