"""The `targets:` section of the configuration: what differs where the pipeline runs in containers. Light: no TFX."""

from __future__ import annotations

import re
from pathlib import Path

from pydantic import Field, field_validator, model_validator

from components.errors import ConfigError
from components.ingest.files import SUFFIXES, split_pattern
from components.settings import Settings
from pipeline.steps import STEPS

ROOT_SCHEMES = {"kubeflow": ("gs", "s3", "minio"), "vertex": ("gs",)}
NO_CONTAINER = "Baseline"  # a resolver or an importer: the orchestrator's own work

_BYTES = {"M": 10**6, "Mi": 2**20, "G": 10**9, "Gi": 2**30, "T": 10**12, "Ti": 2**40}
_IMAGE = re.compile(
    r"(?:[A-Za-z0-9.-]+(?::[0-9]+)?/)?"  # registry
    r"[a-z0-9]+(?:(?:[._/]|__|-+)[a-z0-9]+)*"  # repository
    r"(?::(?P<tag>[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}))?"
    r"(?P<digest>@sha256:[0-9a-f]{64})?"
)


class Resources(Settings):
    """What a step's container may take at most: `cpu` in cores, `memory` as Kubernetes writes it (`8Gi`)."""

    cpu: float | None = Field(default=None, gt=0, allow_inf_nan=False)
    memory: str | None = None

    @field_validator("memory")
    @classmethod
    def _unit(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(rf"[1-9][0-9]*({'|'.join(_BYTES)})", value):
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


class Target(Settings):
    """A place where the pipeline runs in containers.

    `data` and `schema` say where the table (a file or a pattern of files) and the schema file lie there, `serving` is the folder
    that takes the versions: gs:// addresses, or absolute paths of what is mounted in the containers. The lists of bad rows go
    to `<serving>-rejected`. `beam` are flags of Beam, by default those of its in-process runner. `resources` are by step.
    `retries` of a failed step are for a lost machine; the two gates have none. `cache: false` runs every step anew. `baseline` is
    the address of the artifact of a blessed model, as Trainer wrote it: for Kubeflow, which can't look up the last one itself.
    """

    data: str
    serving: str
    table_schema: str | None = Field(default=None, alias="schema")
    beam: list[str] = []
    resources: dict[str, Resources] = {}
    retries: int = Field(default=0, ge=0, le=10)
    cache: bool = True
    baseline: str | None = None

    @field_validator("data", "serving", "table_schema")
    @classmethod
    def _readable(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"(gs://[^/\s]+/[^\s]*[^/\s]|/[^\s]*[^/\s])", value):
            raise ValueError(
                "must be 'gs://bucket/path', or the absolute path of what is mounted in the containers (TensorFlow reads "
                "neither s3:// nor minio://), without spaces and without a '/' at its end"
            )
        return value

    @field_validator("baseline")
    @classmethod
    def _artifact(cls, value: str | None) -> str | None:
        if value is not None and not re.fullmatch(r"(gs|s3|minio)://[^/\s]+/[^\s]*[^/\s]", value):
            raise ValueError(
                "must be the address of a Model artifact, such as 'gs://bucket/path', without a '/' at its end"
            )
        return value

    @field_validator("data")
    @classmethod
    def _suffix(cls, value: str) -> str:
        if not value.endswith(SUFFIXES):
            raise ValueError(f"must be a {', '.join(SUFFIXES)} file, or a pattern of such files")
        return value

    @field_validator("beam")
    @classmethod
    def _flags(cls, value: list[str]) -> list[str]:
        for flag in value:
            if not re.fullmatch(r"--[a-z][a-z0-9_]*(=.*)?", flag):
                raise ValueError(f"must be flags of Beam, such as '--runner=DataflowRunner'; {flag!r} is none")
        if value and not any(flag.startswith("--runner=") for flag in value):
            raise ValueError("must name the runner: without '--runner=…' Beam looks for one on the network")
        return value

    @field_validator("resources")
    @classmethod
    def _steps(cls, value: dict[str, Resources]) -> dict[str, Resources]:
        known = [step for step in STEPS if step != NO_CONTAINER]
        for step in value:
            if step not in known:
                raise ValueError(f"no step with a container is called {step!r}. They are: {', '.join(known)}")
        return value

    def location(self) -> tuple[str, str]:
        """The folder that holds the table's files, and their pattern below it."""
        return split_pattern(self.data)


class Targets(Settings):
    """Where else than on this machine the pipeline runs."""

    kubeflow: Target | None = None
    vertex: Target | None = None

    def get(self, name: str) -> Target:
        """The section of one target.

        Raises:
          ConfigError: the file has none.
        """
        found: Target | None = {"kubeflow": self.kubeflow, "vertex": self.vertex}.get(name)
        if found is None:
            raise ConfigError(
                f"targets.{name}: this section is missing in the configuration. Add it, with data and serving."
            )
        return found


def check_image(image: str) -> None:
    """Raises a ConfigError unless the name of a container image says exactly which one it is."""
    match = _IMAGE.fullmatch(image)
    if match is None:
        raise ConfigError(f"--image: expected registry/repository:tag, or …@sha256:digest. Received {image!r}.")
    tag, digest = match["tag"], match["digest"]
    if digest is None and (tag is None or tag == "latest"):
        raise ConfigError(
            f"--image: expected a digest (@sha256:…) or an exact tag (:1.4.0), so that a run can be repeated. Received {image!r}."
        )


def check_pipeline_root(target: str, root: str) -> None:
    """Raises a ConfigError unless a target's orchestrator can keep artifacts there."""
    schemes = ROOT_SCHEMES[target]
    if not re.fullmatch(rf"({'|'.join(schemes)})://[^/\s]+(/[^\s]*)?", root):
        forms = " or ".join(f"{scheme}://bucket/path" for scheme in schemes)
        raise ConfigError(f"--pipeline-root: for {target} expected {forms}. Received {root!r}.")


def check_output(path: Path) -> None:
    """Raises a ConfigError unless a compiled pipeline can be written there."""
    if path.suffix not in {".yaml", ".yml"}:
        raise ConfigError(
            f"--output: expected a file that ends in .yaml: the clients take no other. Received {str(path)!r}."
        )
    if not path.parent.is_dir():
        raise ConfigError(f"--output: the folder {path.parent} does not exist. Create it, or name another file.")
