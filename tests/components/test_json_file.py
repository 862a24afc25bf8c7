from __future__ import annotations

from typing import Literal

import pytest

from components.errors import RunError
from components.json_file import JsonFile


class Note(JsonFile):
    format: Literal[2] = 2
    rows: int
    mean: float = 0.0


def test_what_was_written_is_read_back():
    note = Note(rows=3, mean=float("nan"))
    assert Note.parse(note.to_json(), "note.json", "").to_json() == note.to_json()
    assert Note.parse('{"format": 2, "rows": 3, "a later": "key"}', "note.json", "") == Note(rows=3)


def test_an_earlier_format_whose_keys_are_still_known_is_read():
    class Kept(JsonFile):
        format: Literal[1, 2] = 2
        rows: int
        later: str = "none"

    assert Kept.parse('{"format": 1, "rows": 3}', "kept.json", "").later == "none"
    with pytest.raises(RunError, match="expected format 2; received 3"):
        Kept.parse('{"format": 3, "rows": 3}', "kept.json", "")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "note.json: damaged, not JSON: Expecting property name enclosed in double quotes"),
        (b"\xff", "note.json: damaged, not JSON: 'utf-8' codec can't decode byte 0xff"),
        ("[]", "note.json: damaged: the file: Input should be a valid dictionary"),
        (
            '{"rows": 3}',
            "note.json: expected format 2; received a file without one. Another version of Plumbline wrote it.",
        ),
        ('{"format": 1, "rows": 3}', "note.json: expected format 2; received 1."),
        ('{"format": 2, "rows": "three"}', "note.json: damaged: rows: Input should be a valid integer"),
    ],
)
def test_what_can_not_be_read_is_said_with_the_way_out(text, message):
    with pytest.raises(RunError) as caught:
        Note.parse(text, "note.json", "Make it again.")
    assert str(caught.value).startswith(message)
    assert str(caught.value).endswith(" Make it again.")
