from pathlib import Path

import pytest

from components.errors import ConfigError, RunError
from pipeline.serving.settings import ServerSettings
from pipeline.serving.tf_server import command, docker_command, run

CONFIG = """model_config_list {
  config {
    name: "taxi"
    base_path: "/models/taxi"
    model_platform: "tensorflow"
    model_version_policy { all { } }
    version_labels { key: "stable" value: 1 }
  }
}
"""


def test_the_docker_command(tmp_path: Path) -> None:
    base = tmp_path / "my models"
    base.mkdir()
    mounted = f"'{base}:/models/taxi'"
    begin = f"docker run -p 8501:8501 -p 8500:8500 -v {mounted} "
    assert docker_command("taxi", base) == begin + "-e MODEL_NAME=taxi -t tensorflow/serving:2.19.1"
    (base / "models.config").write_text(CONFIG)
    (base / "monitoring.config").touch()
    assert docker_command("taxi", base) == begin + (
        "-t tensorflow/serving:2.19.1 --model_config_file=/models/taxi/models.config "
        "--monitoring_config_file=/models/taxi/monitoring.config"
    )


def test_a_server_that_is_not_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(RunError, match="expected tensorflow_model_server on the PATH; it is not there") as caught:
        run(ServerSettings(), "taxi", tmp_path)
    assert docker_command("taxi", tmp_path) in str(caught.value)


def test_port_0_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="expected a rest-port"):
        command(ServerSettings(rest_port=0), "taxi", tmp_path, tmp_path, binary="/bin/true")


@pytest.mark.e2e
def test_the_command(tmp_path: Path) -> None:
    from pipeline.serving.models.server_config import ServedModel, VersionPolicy, read_config

    base, folder = tmp_path / "taxi", tmp_path / "etc"
    base.mkdir()
    folder.mkdir()
    (base / "models.config").write_text(CONFIG)
    assert command(ServerSettings(), "taxi", base, folder, binary="/usr/bin/tensorflow_model_server") == [
        "/usr/bin/tensorflow_model_server",
        "--port=8500",
        "--rest_api_port=8501",
        f"--model_config_file={folder}/models.config",
        f"--monitoring_config_file={folder}/monitoring.config",
        "--file_system_poll_wait_seconds=1",
        "--model_config_file_poll_wait_seconds=0",
        "--rest_api_timeout_in_ms=30000",
        "--rest_api_enable_cors_support=false",
        "--allow_version_labels_for_unavailable_models=true",
    ]
    assert read_config(folder / "models.config") == [
        ServedModel("taxi", base, VersionPolicy(every=True), {"stable": 1})
    ]
    assert "enable: true" in (folder / "monitoring.config").read_text()


@pytest.mark.e2e
def test_a_file_of_models_is_passed_on(tmp_path: Path) -> None:
    from pipeline.serving.models.server_config import ServedModel, VersionPolicy, read_config

    base, folder, file = tmp_path / "taxi", tmp_path / "etc", tmp_path / "models.config"
    folder.mkdir()
    other = 'config { name: "other" base_path: "other" model_platform: "tensorflow" }'
    file.write_text(CONFIG[:-2] + other + "}")
    asked = command(ServerSettings(), "taxi", base, folder, file, "/bin/true")
    assert f"--model_config_file={folder}/models.config" in asked
    assert read_config(folder / "models.config") == [
        ServedModel("taxi", base, VersionPolicy(every=True), {"stable": 1}),
        ServedModel("other", tmp_path / "other"),
    ]
    looking = ServerSettings(models_poll_seconds=2.5)
    words = f"models.config: expected base_path '{base}' of model taxi, .* got '/models/taxi'"
    with pytest.raises(ConfigError, match=words):
        command(looking, "taxi", base, folder, file, "/bin/true")
    file.write_text(file.read_text().replace("/models/taxi", str(base)).replace('"other" m', f'"{tmp_path}/other" m'))
    asked = command(looking, "taxi", base, folder, file, "/bin/true")
    assert f"--model_config_file={file}" in asked
    assert "--model_config_file_poll_wait_seconds=3" in asked
