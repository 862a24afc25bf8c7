import socket

import pytest

from components.errors import ConfigError, RunError
from pipeline.beam import reach


def test_what_listens_is_found():
    with socket.create_server(("localhost", 0)) as server:
        reach.check_listening(f"localhost:{server.getsockname()[1]}", "beam.endpoint", "a service")


@pytest.mark.parametrize("address", ["localhost:1", "no-such-host.invalid:80", "localhost:99999"])
def test_what_does_not_listen_is_told(address):
    with pytest.raises(RunError, match=rf"^beam\.endpoint: a service doesn't answer at {address}: .+\. Start it"):
        reach.check_listening(address, "beam.endpoint", "a service")


@pytest.mark.parametrize("address", ["spark://host:7077", "http://host:7077", "host:7077"])
def test_host_and_port(address):
    assert reach.split(address) == ("host", 7077)


def test_on_this_machine_all_is_seen(tmp_path):
    for address in ("localhost:1", "127.0.0.1:1", "spark://127.0.0.2:1"):
        reach.check_seen({"--root": str(tmp_path)}, [], address)


def test_elsewhere_only_what_is_shared_is_seen(tmp_path):
    (tmp_path / "shared").mkdir()
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "link").symlink_to(tmp_path / "shared")
    shared = [str(tmp_path / "shared")]
    seen = {
        "--root": str(tmp_path / "shared" / "runs"),
        "data.path": "gs://b/t.csv",
        "schema": str(tmp_path / "mine" / "link" / "s"),
    }
    reach.check_seen(seen, shared, "cluster:8081")
    for path in (tmp_path / "mine", tmp_path / "shared-not"):
        with pytest.raises(ConfigError, match=rf"^--root {path}: the engine's workers, by cluster:8081, must see it"):
            reach.check_seen({"--root": str(path)}, shared, "cluster:8081")


def test_a_shared_folder_must_be_here_too(tmp_path):
    with pytest.raises(ConfigError, match=r"^beam\.shared: .*/none is no folder here\. Mount it"):
        reach.check_seen({}, [str(tmp_path / "none")], "localhost:1")
