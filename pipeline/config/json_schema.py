"""The JSON schema of the configuration file (draft 2020-12), made from the fields of its sections."""

from __future__ import annotations

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from components.fit.settings import Exact
from pipeline.config.file import Config

_LEFT_OUT = Exact.model_fields["solver"].default  # of what tells the members of a union apart, all else must be said


class _Generator(GenerateJsonSchema):
    """Pydantic's, without titles that say the key again, in the order in which the fields stand."""

    def sort(self, value: Any, parent_key: str | None = None) -> Any:
        del parent_key
        return value

    def field_title_should_be_set(self, schema: Any) -> bool:
        del schema
        return False

    def encode_default(self, dft: Any) -> Any:
        """As a file would say it: without keys at their own defaults."""
        return TypeAdapter(Any).dump_python(dft, mode="json", by_alias=True, exclude_unset=True)


def json_schema() -> dict[str, Any]:
    """The schema: a file that it refuses is refused by `load_config` too.

    What keys have to do with each other, and with the table, is for `load_config` alone. A key's unit is its `x-unit`.
    """
    found = Config.model_json_schema(by_alias=True, schema_generator=_Generator, mode="validation")
    for section in found["$defs"].values():
        tags = [key for key, said in section["properties"].items() if said.get("const", _LEFT_OUT) != _LEFT_OUT]
        if tags:
            section["required"] = [*tags, *section.get("required", [])]
    return {"$schema": _Generator.schema_dialect, **found}
