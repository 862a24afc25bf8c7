import json

import pytest

from components.ingest.counts import Counts
from pipeline.graph.report.distributions import Distribution, Spread
from pipeline.graph.report.page import page
from pipeline.graph.report.sections import learned
from pipeline.graph.report.sections.learned import SECTION
from pipeline.graph.steps.example_gen import CLEANING
from tests.pipeline.graph.report.sources import document, source

COUNTS = Counts.model_validate(
    {
        "format": 2,
        "rows read": 110,
        "rows kept": 100,
        "rows dropped": 7,
        "rows rejected": 3,
        "missing tokens": {"c": {"": 12, "n/a": 2}},
        "splits": {"train": 80, "eval": 20},
        "files": {"t.csv": 0},
        "table": {"files": 1, "sha256": "ab"},
        "hint": "y is 0 or 1",
        "x: below 0, row dropped": 7,
        "x: above 9, taken as missing": 4,
        "x: above 8, clipped": 1,
        "x: missing, median imputed": 5,
        "z: whole numbers of training rows rounded to 32-bit floats (kind: integer keeps them)": 6,
        "w: never": 0,
    }
)


def columns(count):
    spread = Spread(
        rows=80, missing=8, missing_share=0.1, mean=1.25, deviation=0.5, tenth=0.61, median=1.2, ninetieth=1.9
    )
    texts = Spread(rows=80, missing=0, missing_share=0.0)
    numbers = [
        Distribution(
            column=f"x{place}",
            role="label" if place == 0 else "feature",
            kind="numbers",
            spreads={"train": spread},
            edges={"train": [0.5, 1.0, 1.5]},
            counts={"train": [10, 20, 30, 12]},
        )
        for place in range(count)
    ]
    levels = Distribution(
        column="c",
        role="feature",
        kind="texts",
        spreads={"train": texts, "eval": texts},
        levels=["a <b>", "d"],
        texts=7,
        counts={"train": [50, 20, 10], "eval": [70, None, 8]},
    )
    return [*numbers[:1], levels, *numbers[1:]]


def read(distributions, counts=COUNTS):
    return SECTION.read(source(records={CLEANING: counts}, distributions=distributions))


def test_rows_and_rules_are_ingests():
    found = read([])
    assert (found.read, found.kept, found.dropped, found.rejected) == (110, 100, 7, 3)
    assert found.splits == {"train": 80, "eval": 20}
    assert [(rule.what, rule.rows) for rule in found.rules] == [
        ("dropped", 7),
        ("missing", 4),
        ("clipped", 1),
        ("imputed", 5),
        ("other", 6),
    ]
    assert [(mark.text, mark.rows) for mark in found.marks] == [("''", 12), ("n/a", 2)]
    assert (found.anomalies, found.expected, found.inferred, found.hint) == (None, [], True, "y is 0 or 1")
    assert SECTION.read(source()) is None


def test_the_page_has_every_number_of_a_column():
    found = read(columns(2))
    text = page(document(learned=found))
    for value in (1.25, 0.5, 0.61, 1.2, 1.9, 0.1):
        assert f'<data value="{value!r}">' in text
    assert "x0 (label)" in text
    assert "a &lt;b&gt;" in text
    assert "fewer than 5" in text
    assert text.count("<svg") == 3


def test_of_very_many_columns_the_first_have_pictures(monkeypatch):
    found = read(columns(300))
    assert (len(found.columns), found.pictured) == (301, learned.PICTURED)
    assert all(one.counts for one in found.columns[: learned.PICTURED])
    assert not any(one.counts or one.edges for one in found.columns[learned.PICTURED :])
    text = page(document(learned=found))
    assert text.count("<svg") == learned.PICTURED
    assert "x299" in text
    assert len(text) < 600_000


@pytest.mark.parametrize(
    ("reason", "told"),
    [
        ("column 'x': expected a number; received 'secret'", "column 'x': expected a number"),
        ("expected 3 fields; received 2: 'secret,1'", "expected 3 fields"),
        ("column 'y': something else, of 'secret'", "column 'y'"),
    ],
)
def test_why_rows_were_rejected_is_told_without_what_stood_there(reason, told):
    assert learned.without_value(reason) == told


def test_the_section_reads_back():
    found = read(columns(2))
    assert learned.Learned.model_validate(json.loads(found.model_dump_json())) == found


def test_anomalies_come_before_the_columns():
    wrong = learned.Found(split="train", column="c", rule="Unexpected string values", share="<1%")
    found = read(columns(2)).model_copy(update={"anomalies": [wrong]})
    text = page(document(learned=found))
    assert text.index("Unexpected string values") < text.index("Its columns")
    assert "there is no anomaly" not in text
    none = page(document(learned=found.model_copy(update={"anomalies": []})))
    assert "there is no anomaly" in none
    assert "Anomalies" not in none
