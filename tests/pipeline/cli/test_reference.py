"""What `make docs` writes is what is committed, and has all commands."""

from __future__ import annotations

import re

import pytest

from pipeline.cli.main import main
from pipeline.cli.reference import cli_page, pages
from tests.conftest import REPOSITORY


@pytest.mark.parametrize("place", ["docs/cli.md", "docs/configuration.md", "pipeline/config/schema.json"])
def test_the_committed_file_is_what_the_code_says_now(place):
    assert (REPOSITORY / place).read_text(encoding="utf-8") == pages()[place], f"{place} is out of date: run make docs"


def test_every_command_and_option_is_there_with_its_default():
    page = cli_page(main)
    for name, command in main.commands.items():
        section = page.split(f"\n## plumbline {name}\n")[1].split("\n## ")[0]
        for option in (parameter for parameter in command.params if parameter.param_type_name == "option"):
            assert re.search(rf"^\| `.*{re.escape(option.opts[-1])}\b.*` \| .+ \|$", section, re.MULTILINE), option.name
    assert "[default: 127.0.0.1]" in page
    assert "| `-h, --help` |" in page


def test_every_option_is_described():
    for name, command in main.commands.items():
        assert command.help, name
        for parameter in command.params:
            assert parameter.param_type_name == "argument" or parameter.help, f"{name}: {parameter.name}"


def test_exit_codes_are_the_errors_own():
    codes = re.findall(r"^\| (\d+) \|", cli_page(main), re.MULTILINE)
    assert codes == ["0", "1", "2", "3", "4", "130", "143"]
