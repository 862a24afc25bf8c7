import dataclasses
from typing import Any

import pytest

pytestmark = pytest.mark.e2e


@dataclasses.dataclass
class Known:
    """What decides about the next step."""

    number: int
    wanted: bool
    state: Any


@pytest.mark.parametrize(
    ("known", "step"),
    [
        ([], None),
        ([(1, True, "NEW"), (2, True, "NEW")], ("load", 2)),
        ([(1, False, "READY"), (2, True, "NEW")], ("load", 2)),  # the old one stays until the new one is ready
        ([(1, False, "READY"), (2, True, "READY")], ("unload", 1)),
        ([(1, False, "READY"), (2, True, "ERROR")], None),
        ([(1, False, "READY")], ("unload", 1)),
        ([(1, False, "READY"), (2, False, "READY"), (3, True, "NEW")], ("unload", 1)),
        ([(1, True, "READY"), (2, True, "NEW")], ("load", 2)),
        ([(1, False, "UNLOADING"), (2, True, "READY")], None),
    ],
)
def test_one_version_is_always_served(known: list[tuple[int, bool, str]], step: tuple[str, int] | None) -> None:
    from pipeline.serving.models.served_version import VersionState, next_step

    taken = next_step([Known(number, wanted, VersionState[state]) for number, wanted, state in known])
    assert (taken and (taken[0], taken[1].number)) == step
