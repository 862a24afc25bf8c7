"""docs/engines.md: its sections and commands are taken, and what it says is set is what the manifests set."""

from __future__ import annotations

import re
import shlex
from pathlib import Path
from typing import get_args

import pytest
import yaml

from pipeline.beam.cluster_errors import in_words
from pipeline.beam.engines import ENGINES, chosen
from pipeline.beam.flink_engine import VERSIONS
from pipeline.cli.main import main
from pipeline.config.beam import WorkerEnvironment
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY
from tests.deploy.test_flink_manifests import BEAM, DOCUMENTS, FLINK, OPERATOR

PAGE = (REPOSITORY / "docs" / "engines.md").read_text()
SECTIONS = re.findall(r"```yaml\n(beam:.*?)```", PAGE, re.DOTALL)
COMMANDS = re.findall(r"^(plumbline|kubectl) (.+)$", PAGE, re.MULTILINE)
ROWS = [
    line.strip("| ").split(" | ") for line in PAGE.split("## What to set")[1].splitlines() if line.startswith("| `")
]
TAXI = yaml.safe_load((REPOSITORY / "data/taxi/pipeline.yaml").read_text())


def test_the_doors_are_the_engines() -> None:
    table = PAGE.split("## The doors")[1].split("##")[0]
    assert re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE) == ["local", "portable", "flink", "spark", "dataflow"]
    assert set(re.findall(r"^\| `(\w+)` \|", table, re.MULTILINE)) == set(ENGINES)
    assert f"a Flink cluster, {VERSIONS[0]} to {VERSIONS[-1]} |" in table
    for name in get_args(WorkerEnvironment.model_fields["type"].annotation):
        assert name in PAGE


@pytest.mark.parametrize("block", SECTIONS, ids=lambda block: yaml.safe_load(block)["beam"]["engine"])
def test_a_section_is_one_that_the_configuration_and_its_engine_take(block: str, tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(
        yaml.safe_dump({**TAXI, "schema": str(REPOSITORY / "data/taxi/schema.pbtxt"), **yaml.safe_load(block)})
    )
    section = load_config(path).beam
    assert chosen(section, None, "beam").name == section.engine


def test_there_is_a_section_for_each_door_and_the_first_is_that_of_the_manifests() -> None:
    sections = [yaml.safe_load(block)["beam"] for block in SECTIONS]
    assert [section["engine"] for section in sections] == ["portable", "flink", "dataflow"]
    assert {**sections[0], "options": BEAM["options"]} == BEAM


def test_the_command_line_takes_the_pages_commands() -> None:
    ours = [shlex.split(words) for program, words in COMMANDS if program == "plumbline"]
    assert len(ours) == 2
    for name, *arguments in ours:
        assert main.commands[name].make_context(name, arguments, parent=main.make_context("plumbline", [name])).params


def test_kubectls_commands_name_what_the_manifests_have() -> None:
    there = {f"{item['kind'].lower()}/{item['metadata']['name']}" for item in DOCUMENTS}
    words = [word for program, line in COMMANDS if program == "kubectl" for word in shlex.split(line)]
    files = [word for word in words if word.startswith("deploy/")]
    named = [word for word in words if re.match(r"(deployment|job|service)/", word)]
    assert len(files) == 4 and all((REPOSITORY / file).is_file() for file in files)
    assert len(named) == 4 and set(named) <= there


def test_the_table_of_what_to_set_has_what_the_manifests_set() -> None:
    told: dict[str, str] = {}
    for keys, values, *_ in ROWS:
        names = re.findall(r"`([^`]+)`", keys)
        whole = [name for name in names if not name.startswith(".")]
        names = [whole[-1].rpartition(".")[0] + name if name.startswith(".") else name for name in names]
        given = values.strip("`").removesuffix(" (ms)").split(", ")
        told |= dict(zip(names, given * len(names) if len(given) == 1 else given, strict=False))
    flag = "--environment_cache_millis"
    assert [f"{flag}={told.pop(flag)}"] == BEAM["options"]
    assert told.pop("env.java.opts.all") == "--add-opens=…"
    assert told == {key: str(FLINK[key]) for key in told}
    assert set(OPERATOR["flinkConfiguration"]) == {*told, "env.java.opts.all"} - {"taskmanager.memory.process.size"}


@pytest.mark.parametrize(
    "key", ["taskmanager.memory.managed.size", "taskmanager.memory.network.max", "taskmanager.numberOfTaskSlots"]
)
def test_the_errors_that_the_page_quotes_are_told_in_words(key: str) -> None:
    [(_, _, _, seen)] = [row for row in ROWS if f"`{key}`" in row[0]]
    [text] = re.findall(r"`([^`]+)`", seen)
    advice = {"taskmanager.numberOfTaskSlots": "lower beam.parallelism"}.get(key, f"Raise {key}")
    assert advice in str(in_words(f"java.lang.RuntimeException: {text}", "flink"))
