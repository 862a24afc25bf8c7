"""What a date becomes in the design matrix: levels, places on a circle, numbers.

A part that is cyclic is two columns, the sine and the cosine of its turn (`LocalTime.turn`), so that the end of a day, a week or a
year lies beside its beginning; a missing date is in the middle of the circle, 0 and 0.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from components.values.calendar_parts import LEVELS, LocalTime

Entry = Mapping[str, Any]


def level_names(entry: Entry) -> dict[str, list[str]]:
    """By the name of a part that has levels, these; a further one is of missing dates.

    Args:
      entry: of a feature of kind `datetime` (`features_to_json`).
    """
    return {said["part"]: LEVELS[said["part"]] for said in entry["parts"] if said["as"] == "levels"}


def number_parts(entry: Entry) -> list[str]:
    """The parts that are numbers, to be scaled."""
    return [said["part"] for said in entry["parts"] if said["as"] == "number"]


def parts_of(entry: Entry) -> list[str]:
    """What each of a feature's transformed columns is, for eyes, in their order."""
    return [
        name
        for said in entry["parts"]
        for name in (_circle(said["part"]) if said["as"] == "cyclic" else [said["part"]])
    ]


def _circle(part: str) -> list[str]:
    return [f"{part} sin", f"{part} cos"]


def columns_of(entry: Entry, local: LocalTime, there: Any, functions: Any) -> dict[str, Any]:
    """The columns of dates, by what they are (`parts_of`).

    Args:
      entry: of the feature.
      local: of [n] dates, any where one is missing.
      there: int64 [n], 0 where one is missing, else 1.
      functions: `array_functions`, or `tf.math`.

    Returns:
      [n] each: of levels int64, the level's place; float64 else: of a circle the two coordinates, and numbers as they are, any
      where the date is missing.
    """
    found: dict[str, Any] = {}
    for said in entry["parts"]:
        part, way = said["part"], said["as"]
        if way == "levels":
            found[part] = local.level(part) * there + len(LEVELS[part]) * (1 - there)
        elif way == "number":
            found[part] = local.number(part)
        else:
            angle = 2 * math.pi * local.turn(part)
            for name, function in zip(_circle(part), (functions.sin, functions.cos), strict=True):
                found[name] = function(angle) * (there / 1)
    return found
