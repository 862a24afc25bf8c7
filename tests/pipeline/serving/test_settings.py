import os
from pathlib import Path

import pytest

from components.errors import ConfigError
from pipeline.serving.settings import ServerSettings, processors


def test_defaults() -> None:
    settings = ServerSettings()
    assert (settings.host, settings.grpc_port, settings.rest_port) == ("127.0.0.1", 8500, 8501)  # TF Serving's
    assert (settings.max_body_bytes, settings.max_rows) == (32 * 1024 * 1024, 100_000)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"rest_port": 65536}, "rest_port: expected 0 to 65535, got 65536."),
        ({"rest_port": 9000, "grpc_port": 9000}, "expected two ports, got 9000 for both."),
        ({"poll_seconds": 0}, "poll_seconds: expected a number above 0, got 0."),
        ({"drain_seconds": float("inf")}, "drain_seconds: expected a number above 0, got inf."),
        ({"max_body_bytes": -1}, "max_body_bytes: expected a number above 0, got -1."),
    ],
)
def test_values_out_of_range(wrong: dict[str, int], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        ServerSettings(**wrong)


@pytest.mark.parametrize(
    ("files", "processes"),
    [
        ({}, 64),
        ({"cpu.max": "max 100000\n"}, 64),
        ({"cpu.max": "150000 100000\n"}, 2),
        ({"cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n"}, 64),
        ({"cpu/cpu.cfs_quota_us": "20000\n", "cpu/cpu.cfs_period_us": "100000\n"}, 1),
    ],
    ids=["no control group", "2, no limit", "2, one and a half", "1, no limit", "1, a fifth"],
)
def test_a_containers_limit_of_processors_counts(
    files: dict[str, str], processes: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: set(range(64)))
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    assert processors(tmp_path) == processes
