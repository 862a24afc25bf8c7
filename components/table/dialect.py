"""How a CSV is written: what parts its fields, its decimals, its bytes. Told by the configuration, or found by `sniffing`."""

from __future__ import annotations

import codecs
import dataclasses

DELIMITERS = {",": "commas", ";": "semicolons", "\t": "tabs", "|": "bars"}
EXCEL = "sep="  # how Excel says the delimiter, on a first line of its own


@dataclasses.dataclass(frozen=True)
class Dialect:
    """How a CSV is written.

    Attributes:
      delimiter: the character of ASCII between two fields.
      decimal: what parts a number's fraction from it, `.` or `,`.
      encoding: a codec of Python's.
      comment: how a line begins that is no record; None for none.
      skip_columns: columns that nobody is shown, by name, or by place from 1, as where one has no name.
      escape: the character that takes the next one's meaning away; None for none.
    """

    delimiter: str = ","
    decimal: str = "."
    encoding: str = "utf-8"
    comment: str | None = None
    skip_columns: tuple[str | int, ...] = ()
    escape: str | None = None

    @property
    def is_utf8(self) -> bool:
        """Whether the bytes need no other reading."""
        return codecs.lookup(self.encoding).name in ("utf-8", "utf-8-sig")

    @property
    def can_be_cut(self) -> bool:
        """Whether a part of a file can be read apart from what comes before it."""
        return self.is_utf8 and self.comment is None

    def settings(self) -> dict[str, object]:
        """The keys of `data` that say so, but for those at their defaults."""
        said = {field.name: getattr(self, field.name) for field in dataclasses.fields(self)}
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in said.items()
            if value != getattr(PLAIN, name)
        }


PLAIN = Dialect()
