from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from components.errors import ConfigError
from pipeline.remote.submit.submission import (
    check_cron,
    check_labels,
    check_same,
    parameters,
    parse_pairs,
    read_spec,
    version_name,
)

SPEC: dict[str, Any] = {
    "schemaVersion": "2.1.0",
    "root": {"inputDefinitions": {"parameters": {"rules": {"defaultValue": "{}"}, "input_base": {}}}},
}


@pytest.mark.parametrize(
    ("name", "text", "words"),
    [
        ("p.json", "{}", "expected a file that ends in .yaml"),
        (
            "p.yaml",
            "schemaVersion: 2.0.0",
            "expected a pipeline specification of schemaVersion 2.1.0. Received '2.0.0'.",
        ),
        ("p.yaml", "just words", "expected a pipeline specification of schemaVersion 2.1.0. Received None."),
        ("p.yaml", "a: [", "not valid YAML: "),
        (
            "p.yaml",
            "schemaVersion: 2.1.0\nrooot: {}",
            'is no pipeline specification: Message type "ml_pipelines.PipelineSpec"',
        ),
        ("p.yaml", "schemaVersion: 2.1.0", "is a pipeline specification without name, tasks or executors."),
        ("gone.yaml", None, "can't be read: "),
    ],
)
def test_a_file_that_is_none_of_ours(name: str, text: str | None, words: str, tmp_path: Path) -> None:
    file = tmp_path / name
    if text is not None:
        file.write_text(text)
    with pytest.raises(ConfigError) as caught:
        read_spec(file, "vertex", "seed")
    assert str(caught.value).startswith(f"{file}: {words}")
    assert len(str(caught.value).splitlines()) == 1


def test_a_run_has_a_value_for_every_parameter() -> None:
    path = Path("p.yaml")
    assert parameters(path, SPEC, {"input_base": "/t"}, {}) == {"input_base": "/t", "rules": "{}"}
    assert parameters(path, SPEC, {"input_base": "/t"}, {"input_base": "/u"})["input_base"] == "/u"
    with pytest.raises(
        ConfigError, match=r"p.yaml: no value for the parameter 'input_base', .* Pass it: --set input_base=VALUE"
    ):
        parameters(path, SPEC, {}, {})
    with pytest.raises(ConfigError, match=r"--set: p.yaml has no parameter 'rule'. It has: input_base, rules."):
        parameters(path, SPEC, {"input_base": "/t"}, {"rule": "{}"})
    with pytest.raises(
        ConfigError, match=r"p.yaml: has no parameter 'colour', of which the configuration has a value."
    ):
        parameters(path, SPEC, {"input_base": "/t", "colour": "red"}, {})


def test_a_file_may_differ_in_its_defaults_alone() -> None:
    path = Path("p.yaml")
    changed = {
        **SPEC,
        "root": {"inputDefinitions": {"parameters": {"rules": {"defaultValue": "[]"}, "input_base": {}}}},
    }
    check_same(path, SPEC, changed)
    with pytest.raises(
        ConfigError, match=r"p\.yaml: is not what .* they differ in schemaVersion\. .*, compile it again\."
    ):
        check_same(path, SPEC, {**SPEC, "schemaVersion": "2.2.0"})
    with pytest.raises(ConfigError, match=r"they differ in root\.dag\."):
        check_same(path, SPEC, {**SPEC, "root": {**SPEC["root"], "dag": {}}})


def test_the_same_file_is_the_same_version(tmp_path: Path) -> None:
    first, second = tmp_path / "a.yaml", tmp_path / "b.yaml"
    first.write_text("a")
    second.write_text("a")
    assert version_name("seed", first) == version_name("seed", second) == "seed-ca978112ca1b"
    second.write_text("b")
    assert version_name("seed", first) != version_name("seed", second)


def test_pairs() -> None:
    assert parse_pairs("--set", ("a=1", "b=x=y", "c=")) == {"a": "1", "b": "x=y", "c": ""}
    with pytest.raises(ConfigError, match=r"--set: expected NAME=VALUE. Received 'team'."):
        parse_pairs("--set", ("team",))
    with pytest.raises(ConfigError, match=r"--set: a is given twice."):
        parse_pairs("--set", ("a=1", "a=2"))


@pytest.mark.parametrize("cron", ["0 6 * * *", "*/5 0-6,12 1 JAN MON-FRI"])
def test_cron(cron: str) -> None:
    check_cron(cron)


@pytest.mark.parametrize("cron", ["daily", "0 0 6 * * *", "0 6 * *", "0  6 * * *", ""])
def test_what_is_no_cron(cron: str) -> None:
    with pytest.raises(ConfigError, match="--cron: expected five fields, in UTC"):
        check_cron(cron)


def test_labels() -> None:
    check_labels("vertex", {"team": "fares", "empty": ""})
    check_labels("kubeflow", {})
    with pytest.raises(ConfigError, match=r"--label: Kubeflow's runs have no labels."):
        check_labels("kubeflow", {"team": "fares"})
    for name, text in (("A", "b"), ("a", "B"), ("1a", "b"), ("a" * 64, "b"), ("a", "b" * 64)):
        with pytest.raises(ConfigError, match=r"--label: labels are made of a-z, .* is none\."):
            check_labels("vertex", {name: text})
