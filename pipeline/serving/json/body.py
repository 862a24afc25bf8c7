"""What the body of every prediction has: an object, which may name a signature."""

from __future__ import annotations

from pipeline.serving.json.document import JsonValue, is_object, parse_json
from pipeline.serving.json.quote import format_error


def read_object(body: bytes) -> dict[str, JsonValue]:
    """The document.

    Raises:
      RequestError: it isn't JSON, or no object.
    """
    document = parse_json(body)
    if not is_object(document):
        raise format_error(document, "Is not object")
    return document


def read_signature_name(document: dict[str, JsonValue]) -> str:
    """The signature that the document names, or "".

    Raises:
      RequestError: it is no string.
    """
    found = document.get("signature_name", "")
    if not isinstance(found, str):
        raise format_error(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return found
