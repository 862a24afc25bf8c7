"""`plumbline init`: writes a configuration from a table, and says what it saw there."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

from components.errors import ConfigError
from components.replacing import replacing
from pipeline.cli.init.judging import is_one_of_two_texts, judge, look
from pipeline.cli.init.notes import Note, Rank
from pipeline.cli.init.reading import find, profile
from pipeline.cli.init.writing import config_text, pipeline_name

if TYPE_CHECKING:
    from pipeline.cli.init.formula import Formula

__all__ = ["Note", "write_config"]


def write_config(
    table: Path,
    label: str | None,
    output: Path | None = None,
    name: str | None = None,
    formula: str | None = None,
) -> tuple[Path, list[Note]]:
    """Reads a whole table by ingest's reader, and writes a configuration beside it.

    Args:
      table: a file, a folder of files, or a pattern of files.
      label: the column to predict; None for the formula's.
      output: the file to write; None for the table's name with `.yaml`, beside it.
      name: of the pipeline; None for one made of the table's folder and name.

      formula: that says label and features (`pipeline.cli.init.formula`); None for what the table suggests.

    Returns:
      The file; what is worth saying, most important first.

    Raises:
      DataError: the table can't be read, the label is neither numbers nor one of two values, or no column can be a feature.
      ConfigError: the file to write is there already, the name is no pipeline's, or the formula can't be expressed.
    """
    asked = None if formula is None else _parsed(formula, label)
    predicted = label if asked is None else asked.label
    if predicted is None:
        raise ConfigError("--label: expected the column to predict, or a --formula that says it.")
    source = find(table)
    path = output or source.beside()
    if path.exists():
        raise ConfigError(f"{path}: the file is there already. Remove it, or name another with --output.")
    called = pipeline_name(source, name)
    seen = profile(source, predicted)
    if is_one_of_two_texts(seen.label):
        seen = profile(source, predicted, in_texts=True)
    if asked is None:
        findings = judge(seen)
    else:
        findings = look(seen)
        asked.take(findings)
    for words in source.words:
        findings.say(Rank.FORMAT, words)
    given = {"--label": label, "--formula": formula}
    options = [word for option, value in given.items() if value is not None for word in (option, value)]
    command = shlex.join(["plumbline", "init", str(table), *options])
    with replacing(path) as temporary:
        temporary.write_text(config_text(source, path, called, findings, command), encoding="utf-8")
    return path, findings.notes


def _parsed(formula: str, label: str | None) -> Formula:
    from pipeline.cli.init.formula import Formula  # it imports pandas

    return Formula(formula, label)
