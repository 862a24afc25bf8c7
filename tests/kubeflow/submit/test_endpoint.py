"""A Vertex target with an endpoint: the model goes to the registry and is deployed, by TFX's own Pusher for it."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import REPOSITORY
from tests.kubeflow import spec as specs
from tests.kubeflow.harness import VERTEX, Platform
from tests.kubeflow.submit.command import ADDRESS
from tests.kubeflow.submit.services import Services
from tests.kubeflow.submit.user import PARENT, User
from tests.kubeflow.warm import WarmPython

pytestmark = [pytest.mark.e2e, pytest.mark.kubeflow]

SERVING_IMAGE = "europe-docker.pkg.dev/vertex-ai/prediction/tf2-cpu.2-15@sha256:" + "a" * 64


def test_a_model_that_passes_is_registered_and_deployed(
    clients: WarmPython, service_account: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with Services() as services:
        user = User(clients, tmp_path, services).take(service_account)
        monkeypatch.setenv("GOOGLE_APPLICATION_CREDENTIALS", str(user.key))
        monkeypatch.setenv(ADDRESS, services.address)
        endpoint = {"name": "taxi", "image": SERVING_IMAGE, "machine": "n1-standard-4", "replicas": 2, "traffic": 100}
        section = {"data": str(REPOSITORY / "data/seed/data.csv"), "serving": None, "endpoint": endpoint}
        config = user.config("vertex", section={**section, "labels": {"team": "fares"}})
        spec = specs.load(user.compile("vertex", config))
        pusher = spec["deploymentSpec"]["executors"]["pusher_executor"]["container"]
        pusher["command"] = ["python", "-m", "tests.kubeflow.submit.command", pusher["command"][2]]

        with WarmPython("google.cloud.aiplatform") as tasks:
            for number in (1, 2):
                run = Platform(VERTEX, tmp_path / str(number), tasks).run(spec)
                assert run.failure is None, run.failure

    [first, second] = services.find("models")
    pushed = run.outputs["pusher"]["pushed_model"]
    assert second["artifactUri"] == f"gs://staged{pushed['uri']}"
    assert (Path(pushed["uri"]) / "saved_model.pb").is_file()
    assert (Path(pushed["uri"]) / "manifest.json").is_file()  # the very files that were checked
    assert second["containerSpec"]["imageUri"] == SERVING_IMAGE
    assert pushed["metadata"]["pushed"] == 1
    assert pushed["metadata"]["pushed_destination"] == second["name"]
    [made] = services.find("endpoints")
    assert (made["displayName"], made["name"]) == ("taxi", f"{PARENT}/endpoints/1")
    assert made["labels"]["team"] == "fares"
    assert [model["model"] for model in made["deployedModels"]] == [f"{first['name']}@1", f"{second['name']}@1"]
    resources = made["deployedModels"][1]["dedicatedResources"]
    assert resources["machineSpec"]["machineType"] == "n1-standard-4"
    assert (resources["minReplicaCount"], resources["maxReplicaCount"]) == (2, 2)
    assert made["trafficSplit"]["2"] == 100
