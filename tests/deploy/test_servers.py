"""The compose file and the Kubernetes manifests: what they say is what the servers, the images and the settings have."""

from __future__ import annotations

import json
import re
import subprocess
import types
from pathlib import Path
from typing import Any

import pytest
import yaml

from components.publishing.server_texts import MODELS_FILE, server_texts
from pipeline import __version__
from pipeline.cli.main import main
from pipeline.serving import tf_server
from pipeline.serving.settings import ServerSettings
from pipeline.serving.worker import END_SECONDS
from tests.conftest import REPOSITORY

DEPLOY = REPOSITORY / "deploy"
COMPOSE = yaml.safe_load((DEPLOY / "compose.yaml").read_text().replace("${MODEL:-taxi-fare}", "taxi-fare"))
MANIFESTS = {
    name: list(yaml.safe_load_all((DEPLOY / "kubernetes" / f"{name}.yaml").read_text()))
    for name in ("plumbline", "tf-serving")
}
PODS = {name: documents[0]["spec"]["template"]["spec"] for name, documents in MANIFESTS.items()}
SERVERS = {name: pod["containers"][0] for name, pod in PODS.items()}
ENDING = ServerSettings().drain_seconds + END_SECONDS
MODEL = "/models/taxi-fare"


def words(server: dict[str, Any]) -> list[str]:
    """What is started: of compose, and of a container of Kubernetes."""
    return [*server.get("entrypoint", []), *server.get("command", []), *server.get("args", [])]


@pytest.mark.parametrize("server", [COMPOSE["services"]["plumbline"], SERVERS["plumbline"]], ids=["compose", "pod"])
def test_our_server_is_started_as_the_command_line_has_it(server: dict[str, Any]) -> None:
    program, command, *arguments = words(server)
    assert (program, command) == ("plumbline", "serve")
    taken = main.commands[command].make_context(command, arguments, main.make_context(program, [command])).params
    assert (taken["config"], taken["host"]) == (None, "0.0.0.0")  # noqa: S104 - in a container
    assert taken["models_file"] == Path(MODEL, MODELS_FILE)
    assert f'base_path: "{MODEL}"' in server_texts("taxi-fare")[MODELS_FILE]


@pytest.mark.parametrize("server", [COMPOSE["services"]["tf-serving"], SERVERS["tf-serving"]], ids=["compose", "pod"])
def test_tf_serving_is_started_as_its_docker_command_starts_it(server: dict[str, Any], tmp_path: Path) -> None:
    folder = tmp_path / "taxi-fare"
    folder.mkdir()
    for name, text in server_texts("taxi-fare").items():
        (folder / name).write_text(text)
    settings = ServerSettings()
    _, _, arguments = tf_server.docker_command("taxi-fare", folder).partition(f"{tf_server.IMAGE} ")
    assert server["image"] == tf_server.IMAGE
    assert words(server) == [
        tf_server.BINARY, f"--port={settings.grpc_port}", f"--rest_api_port={settings.rest_port}", *arguments.split()
    ]  # fmt: skip


def test_images_have_the_version_of_the_code() -> None:
    for image in (COMPOSE["services"]["plumbline"]["image"], SERVERS["plumbline"]["image"]):
        assert image.rpartition("/")[2] == f"plumbline-serving:{__version__}"
    head = (DEPLOY / "compose.yaml").read_text()
    assert f"make image TARGET=serving IMAGE=plumbline-serving:{__version__}\n" in head


def test_compose_publishes_the_ports_on_this_machine_alone() -> None:
    settings = ServerSettings()
    inside = {str(settings.rest_port), str(settings.grpc_port)}
    published = [port.split(":") for service in COMPOSE["services"].values() for port in service["ports"]]
    assert {host for host, _, _ in published} == {"127.0.0.1"}
    assert len({outside for _, outside, _ in published}) == 4
    assert {port for _, _, port in published} == inside


@pytest.mark.parametrize("name", MANIFESTS)
def test_kubernetes_knows_every_field(name: str) -> None:
    """Its own client drops what it doesn't know, and refuses what is missing."""
    from kubernetes.client import ApiClient

    client = ApiClient()
    for document in MANIFESTS[name]:
        read = client.deserialize(types.SimpleNamespace(data=json.dumps(document)), f"V1{document['kind']}")
        assert client.sanitize_for_serialization(read) == document


@pytest.mark.parametrize("name", MANIFESTS)
def test_ports_probes_and_labels_agree(name: str) -> None:
    deployment, service = MANIFESTS[name]
    settings = ServerSettings()
    ports = {port["name"]: port["containerPort"] for port in SERVERS[name]["ports"]}
    assert ports == {"rest": settings.rest_port, "grpc": settings.grpc_port}
    assert {port["targetPort"]: port["port"] for port in service["spec"]["ports"]} == ports
    labels = deployment["spec"]["template"]["metadata"]["labels"]
    assert service["spec"]["selector"] == labels == deployment["spec"]["selector"]["matchLabels"]
    scraped = deployment["spec"]["template"]["metadata"]["annotations"]
    assert scraped["prometheus.io/port"] == str(settings.rest_port)
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        [target] = [value for value in SERVERS[name][kind].values() if isinstance(value, dict)]
        assert target["port"] in ports


def test_what_probes_ask_for_is_answered() -> None:
    routes = (REPOSITORY / "pipeline" / "serving" / "rest" / "api.py").read_text()
    paths = {
        SERVERS["plumbline"][kind]["httpGet"]["path"] for kind in ("startupProbe", "readinessProbe", "livenessProbe")
    }
    assert paths == {"/healthz", "/metrics"}
    assert all(f'"{path}"' in routes for path in paths)
    assert "/healthz" in COMPOSE["services"]["plumbline"]["healthcheck"]["test"][-1]


def test_requests_that_run_are_answered_before_a_server_is_killed() -> None:
    for pod in PODS.values():
        [_, seconds] = pod["containers"][0]["lifecycle"]["preStop"]["exec"]["command"]
        assert pod["terminationGracePeriodSeconds"] >= int(seconds) + ENDING
    assert int(COMPOSE["services"]["plumbline"]["stop_grace_period"].removesuffix("s")) >= ENDING
    for documents in MANIFESTS.values():
        assert documents[0]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0


def test_nothing_can_be_written_but_tmp_and_nobody_is_root() -> None:
    dockerfile = (DEPLOY / "Dockerfile").read_text()
    [serving] = re.findall(r"^FROM \S+ AS serving\n(.*?)^FROM", dockerfile, re.MULTILINE | re.DOTALL)
    [user] = re.findall(r"^USER (\d+):\1$", serving, re.MULTILINE)
    for pod in PODS.values():
        assert pod["securityContext"]["runAsUser"] == int(user)
        [container] = pod["containers"]
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert {mount["mountPath"] for mount in container["volumeMounts"] if not mount.get("readOnly")} <= {"/tmp"}  # noqa: S108
    for service in COMPOSE["services"].values():
        assert (service["read_only"], service["user"]) == (True, f"{user}:{user}")
        assert all(volume.endswith(":ro") for volume in service["volumes"])


def test_the_script_of_a_health_check_finds_a_model_that_is_available(tmp_path: Path) -> None:
    """TF Serving's, run by bash, on an answer as it gives; and on that of a model that is still being loaded."""
    script = COMPOSE["services"]["tf-serving"]["healthcheck"]["test"][-1]
    answer = tmp_path / "answer"
    for state, code in (("AVAILABLE", 0), ("LOADING", 1)):
        answer.write_text(f'{{"model_version_status": [{{"version": "1", "state": "{state}"}}]}}\n')
        here = script.replace("<>/dev/tcp/127.0.0.1/8501", f"<{answer}").replace(">&3", f">{tmp_path / 'sent'}")
        assert subprocess.run(["bash", "-c", here], capture_output=True, check=False).returncode == code
        assert (tmp_path / "sent").read_bytes() == b"GET /v1/models/taxi-fare HTTP/1.0\r\n\r\n"
