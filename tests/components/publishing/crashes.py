"""Publishes are killed, or their file system fails, at every file operation; then another publish must finish the work.

    python -m tests.components.publishing.crashes "first publish"

runs one scenario and prints how many points it tried. A process of its own, as it forks some 1,000 times: that is slow, and
not safe, from one that has loaded TensorFlow.
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

from components.errors import RunError
from components.publishing import filesystem
from components.publishing.beside import Beside
from components.publishing.publish import publish, rollback
from tests.components.publishing import faults
from tests.components.publishing.folders import hidden, make_model, name_of, numbered

FUTURE = 4_000_000_000  # above the clock, so that numbers come from what is there
MEMORY = Path("/dev/shm")  # noqa: S108 (a disk takes three times as long)


def build(root: Path, names: Sequence[str], old: bool) -> None:
    """A directory as earlier publishes and a dead publisher may have left it; `old`: those of version 0.1."""
    base = root / "s"
    for version, name in enumerate(names, FUTURE):
        make_model(base / str(version), name)
    if names:
        (base / "models.config").write_text("old")
        beside, prefix = (base, ".") if old else (root, ".s.")
        (beside / f"{prefix}highest").write_text(f"{FUTURE + len(names) - 1}\n")
        (beside / f"{prefix}lock").touch()
        (beside / f"{prefix}staging-1-1" / "variables").mkdir(parents=True)
        (beside / f"{prefix}staging-1-1" / "saved_model.pb").write_text("half")
        (beside / f"{prefix}deleted-7-1").mkdir()
        (beside / f"{prefix}writing-{'models.config' if old else '1-1'}").write_text("ha")


def noted(base: Path) -> int:
    """The highest number that is noted anywhere."""
    notes = (base.parent / ".s.highest", base / ".highest")
    return max((int(note.read_text()) for note in notes if note.exists()), default=0)


def put(models: Path, base: Path) -> object:
    """A publish of model c."""
    return publish(models / "c", base, 2, {"models.config": "new"})


# By name: the models that are there, whether version 0.1 left them, and what is done.
SCENARIOS: dict[str, tuple[Sequence[str], bool, Callable[[Path, Path], object]]] = {
    "first publish": ((), False, put),
    "publish": (("a", "b"), False, put),
    "publish after version 0.1": (("a", "b"), True, put),
    "same content": (("a", "b", "c"), False, put),
    "rollback": (("c", "b"), False, lambda models, base: rollback(base, 2)),
}


def contents_of(base: Path) -> dict[int, str]:
    """The name of the model in each version, all of which must agree with their manifests."""
    return {number: name_of(folder) for number, folder in numbered(base).items()}


def check_after(base: Path, names: Sequence[str], where: str) -> dict[int, str]:
    """What must hold after whatever happened."""
    contents = contents_of(base)
    if names:
        assert contents, f"{where}: no version left"
        assert contents[max(contents)] in (names[-1], "c"), where
        text = (base / "models.config").read_text()
        assert text in ("old", "new"), where
        if contents[max(contents)] == "c" != names[-1] and "publish" in where:
            assert text == "new", f"{where}: the version is there before its text"
    return contents


def try_all(folder: Path, scenario: str, mode: str) -> int:
    """Tries a fault at the first operation, the second, … until there is none left; returns how many there were."""
    names, old, action = SCENARIOS[scenario]
    models, template, base, note = (folder / name for name in ("models", "template", "root/s", "note"))
    for name in "cd":
        make_model(models / name, name)
    build(template, names, old)
    at = 0
    while True:
        at += 1
        where = f"{scenario}, {mode} at {at}"
        if names:
            shutil.copytree(template, folder / "root")
        else:
            (folder / "root").mkdir()
        outcome = faults.run(lambda: action(models, base), mode, at, base, note)
        contents = check_after(base, names, where)
        if outcome.text:
            changed = max(contents, default=0) > FUTURE + len(names) - 1 or (not names and contents)
            says = "is published and whole" in outcome.text
            assert says or not changed, f"{where}: {outcome.text}"
            left = [path.name for path in (folder / "root").rglob("*") if "staging-" in path.name]
            assert left in ([], [".s.staging-1-1"], [".staging-1-1"]), where
        seen = max([outcome.seen, *contents, FUTURE + len(names) - 1 if names else 0])
        seen = max(seen, noted(base))
        # Another process, after a kill a fresh one, finishes the work.
        if outcome.killed:
            faults.run(lambda: publish(models / "d", base, 2), mode, 0, base, note)
        else:
            publish(models / "d", base, 2)
        after = contents_of(base)
        assert max(after) > seen and after[max(after)] == "d" and len(after) <= 2, where
        assert hidden(base) == [], where
        assert {child.name for child in base.iterdir()} - {"models.config"} == {*map(str, after)}, where
        beside = Beside.of(base)
        assert {path.name for path in (folder / "root").iterdir()} == {"s", beside.lock.name, beside.highest.name}, (
            where
        )
        shutil.rmtree(folder / "root")
        if not outcome.reached:
            break
    floor = {"EIO": 60, "torn write": 1, "ENOSPC": 4}.get(mode, 15)
    assert at > floor
    return at - 1


def forget_to_sync(folder: Path) -> int:
    """A publish that does not sync its files must be found out; returns at how many points it was."""
    models, base = folder / "models", folder / "root" / "s"
    make_model(models / "c", "c")
    filesystem._finish = lambda descriptor: None
    broken = 0
    for at in range(1, 60):
        shutil.rmtree(folder / "root", ignore_errors=True)
        (folder / "root").mkdir()
        faults.run(lambda: publish(models / "c", base, 2), "power, renames kept", at, base, folder / "note")
        try:
            check_after(base, (), "")
        except RunError:
            broken += 1
    assert broken, "no point noticed that files are not synced"
    return broken


def main(scenario: str) -> None:
    """Tries all modes of a scenario, or `forget_to_sync`."""
    with tempfile.TemporaryDirectory(dir=MEMORY if os.access(MEMORY, os.W_OK) else None) as folder:
        if scenario == "forget to sync":
            print(forget_to_sync(Path(folder)), scenario)  # noqa: T201
            return
        for mode in faults.POINTS:
            print(try_all(Path(folder) / mode, scenario, mode), mode)  # noqa: T201


if __name__ == "__main__":
    main(*sys.argv[1:])
