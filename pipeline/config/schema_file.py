"""The JSON schema of the configuration as a file of this package, and how an editor is told of it."""

from __future__ import annotations

from pathlib import Path

SCHEMA_FILE = Path(__file__).with_name("schema.json")


def modeline() -> str:
    """The comment by which editors with YAML's language server find the schema of the very version that is installed.

    A file URI: it needs no network, and holds no blanks, at which the server would cut it.
    """
    return f"# yaml-language-server: $schema={SCHEMA_FILE.resolve().as_uri()}"
