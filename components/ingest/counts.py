"""`counts.json`, which ExampleGen writes beside the splits: what became of the table's rows. All are numbers of rows."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from components.json_file import JsonFile

COUNTS_FILE = "counts.json"
WAY_OUT = "Run again with --no-cache."


class TableDigest(BaseModel):
    """What was read.

    Attributes:
      files: how many.
      sha256: of all of them together (`components.table.stamps.table_digest`).
    """

    model_config = ConfigDict(frozen=True)
    files: int
    sha256: str


class Counts(JsonFile):
    """The file. Beside these keys it has one for each rule, in words, with the rows that it touched (`by_rule`).

    Attributes:
      read, kept, dropped, rejected: rows of the table; the file's keys are `rows read` and so on.
      missing_tokens: by column of texts, which texts stood for nothing, and in how many kept rows.
      splits: rows of each.
      files: the code that each file has in the rows' identities, by its name below the table's folder.
      table: what was read.
      classes: of a family of classes the names of the negative one and the positive one; those of a label of numbers are `0`, `1`.
      hint: what is worth saying of the label.
    """

    model_config = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, int]
    format: Literal[2] = 2
    read: int = Field(default=0, alias="rows read")
    kept: int = Field(default=0, alias="rows kept")
    dropped: int = Field(default=0, alias="rows dropped")
    rejected: int = Field(default=0, alias="rows rejected")
    missing_tokens: dict[str, dict[str, int]] = Field(default={}, alias="missing tokens")
    splits: dict[str, int]
    files: dict[str, int]
    table: TableDigest
    classes: list[str] | None = None
    hint: str | None = None

    @property
    def by_rule(self) -> dict[str, int]:
        """Rows that each rule touched, by the rule in words."""
        return dict(self.__pydantic_extra__)
