"""docs/deployment.md: its commands and its counts."""

from __future__ import annotations

import re
import shlex

import pytest

from pipeline.cli.main import main
from pipeline.serving.settings import ServerSettings
from pipeline.serving.tf_server import IMAGE
from tests.conftest import REPOSITORY
from tests.test_setup import locked

PAGE = (REPOSITORY / "docs" / "deployment.md").read_text()
COMMANDS = re.findall(r"^plumbline (.+?)(?: +#.*)?$", PAGE, re.MULTILINE)


@pytest.mark.parametrize("command", COMMANDS)
def test_the_command_line_takes_the_pages_commands(command: str) -> None:
    name, *arguments = shlex.split(command)
    assert main.commands[name].make_context(name, arguments, parent=main.make_context("plumbline", [name])).params


def test_what_the_page_counts() -> None:
    assert len(COMMANDS) == 4
    assert f"{len(locked('serving.txt'))} packages" in PAGE
    assert f"`drain_seconds` ({ServerSettings().drain_seconds:g})" in PAGE
    assert f"`{IMAGE}`" in PAGE
