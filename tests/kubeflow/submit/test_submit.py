"""`plumbline submit` through the real clients of kfp and Vertex AI, against their services' stand-in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from pipeline.config.file import load_config
from tests.kubeflow.submit.command import ADDRESS
from tests.kubeflow.submit.services import Services
from tests.kubeflow.submit.user import PARENT, ROOTS, Submitted, User
from tests.kubeflow.warm import WarmPython

pytestmark = pytest.mark.e2e


@pytest.fixture
def user(clients: WarmPython, service_account: dict[str, str], tmp_path: Path) -> Iterator[User]:
    (tmp_path / "serving").mkdir()
    with Services() as services:
        yield User(clients, tmp_path, services).take(service_account)


def test_kubeflow_takes_the_pipeline_and_a_run(user: User) -> None:
    done = user.submit("kubeflow", "--span", "7", "--set", "input_base=gs://other/folder", "--wait")
    assert done.code == 0, done.text
    [uploaded] = user.services.sent("POST", "/pipelines/upload")
    assert uploaded.query["name"] == "seed"
    [run] = user.services.find("runs")
    [version] = user.services.find(
        "versions", pipeline_version_id=run["pipeline_version_reference"]["pipeline_version_id"]
    )
    spec = user.services.uploads[version["pipeline_version_id"]]
    assert version["display_name"].startswith("seed-")
    assert spec["pipelineInfo"]["name"] == "seed"
    assert run["runtime_config"]["pipeline_root"] == ROOTS["kubeflow"]
    values = run["runtime_config"]["parameters"]
    assert values.keys() == spec["root"]["inputDefinitions"]["parameters"].keys()
    assert values["input_base"] == "gs://other/folder"
    assert json.loads(values["range_config"])["static_range"] == {"start_span_number": 7, "end_span_number": 7}
    [experiment] = user.services.find("experiments", experiment_id=run["experiment_id"])
    assert experiment["display_name"] == "seed"
    lines = [line.split(maxsplit=1) for line in done.text.splitlines()]
    assert [name for name, _ in lines] == ["baseline", "pipeline", "run", "page", "state"]
    assert lines[3][1] == f"{user.services.address}/#/runs/details/{run['run_id']}"
    assert lines[0][1] == "none"


def test_the_same_pipeline_is_uploaded_once_and_a_changed_one_as_a_new_version(user: User) -> None:
    file = user.compile("kubeflow")
    for _ in range(2):
        done = user.submit("kubeflow", "--file", file)
        assert done.code == 0, done.text
    assert "there already" in done.text
    assert len(user.services.sent("POST", "/upload_version")) == 1
    changed = user.config("kubeflow", section={"retries": 3})
    assert user.submit("kubeflow", config=changed).code == 0
    assert len(user.services.sent("POST", "/pipelines/upload")) == 1
    assert len(user.services.sent("POST", "/upload_version")) == 2


def test_a_compiled_file_runs_with_the_limits_of_the_configuration_as_it_is_now(user: User) -> None:
    file = user.compile("vertex")
    config = user.config("vertex", evaluate={"limits": {"mean_squared_error": {"max": 0.125}}})
    assert user.submit("vertex", "--file", file, config=config).code == 0
    [job] = user.services.find("jobs")
    values = job["runtimeConfig"]["parameterValues"]
    assert json.loads(values["rules"])["limits"] == {"mean_squared_error": {"max": 0.125}}
    assert json.loads(values["facts"])["config"] == load_config(config).fingerprint()
    assert job["pipelineSpec"] == yaml.safe_load(file.read_text())


def test_a_compiled_file_does_not_run_for_a_configuration_with_another_model(user: User) -> None:
    file = user.compile("vertex")
    config = user.config("vertex", model={"solver": "exact"})
    line = one_line(user.submit("vertex", "--file", file, config=config), 2)
    assert f"{file}: is not what the configuration compiles to now: they differ in root.dag.tasks.trainer." in line
    assert user.services.requests == []


def test_vertex_takes_a_job_with_labels_and_the_users_credentials(user: User) -> None:
    config = user.config("vertex", section={"labels": {"team": "fares"}, "service_account": "runner@some.iam"})
    done = user.submit("vertex", "--label", "why=test", "--wait", config=config)
    assert done.code == 0, done.text
    [sent] = user.services.sent("POST", "/pipelineJobs")
    assert sent.path == f"/v1/{PARENT}/pipelineJobs"
    assert sent.token
    [job] = user.services.find("jobs")
    assert job["labels"] == {"team": "fares", "why": "test"}
    assert job["serviceAccount"] == "runner@some.iam"
    assert job["runtimeConfig"]["gcsOutputDirectory"] == ROOTS["vertex"]
    tasks = job["pipelineSpec"]["root"]["dag"]["tasks"]
    assert "cachingOptions" not in tasks["pusher"]  # what is live may have changed, whatever it is given
    assert tasks["trainer"]["cachingOptions"] == {"enableCache": True}
    assert f"run            {job['name']}" in done.text
    assert "state          succeeded" in done.text


@pytest.mark.parametrize("target", ["kubeflow", "vertex"])
def test_a_recurring_run_is_made_once(target: str, user: User) -> None:
    done = user.submit(target, "--cron", "30 6 * * 1-5")
    assert done.code == 0, done.text
    if target == "kubeflow":
        [made] = user.services.find("recurring")
        assert made["trigger"]["cron_schedule"]["cron"] == "0 30 6 * * 1-5"
        assert (made["max_concurrency"], made["no_catchup"], made["mode"]) == (1, True, "ENABLE")
        values = made["runtime_config"]["parameters"]
    else:
        [made] = user.services.find("schedules")
        assert made["cron"] == "30 6 * * 1-5"
        assert made["maxConcurrentRunCount"] == "1"
        values = made["createPipelineJobRequest"]["pipelineJob"]["runtimeConfig"]["parameterValues"]
    assert values["input_base"] == "gs://tables"
    assert not user.services.find("runs")
    assert not user.services.find("jobs")
    again = user.submit(target, "--cron", "30 6 * * 1-5")
    assert again.code == 1
    assert f"'seed' already: {made.get('recurring_run_id') or made['name']}. " in again.text.splitlines()[-1]


@pytest.mark.parametrize("target", ["kubeflow", "vertex"])
def test_a_dry_run_prints_what_would_be_sent_and_asks_nobody(target: str, user: User) -> None:
    done = user.submit(target, "--dry-run", "--cron", "0 6 * * *")
    assert done.code == 0, done.text
    told = json.loads(done.text)
    assert (told["name"], told["cron"], told["pipeline root"]) == ("seed", "0 6 * * *", ROOTS[target])
    assert told["parameters"].keys() == told["spec"]["root"]["inputDefinitions"]["parameters"].keys()
    assert user.services.requests == []


def publish(user: User, version: int, **manifest: str) -> None:
    folder = user.home / "serving" / str(version)
    folder.mkdir()
    (folder / "manifest.json").write_text(json.dumps({"files": {}, **manifest}))


def test_on_kubeflow_the_live_model_is_the_baseline(user: User) -> None:
    publish(user, 3, artifact="minio://mlpipeline/old/model")
    publish(user, 12, artifact="minio://mlpipeline/new/model")
    done = user.submit("kubeflow")
    assert done.code == 0, done.text
    [run] = user.services.find("runs")
    assert run["runtime_config"]["parameters"]["baseline"] == "minio://mlpipeline/new/model"
    assert "baseline       minio://mlpipeline/new/model" in done.text
    for words, found in (
        (("--no-baseline",), None),
        (("--baseline", "gs://b/model"), "gs://b/model"),
    ):
        assert user.submit("kubeflow", *words).code == 0
        assert user.services.find("runs")[-1]["runtime_config"]["parameters"].get("baseline") == found


def test_a_live_model_of_unknown_origin_is_an_error(user: User) -> None:
    publish(user, 3, artifact="/home/someone/runs/model")
    done = user.submit("kubeflow")
    assert done.code == 2
    assert "'artifact' has to be the address of the model's artifact. Received '/home/someone/runs/model'" in done.text
    assert "Say --baseline ADDRESS" in done.text
    (user.home / "serving" / "3").rename(user.home / "elsewhere")
    (user.home / "serving").rmdir()
    done = user.submit("kubeflow")
    assert done.code == 2
    assert "targets.kubeflow.serving: " in done.text
    assert "can't be seen from here" in done.text
    assert user.services.requests == []


def test_a_file_without_an_importer_is_not_run_against_a_live_model(user: User) -> None:
    file = user.compile("kubeflow")
    publish(user, 3, artifact="minio://mlpipeline/model")
    done = user.submit("kubeflow", "--file", file)
    assert done.code == 2
    assert "was compiled without a baseline, and minio://mlpipeline/model is to be compared with." in done.text
    assert user.submit("kubeflow", "--file", file, "--no-baseline").code == 0


def one_line(done: Submitted, code: int) -> str:
    assert done.code == code, done.text
    [line] = [line for line in done.text.splitlines() if not line.startswith("baseline  ")]
    assert line.startswith("plumbline: error: ")
    return line


@pytest.mark.parametrize(
    ("target", "status", "words"),
    [
        ("kubeflow", 401, "no valid credentials (401): go away."),
        ("kubeflow", 403, "not allowed (403): go away. Ask for the right to run pipelines"),
        ("kubeflow", 500, "refused (500 Internal Server Error): go away. Nothing was started."),
        (
            "vertex",
            401,
            "Vertex AI: no valid credentials were found: go away. Run 'gcloud auth application-default login'",
        ),
        (
            "vertex",
            403,
            "some-project, europe-west1: not allowed (403): go away. The account of these credentials needs roles/",
        ),
        ("vertex", 404, "not found (404): go away. Check its name."),
        ("vertex", 400, "Vertex AI: project some-project, europe-west1: go away. Nothing was started."),
    ],
)
def test_a_refusal_is_one_line(target: str, status: int, words: str, user: User) -> None:
    user.services.refusal = (status, "go away")
    assert words in one_line(user.submit(target), 1)


def test_no_answer_is_one_line(user: User) -> None:
    nowhere = "http://127.0.0.1:9"
    config = user.config("kubeflow", section={"host": nowhere})
    refused = "Failed to establish a new connection: [Errno 111] Connection refused. Check the"
    line = one_line(user.submit("kubeflow", config=config), 1)
    assert f"Kubeflow: {nowhere}: no answer: HTTPConnection(host='127.0.0.1', port=9): {refused} address" in line
    line = one_line(user.submit("vertex", **{ADDRESS: nowhere}), 1)
    assert "Vertex AI: project some-project, europe-west1: no answer: " in line
    assert f"{refused} network" in line


def test_no_credentials_is_one_line(user: User) -> None:
    line = one_line(user.submit("vertex", GOOGLE_APPLICATION_CREDENTIALS=""), 1)
    assert "Vertex AI: no valid credentials were found: " in line
    assert line.endswith("or let GOOGLE_APPLICATION_CREDENTIALS name the key of a service account.")
    line = one_line(user.submit("kubeflow", config=user.config("kubeflow", section={"host": None})), 1)
    assert line.endswith("set targets.kubeflow.host or KF_PIPELINES_ENDPOINT, or have a kubeconfig.")


def test_no_project_and_no_region_are_one_line(user: User) -> None:
    config = user.config("vertex", section={"region": None})
    line = one_line(user.submit("vertex", config=config), 1)
    assert line.endswith("no region: set targets.vertex.region, or GOOGLE_CLOUD_REGION or CLOUD_ML_REGION.")
    account = json.loads(user.key.read_text())
    user.key.write_text(json.dumps({key: value for key, value in account.items() if key != "project_id"}))
    config = user.config("vertex", section={"project": None})
    line = one_line(user.submit("vertex", config=config), 1)
    assert "no project: set targets.vertex.project or GOOGLE_CLOUD_PROJECT" in line
    assert user.services.requests == []


def test_parameters_that_do_not_fit_are_one_line(user: User) -> None:
    line = one_line(user.submit("kubeflow", "--set", "imput_base=x"), 2)
    assert (
        "has no parameter 'imput_base'. It has: described, eval_config, facts, input_base, input_config, range_config, rules."
        in line
    )
    file = user.compile("vertex")
    spec = yaml.safe_load(file.read_text())
    definitions = spec["root"]["inputDefinitions"]["parameters"]
    definitions["colour"] = {"parameterType": "STRING"}
    file.write_text(yaml.safe_dump(spec))
    line = one_line(user.submit("vertex", "--file", file), 2)
    assert "no value for the parameter 'colour', which has no default. Pass it: --set colour=VALUE." in line
    line = one_line(user.submit("vertex", "--file", file, "--set", "colour=red"), 2)
    assert "they differ in root.inputDefinitions.parameters.colour. A run can have another table, span" in line
    del definitions["colour"], definitions["rules"]
    file.write_text(yaml.safe_dump(spec))
    line = one_line(user.submit("vertex", "--file", file), 2)
    assert "has no parameter 'rules', of which the configuration has a value. Compile it again." in line


def test_a_file_for_elsewhere_is_one_line(user: User) -> None:
    file = user.compile("vertex")
    line = one_line(user.submit("kubeflow", "--file", file), 2)
    assert "has a resolver, which Kubeflow can't run: it was compiled for vertex." in line
    line = one_line(user.submit("vertex", "--file", file, config=user.config("vertex", name="other")), 2)
    assert "expected the pipeline 'other' of the configuration. Received 'seed'." in line
