"""What the body of every prediction has: an object, which may name a signature."""

from __future__ import annotations

from pipeline.serving.json.document import Members, parse_json
from pipeline.serving.json.quote import format_error


def read_object(body: bytes) -> Members:
    """The document.

    Raises:
      RequestError: it isn't JSON, or no object.
    """
    document = parse_json(body)
    if not isinstance(document, Members):
        raise format_error(document, "Is not object")
    return document


def read_signature_name(document: Members) -> str:
    """The signature that the document names, or "".

    Raises:
      RequestError: it is no string.
    """
    found = document.find("signature_name")
    if found is None:
        return ""
    if not isinstance(found[0], str):
        raise format_error(document, "not formatted correctly. 'signature_name' key must be a string value.")
    return found[0]
