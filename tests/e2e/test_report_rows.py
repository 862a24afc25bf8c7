"""No training row is in a report: neither a text nor a number that fewer than five rows have."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from tests.conftest import REPOSITORY
from tests.e2e import canaries
from tests.e2e.told import DIGITS, numbers, plain, report

pytestmark = pytest.mark.e2e
FEWEST = 5  # rows of which a report may tell a value


def digits(value: float) -> int:
    """How many significant digits a number is written with."""
    return len(f"{abs(value):.15g}".replace(".", "").lstrip("0"))


def singled_out(values: pd.Series) -> set[float]:
    """Numbers of six digits and more that few rows have, as they are and as 32-bit floats: no aggregate is one by chance."""
    known = pd.to_numeric(values, errors="coerce").dropna()
    counts = known.value_counts()
    few = [float(value) for value in counts.index[counts < FEWEST] if digits(value) >= 6]
    return {*few, *(float(np.float32(value)) for value in few)}


def told_numbers(text: str) -> set[float]:
    """Every number that is written in a text, whatever it is part of."""
    return {plain(found) for found in DIGITS.findall(text)}


@pytest.fixture(scope="module")
def of_canaries(canaries_run):
    return report(canaries_run)


def test_a_text_or_a_number_of_a_row_would_be_found(of_canaries):
    """What is searched for is found where it is."""
    known = canaries.canaries()
    table = canaries.made()
    assert (len(known.texts), len(table)) == (len(canaries.RARE) + 4 * len(table) + 2, canaries.ROWS)
    spoilt = {"rare": [known.texts[0]], "text": f"from {known.numbers[7]:,.0f} on", "exact": known.numbers[-9]}
    assert {known.numbers[7], known.numbers[-9]} <= numbers(spoilt)
    assert known.numbers[7] in told_numbers(f"<td>{known.numbers[7]:,.0f}</td>")


@pytest.mark.parametrize("file", ["page", "figures"])
def test_no_text_of_few_rows_is_in_it(of_canaries, file):
    text = getattr(of_canaries, file).read_text(encoding="utf-8")
    assert "Ghent" in text, "a town of many rows is told"
    assert [canary for canary in canaries.canaries().texts if canary in text] == []


def test_no_number_of_few_rows_is_in_it(of_canaries):
    table = canaries.made()
    told = numbers(of_canaries.json()) | told_numbers(of_canaries.html)
    assert len(told) > 500
    found = {name: sorted(singled_out(table[name]) & told) for name in table}
    assert found == {name: [] for name in table}


@pytest.mark.parametrize("run", ["taxi_run", "tips_run", "delays_run", "seed_run"])
def test_no_row_of_an_example_is_in_its_report(run, request):
    done = request.getfixturevalue(run)
    table = pd.read_csv(done.config.parent / "data.csv")
    found = report(done)
    told = numbers(found.json()) | told_numbers(found.html)
    numeric = table.select_dtypes("number")
    assert {name: sorted(singled_out(numeric[name]) & told) for name in numeric} == {name: [] for name in numeric}
    for name in table.select_dtypes(object):
        counts = table[name].value_counts()
        rare = [text for text in counts.index[counts < FEWEST] if len(text) > 5]
        assert [
            text for text in rare if text in found.html or text in json.dumps(found.json(), ensure_ascii=False)
        ] == []


def test_the_companies_of_few_taxi_trips_are_not_named(taxi_run):
    counts = pd.read_csv(REPOSITORY / "data/taxi/data.csv")["company"].value_counts()
    assert counts["3897 - 57856 Ilie Malec"] < FEWEST
    text = report(taxi_run).html
    assert "Blue Ribbon Taxi Association Inc." in text
    assert "Ilie Malec" not in text
    assert "Tyrone Henderson" not in text
