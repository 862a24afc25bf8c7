from pathlib import Path

import pytest

from components.errors import ConfigError

pytestmark = pytest.mark.e2e


def config(text: str) -> object:
    from google.protobuf import text_format
    from tensorflow_serving.config.model_server_config_pb2 import ModelServerConfig

    return text_format.Parse(text, ModelServerConfig())


def test_policies_choose() -> None:
    from pipeline.serving.models.server_config import VersionPolicy

    found = {number: Path(str(number)) for number in (1, 2, 9, 10)}
    assert list(VersionPolicy().choose(found)) == [10]
    assert list(VersionPolicy(latest=2).choose(found)) == [9, 10]
    assert list(VersionPolicy(specific=(2, 3)).choose(found)) == [2]
    assert list(VersionPolicy(every=True).choose(found)) == [1, 2, 9, 10]
    for latest, chosen in ((1, [2, 9, 10]), (2, [1, 2, 9, 10]), (9, [1, 2, 9, 10])):
        assert list(VersionPolicy(latest=latest).choose(found, broken={9, 10})) == chosen
    assert list(VersionPolicy(specific=(2, 9)).choose(found, broken={9})) == [2, 9]


def test_find_takes_numbers_alone(tmp_path: Path) -> None:
    from pipeline.serving.models.server_config import ServedModel, VersionPolicy

    for name in ("1", "007", ".staging-9", "x8", "8.tmp", ".lock"):
        (tmp_path / name).mkdir()
    assert ServedModel("m", tmp_path, VersionPolicy(every=True)).find() == {1: tmp_path / "1", 7: tmp_path / "007"}
    assert ServedModel("m", tmp_path / "none").find() is None


def test_models_config_round_trip(tmp_path: Path) -> None:
    from google.protobuf import text_format

    from pipeline.serving.models.server_config import ServedModel, VersionPolicy, read_config, to_proto

    served = [
        ServedModel("a", tmp_path / "a", VersionPolicy(latest=2)),
        ServedModel("b", tmp_path / "b", VersionPolicy(specific=(1, 2)), {"stable": 1, "canary": 2}),
        ServedModel("c", tmp_path / "c", VersionPolicy(every=True)),
    ]
    file = tmp_path / "models.config"
    file.write_text(text_format.MessageToString(to_proto(served)))
    assert read_config(file) == served
    assert read_config(file, {"b": Path("/elsewhere")})[1].base_path == Path("/elsewhere")
    file.write_text('model_config_list { config { name: "r" base_path: "r" model_platform: "tensorflow" } }')
    assert read_config(file) == [ServedModel("r", tmp_path / "r")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "type not supported by HandleReloadConfigRequest. Only ModelConfigList is currently supported"),
        (
            'model_config_list { config { name: "m" base_path: "/a" } config { name: "m" base_path: "/b" } }',
            "Illegal to list model m multiple times in config list",
        ),
        (
            'model_config_list { config { name: "m" base_path: "a" model_platform: "tensorflow" } }',
            "Expected model m to have an absolute path or URI; got base_path()=a",
        ),
        (
            'model_config_list { config { name: "m" base_path: "/a" } }',
            "Illegal setting neither ModelServerConfig::model_type (deprecated) nor ModelServerConfig::model_platform, "
            "model name is m",
        ),
        (
            'model_config_list { config { name: "m" base_path: "/a" model_platform: "torch" } }',
            "Model m requests unsupported platform torch",
        ),
    ],
)
def test_wrong_configs(text: str, words: str) -> None:
    from pipeline.serving.errors import RequestError
    from pipeline.serving.models.server_config import from_proto

    with pytest.raises(RequestError) as caught:
        from_proto(config(text))
    assert caught.value.code == "INVALID_ARGUMENT"
    assert words in caught.value.message


def test_a_wrong_file_is_named(tmp_path: Path) -> None:
    from pipeline.serving.models.server_config import read_config

    file = tmp_path / "models.config"
    with pytest.raises(ConfigError, match=r"models.config: not readable as TF Serving's ModelServerConfig"):
        read_config(file)
    file.write_text("model_config_list { bad }")
    with pytest.raises(ConfigError, match="not readable"):
        read_config(file)
    file.write_text("")
    with pytest.raises(ConfigError, match="names no model"):
        read_config(file)
    file.write_text('model_config_list { config { name: "m" model_platform: "tensorflow" } }')
    with pytest.raises(
        ConfigError, match="expected a name and a base_path of every model; got name 'm' and base_path ''"
    ):
        read_config(file)
    twice = 'config { name: "m" base_path: "m" model_platform: "tensorflow" } '
    file.write_text(f"model_config_list {{ {twice} {twice} }}")
    words = r"models.config: Illegal to list model m multiple times in config list\. Correct the file\.$"
    with pytest.raises(ConfigError, match=words):
        read_config(file)
