"""The JSON schema takes what `load_config` takes, and what it refuses is refused there too."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest
import yaml
from click.testing import CliRunner
from jsonschema import Draft202012Validator

from components.errors import ConfigError
from components.section import Section
from pipeline.cli.main import main
from pipeline.config.file import load_config
from pipeline.config.json_schema import json_schema
from pipeline.config.schema_file import SCHEMA_FILE, modeline
from pipeline.config.yaml_file import read_yaml
from tests.conftest import REPOSITORY

SCHEMA = json_schema()
VALIDATOR = Draft202012Validator(SCHEMA)

GOOD: dict[str, Any] = {
    "name": "fares",
    "data": {"path": "t.csv"},
    "label": "y",
    "features": {"x": "numeric", "h": {"kind": "buckets", "boundaries": [6, 10]}},
}


def refusals(value: Any) -> list[str]:
    return [f"{error.json_path}: {error.message}" for error in VALIDATOR.iter_errors(value)]


def sections(kind: type[Section] = Section) -> list[type[Section]]:
    """Those of the configuration, not of a test."""
    return [
        found
        for below in kind.__subclasses__()
        for found in (below, *sections(below))
        if found.__module__.partition(".")[0] in ("components", "pipeline")
    ]


KEYS = {f"{section.__name__}.{name}": field for section in sections() for name, field in section.model_fields.items()}
PLACES = [(name, key) for name, section in SCHEMA["$defs"].items() for key in section["properties"]]


@pytest.mark.parametrize("key", KEYS)
def test_every_key_is_described_by_its_field(key):
    assert KEYS[key].description, f"{key}: its Field needs a description"
    assert KEYS[key].examples, f"{key}: its Field needs an example"


def test_every_key_of_the_schema_is_among_them():
    assert {f"{name}.{key}" for name, key in PLACES} <= {
        f"{section.__name__}.{field.alias or name}"
        for section in sections()
        for name, field in section.model_fields.items()
    }
    assert len(PLACES) > 80


@pytest.mark.parametrize(("name", "key"), PLACES)
def test_examples_and_defaults_are_what_may_stand_there(name, key):
    said = SCHEMA["$defs"][name]["properties"][key]
    below = Draft202012Validator({"$ref": f"#/$defs/{name}/properties/{key}", "$defs": SCHEMA["$defs"]})
    for value in [*said.get("examples", []), *([said["default"]] if "default" in said else [])]:
        assert not [error.message for error in below.iter_errors(value)]
    is_the_only_one = "const" in said or len(said.get("enum", [])) == 1
    assert is_the_only_one or any(value != said.get("default", ...) for value in said["examples"])


def test_every_number_has_a_unit_but_those_that_have_none():
    def is_number(said: dict[str, Any]) -> bool:
        choices = [said, *said.get("anyOf", [])]
        return any(choice.get("type") in ("number", "integer") for choice in choices)

    without = {
        f"{name}.{key}"
        for name, key in PLACES
        if is_number(said := SCHEMA["$defs"][name]["properties"][key]) and "x-unit" not in said
    }
    assert without == {
        "Split.seed",
        "Sgd.seed",
        "Sgd.learning_rate",
        "Exact.power",
        "Sgd.power",
        "Cost.false_positive",
        "Cost.false_negative",
        "LabelSection.lambda",
    }


def test_it_is_a_schema_of_its_draft():
    assert SCHEMA["$schema"] == "https://json-schema.org/draft/2020-12/schema"
    Draft202012Validator.check_schema(SCHEMA)


@pytest.mark.parametrize("example", ["seed", "taxi", "tips", "delays"])
def test_the_examples_keep_it(example):
    assert refusals(read_yaml(REPOSITORY / "data" / example / "pipeline.yaml")) == []


@pytest.mark.parametrize("page", ["kubeflow.md", "vertex.md"])
def test_the_targets_of_the_pages_keep_it(page):
    blocks = re.findall(r"```yaml\n(targets:.*?)```", (REPOSITORY / "docs" / page).read_text(), re.DOTALL)
    assert blocks
    for block in blocks:
        assert refusals({**GOOD, **yaml.safe_load(block)}) == []


TABLE = "id,who,x,zip,ok,price,gap,y\n" + "".join(
    f"{i + 7000},{'abc'[i % 3]},{i * 0.7:.2f},0{i % 5}00,{'yes' if i % 2 else 'no'},{i % 9},{'' if i % 4 else i % 7},{i * i % 31}\n"
    for i in range(120)
)


@pytest.mark.parametrize("text", [TABLE, TABLE.replace(",", ";").replace(".", ",")], ids=["commas", "semicolons"])
def test_what_init_writes_keeps_it_and_names_it_in_its_first_line(tmp_path, text):
    (tmp_path / "t.csv").write_text(text)
    done = CliRunner().invoke(main, ["init", str(tmp_path / "t.csv"), "--label", "y"])
    assert done.exit_code == 0, done.output
    value = read_yaml(tmp_path / "t.yaml")
    assert {"numeric", "boolean", "categorical"} <= {
        kind if isinstance(kind, str) else kind["kind"] for kind in value["features"].values()
    }
    assert refusals(value) == []
    first = (tmp_path / "t.yaml").read_text().splitlines()[0]
    assert first == modeline()


def test_the_modeline_is_one_that_the_language_server_reads(monkeypatch, tmp_path):
    """It takes what follows `$schema=` up to a blank, and a file URI as it stands."""
    match = re.fullmatch(r"# yaml-language-server: \$schema=(file:///\S+)", modeline())
    assert match and match[1] == SCHEMA_FILE.resolve().as_uri()
    monkeypatch.setattr("pipeline.config.schema_file.SCHEMA_FILE", tmp_path / "my packages" / "schema.json")
    assert modeline().endswith("/my%20packages/schema.json")


def changed(path: str, value: Any) -> dict[str, Any]:
    """The good configuration with another value at a place; `...` takes the key away."""
    found = copy.deepcopy(GOOD)
    *above, last = path.split("/")
    section = found
    for key in above:
        section = section.setdefault(key, {})
    if value is ...:
        del section[last]
    else:
        section[last] = value
    return found


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("features/x", "categorical"),
        ("features/x", {"kind": "numeric", "impute": 3, "min": 1, "max": None}),
        ("features/x", {"kind": "integer", "wide": True}),
        ("features/2010", "boolean"),
        ("model", {}),
        ("model", {"l2": "auto"}),
        ("model", {"l2": 3}),
        ("model", {"solver": "sgd", "steps": 10, "batch_size": None}),
        ("evaluate/slices", [["h"], {"columns": ["x"], "limits": {"r_squared": {"min": 0}}}]),
        ("evaluate/no_worse_than_live", None),
        ("evaluate/limits", {"mean_squared_error": {"max": 20}, "mean_label": {"min": 1, "max": 2}}),
        ("data/split", {"train": 1}),
        ("data/split", {"by": "day", "eval_from": "2024-04-01", "test_from": "2024-05-01"}),
        ("data/split", {"by": "hour", "eval_from": 18}),
        ("data/drop", {"z": {"values": [True, 7, 7.5, "a"]}, "y": {"missing": True, "below": 2}}),
        ("data/delimiter", "tab"),
        ("data/skip_columns", [1, "note"]),
        ("weight", None),
        ("serve", {"keep": 1, "level": 0.9, "infra_validator": "2.19.1"}),
        ("targets/kubeflow", {"data": "/mnt/t.csv", "serving": "/mnt/m", "resources": {"Trainer": {"memory": "8Gi"}}}),
    ],
)  # fmt: skip
def test_what_is_right_is_taken_by_both(tmp_path, path, value):
    config = changed(path, value)
    assert refusals(config) == []
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(config))
    load_config(tmp_path / "p.yaml")


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("lable", "y"),
        ("label", ...),
        ("name", "Taxi Fares"),
        ("features", {}),
        ("features/x", "number"),
        ("features/x", "buckets"),
        ("features/x", {"vocabulary": 5}),
        ("features/x", {"kind": "numeric", "scaled": True}),
        ("features/x", {"kind": "integer", "min": 0.5}),
        ("features/h/boundaries", []),
        ("model", {"steps": 10}),
        ("model", {"solver": "sgd", "l2": 1}),
        ("model", {"l2": -1}),
        ("model", {"l2": "best"}),
        ("model", {"solver": "exact", "folds": 1}),
        ("evaluate/limits", {}),
        ("evaluate/limits", {"mean_square_error": {"max": 1}}),
        ("evaluate/limits", {"r_squared": {}}),
        ("evaluate/slices", [[]]),
        ("evaluate/slices", ["x"]),
        ("data/split", {"train": 1, "eval": 0}),
        ("data/drop", {"y": {}}),
        ("data/decimal", ";"),
        ("serve/keep", 0),
        ("serve/level", 1),
        ("targets/kubeflow", {"data": "gs://b/t.csv"}),
        ("targets/kubeflow", {"data": "s3://b/t.csv", "serving": "gs://b/m"}),
        ("targets/vertex", {"data": "gs://b/t.csv", "serving": "gs://b/m", "host": "http://x"}),
        ("targets/vertex", {"data": "gs://b/t.csv", "serving": "gs://b/m", "resources": {"Trainer": {"memory": "8GB"}}}),
    ],
)  # fmt: skip
def test_what_is_wrong_is_refused_by_both(tmp_path, path, value):
    config = changed(path, value)
    assert refusals(config)
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(config))
    with pytest.raises(ConfigError):
        load_config(tmp_path / "p.yaml")
