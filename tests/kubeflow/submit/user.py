"""Someone who submits: a home, a configuration, credentials, and services that answer."""

from __future__ import annotations

import dataclasses
import json
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPOSITORY
from tests.kubeflow.submit.command import ADDRESS
from tests.kubeflow.submit.services import Services
from tests.kubeflow.warm import WarmPython

ROOTS = {"kubeflow": "minio://mlpipeline/v2/artifacts", "vertex": "gs://bucket/root"}
PARENT = "projects/some-project/locations/europe-west1"
IMAGE = "registry.example/plumbline:1.2.3"


@dataclasses.dataclass(frozen=True)
class Submitted:
    """A `submit` that has ended: exit code, and all that it wrote."""

    code: int
    text: str


@dataclasses.dataclass(frozen=True)
class User:
    """Someone with a home, a configuration and credentials.

    Attributes:
      clients: runs the command.
      home: a folder of their own.
      services: what the command talks to.
    """

    clients: WarmPython
    home: Path
    services: Services

    @property
    def key(self) -> Path:
        """The file with the key of a service account."""
        return self.home / "key.json"

    def take(self, account: dict[str, str]) -> User:
        """Is given a service account, whose tokens come from the services too."""
        self.key.write_text(json.dumps({**account, "token_uri": f"{self.services.address}/token"}))
        return self

    def config(self, target: str, **changes: Any) -> Path:
        """The seed's configuration with a section for a target."""
        value = yaml.safe_load((REPOSITORY / "data/seed/pipeline.yaml").read_text())
        value["data"]["path"] = str(REPOSITORY / "data/seed/data.csv")
        section: dict[str, Any] = {"data": "gs://tables/data.csv"}
        if target == "kubeflow":
            section |= {"serving": str(self.home / "serving"), "host": self.services.address}
        else:
            section |= {"serving": "gs://models/seed", "project": "some-project", "region": "europe-west1"}
        value["targets"] = {target: {**section, **changes.pop("section", {})}}
        path = self.home / f"{target}.yaml"
        path.write_text(yaml.safe_dump({**value, **changes}, sort_keys=False))
        return path

    def run(self, *words: str | Path, **env: str) -> Submitted:
        """Runs `plumbline` with words."""
        log = self.home / "log"
        log.unlink(missing_ok=True)
        environment = {
            "HOME": str(self.home),
            "XDG_CONFIG_HOME": str(self.home),
            "GOOGLE_APPLICATION_CREDENTIALS": str(self.key),
            "NO_GCE_CHECK": "true",
            ADDRESS: self.services.address,
            **env,
        }
        command = ["python", "-m", "tests.kubeflow.submit.command", "pipeline.cli", *map(str, words)]
        code = self.clients.run(command, environment, log)
        return Submitted(code, log.read_text())

    def compile(self, target: str, config: Path | None = None) -> Path:
        """The file that `plumbline compile` writes for a target."""
        file = self.home / "compiled.yaml"
        words = ("--target", target, "--image", IMAGE, "--pipeline-root", ROOTS[target], "-o", file)
        done = self.run("compile", config or self.config(target), *words)
        assert done.code == 0, done.text
        return file

    def submit(self, target: str, *words: str | Path, config: Path | None = None, **env: str) -> Submitted:
        """Submits the seed to a target, compiled anew unless `--file` is among the words."""
        new = () if "--file" in words else ("--image", IMAGE, "--pipeline-root", ROOTS[target])
        return self.run("submit", config or self.config(target), "--target", target, *new, *words, **env)

    def runs(self) -> list[dict[str, Any]]:
        """The runs that were started."""
        return [*self.services.find("runs"), *self.services.find("jobs")]
