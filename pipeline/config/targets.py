"""The `targets:` section of the configuration: what differs where the pipeline runs in containers. Light: no TFX."""

from __future__ import annotations

import re
from typing import Any

from pydantic import Field, field_validator, model_validator

from components.errors import ConfigError
from components.section import Section
from components.table.file_names import check_suffix, split_pattern
from pipeline.config.addresses import ADDRESS, ARTIFACT, broken_rule, check_label
from pipeline.config.beam import Beam

_BYTES = {"M": 10**6, "Mi": 2**20, "G": 10**9, "Gi": 2**30, "T": 10**12, "Ti": 2**40}
_MEMORY = rf"[1-9][0-9]*({'|'.join(_BYTES)})"
_PLACE = r"(gs://[^/\s]+/[^\s]*[^/\s]|/[^\s]*[^/\s])"
_SERVING = "The folder there that takes the versions. The lists of bad rows go to `<serving>-rejected`."
_PATTERN: dict[str, Any] = {"pattern": f"^{_PLACE}$"}


class Resources(Section, json_schema_extra={"minProperties": 1}):
    """What a step's container may take at most."""

    cpu: float | None = Field(
        default=None,
        gt=0,
        allow_inf_nan=False,
        description="Processor time.",
        examples=[4],
        json_schema_extra={"x-unit": "cores"},
    )
    memory: str | None = Field(
        default=None,
        description=f"Memory, as Kubernetes writes it: a whole number and one of {', '.join(_BYTES)}.",
        examples=["16Gi"],
        json_schema_extra={"pattern": f"^{_MEMORY}$", "x-unit": "bytes"},
    )

    @field_validator("memory")
    @classmethod
    def _unit(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_MEMORY, value):
            raise ValueError(f"must be a whole number with a unit, such as '8Gi'. The units: {', '.join(_BYTES)}")
        return value

    @model_validator(mode="after")
    def _something(self) -> Resources:
        if self.cpu is None and self.memory is None:
            raise ValueError("needs 'cpu', 'memory' or both")
        return self

    def gigabytes(self) -> float | None:
        """The memory in 10⁹ bytes."""
        if self.memory is None:
            return None
        number, unit = re.findall(r"\d+|\D+", self.memory)
        return int(number) * _BYTES[unit] / 10**9


class Target(Section):
    """A place where the pipeline runs in containers.

    Places of files are gs:// addresses, or absolute paths of what is mounted in the containers.
    """

    data: str = Field(
        description="Where the table lies there: a file or a pattern of files.",
        examples=["gs://bucket/trips/*.csv"],
        json_schema_extra=_PATTERN,
    )
    serving: str | None = Field(
        default=None,
        description=_SERVING,
        examples=["gs://bucket/serving/taxi-fare"],
        json_schema_extra=_PATTERN,
    )
    table_schema: str | None = Field(
        default=None,
        alias="schema",
        description="Where the schema file lies there; if, and only if, the configuration has a `schema`.",
        examples=["gs://bucket/schema.pbtxt"],
        json_schema_extra=_PATTERN,
    )
    beam: Beam = Field(
        default=Beam(),
        description="Which Beam engine does the steps' work there; by default each task does its own.",
        examples=[
            {
                "engine": "dataflow",
                "options": ["--project=p", "--region=europe-west1", "--temp_location=gs://bucket/tmp"],
            }
        ],
    )
    resources: dict[str, Resources] = Field(
        default={},
        description="What the container of a step may take at most, by step.",
        examples=[{"Transform": {"cpu": 4, "memory": "16G"}}],
    )
    retries: int = Field(
        default=0,
        ge=0,
        le=10,
        description="How often a failed step is tried again, for a lost machine; DataGate and Outcome never are.",
        examples=[2],
        json_schema_extra={"x-unit": "attempts"},
    )
    cache: bool = Field(
        default=True,
        description="Whether a step whose inputs have not changed is taken from the cache.",
        examples=[False],
    )
    baseline: str | None = Field(
        default=None,
        description="The address of the artifact of a blessed model, as Trainer wrote it, which the candidate is compared with; by "
        "default the last blessed one.",
        examples=["gs://bucket/root/fares/1/Trainer_2/model"],
        json_schema_extra={"pattern": f"^{ARTIFACT.pattern}$"},
    )
    service_account: str | None = Field(
        default=None,
        min_length=1,
        description="The account that the containers have; by default the orchestrator's own choice.",
        examples=["pipeline-runner@some-project.iam.gserviceaccount.com"],
    )

    @field_validator("data", "serving", "table_schema")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_PLACE, value):
            raise ValueError(
                "must be 'gs://bucket/path', or the absolute path of what is mounted in the containers (TensorFlow reads "
                "neither s3:// nor minio://), without spaces and without a '/' at its end"
            )
        return value

    @field_validator("baseline")
    @classmethod
    def _artifact(cls, value: str | None) -> str | None:
        if value is not None and not ARTIFACT.fullmatch(value):
            raise ValueError(f"must be {ADDRESS}")
        return value

    @field_validator("data")
    @classmethod
    def _suffix(cls, value: str) -> str:
        check_suffix(value)
        return value

    def location(self) -> tuple[str, str]:
        """The folder that holds the table's files, and their pattern below it."""
        return split_pattern(self.data)

    def endpoint_config(self) -> dict[str, Any] | None:
        """What TFX's Pusher for Vertex AI takes as `custom_config`; None where the model goes to a folder."""
        return None


class KubeflowTarget(Target):
    """Kubeflow Pipelines v2."""

    serving: str = Field(description=_SERVING, examples=["gs://bucket/serving/taxi-fare"], json_schema_extra=_PATTERN)
    host: str | None = Field(
        default=None,
        pattern=r"^https?://\S+$",
        description="The address of its API; by default the environment variable KF_PIPELINES_ENDPOINT or the user's kubeconfig "
        "says it.",
        examples=["https://kubeflow.example.org/pipeline"],
    )
    namespace: str | None = Field(
        default=None,
        min_length=1,
        description="The user's, in an installation of many users.",
        examples=["fares-team"],
    )
    experiment: str | None = Field(
        default=None,
        min_length=1,
        description="The experiment that takes the runs; by default it has the pipeline's name.",
        examples=["fares"],
    )


class Endpoint(Section):
    """An endpoint of Vertex AI, which TFX's extension makes if it isn't there, and the model that it gets."""

    name: str = Field(min_length=1, max_length=128, description="The endpoint's name.", examples=["taxi-fare"])
    image: str = Field(
        description="The container that serves, by exact tag or digest.",
        examples=["registry.example.org/tf-serving:2.19.1"],
    )
    machine: str = Field(
        default="n1-standard-2", description="The type of machine that it runs on.", examples=["n1-standard-4"]
    )
    replicas: int = Field(
        default=1,
        ge=1,
        description="How many of these machines run.",
        examples=[2],
        json_schema_extra={"x-unit": "machines"},
    )
    traffic: int = Field(
        default=100,
        ge=0,
        le=100,
        description="The share of the requests that the new version takes.",
        examples=[10],
        json_schema_extra={"x-unit": "per cent"},
    )

    @field_validator("image")
    @classmethod
    def _exact(cls, value: str) -> str:
        rule = broken_rule(value)
        if rule is not None:
            raise ValueError(f"must have {rule}" if rule.startswith("a ") else f"must be {rule}")
        return value


class VertexTarget(Target):
    """Vertex AI Pipelines. A model that passes goes to the folder `serving`, or to the model registry and an `endpoint`."""

    project: str | None = Field(
        default=None,
        pattern=r"^[a-z0-9:.-]+$",
        description="The project that the pipeline runs in; by default the environment or gcloud's configuration says it.",
        examples=["some-project"],
    )
    region: str | None = Field(
        default=None,
        pattern=r"^[a-z]+-[a-z]+[0-9]+$",
        description="The region that the pipeline runs in; by default as `project`.",
        examples=["europe-west1"],
    )
    labels: dict[str, str] = Field(default={}, description="Labels on every run.", examples=[{"team": "fares"}])
    endpoint: Endpoint | None = Field(
        default=None,
        description="The endpoint that takes the model, in the place of `serving`; it needs `project` and `region`.",
        examples=[{"name": "taxi-fare", "image": "registry.example.org/tf-serving:2.19.1"}],
    )

    @field_validator("labels")
    @classmethod
    def _labels(cls, value: dict[str, str]) -> dict[str, str]:
        for name, text in value.items():
            check_label(name, text)
        return value

    def endpoint_config(self) -> dict[str, Any] | None:
        """As `Target` says."""
        if self.endpoint is None:
            return None
        serving_args = {
            "project": self.project,
            "endpoint_name": self.endpoint.name,
            "machine_type": self.endpoint.machine,
            "min_replica_count": self.endpoint.replicas,
            "max_replica_count": self.endpoint.replicas,
            "traffic_percentage": self.endpoint.traffic,
            "labels": self.labels,
        }
        return {
            "ai_platform_enable_vertex": True,
            "ai_platform_vertex_region": self.region,
            "ai_platform_vertex_container_image_uri": self.endpoint.image,
            "ai_platform_serving_args": serving_args,
        }

    @model_validator(mode="after")
    def _one_destination(self) -> VertexTarget:
        if (self.serving is None) == (self.endpoint is None):
            raise ValueError("needs either 'serving', a folder, or 'endpoint'")
        if self.endpoint is not None and (self.project is None or self.region is None):
            raise ValueError("needs 'project' and 'region' for its endpoint: the container that makes it is told them")
        return self


class Targets(Section):
    """Where else than on this machine the pipeline runs."""

    kubeflow: KubeflowTarget | None = Field(
        default=None,
        description="Kubeflow Pipelines v2.",
        examples=[{"data": "gs://bucket/trips/*.csv", "serving": "gs://bucket/serving/taxi-fare"}],
    )
    vertex: VertexTarget | None = Field(
        default=None,
        description="Vertex AI Pipelines.",
        examples=[{"data": "gs://bucket/trips/*.csv", "serving": "gs://bucket/serving/taxi-fare"}],
    )

    def get(self, name: str) -> Target:
        """The section of one target.

        Raises:
          ConfigError: the file has none.
        """
        found: Target | None = {"kubeflow": self.kubeflow, "vertex": self.vertex}.get(name)
        if found is None:
            raise ConfigError(
                f"targets.{name}: this section is missing in the configuration. Add it, with data and serving: docs/{name}.md has "
                "one."
            )
        return found
