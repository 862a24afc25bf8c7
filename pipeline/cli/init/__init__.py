"""`plumbline init`: writes a configuration from a table, and says what it saw there."""

from __future__ import annotations

import shlex
from pathlib import Path

from components.errors import ConfigError
from components.replacing import replacing
from pipeline.cli.init.judging import is_one_of_two_texts, judge
from pipeline.cli.init.notes import Note, Rank
from pipeline.cli.init.reading import find, profile
from pipeline.cli.init.writing import config_text, pipeline_name

__all__ = ["Note", "write_config"]


def write_config(
    table: Path, label: str, output: Path | None = None, name: str | None = None
) -> tuple[Path, list[Note]]:
    """Reads a whole table by ingest's reader, and writes a configuration beside it.

    Args:
      table: a file, a folder of files, or a pattern of files.
      label: the column to predict.
      output: the file to write; None for the table's name with `.yaml`, beside it.
      name: of the pipeline; None for one made of the table's folder and name.

    Returns:
      The file; what is worth saying, most important first.

    Raises:
      DataError: the table can't be read, the label is neither numbers nor one of two values, or no column can be a feature.
      ConfigError: the file to write is there already, or the name is no pipeline's.
    """
    source = find(table)
    path = output or source.beside()
    if path.exists():
        raise ConfigError(f"{path}: the file is there already. Remove it, or name another with --output.")
    called = pipeline_name(source, name)
    seen = profile(source, label)
    findings = judge(profile(source, label, in_texts=True) if is_one_of_two_texts(seen.label) else seen)
    for words in source.words:
        findings.say(Rank.FORMAT, words)
    command = shlex.join(["plumbline", "init", str(table), "--label", label])
    with replacing(path) as temporary:
        temporary.write_text(config_text(source, path, called, findings, command), encoding="utf-8")
    return path, findings.notes
