from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.kubeflow import spec as specs
from tests.kubeflow.spec import SpecError

INPUT: dict[str, Any] = {
    "inputs": {
        "parameterValues": {"rules": "{}", "number": 3.0},
        "artifacts": {"model": {"artifacts": [{"uri": "/m", "metadata": {"blessed": 1.0}}]}},
    },
    "outputs": {"artifacts": {"fit": {"artifacts": [{"uri": "/f"}]}}, "outputFile": "/out.json"},
}


def pipeline(**tasks: dict[str, Any]) -> dict[str, Any]:
    return {"root": {"dag": {"tasks": tasks}}}


def takes(producer: str, *named: str) -> dict[str, Any]:
    source = {"taskOutputArtifact": {"producerTask": producer, "outputArtifactKey": "x"}}
    return {"inputs": {"artifacts": {"x": source}}, "dependentTasks": list(named)}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{$.inputs.parameters['rules']}}", "{}"),
        ("--n={{$.inputs.parameters['number']}}", "--n=3.0"),
        ("{{$.inputs.artifacts['model'].uri}}/x", "/m/x"),
        ("{{$.inputs.artifacts['model'].metadata['blessed']}}", "1.0"),
        ("{{$.outputs.artifacts['fit'].uri}}", "/f"),
        ("{{$.outputs.output_file}}", "/out.json"),
        ("no placeholder", "no placeholder"),
    ],
)
def test_placeholders(text: str, expected: str) -> None:
    assert specs.resolve(text, INPUT) == expected


def test_the_whole_input() -> None:
    assert json.loads(specs.resolve("{{$}}", INPUT)) == INPUT


def test_a_placeholder_for_nothing_is_an_error() -> None:
    with pytest.raises(SpecError, match="there is nothing of this name"):
        specs.resolve("{{$.inputs.parameters['other']}}", INPUT)


def test_a_task_comes_after_those_it_depends_on() -> None:
    spec = pipeline(c=takes("b", "b"), b={"dependentTasks": ["a"]}, a={})
    assert specs.order(spec, named=True) == ["a", "b", "c"]


def test_argo_waits_only_for_those_that_are_named() -> None:
    spec = pipeline(b=takes("a"), a={})
    assert specs.order(spec, named=False) == ["a", "b"]
    with pytest.raises(SpecError, match="not all in dependentTasks"):
        specs.order(spec, named=True)


@pytest.mark.parametrize(
    ("task", "words"),
    [({"dependentTasks": ["gone"]}, "which is no task"), ({"triggerPolicy": {}}, "can't be played here")],
)
def test_what_can_not_be_played_is_an_error(task: dict[str, Any], words: str) -> None:
    with pytest.raises(SpecError, match=words):
        specs.order(pipeline(a=task), named=False)


def test_parameters_need_a_value() -> None:
    definitions = {"span": {"defaultValue": "1"}, "path": {}}
    spec = {"root": {"inputDefinitions": {"parameters": definitions}}}
    assert specs.root_parameters(spec, {"path": "/x"}) == {"span": "1", "path": "/x"}
    with pytest.raises(SpecError, match=r"no value for the parameters \['path'\]"):
        specs.root_parameters(spec, {})
    with pytest.raises(SpecError, match=r"unknown parameters \['other'\]"):
        specs.root_parameters(spec, {"path": "/x", "other": "1"})


def test_what_a_resolver_asks_for() -> None:
    artifact = {"title": "tfx.ModelBlessing", "name": "a/1", "metadata": {"blessed": 1.0}}
    query = 'schema_title="tfx.ModelBlessing" AND state=LIVE AND metadata.blessed.number_value=1'
    assert specs.matches(query, artifact)
    assert specs.matches('state=LIVE AND name="a/1"', artifact)
    assert not specs.matches(query, {**artifact, "metadata": {"blessed": 0.0}})
    assert not specs.matches(query, {**artifact, "title": "tfx.Model"})
    assert not specs.matches('name="a/2"', artifact)
    with pytest.raises(SpecError, match="can't be played here"):
        specs.matches("state=LIVE AND create_time>1", artifact)


def test_only_schema_2_1_is_read(tmp_path: Path) -> None:
    (tmp_path / "spec.yaml").write_text("schemaVersion: 2.0.0\n")
    with pytest.raises(SpecError, match=r"expected schemaVersion 2\.1\.0\. Received: '2\.0\.0'"):
        specs.load(tmp_path / "spec.yaml")
