"""Makes docs/cli.md, docs/configuration.md and the JSON schema: `make docs`, which is `python -m pipeline.cli.reference`."""

from __future__ import annotations

import inspect
import json
import signal
from pathlib import Path

import click

from components.errors import EXIT_REFUSED, ConfigError, DataError, RunError
from pipeline.cli.main import main
from pipeline.config.json_schema import json_schema
from pipeline.config.reference import page as configuration_page

_HEAD = """# The command line

Made by `make docs` from the commands themselves: change a help text there, not here.
"""
_EXIT_CODES = {
    0: "done; for `run`: pushed",
    RunError.exit_code: "anything else: a run that failed, something that is not there, an error that nobody foresaw",
    ConfigError.exit_code: "bad usage or configuration",
    DataError.exit_code: "bad data: the table is wrong, or does not fit the configuration or the schema",
    EXIT_REFUSED: "refused by the gate; the reasons are printed",
    128 + signal.SIGINT: "stopped by SIGINT (Ctrl-C)",
    128 + signal.SIGTERM: "stopped by SIGTERM",
}


def pages() -> dict[str, str]:
    """The texts of all references, by path in the repository."""
    schema = json_schema()
    return {
        "docs/cli.md": cli_page(main),
        "docs/configuration.md": configuration_page(schema),
        "pipeline/config/schema.json": json.dumps(schema, indent=1, ensure_ascii=False) + "\n",
    }


def cli_page(group: click.Group) -> str:
    """All commands with their options, defaults and exit codes, in Markdown."""
    parts = [_HEAD, _section(group, click.Context(group, info_name="plumbline", **group.context_settings), 2)]
    parts += ["## Exit codes\n", "| code | why |\n|---|---|"]
    parts += [f"| {code} | {why} |" for code, why in _EXIT_CODES.items()]
    return "\n".join(parts) + "\n"


def _section(command: click.Command, context: click.Context, depth: int) -> str:
    usage = " ".join([context.command_path, *command.collect_usage_pieces(context)])
    parts = [f"{'#' * depth} {context.command_path}\n", f"    {usage}\n", f"{inspect.cleandoc(command.help or '')}\n"]
    options = [
        record
        for option in command.get_params(context)
        if isinstance(option, click.Option) and (record := option.get_help_record(context))
    ]
    parts += [
        "| option | what it says |\n|---|---|",
        *(f"| `{_cell(name)}` | {_cell(said)} |" for name, said in options),
        "",
    ]
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            below = command.commands[name]
            parts.append(_section(below, click.Context(below, info_name=name, parent=context), depth))
    return "\n".join(parts)


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("  [", " [")


if __name__ == "__main__":
    for place, text in pages().items():
        Path(place).write_text(text, encoding="utf-8")
