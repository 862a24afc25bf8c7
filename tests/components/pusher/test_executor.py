"""The contract of TFX's Pusher, over artifacts made by hand."""

import json
import os
import re
from pathlib import Path

import pytest

from components.errors import RunError
from components.publishing.versions import versions
from tests.components.publishing.folders import make_model, name_of

pytestmark = pytest.mark.e2e  # needs TFX


@pytest.fixture
def push(tmp_path, tfx_loaded):
    from tfx.proto import pusher_pb2
    from tfx.types import standard_artifacts
    from tfx.utils import proto_utils

    from components.pusher.executor import Executor

    count = iter(range(100))

    def artifact(type_, uri, **properties):
        made = type_()
        made.uri = str(uri)
        for name, value in properties.items():
            made.set_int_custom_property(name, value)
        return made

    def push(content, base, blessed=1, infra=None, from_infra=False, config=None, make=None):
        folder = tmp_path / f"run-{next(count)}"
        make = make or (lambda path: make_model(path, content))
        model = make(folder / "model" / "Format-Serving")
        inputs = {
            "model": [artifact(standard_artifacts.Model, folder / "model")],
            "model_blessing": [artifact(standard_artifacts.ModelBlessing, folder / "blessing", blessed=blessed)],
        }
        if infra is not None:
            blessing = artifact(standard_artifacts.InfraBlessing, folder / "infra", has_model=1, blessed=infra)
            inputs["infra_blessing"] = [blessing]
            if from_infra:
                del inputs["model"]
                (folder / "infra").mkdir()
                model.rename(folder / "infra" / "stamped_model")
        pushed = artifact(standard_artifacts.PushedModel, folder / "pushed")
        destination = pusher_pb2.PushDestination(
            filesystem=pusher_pb2.PushDestination.Filesystem(base_directory=str(base))
        )
        properties = {"push_destination": proto_utils.proto_to_json(destination), "custom_config": json.dumps(config)}
        Executor().Do(inputs, {"pushed_model": [pushed]}, properties)
        return pushed

    return push


def test_a_blessed_model_is_pushed_once(tmp_path, push, caplog):
    caplog.set_level("INFO")
    first = push("a", tmp_path / "s", config={"keep": 2, "texts": {"models.config": "x"}})
    [version] = versions(tmp_path / "s")
    assert first.get_int_custom_property("pushed") == 1
    assert first.get_string_custom_property("pushed_version") == str(version)
    assert first.get_string_custom_property("pushed_destination") == str(tmp_path / "s" / str(version))
    assert not first.get_int_custom_property("already_published")
    assert name_of(tmp_path / "s" / str(version)) == name_of(Path(first.uri)) == "a"
    assert (tmp_path / "s" / "models.config").read_text() == "x"

    again = push("a", tmp_path / "s")
    assert again.get_string_custom_property("pushed_version") == str(version)
    assert again.get_int_custom_property("already_published") == 1
    assert f"already published as version {version}" in caplog.text
    assert name_of(Path(again.uri)) == "a"

    push("b", tmp_path / "s", config={"keep": 1})
    assert f"Deleted version {version}" in caplog.text
    assert len(versions(tmp_path / "s")) == 1


@pytest.mark.parametrize(("blessed", "infra"), [(0, None), (1, 0)])
def test_what_is_not_blessed_is_not_pushed(tmp_path, push, blessed, infra):
    pushed = push("a", tmp_path / "s", blessed=blessed, infra=infra)
    assert pushed.get_int_custom_property("pushed") == 0
    assert not (tmp_path / "s").exists()


def test_the_model_comes_from_the_infra_blessing(tmp_path, push):
    push("a", tmp_path / "s", infra=1, from_infra=True)
    assert [name_of(tmp_path / "s" / str(version)) for version in versions(tmp_path / "s")] == ["a"]


def test_in_a_stock_pipeline_it_does_what_tfx_s_pusher_does(tmp_path, push):
    """Whatever the folder holds, nothing added; what others put there stays; and clients take every name for a number."""
    base = tmp_path / "serving" / "m"
    stock = [str(1_600_000_000 + n) for n in range(9)]
    for version in stock:
        (base / version).mkdir(parents=True)
        (base / version / "saved_model.pb").write_text(version)

    def lite(folder):
        folder.mkdir(parents=True)
        (folder / "model.tflite").write_bytes(b"x")
        return folder

    config = {"ai_platform_serving_args": {"model_name": "m", "keep": 1}, "bucket": "b"}
    first = push(None, base, config=config, make=lite)
    second = push("a", base, make=lambda folder: make_model(folder, "a", manifest=False))
    new = [pushed.get_string_custom_property("pushed_version") for pushed in (first, second)]
    assert sorted(os.listdir(base)) == stock + new
    assert max(int(name) for name in os.listdir(base)) == int(new[1])
    assert os.listdir(base / new[0]) == os.listdir(first.uri) == ["model.tflite"]
    for folder in (base / new[1], Path(second.uri)):
        assert sorted(os.listdir(folder)) == ["assets", "saved_model.pb", "variables"]
    # Where it is asked to keep some, it deletes of its own alone, and what it deletes later has its manifest.
    third, fourth = (push(content, base, config={"keep": 1}) for content in "bc")
    new += [fourth.get_string_custom_property("pushed_version")]
    assert sorted(os.listdir(base)) == stock + new
    assert third.get_string_custom_property("pushed_version") not in new


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"keep": "5"}, "custom_config: keep: expected a whole number of versions, or none. Received: '5'."),
        ({"keep": 0}, "keep: expected at least 1, as the newest version stays. Received: 0."),
        (
            {"texts": {"models.config": 7}},
            "custom_config: texts: expected texts by the name of their file. Received: {",
        ),
    ],
)
def test_what_it_refuses(tmp_path, push, config, message):
    with pytest.raises(RunError, match=re.escape(message)):
        push("a", tmp_path / "s", config=config)


def test_no_destination(push):
    with pytest.raises(RunError, match="push_destination: expected a filesystem with a base_directory"):
        push("a", "")
