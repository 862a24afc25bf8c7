r"""What a date or a time is, wherever it comes from. Python's standard library alone; `date_columns` has it for Arrow,
`components.preprocessing.dates_graph` for TensorFlow, and `calendar_parts` the arithmetic of both.

A text, without blanks around it, is ISO 8601's: `2024-01-31`, or with a time `2024-01-31T23:59`, `2024-01-31 23:59:00.5Z`,
`2024-01-31 23:59:00+05:30`. It may have another shape, which the configuration gives in the letters of Python's `strptime`
(`%d/%m/%Y`); ISO 8601's texts are read then too. Years are 1 to 9999, of the Gregorian calendar throughout; there is no leap second
and no 24:00. Fractions of a second are cut after six digits. Whole numbers are seconds (`epoch`) or milliseconds (`epoch_ms`)
since 1970-01-01 in UTC.

All patterns are RE2's, which Arrow and TensorFlow share.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

Rules = Sequence[tuple[str, str]]
"""Patterns and what they become, to be applied in this order."""

ISO = "iso"
EPOCHS = {"epoch": 10**6, "epoch_ms": 10**3}  # how many microseconds a unit is

_LEAP = r"(?:0[48]|[2468][048]|[13579][26])"
_DAY_OF_YEAR = (
    r"(?:(?:0[13578]|1[02])-(?:0[1-9]|[12]\d|3[01])|(?:0[469]|11)-(?:0[1-9]|[12]\d|30)|02-(?:0[1-9]|1\d|2[0-8]))"
)
_DATE = rf"(?:(?:000[1-9]|00[1-9]\d|0[1-9]\d\d|[1-9]\d{{3}})-{_DAY_OF_YEAR}|(?:\d\d{_LEAP}|{_LEAP}00)-02-29)"
_CLOCK = r"[Tt ](?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:[.,]\d+)?)?"
_ZONE = r" ?(?:[Zz]|UTC|[+-](?:[01]\d|2[0-3])(?::?[0-5]\d)?)"

VALID = rf"\A{_DATE}(?:{_CLOCK}(?:{_ZONE})?)?\z"
"""A whole text of ISO 8601 that is a date, with a time or without one."""
WITHOUT_ZONE = rf"\A{_DATE}(?:{_CLOCK})?\z"

_PARTS = r"\A(\d{4})-(\d\d)-(\d\d)(?:[Tt ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d+))?)?(?: ?(?:[Zz]|UTC|([+-]\d\d)(?::?(\d\d))?))?)?\z"
STAMP: Rules = ((_PARTS, r"\1\2\3\4\5\6000000"), (r"\A(\d{14})\d*\z", r"\1"))
"""From a valid text the digits of year, month, day, hour, minute and second, fourteen of them."""
FRACTION: Rules = ((_PARTS, r"\7000000"), (r"\A(\d{6})\d*\z", r"\1"))
"""From a valid text its microseconds."""
OFFSET: Rules = ((_PARTS, r"\8\900"), (r"\A\+?(-?\d{4})\d*\z", r"\1"))
"""From a valid text hours and minutes east of UTC, as a number of four digits with its sign; 0 where it has no zone."""

_LETTERS = {  # as `strptime` has them
    "Y": r"(\d{4})",
    "y": r"(\d\d)",
    "m": r"(1[0-2]|0[1-9]|[1-9])",
    "d": r"(3[01]|[12]\d|0[1-9]|[1-9])",
    "H": r"(2[0-3]|[01]\d|\d)",
    "M": r"([0-5]\d|\d)",
    "S": r"([0-5]\d|\d)",
    "f": r"(\d{1,6})",
    "z": r"(Z|[+-]\d\d:?\d\d)",
}
_MARK = "\x02"  # in no text that is meant
_NEEDS = {"d": "m", "H": "d", "M": "H", "S": "M", "f": "S", "z": "H"}


def check_format(form: str) -> None:
    """Raises a ValueError, which says why, if a format is none that `rules` takes."""
    if form == ISO or form in EPOCHS:
        return
    letters = re.findall(r"%(.?)", form.replace("%%", ""))
    known = ", ".join(f"%{letter}" for letter in _LETTERS)
    expected = f"must be {ISO!r}, {', '.join(map(repr, EPOCHS))}, or digits as strptime names them ({known})"
    odd = [letter for letter in letters if letter not in _LETTERS]
    if odd:
        raise ValueError(f"{expected}; %{odd[0]} is none of these")
    for letter in letters:
        if letters.count(letter) > 1:
            raise ValueError(f"{expected}, each once; %{letter} stands there twice")
        if _NEEDS.get(letter, letter) not in letters:
            raise ValueError(f"%{letter} needs %{_NEEDS[letter]} beside it")
    if len({"Y", "y"}.intersection(letters)) != 1:
        raise ValueError(f"{expected}, with one of %Y and %y")


def rules(form: str) -> Rules:
    """What makes ISO 8601's text of a text of some format; what is not of that format stays as it is.

    Args:
      form: of texts (`check_format`). Of `%y`, 69 to 99 are of the last century, as POSIX has it; a month or a day that it does
        not name is the first.
    """
    if form == ISO:
        return ()
    pattern, order = "", []
    for literal, letter in re.findall(r"([^%]+)|%(.)", form):
        if letter in _LETTERS:
            order.append(letter)
        pattern += _LETTERS.get(letter) or re.sub(r"[^\w]", lambda m: rf"\x{{{ord(m[0]):x}}}", literal or letter)

    def digits(letter: str, default: str) -> str:
        """A number of one or two digits, with a zero before it that it may have no need of."""
        return f"{_MARK}0\\{order.index(letter) + 1}" if letter in order else default

    year = f"\\{order.index('Y' if 'Y' in order else 'y') + 1}"
    found = f"{year}-{digits('m', '01')}-{digits('d', '01')}"
    if "H" in order:
        found += f" {digits('H', '')}:{digits('M', '00')}:{digits('S', '00')}"
        found += f".\\{order.index('f') + 1}" if "f" in order else ""
        found += f"\\{order.index('z') + 1}" if "z" in order else ""
    short = ((r"\A(0\d|[1-5]\d|6[0-8])-", r"20\1-"), (r"\A(\d\d)-", r"19\1-")) if "y" in order else ()
    return ((rf"\A{pattern}\z", found), (rf"{_MARK}0(\d\d)", r"\1"), (_MARK, ""), *short)


def expected(form: str) -> str:
    """What a value of some format is, in words."""
    what = {"epoch": "seconds since 1970", "epoch_ms": "milliseconds since 1970"}.get(form)
    return f"{what} within the years 1 to 9999" if what else f"a date such as {example(form)}"


def example(form: str) -> str:
    """A date as a format has it, for eyes."""
    if form in EPOCHS:
        return "1706745540" + "000" * (form == "epoch_ms")
    if form == ISO:
        return "2024-01-31 or 2024-01-31T23:59:00Z"
    values = {
        "Y": "2024",
        "y": "24",
        "m": "01",
        "d": "31",
        "H": "23",
        "M": "59",
        "S": "00",
        "f": "000000",
        "z": "+0000",
    }
    return re.sub(r"%(.)", lambda m: values.get(m[1], m[1]), form)
