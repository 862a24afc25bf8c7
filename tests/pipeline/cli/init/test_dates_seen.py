from __future__ import annotations

import pyarrow as pa
import pytest

from pipeline.cli.init.dates_seen import Dates

ISO = ("iso",)


@pytest.mark.parametrize(
    ("texts", "formats", "have_times"),
    [
        (["2024-01-31", "2023-02-28"], ISO, False),
        (["2024-01-31 00:00:00Z", " 2024-01-31T00:00 ", "2024-01-31 00:00:00.000+02:00", "2024-01-31"], ISO, False),
        (["2024-01-31", "2024-01-31 00:00:01"], ISO, True),
        (["2024-01-31T10:00:00Z"], ISO, True),
        (["31/1/2024", "1/2/2024"], ("%d/%m/%Y",), False),
        (["1/31/2024", "2/1/2024"], ("%m/%d/%Y",), False),
        (["1/12/2024", "2/1/2024"], ("%d/%m/%Y", "%m/%d/%Y"), False),
        (["31.01.2024 00:00", "31.01.2024 07:30"], ("%d.%m.%Y %H:%M",), True),
        (["2024/01/31 00:00:00"], ("%Y/%m/%d %H:%M:%S",), False),
        (["31/1/2024", "1/31/2024"], (), False),
        (["2024-01-31", "2023-02-29"], (), False),
        (["2024-01-31", "31.01.2024"], ("%d.%m.%Y",), False),
        (["2024-01-31", "unknown"], (), False),
        (["31/12/99", "1/1/00"], ("%d/%m/%y",), False),
        (["13/11/19", "14/11/19"], ("%d/%m/%y", "%y/%m/%d"), False),
        (["31.12.24 07:30"], ("%d.%m.%y %H:%M",), True),
    ],
)
def test_what_is_seen(texts, formats, have_times):
    seen = Dates()
    seen.add(pa.array(texts, pa.string()))
    assert (seen.formats, seen.have_times) == (formats, have_times)


def test_batch_after_batch():
    seen = Dates()
    for texts, formats in {
        ("1/12/2024",): 2,
        (): 2,
        ("31/12/2024",): 1,
        ("12/31/2024",): 0,
        ("2024-01-31",): 0,
    }.items():
        seen.add(pa.array(texts, pa.string()))
        assert len(seen.formats) == formats
