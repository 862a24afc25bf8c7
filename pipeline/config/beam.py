"""The `beam:` section of the configuration: which Beam engine does the steps' work. Light: no Beam."""

from __future__ import annotations

import re
from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from components.section import Section

EngineName = Literal["local", "flink", "spark", "portable", "dataflow"]

_ADDRESS = r"[^\s:/]+:[0-9]{1,5}"
_KEYS = {  # flags of Beam that a key of this section, or Plumbline, sets
    "runner": "engine",
    "job_endpoint": "endpoint",
    "flink_master": "master",
    "spark_master_url": "master",
    "parallelism": "parallelism",
    "environment_type": "environment",
    "environment_config": "environment",
    "flink_job_server_jar": "job_server_jar",
    "spark_job_server_jar": "job_server_jar",
    "sdk_container_image": "image",
    "worker_harness_container_image": "image",
    "job_name": None,
    "save_main_session": None,
    "direct_running_mode": None,
    "direct_num_workers": None,
}


class WorkerEnvironment(Section):
    """What runs the Python work beside the engine's own workers."""

    type: Literal["EXTERNAL", "DOCKER", "PROCESS"] = Field(
        description="`EXTERNAL`: a pool that listens, `plumbline workers`; `DOCKER`: a container of an image; `PROCESS`: a "
        "command.",
        examples=["EXTERNAL"],
    )
    config: str = Field(
        min_length=1,
        description="Of `EXTERNAL` the pool's address as the engine's workers reach it, of `DOCKER` the image, of `PROCESS` the "
        "path of the command that starts a worker.",
        examples=["localhost:50000"],
    )

    @model_validator(mode="after")
    def _address(self) -> WorkerEnvironment:
        if self.type == "EXTERNAL" and not re.fullmatch(_ADDRESS, self.config):
            raise ValueError(f"config: must be host:port of a pool for EXTERNAL; {self.config!r} is none")
        return self


class Beam(Section):
    """Which Beam engine does the steps' work, and where it is (docs/engines.md). `--beam` of a command names another engine."""

    engine: EngineName = Field(
        default="local",
        description="`local`: this machine; `flink`, `spark`: a cluster, by a job server that Beam starts here; `portable`: any "
        "engine with a Beam job service that runs already; `dataflow`: Google's.",
        examples=["flink"],
    )
    master: str | None = Field(
        default=None,
        description="Of `flink` the address of the JobManager's REST, of `spark` that of the master.",
        examples=["jobmanager:8081"],
        json_schema_extra={"pattern": rf"^(spark://)?{_ADDRESS}$"},
    )
    endpoint: str | None = Field(
        default=None,
        description="Of `portable` the address of the job service.",
        examples=["jobserver:8099"],
        json_schema_extra={"pattern": f"^{_ADDRESS}$"},
    )
    parallelism: int | None = Field(
        default=None,
        ge=1,
        description="How many parts of a step run side by side; by default as many as `flink` has slots, else the engine's choice.",
        examples=[8],
        json_schema_extra={"x-unit": "slots"},
    )
    environment: WorkerEnvironment | None = Field(
        default=None,
        description="What runs the Python work beside the workers of `flink`, `spark` or `portable`.",
        examples=[{"type": "EXTERNAL", "config": "localhost:50000"}],
    )
    job_server_jar: str | None = Field(
        default=None,
        min_length=1,
        description="Of `flink` and `spark` the path or address of Beam's job server; by default Beam fetches it from Maven "
        "Central.",
        examples=["/opt/beam/beam-runners-flink-1.19-job-server-2.73.0.jar"],
    )
    image: str | None = Field(
        default=None,
        min_length=1,
        description="Of `dataflow` the image of its workers; in a compiled pipeline by default the pipeline's own.",
        examples=["registry.example.org/plumbline-worker:0.1.0"],
    )
    shared: list[str] = Field(
        default=[],
        description="Folders that every worker has mounted at the same path: tables and `--root` must lie below one of them, if "
        "they "
        "are no gs:// addresses and the engine is not on this machine.",
        examples=[["/mnt/shared"]],
    )
    options: list[str] = Field(
        default=[],
        description="Further flags of Beam or of its engine.",
        examples=[["--environment_cache_millis=20000"]],
    )

    @model_validator(mode="before")
    @classmethod
    def _section(cls, value: Any) -> Any:
        if isinstance(value, list):
            raise ValueError("must be a mapping with the key engine; flags of Beam are its options")
        return value

    @field_validator("master")
    @classmethod
    def _master(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(rf"(spark://)?{_ADDRESS}", value):
            raise ValueError("must be host:port of Flink's JobManager, or spark://host:port")
        return value

    @field_validator("endpoint")
    @classmethod
    def _endpoint(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(_ADDRESS, value):
            raise ValueError("must be host:port of a Beam job service")
        return value

    @field_validator("shared")
    @classmethod
    def _absolute(cls, value: list[str]) -> list[str]:
        for folder in value:
            if not folder.startswith("/"):
                raise ValueError(f"must be absolute paths; {folder!r} is none")
        return value

    @field_validator("options")
    @classmethod
    def _flags(cls, value: list[str]) -> list[str]:
        for flag in value:
            match = re.fullmatch(r"--([a-z][a-zA-Z0-9_]*)(=.*)?", flag, re.DOTALL)
            if match is None:
                raise ValueError(f"must be flags of Beam, such as '--environment_cache_millis=20000'; {flag!r} is none")
            if match[1] in _KEYS:
                key = _KEYS[match[1]]
                way = f"Set {key!r} in this section" if key else "Leave it out"
                raise ValueError(f"{flag!r} is set by Plumbline. {way}")
        return value
