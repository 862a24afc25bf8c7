"""docs/house.md has every room and every step, and no other."""

from __future__ import annotations

import re

from pipeline.graph.registry import STEPS
from tests.conftest import REPOSITORY

TEXT = (REPOSITORY / "docs" / "house.md").read_text()


def test_every_room_is_named_and_no_other() -> None:
    rooms = {
        f"{init.parent.relative_to(REPOSITORY)}/"
        for package in ("pipeline", "components")
        for init in (REPOSITORY / package).rglob("__init__.py")
    } - {"pipeline/", "components/"}
    named = re.findall(r"^\| `([^`]*/)` \|", TEXT, re.MULTILINE)
    assert sorted(named) == sorted(rooms)


def test_the_way_has_every_step_in_its_order() -> None:
    [way] = re.findall(r"## The data's way\n(.*)", TEXT, re.DOTALL)
    steps = [cell.split(",")[0] for cell in re.findall(r"^\| (\w[^|]*) \|", way, re.MULTILINE)[1:]]
    assert steps == [step.name for step in STEPS]
