import pytest

from components.errors import ConfigError
from pipeline.serving.settings import ServerSettings


def test_defaults_are_those_of_tf_serving() -> None:
    settings = ServerSettings()
    assert (settings.host, settings.grpc_port, settings.rest_port) == ("127.0.0.1", 8500, 8501)
    assert settings.max_body_bytes == 16 * 1024 * 1024


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rest_port": 65536}, "rest_port: expected 0 to 65535, got 65536."),
        ({"rest_port": 9000, "grpc_port": 9000}, "expected two ports, got 9000 for both."),
        ({"poll_seconds": 0}, "poll_seconds: expected more than 0, got 0."),
        ({"max_body_bytes": -1}, "max_body_bytes: expected more than 0, got -1."),
    ],
)
def test_values_out_of_range(wrong: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ServerSettings(**wrong)
