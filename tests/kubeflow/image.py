"""Runs the commands of containers in fresh containers of an image, in the place of `WarmPython`."""

from __future__ import annotations

import dataclasses
import os
import shutil
import subprocess
from pathlib import Path

IMAGE = "PLUMBLINE_IMAGE"  # environment variable: the name of the image that is tested
USER = "10001"  # of the image


def why_not() -> str | None:
    """Why no image can be tested here; None if one can."""
    if IMAGE not in os.environ:
        return f"{IMAGE} doesn't name an image: PLUMBLINE_IMAGE=registry/plumbline:0.1.0 make e2e-kubeflow"
    return None if _tool() else "there is no docker (with its daemon running), no podman and no buildah here"


@dataclasses.dataclass(frozen=True)
class Image:
    """An image, and the one folder that its containers see, at the same path. They have no network.

    What makes folders for them has to let them write there (umask 0): the image's user is not the one who runs the tests.
    """

    name: str
    folder: Path

    def run(self, command: list[str], env: dict[str, str], log: Path) -> int:
        """Runs a command in a container of its own; what it writes goes to a file. Returns its exit code."""
        tool = _tool()
        with log.open("ab") as file:
            if tool == "buildah":
                return self._by_buildah(command, env, file.fileno())
            settings = [f"--env={key}={value}" for key, value in env.items()]
            return subprocess.run(
                [str(tool), "run", "--rm", "--pull=never", "--network=none", f"--volume={self.folder}:{self.folder}",
                 *settings, f"--entrypoint={command[0]}", self.name, *command[1:]],
                stdout=file, stderr=file, check=False,
            ).returncode  # fmt: skip

    def _by_buildah(self, command: list[str], env: dict[str, str], output: int) -> int:
        """Without an OCI runtime. A network namespace that has nothing but a loopback is ours to make."""
        settings = [f"--env={key}={value}" for key, value in env.items()]
        alone = ["unshare", "--net", "sh", "-c", 'ip link set lo up && exec "$@"', "sh"] if os.geteuid() == 0 else []
        made = subprocess.run(
            ["buildah", "from", "--pull-never", self.name], capture_output=True, text=True, check=True
        )
        container = made.stdout.strip()
        try:
            return subprocess.run(
                [*alone, "buildah", "run", "--isolation=chroot", f"--volume={self.folder}:{self.folder}", *settings,
                 container, "--", *command],
                stdout=output, stderr=output, check=False,
            ).returncode  # fmt: skip
        finally:
            subprocess.run(["buildah", "rm", container], capture_output=True, check=True)


def _tool() -> str | None:
    """As deploy/build.sh chooses."""
    if shutil.which("docker") and subprocess.run(["docker", "info"], capture_output=True, check=False).returncode == 0:
        return "docker"
    return next((tool for tool in ("podman", "buildah") if shutil.which(tool)), None)
