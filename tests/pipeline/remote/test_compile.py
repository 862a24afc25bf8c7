"""The compiled file against the graph that runs here, and against everything that is to load it."""

from __future__ import annotations

import dataclasses
import importlib
import json
from pathlib import Path

import pytest
import yaml

from components.errors import ConfigError
from pipeline.config.file import Config, load_config
from pipeline.config.targets import Targets
from pipeline.graph.registry import IN_CONTAINERS, NAMES
from pipeline.graph.step import task_name
from tests.conftest import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

IMAGE = "registry.example:5000/team/plumbline:0.1.0"
ROOT = "gs://bucket/root"
SWITCHED_OFF = {"InfraValidator", "TestEvaluation"}
IN_CONTAINERS_ALONE = {"Outcome"}
OURS = {f"components.{name}" for name in ("DataReport", "GatheredRows", "LinearFit", "Report", "Verdict")}


@dataclasses.dataclass(frozen=True)
class Compiled:
    """A compiled file, and what it was made of."""

    config: Config
    target: str
    path: Path
    spec: dict

    @property
    def tasks(self):
        return self.spec["root"]["dag"]["tasks"]

    def container(self, task):
        return self.spec["deploymentSpec"]["executors"][f"{task}_executor"]["container"]


def example(name: str, folder: Path, **options) -> Config:
    """An example's configuration with a section for each target."""
    section = {"data": f"gs://tables/{name}/data.csv", "serving": f"gs://models/{name}", **options}
    value = yaml.safe_load((REPOSITORY / "data" / name / "pipeline.yaml").read_text())
    if "schema" in value:
        section["schema"] = "gs://tables/schema.pbtxt"
        value["schema"] = str(REPOSITORY / "data" / name / value["schema"])
    value["data"]["path"] = str(REPOSITORY / "data" / name / value["data"]["path"])
    value["targets"] = {"kubeflow": section, "vertex": section}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(value))
    return load_config(path)


@pytest.fixture(scope="module", params=["seed-kubeflow", "seed-vertex", "taxi-kubeflow", "taxi-vertex"])
def compiled(request, tfx_loaded, tmp_path_factory):
    from pipeline.remote.compile import compile_file

    name, target = request.param.split("-")
    folder = tmp_path_factory.mktemp(request.param)
    config = example(
        name, folder, retries=2, resources={"Trainer": {"cpu": 2, "memory": "8Gi"}, "ExampleGen": {"cpu": 0.5}}
    )
    path = folder / f"{request.param}.yaml"
    compile_file(config, target, IMAGE, ROOT, path)
    assert [file.name for file in folder.iterdir() if file.name.startswith(".")] == []
    return Compiled(config, target, path, yaml.safe_load(path.read_text()))


def local_nodes(config, tmp_path):
    from pipeline.graph.create import create_pipeline
    from pipeline.graph.places import Places

    return {node.id: node for node in create_pipeline(config, Places.local(config, tmp_path)).components}


def test_every_step_and_every_edge_is_there(compiled, tmp_path):
    nodes = local_nodes(compiled.config, tmp_path)
    assert set(nodes) == set(NAMES) - SWITCHED_OFF - IN_CONTAINERS_ALONE
    for step, node in nodes.items():
        if step == "Baseline":
            continue
        task = compiled.tasks[task_name(step)]
        upstream = {task_name(other.id) for other in node.upstream_nodes if other.id != "Baseline"}
        assert set(task.get("dependentTasks", [])) - {"baseline-model-resolver"} == upstream, step
        sources = {
            name: (task_name(channel.producer_component_id), channel.output_key)
            for name, channel in node.inputs.items()
            if channel.producer_component_id != "Baseline"
        }
        assert {
            name: tuple(value["taskOutputArtifact"][key] for key in ("producerTask", "outputArtifactKey"))
            for name, value in task.get("inputs", {}).get("artifacts", {}).items()
            if name != "baseline_model"
        } == sources, step
    baselines = (
        {"baseline-model-blessing-resolver", "baseline-model-resolver"} if compiled.target == "vertex" else set()
    )
    assert set(compiled.tasks) == {task_name(step) for step in set(IN_CONTAINERS) - SWITCHED_OFF} | baselines


def test_the_run_ends_by_the_verdict_when_its_report_is_there(compiled):
    task = compiled.tasks["outcome"]
    assert set(task["dependentTasks"]) == {"model-gate", "report"}
    assert "retryPolicy" not in task
    page = compiled.spec["components"]["report"]["outputDefinitions"]["artifacts"]["page"]
    assert page == {"artifactType": {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}}


def test_the_baseline_is_looked_up_where_that_is_possible(compiled):
    given = compiled.tasks["evaluator"]["inputs"]["artifacts"].get("baseline_model")
    if compiled.target == "kubeflow":
        assert given is None
        return
    assert given["taskOutputArtifact"] == {"producerTask": "baseline-model-resolver", "outputArtifactKey": "model"}
    assert "baseline-model-resolver" in compiled.tasks["evaluator"]["dependentTasks"]


def test_each_step_has_the_executor_and_the_properties_of_the_local_run(compiled, tmp_path):
    from google.protobuf.message import Message
    from tfx.utils.name_utils import get_full_name
    from tfx.utils.proto_utils import proto_to_json

    from pipeline.graph.parameters import parameter_values

    elsewhere = {"input_base", "schema_file", "push_destination", "custom_config", "range_config", "places"}
    values = parameter_values(compiled.config, compiled.target)
    for step, node in local_nodes(compiled.config, tmp_path).items():
        if step == "Baseline":
            continue
        arguments = compiled.container(task_name(step))["args"]
        assert arguments[:2] == ["--executor_class_path", get_full_name(node.executor_spec.executor_class)]
        given = {
            name: value["runtimeValue"]["constant"]
            if "runtimeValue" in value
            else values[value["componentInputParameter"]]
            for name, value in compiled.tasks[task_name(step)].get("inputs", {}).get("parameters", {}).items()
        }
        wanted = {name: value for name, value in node.exec_properties.items() if value is not None}
        assert given.keys() - {"range_config"} == wanted.keys(), step
        for name, value in wanted.items():
            if name not in elsewhere:
                text = proto_to_json(value) if isinstance(value, Message) else value
                assert given[name] == text, (step, name)


def test_parameters_have_the_configurations_values_as_defaults(compiled):
    from pipeline.graph.parameters import parameter_values

    parameters = compiled.spec["root"]["inputDefinitions"]["parameters"]
    values = parameter_values(compiled.config, compiled.target)
    assert {name: value["defaultValue"] for name, value in parameters.items()} == values
    assert {name for name, value in parameters.items() if not value["isOptional"]} == set()
    assert values["input_base"] == f"gs://tables/{compiled.config.data.path.parent.name}"
    assert json.loads(values["input_config"])["splits"] == [{"name": "table", "pattern": "data.csv"}]
    span = json.loads(parameter_values(compiled.config, compiled.target, span=7)["range_config"])
    assert span == {"static_range": {"start_span_number": 7, "end_span_number": 7}}


def test_our_artifact_types_are_there_and_can_be_imported(compiled):
    titles = {
        yaml.safe_load(artifact["artifactType"]["instanceSchema"])["title"]
        for component in compiled.spec["components"].values()
        for artifact in component.get("outputDefinitions", {}).get("artifacts", {}).values()
        if artifact["artifactType"].get("schemaTitle") != "system.HTML"
    }
    assert {title for title in titles if title.startswith("components.")} == OURS
    for title in OURS:
        module, name = title.split(".")
        assert getattr(importlib.import_module(module), name).TYPE_NAME == title


def test_options_of_the_target_are_in_the_file(compiled):
    assert compiled.container("trainer")["resources"] == {
        "cpuLimit": 2.0,
        "memoryLimit": 8.589934592,
        "resourceCpuLimit": "2",
        "resourceMemoryLimit": "8Gi",
    }
    assert compiled.container("example-gen")["resources"] == {"cpuLimit": 0.5, "resourceCpuLimit": "0.5"}
    uncached = {
        name for name, task in compiled.tasks.items() if "cachingOptions" not in task and "resolver" not in name
    }
    assert uncached == {"pusher", "report"} | ({"example-gen"} if compiled.target == "kubeflow" else set())
    for name, task in compiled.tasks.items():
        if "resolver" in name:
            assert "retryPolicy" not in task
            continue
        container = compiled.container(name)
        assert task.get("retryPolicy", {}).get("maxRetryCount") == (None if name in {"data-gate", "outcome"} else 2)
        assert (container["image"], container["command"]) == (IMAGE, ["python", "-m", "pipeline.remote.entrypoint"])
        assert container["args"][-2:] == [
            "--runner=pipeline.beam.in_process.ProgressRunner",
            "--sdk_container_image=none",
        ]


def test_the_file_is_the_same_each_time(compiled, tmp_path):
    from pipeline.remote.compile import compile_file

    compile_file(compiled.config, compiled.target, IMAGE, ROOT, tmp_path / "again.yaml")
    assert (tmp_path / "again.yaml").read_text() == compiled.path.read_text()


def test_the_message_of_the_pipeline_spec_package_parses_it(compiled):
    from google.protobuf import json_format
    from kfp.pipeline_spec import pipeline_spec_pb2

    message = json_format.ParseDict(compiled.spec, pipeline_spec_pb2.PipelineSpec())
    assert message.schema_version == "2.1.0"
    assert message.default_pipeline_root == ROOT
    assert set(message.root.dag.tasks) == set(compiled.tasks)


def test_kfps_loader_takes_it(compiled):
    from kfp import components

    loaded = components.load_component_from_file(str(compiled.path))
    assert loaded.name == compiled.config.name
    assert set(loaded.component_spec.inputs) == set(compiled.spec["root"]["inputDefinitions"]["parameters"])
    assert all(value.optional for value in loaded.component_spec.inputs.values())


def test_the_checks_of_kfps_client_take_it(compiled):
    from kfp.client import client

    document = client._extract_pipeline_yaml(str(compiled.path))  # what upload and run do first
    assert document.pipeline_spec.pipeline_info.name == compiled.config.name
    assert document.to_dict() == compiled.spec


def test_vertex_pipeline_job_takes_it(compiled, tmp_path, monkeypatch):
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import aiplatform

    from pipeline.graph.parameters import parameter_values

    monkeypatch.setenv("HOME", str(tmp_path))
    values = parameter_values(compiled.config, compiled.target)
    job = aiplatform.PipelineJob(
        display_name=compiled.config.name,
        template_path=str(compiled.path),
        parameter_values=values,
        project="project",
        location="europe-west1",
        credentials=AnonymousCredentials(),
    )
    runtime = job._gca_resource.runtime_config
    assert dict(runtime.parameter_values) == values
    assert runtime.gcs_output_directory == ROOT


def test_a_given_baseline_is_imported(tmp_path):
    from pipeline.graph.parameters import parameter_values
    from pipeline.remote.compile import compile_spec

    config = example("seed", tmp_path, baseline="minio://models/blessed")
    spec = compile_spec(config, "kubeflow", IMAGE, "minio://bucket/root")
    assert parameter_values(config, "kubeflow")["baseline"] == "minio://models/blessed"
    assert spec["root"]["dag"]["tasks"]["baseline"]["inputs"]["parameters"]["artifact_uri"] == {
        "componentInputParameter": "baseline"
    }
    importer = spec["deploymentSpec"]["executors"]["baseline_executor"]["importer"]
    assert importer["artifactUri"] == {"runtimeParameter": "artifact_uri"}
    given = spec["root"]["dag"]["tasks"]["evaluator"]["inputs"]["artifacts"]["baseline_model"]["taskOutputArtifact"]
    assert given == {"producerTask": "baseline", "outputArtifactKey": "artifact"}


def test_an_engine_gets_its_flags_and_the_image(tmp_path):
    from tfx.utils.dependency_utils import make_beam_dependency_flags

    from pipeline.beam.portable_engine import WORKERS_NEED
    from pipeline.remote.compile import compile_spec

    google = ["--project=p", "--region=europe-west1", "--temp_location=gs://b/tmp"]
    dataflow = ["--runner=pipeline.beam.dataflow.DataflowRunner", "--job_name=plumbline-seed"]
    pool = {"type": "EXTERNAL", "config": "localhost:50000"}
    flink = [
        "--environment_config=localhost:50000",
        "--parallelism=4",
        "--sdk_container_image=none",
        *WORKERS_NEED,
        "--flink_master=jm:8081",
    ]
    for beam, wanted in (
        (
            {"engine": "dataflow", "options": google},
            [*dataflow, f"--sdk_container_image={IMAGE}", "--no_save_main_session", *WORKERS_NEED, *google],
        ),
        (
            {"engine": "dataflow", "image": "other:1", "options": google},
            [*dataflow, "--sdk_container_image=other:1", "--no_save_main_session", *WORKERS_NEED, *google],
        ),
        ({"engine": "flink", "master": "jm:8081", "environment": pool, "parallelism": 4}, flink),
    ):
        spec = compile_spec(example("seed", tmp_path, beam=beam), "vertex", IMAGE, ROOT)
        for step in ("example-gen", "gather", "fit"):
            arguments = spec["deploymentSpec"]["executors"][f"{step}_executor"]["container"]["args"]
            assert arguments[-len(wanted) :] == wanted
        assert make_beam_dependency_flags(wanted) == wanted


@pytest.mark.parametrize(
    ("beam", "message"),
    [
        ({"engine": "flink", "master": "jm:8081"}, r"targets\.vertex\.beam\.environment: the engine flink needs this"),
        (
            {"engine": "dataflow", "options": ["--region=x"]},
            r"beam\.options: the engine dataflow needs a flag --project=",
        ),
    ],
)
def test_an_engine_without_what_it_needs(beam, message, tmp_path):
    from components.errors import ConfigError
    from pipeline.remote.compile import compile_spec

    with pytest.raises(ConfigError, match=message):
        compile_spec(example("seed", tmp_path, beam=beam), "vertex", IMAGE, ROOT)


def test_what_is_deployed_is_not_deployed_again_while_nothing_changed(tmp_path):
    from pipeline.remote.compile import compile_spec

    endpoint = {"name": "seed", "image": "r/tf:2.15.1"}
    section = {"data": "gs://tables/data.csv", "project": "some", "region": "europe-west1", "endpoint": endpoint}
    targets = Targets.model_validate({"vertex": section})
    spec = compile_spec(example("seed", tmp_path).model_copy(update={"targets": targets}), "vertex", IMAGE, ROOT)
    assert spec["root"]["dag"]["tasks"]["pusher"]["cachingOptions"] == {"enableCache": True}
    arguments = spec["deploymentSpec"]["executors"]["pusher_executor"]["container"]["args"]
    assert arguments[1] == "tfx.extensions.google_cloud_ai_platform.pusher.executor.Executor"


def test_without_cache_no_task_looks_into_it(tmp_path):
    from pipeline.remote.compile import compile_spec

    spec = compile_spec(example("seed", tmp_path, cache=False), "vertex", IMAGE, ROOT)
    assert not any("cachingOptions" in task for task in spec["root"]["dag"]["tasks"].values())
    assert not any("retryPolicy" in task for task in spec["root"]["dag"]["tasks"].values())


def test_tfxs_infra_validator_is_refused(tmp_path):
    from pipeline.remote.compile import compile_spec

    config = example("seed", tmp_path)
    config = config.model_copy(update={"serve": config.serve.model_copy(update={"infra_validator": "2.19.1"})})
    with pytest.raises(ConfigError, match=r"serve\.infra_validator: TFX's InfraValidator can't be compiled for vertex"):
        compile_spec(config, "vertex", IMAGE, ROOT)
