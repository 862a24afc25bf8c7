import json

import pytest

from components.errors import RunError
from components.ingest.counts import Counts

WRITTEN = {
    "format": 2,
    "rows read": 10,
    "rows kept": 8,
    "rows dropped": 2,
    "rows rejected": 0,
    "rows left: missing, row dropped": 2,  # of a column of this name
    "missing tokens": {"c": {"NA": 3}},
    "splits": {"train": 6, "eval": 2},
    "files": {"t.csv": 7},
    "table": {"files": 1, "sha256": "ab"},
    "classes": ["no", "yes"],
    "hint": None,
}


def test_rules_are_told_from_the_other_keys():
    counts = Counts.parse(json.dumps(WRITTEN), "counts.json", "")
    assert (counts.read, counts.kept, counts.dropped, counts.rejected) == (10, 8, 2, 0)
    assert counts.by_rule == {"rows left: missing, row dropped": 2}
    assert json.loads(counts.to_json()) == WRITTEN


def test_a_rule_has_a_number_of_rows():
    with pytest.raises(
        RunError, match=r"counts\.json: damaged: x: below 0, row dropped: Input should be a valid integer"
    ):
        Counts.parse(json.dumps({**WRITTEN, "x: below 0, row dropped": "many"}), "counts.json", "")
