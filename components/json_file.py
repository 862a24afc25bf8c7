"""Small JSON files that a step or a run leaves for others: typed, each with the number of its format."""

from __future__ import annotations

import json
from typing import Self, get_args

from pydantic import BaseModel, ConfigDict, ValidationError

from components.errors import RunError


class JsonFile(BaseModel):
    """A file's content. A subclass says its format as `format: Literal[1] = 1`, and raises it with every change of its keys. One
    whose new keys have defaults reads earlier formats too: `format: Literal[1, 2] = 2`.

    What else stands in a file is passed over. NaN is a number here, as Python's `json` writes it.
    """

    model_config = ConfigDict(frozen=True)
    format: int

    @classmethod
    def parse(cls, text: str | bytes, path: object, way_out: str) -> Self:
        """What a file holds.

        Args:
          text: the file's.
          path: of the file, for the message.
          way_out: what to do about a file that can't be read, a sentence.

        Raises:
          RunError: it is damaged, or of another format.
        """
        field = cls.model_fields["format"]
        known = field.default
        try:
            value = json.loads(text)
            if isinstance(value, dict) and value.get("format") not in get_args(field.annotation):
                raise RunError(
                    f"{path}: expected format {known}; received {value.get('format', 'a file without one')}. Another version of "
                    f"Plumbline wrote it. {way_out}"
                )
            return cls.model_validate(value)
        except ValidationError as error:
            first = error.errors()[0]
            place = ".".join(map(str, first["loc"])) or "the file"
            raise RunError(f"{path}: damaged: {place}: {first['msg']}. {way_out}") from error
        except ValueError as error:
            raise RunError(f"{path}: damaged, not JSON: {error}. {way_out}") from error

    def to_json(self, indent: int | None = 1) -> str:
        """The file's text."""
        return json.dumps(self.model_dump(by_alias=True), indent=indent)
