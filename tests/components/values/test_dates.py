from __future__ import annotations

import datetime
import re

import pytest

from components.values import dates


@pytest.mark.parametrize(
    "form", ["iso", "epoch", "epoch_ms", "%d/%m/%Y", "%Y", "%Y%m", "%d.%m.%y %H:%M", "%m-%d-%Y %H:%M:%S.%f%z"]
)
def test_a_format_can_be_used(form):
    dates.check_format(form)
    assert dates.example(form)


@pytest.mark.parametrize(
    ("form", "what"),
    [
        ("%d %B %Y", "%B is none of these"),
        ("%d/%m", "one of %Y and %y"),
        ("%Y %y", "one of %Y and %y"),
        ("%Y-%d", "%d needs %m"),
        ("%Y-%m %H", "%H needs %d"),
        ("%Y-%m-%d %M", "%M needs %H"),
        ("%Y-%m-%Y", "%Y stands there twice"),
        ("%Y-%m-%", "% is none of these"),
        ("date", "one of %Y and %y"),
        ("", "one of %Y and %y"),
    ],
)
def test_a_format_is_refused(form, what):
    with pytest.raises(ValueError, match=re.escape(what)):
        dates.check_format(form)


@pytest.mark.parametrize("form", ["%d/%m/%Y", "%m/%d/%y %H:%M", "%Y%m%d%H%M%S", "%Y"])
def test_an_example_is_of_its_format(form):
    assert datetime.datetime.strptime(dates.example(form), form).year == 2024
