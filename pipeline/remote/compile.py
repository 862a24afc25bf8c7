"""Compiles the graph for Kubeflow Pipelines v2 and Vertex AI Pipelines: one YAML file of schema 2.1, which both load.

No credentials and no network: nothing is read but the configuration, nothing is written but the file.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import tfx.components  # noqa: F401 (first: it prepares the modules that TFDV and TFMA import)
import yaml
from tfx.orchestration.kubeflow.v2.kubeflow_v2_dag_runner import KubeflowV2DagRunner, KubeflowV2DagRunnerConfig

from components.errors import ConfigError
from components.replacing import replacing
from pipeline.beam.engine import Run
from pipeline.beam.engines import chosen
from pipeline.config.addresses import check_image, check_output, check_pipeline_root
from pipeline.config.file import Config
from pipeline.config.targets import Resources, Target
from pipeline.graph.create import create_pipeline
from pipeline.graph.parameters import parameter_values
from pipeline.graph.places import Places
from pipeline.graph.registry import STEPS, never_cached
from pipeline.graph.step import task_name
from pipeline.graph.steps import report
from pipeline.remote.entrypoint import PAGE

COMMAND = ["python", "-m", "pipeline.remote.entrypoint"]


def compile_spec(config: Config, target: str, image: str, pipeline_root: str) -> dict[str, Any]:
    """The graph as a PipelineSpec.

    Every parameter has its value of `parameter_values` as default, so that a run needs none.

    Args:
      config: the configuration, with the target's section.
      target: `kubeflow` or `vertex`.
      image: of every container; by digest or exact tag.
      pipeline_root: the address that takes the artifacts.

    Returns:
      The message as plain JSON values.

    Raises:
      ConfigError: the target has no section, an argument is not what it has to be, or a step can't run there.
    """
    check_image(image)
    check_pipeline_root(target, pipeline_root)
    section = config.targets.get(target)
    places = Places.remote(config, target, pipeline_root)
    pipeline = create_pipeline(config, places, _beam_args(config, target, image))
    runner = KubeflowV2DagRunner(
        KubeflowV2DagRunnerConfig(default_image=image, default_commands=COMMAND, use_pipeline_spec_2_1=True)
    )
    spec: dict[str, Any] = runner.run(pipeline, write_out=False)["pipelineSpec"]
    spec["defaultPipelineRoot"] = pipeline_root
    values = parameter_values(config, target)
    for name, parameter in spec["root"]["inputDefinitions"]["parameters"].items():
        parameter.update(defaultValue=values[name], isOptional=True)
    _set_options(spec, places, section)
    _add_page(spec)
    return spec


def image_of(spec: dict[str, Any]) -> str:
    """The image of a specification's containers."""
    executors = spec["deploymentSpec"]["executors"].values()
    return next((str(executor["container"]["image"]) for executor in executors if "container" in executor), "")


def compile_file(config: Config, target: str, image: str, pipeline_root: str, path: Path) -> dict[str, Any]:
    """Writes `compile_spec` as YAML, under a temporary name first.

    Args:
      config: see `compile_spec`.
      target: see `compile_spec`.
      image: see `compile_spec`.
      pipeline_root: see `compile_spec`.
      path: the file.

    Returns:
      What was written.

    Raises:
      ConfigError: also where the file can't be written.
    """
    check_output(path)
    spec = compile_spec(config, target, image, pipeline_root)
    text = f"# PIPELINE DEFINITION\n# Name: {config.name}\n# Target: {target}\n" + yaml.safe_dump(spec, sort_keys=True)
    try:
        with replacing(path) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise ConfigError(f"--output: can't write {path}: {error}") from error
    return spec


def _beam_args(config: Config, target: str, image: str) -> list[str]:
    """The flags of the engine that the target's section names; workers elsewhere get the same image, if it names no other."""
    section = config.targets.get(target).beam
    if section.engine == "dataflow" and section.image is None:
        section = section.model_copy(update={"image": image})
    engine = chosen(section, None, f"targets.{target}.beam")
    return engine.arguments(section, Run(job_name=f"plumbline-{config.name}"))


def _set_options(spec: dict[str, Any], places: Places, section: Target) -> None:
    """Resources, retries and caching. TFX has no means for retries, nor for an ExampleGen's resources: all go into the spec."""
    executors = spec["deploymentSpec"]["executors"]
    resources = {task_name(step): _resources(value) for step, value in section.resources.items()}
    uncached = {task_name(step) for step in never_cached(places)}
    retried = {task_name(step.name) for step in STEPS if step.retried}
    for name, task in spec["root"]["dag"]["tasks"].items():
        task.pop("cachingOptions", None)
        container = executors[spec["components"][name]["executorLabel"]].get("container")
        if container is None:
            continue
        if section.cache and name not in uncached:
            task["cachingOptions"] = {"enableCache": True}
        if section.retries and name in retried:
            task["retryPolicy"] = {
                "maxRetryCount": section.retries,
                "backoffDuration": "60s",
                "backoffFactor": 2.0,
                "backoffMaxDuration": "3600s",
            }
        if name in resources:
            container["resources"] = resources[name]


def _add_page(spec: dict[str, Any]) -> None:
    """Has Report put out its page as a file of the type that the platforms' UIs show; the entrypoint writes it."""
    component = spec["components"][spec["root"]["dag"]["tasks"][task_name(report.STEP.name)]["componentRef"]["name"]]
    html = {"schemaTitle": "system.HTML", "schemaVersion": "0.0.1"}
    component["outputDefinitions"]["artifacts"][PAGE] = {"artifactType": html}


def _resources(value: Resources) -> dict[str, Any]:
    """As kfp's own compiler writes them: texts for Kubeflow, numbers (cores, 10⁹ bytes) for Vertex."""
    found: dict[str, Any] = {}
    if value.cpu is not None:
        found |= {"cpuLimit": value.cpu, "resourceCpuLimit": f"{value.cpu:g}"}
    if value.memory is not None:
        found |= {"memoryLimit": value.gigabytes(), "resourceMemoryLimit": value.memory}
    return found
