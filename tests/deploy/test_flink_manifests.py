"""deploy/flink/: Kubernetes and Flink's operator know every field, and what the files say of each other is so."""

from __future__ import annotations

import copy
import json
import re
import types
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from components.errors import EXIT_REFUSED, ConfigError, DataError
from pipeline import __version__
from pipeline.beam.engines import chosen
from pipeline.cli.main import main
from pipeline.config.file import load_config
from tests.conftest import REPOSITORY

FILES = ("volume", "session", "job-service", "run", "operator")
DOCUMENTS = [
    document
    for name in FILES
    for document in yaml.safe_load_all((REPOSITORY / "deploy" / "flink" / f"{name}.yaml").read_text())
]


def one(kind: str, name: str) -> dict[str, Any]:
    [found] = [item for item in DOCUMENTS if (item["kind"], item["metadata"]["name"]) == (kind, name)]
    return found


def pod_of(document: dict[str, Any]) -> dict[str, Any]:
    return document["spec"]["template"]["spec"]


def arguments(container: dict[str, Any]) -> dict[str, str]:
    return dict(argument.removeprefix("--").split("=", 1) for argument in container["args"] if "=" in argument)


def megabytes(quantity: str) -> int:
    """Of Kubernetes (Mi, Gi) or of Flink (m, whose unit is the same)."""
    number, unit = re.fullmatch(r"(\d+)(m|Mi|Gi)", quantity).groups()
    return int(number) * {"m": 1, "Mi": 1, "Gi": 1024}[unit]


OPERATOR = one("FlinkDeployment", "flink")["spec"]
TASK_TEMPLATE = OPERATOR["taskManager"]["podTemplate"]
TASK_PODS = {"session": pod_of(one("Deployment", "flink-taskmanager")), "operator": TASK_TEMPLATE["spec"]}
JOB_MANAGER = pod_of(one("Deployment", "flink-jobmanager"))
JOB_SERVICE = pod_of(one("Deployment", "beam-job-service"))
RUN = pod_of(one("Job", "plumbline-run"))
PODS = {**TASK_PODS, "jobmanager": JOB_MANAGER, "job service": JOB_SERVICE, "run": RUN}
CONTAINERS = [
    (name, pod, container)
    for name, pod in PODS.items()
    for container in [*pod.get("initContainers", []), *pod["containers"]]
]
FLINK = yaml.safe_load(one("ConfigMap", "flink-config")["data"]["config.yaml"])
PIPELINE = yaml.safe_load(one("ConfigMap", "plumbline-pipeline")["data"]["pipeline.yaml"])
BEAM = PIPELINE["beam"]


def known_alone(value: Any, kind: str) -> None:
    """Kubernetes' own client drops what it doesn't know, and refuses what is missing."""
    from kubernetes.client import ApiClient

    client = ApiClient()
    read = client.deserialize(types.SimpleNamespace(data=json.dumps(value)), f"V1{kind}")
    assert client.sanitize_for_serialization(read) == value


def without_sidecars(pod: dict[str, Any]) -> dict[str, Any]:
    """Sidecars are of Kubernetes 1.29; the client in the lock is of 1.26."""
    plain = copy.deepcopy(pod)
    for container in plain.get("initContainers", []):
        assert container.pop("restartPolicy") == "Always"
    return plain


@pytest.mark.parametrize(
    "document",
    [item for item in DOCUMENTS if item["kind"] != "FlinkDeployment"],
    ids=lambda item: f"{item['kind']}-{item['metadata']['name']}",
)
def test_kubernetes_knows_every_field(document: dict[str, Any]) -> None:
    document = copy.deepcopy(document)
    if "template" in document.get("spec", {}):
        document["spec"]["template"]["spec"] = without_sidecars(pod_of(document))
    for rule in document.get("spec", {}).get("podFailurePolicy", {}).get("rules", []):
        rule["onPodConditions"] = []  # the client of 1.26 wants both kinds in a rule; Kubernetes takes one alone
    known_alone(document, document["kind"])


def closed(schema: Any) -> Any:
    """A schema that refuses what it doesn't name, as `kubectl apply` does."""
    if isinstance(schema, list):
        return [closed(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    inner = {key: closed(value) for key, value in schema.items()}
    return {**inner, "additionalProperties": False} if schema.get("properties") else inner


def test_the_operator_knows_every_field() -> None:
    schema = closed(yaml.safe_load((REPOSITORY / "tests" / "deploy" / "flinkdeployment.yaml").read_text()))
    check = jsonschema.Draft202012Validator(schema).is_valid
    assert check({"spec": OPERATOR})
    assert not check({"spec": {**OPERATOR, "mode": "session"}})
    assert not check({"spec": {**OPERATOR, "taskManagers": {}}})
    known_alone({"spec": without_sidecars(TASK_TEMPLATE["spec"])}, "PodTemplateSpec")


def test_services_lead_to_ports_of_the_pods_that_they_select() -> None:
    deployments = [item for item in DOCUMENTS if item["kind"] == "Deployment"]
    for deployment in deployments:
        labels = deployment["spec"]["template"]["metadata"]["labels"]
        assert labels == deployment["spec"]["selector"]["matchLabels"] == deployment["metadata"]["labels"]
    for service in (item for item in DOCUMENTS if item["kind"] == "Service"):
        selector = service["spec"]["selector"].items()
        [chosen] = [item for item in deployments if selector <= item["spec"]["template"]["metadata"]["labels"].items()]
        ports = {port["name"]: port["containerPort"] for port in pod_of(chosen)["containers"][0]["ports"]}
        for port in service["spec"]["ports"]:
            assert ports[port["targetPort"]] == port["port"]


def test_every_address_is_that_of_a_service() -> None:
    listening = {
        (service["metadata"]["name"], port["port"])
        for service in DOCUMENTS
        if service["kind"] == "Service"
        for port in service["spec"]["ports"]
    }
    [job_service] = JOB_SERVICE["containers"]
    given = arguments(job_service)
    for address in (given["flink-master"], BEAM["endpoint"]):
        host, port = address.split(":")
        assert (host, int(port)) in listening
    assert int(BEAM["endpoint"].split(":")[1]) == int(given["job-port"])
    for key in ("jobmanager.rpc.port", "blob.server.port"):
        assert (FLINK["jobmanager.rpc.address"], FLINK[key]) in listening
    assert given["flink-master"] == f"{one('FlinkDeployment', 'flink')['metadata']['name']}-rest:{FLINK['rest.port']}"
    for name in ("job-port", "artifact-port", "expansion-port"):
        assert int(given[name]) in {port["containerPort"] for port in job_service["ports"]}
    assert given["job-host"] == "$(POD_IP)"
    assert job_service["env"][0] == {"name": "POD_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIP"}}}


def test_containers_of_flink_open_the_ports_of_its_configuration_and_read_it() -> None:
    [job_manager], [task_manager] = JOB_MANAGER["containers"], TASK_PODS["session"]["containers"]
    assert {port["name"]: port["containerPort"] for port in job_manager["ports"]} == {
        "rpc": FLINK["jobmanager.rpc.port"],
        "blob": FLINK["blob.server.port"],
        "rest": FLINK["rest.port"],
    }
    assert {port["containerPort"] for port in task_manager["ports"]} == {FLINK["taskmanager.rpc.port"]}
    for container in (job_manager, task_manager):
        [folder] = [mount["mountPath"] for mount in container["volumeMounts"] if mount["name"] == "config"]
        assert container["env"] == [{"name": "FLINK_CONF_DIR", "value": folder}]


@pytest.mark.parametrize("name", TASK_PODS)
def test_the_pool_listens_where_the_configuration_says_and_flink_starts_after_it(name: str) -> None:
    [pool] = TASK_PODS[name]["initContainers"]
    program, command = pool["command"]
    assert (program, command) == ("plumbline", "workers")
    given = arguments(pool)
    assert BEAM["environment"] == {"type": "EXTERNAL", "config": f"{given['host']}:{given['port']}"}
    assert (given["host"], pool["restartPolicy"]) == ("localhost", "Always")
    for kind in ("startupProbe", "readinessProbe", "livenessProbe"):
        [_, _, program] = pool[kind]["exec"]["command"]
        assert f"('localhost', {given['port']})" in program


def test_the_configuration_is_one_and_has_what_its_engine_needs(tmp_path: Path) -> None:
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(PIPELINE))
    section = load_config(path).beam
    assert chosen(section, None, "beam").name == section.engine


def test_the_jobs_command_is_one_that_the_command_line_takes() -> None:
    [container] = RUN["containers"]
    program, command = container["command"]
    assert program == "plumbline"
    taken = main.commands[command].make_context(command, list(container["args"]), main.make_context(program, [command]))
    assert str(taken.params["config"]) == "/config/pipeline.yaml"
    assert str(taken.params["root"]) == "/plumbline/runs"
    assert arguments(container)["beam"] == BEAM["engine"] == "portable"


def test_another_try_is_for_lost_machines_alone() -> None:
    [rule] = one("Job", "plumbline-run")["spec"]["podFailurePolicy"]["rules"]
    assert rule["action"] == "FailJob"
    assert rule["onExitCodes"]["values"] == [ConfigError.exit_code, DataError.exit_code, EXIT_REFUSED]
    assert rule["onExitCodes"]["containerName"] == RUN["containers"][0]["name"]


def test_all_that_opens_files_has_the_volume_at_one_path() -> None:
    claim = one("PersistentVolumeClaim", "plumbline")
    assert claim["spec"]["accessModes"] == ["ReadWriteMany"]
    [folder] = BEAM["shared"]
    for pod in (*TASK_PODS.values(), RUN):
        [ours] = [
            item
            for item in [*pod.get("initContainers", []), *pod["containers"]]
            if "plumbline" in item.get("image", "")
        ]
        mounts = {mount["name"]: mount["mountPath"] for mount in ours["volumeMounts"]}
        assert mounts["shared"] == folder
        volumes = {volume["name"]: volume for volume in pod["volumes"]}
        assert volumes["shared"]["persistentVolumeClaim"] == {"claimName": claim["metadata"]["name"]}
        assert pod["securityContext"]["fsGroup"] == 10001
    assert PIPELINE["data"]["path"].startswith(f"{folder}/")
    assert arguments(RUN["containers"][0])["root"].startswith(f"{folder}/")


def test_every_mount_is_of_a_volume() -> None:
    for name, pod, container in CONTAINERS:
        named = {volume["name"] for volume in pod.get("volumes", [])}
        assert {mount["name"] for mount in container.get("volumeMounts", [])} <= named, name


def test_there_are_as_many_slots_as_the_run_asks_for() -> None:
    for replicas, configuration in (
        (one("Deployment", "flink-taskmanager")["spec"]["replicas"], FLINK),
        (OPERATOR["taskManager"]["replicas"], OPERATOR["flinkConfiguration"]),
    ):
        assert replicas * int(configuration["taskmanager.numberOfTaskSlots"]) == BEAM["parallelism"]
    assert OPERATOR["mode"] == "standalone"


def test_flinks_memory_is_that_of_its_containers() -> None:
    for key, pod, side in (
        ("jobmanager", JOB_MANAGER, "jobManager"),
        ("taskmanager", TASK_PODS["session"], "taskManager"),
    ):
        [container] = pod["containers"]
        size = FLINK[f"{key}.memory.process.size"]
        assert megabytes(container["resources"]["limits"]["memory"]) == megabytes(size)
        assert OPERATOR[side]["resource"]["memory"] == size
    parts = ("managed.size", "network.max", "jvm-metaspace.size")
    taken = sum(megabytes(FLINK[f"taskmanager.memory.{part}"]) for part in parts)
    process = megabytes(FLINK["taskmanager.memory.process.size"])
    assert (
        process - taken - process // 10 - 2 * 128 >= 1024
    )  # task heap, as it was tried with; Flink's own parts are of its defaults


def test_both_ways_have_the_same_configuration_and_the_same_pool() -> None:
    set_by_the_operator = {key for key in FLINK if key.endswith((".port", "rpc.address", "process.size"))}
    assert OPERATOR["flinkConfiguration"] == {
        key: str(value) for key, value in FLINK.items() if key not in set_by_the_operator
    }
    assert TASK_PODS["session"]["initContainers"] == TASK_PODS["operator"]["initContainers"]


def test_images_have_exact_tags_and_versions_that_fit() -> None:
    images = {container["image"] for _, _, container in CONTAINERS if "image" in container} | {OPERATOR["image"]}
    [flink] = [image for image in images if image.startswith("flink:")]
    [job_service] = [image for image in images if image.startswith("apache/beam_flink")]
    assert images == {flink, job_service, f"registry.example/plumbline:{__version__}"}
    [minor] = re.findall(r"^flink:(\d+\.\d+)\.\d+-scala_2\.12-java17$", flink)
    assert re.fullmatch(rf"apache/beam_flink{re.escape(minor)}_job_server:\d+\.\d+\.\d+", job_service)
    assert OPERATOR["flinkVersion"] == f"v{minor.replace('.', '_')}"


def test_nobody_is_root_or_can_become_it() -> None:
    [user] = set(re.findall(r"^USER (\d+):\1$", (REPOSITORY / "deploy" / "Dockerfile").read_text(), re.MULTILINE))
    for name, pod, container in CONTAINERS:
        context = {**pod["securityContext"], **container["securityContext"]}
        assert context["runAsUser"] > 0, name
        assert context["allowPrivilegeEscalation"] is False, name
        assert context["capabilities"] == {"drop": ["ALL"]}, name
        if "plumbline" in container.get("image", ""):
            assert context["runAsUser"] == int(user)
            assert context["readOnlyRootFilesystem"] is True
