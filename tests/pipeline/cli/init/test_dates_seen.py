from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.cli.init.dates_seen import Dates


@pytest.mark.parametrize(
    ("texts", "are_all", "have_times"),
    [
        (["2024-01-31", "2023-02-28"], True, False),
        (["2024-01-31 00:00:00Z", " 2024-01-31T00:00 ", "2024-01-31 00:00:00.000+02:00", "2024-01-31"], True, False),
        (["2024-01-31", "2024-01-31 00:00:01"], True, True),
        (["2024-01-31T10:00:00Z"], True, True),
        (["2024-01-31", "2023-02-29"], False, False),
        (["2024-01-31", "unknown"], False, False),
        ([], True, False),
    ],
)
def test_what_is_seen(texts, are_all, have_times):
    seen = Dates()
    seen.add(pa.array(texts, pa.string()))
    assert (seen.are_all, seen.have_times) == (are_all, have_times)


def test_batch_after_batch():
    seen = Dates()
    for texts in (["2024-01-31 10:00"], ["31/01/2024"], ["2024-01-31"]):
        seen.add(pa.array(texts))
    assert not seen.are_all
