"""The files that make the image: they agree with the lock, and refuse what can't be built."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, Finished
from tests.test_setup import locked

DOCKERFILE = (REPOSITORY / "deploy" / "Dockerfile").read_text()


def run(*command: str | Path, path: str, **env: str) -> Finished:
    done = subprocess.run(
        [*map(str, command)], cwd=REPOSITORY, env={"PATH": path, **env}, capture_output=True, text=True, check=False
    )
    return Finished(done.returncode, done.stdout, done.stderr)


@pytest.fixture
def path(tmp_path: Path) -> str:
    """A PATH with what the scripts need on it, and nothing that builds images."""
    for tool in ("sh", "sed", "git"):
        (tmp_path / tool).symlink_to(str(shutil.which(tool)))
    return str(tmp_path)


def stand_in(path: str, name: str, script: str) -> None:
    """Puts a stand-in for a builder on the PATH."""
    file = Path(path) / name
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)


def test_the_base_has_the_python_that_the_project_needs() -> None:
    [base] = re.findall(r"^ARG BASE=\S+/python:(\S+)$", DOCKERFILE, re.MULTILINE)
    assert base == "3.11-slim-bookworm"
    assert 'python_requires=">=3.11,<3.12"' in (REPOSITORY / "setup.py").read_text()


def test_beams_program_is_of_the_locked_version() -> None:
    [(python, version)] = re.findall(r"^ARG BEAM_IMAGE=\S+/beam_python(\S+)_sdk:(\S+)$", DOCKERFILE, re.MULTILINE)
    assert (python, version) == ("3.11", locked()["apache-beam"])


def test_the_image_that_is_built_by_default_has_beams_program_where_the_entrypoint_calls_it() -> None:
    """Workers of Dataflow, and of any engine whose environment is DOCKER, are started by it."""
    last = DOCKERFILE.rpartition("\nFROM ")[2]
    assert last.split() == ["tasks", "COPY", "--from=beam", "/opt/apache/beam", "/opt/apache/beam"]
    assert (
        'ENTRYPOINT ["/opt/plumbline/entrypoint.sh"]' in DOCKERFILE.partition(" AS tasks\n")[2].partition("\nFROM ")[0]
    )
    assert 'exec /opt/apache/beam/boot "$@"' in (REPOSITORY / "deploy" / "entrypoint.sh").read_text()
    assert "RUN_PYTHON_SDK_IN_DEFAULT_ENVIRONMENT=1" in DOCKERFILE


def stage(name: str) -> str:
    """A stage of the Dockerfile, without comments."""
    [(_, text)] = re.findall(rf"^FROM (\S+) AS {name}\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL)
    return re.sub(r"^#.*\n", "", text, flags=re.MULTILINE)


@pytest.mark.parametrize(("packages", "code"), [("packages", "code"), ("serving-packages", "serving-code")])
def test_bytecode_is_made_by_the_command_of_the_set_up(packages: str, code: str) -> None:
    [command] = re.findall(
        r"^\.venv/bin/python (\S+)", (REPOSITORY / "requirements" / "install.sh").read_text(), re.MULTILINE
    )
    assert f"/opt/plumbline/bin/python {command} " in stage(code)
    assert "--compile-bytecode" in stage(code)  # of our wheel
    assert "BYTECODE" not in stage(packages).upper()  # all of theirs
    assert "/code /opt/plumbline" in stage("serving" if code.startswith("serving") else "tasks")


@pytest.mark.e2e
@pytest.mark.parametrize("code", ["code", "serving-code"])
def test_the_bytecode_that_a_build_makes_lies_beside_the_sources_of_the_packages(code: str, tmp_path: Path) -> None:
    """The commands of the Dockerfile, after our wheel is installed, with the folders of the image below another one."""
    packages, build = tmp_path / "opt" / "plumbline" / "lib", tmp_path / "build"
    for folder in (packages, build / "components", build / "requirements", tmp_path / "code"):
        folder.mkdir(parents=True)
    for name in ("colours", "unused"):
        (packages / f"{name}.py").write_text("")
    (build / "components" / "paint.py").write_text("import colours\n")
    shutil.copy(REPOSITORY / "requirements" / "bytecode.py", build / "requirements")
    [_, commands] = stage(code).split("--prefix /code . \\\n    && ")
    commands = commands.replace("/opt/plumbline/bin/python", sys.executable)
    for folder in ("/begun", "/opt/plumbline", "/code"):
        commands = commands.replace(f" {folder}", f" {tmp_path}{folder}")
    env = {**os.environ, "PYTHONPATH": str(packages)}
    done = subprocess.run(["sh", "-euc", commands], cwd=build, env=env, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = [path.relative_to(tmp_path / "code") for path in (tmp_path / "code").rglob("*.pyc")]
    assert [(str(path.parent), path.name.partition(".")[0]) for path in written] == [("lib/__pycache__", "colours")]


@pytest.mark.parametrize(
    "image",
    ["", "plumbline", "registry:5000/plumbline", "registry/plumbline:latest", "registry/plumbline:", "a@sha256:b"],
)
def test_an_image_needs_an_exact_tag(image: str, path: str) -> None:
    done = run("deploy/build.sh", image, path=path)
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        "make image: expected IMAGE=registry/repository:tag, and not the tag 'latest', so that a run can be repeated. "
        f"Received '{image}'.\n"
    )


def test_without_a_builder_one_line_says_so(path: str) -> None:
    done = run("deploy/build.sh", "registry:5000/plumbline:0.1.0", path=path)
    assert (done.code, done.out) == (1, "")
    assert done.err == (
        "make image: there is no docker (with its daemon running), no podman and no buildah here. Install one of them.\n"
    )


def test_docker_without_its_daemon_is_passed_over_and_the_size_is_told(path: str) -> None:
    stand_in(path, "docker", "exit 1")
    stand_in(path, "podman", '[ "$1" = images ] && echo "3 GB" || echo "$@"')
    done = run("deploy/build.sh", "registry/plumbline:0.1.0", path=path)
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith("build --file deploy/Dockerfile --tag registry/plumbline:0.1.0 --label ")
    assert done.out.endswith("built registry/plumbline:0.1.0: 3 GB, by podman\n")


def test_another_stage_is_built_by_its_name(path: str) -> None:
    stand_in(path, "podman", 'echo "$@"')
    for target in re.findall(r"TARGET=(\w+)", DOCKERFILE):
        assert re.search(rf"^FROM \S+ AS {target}$", DOCKERFILE, re.MULTILINE)
        done = run("deploy/build.sh", "registry/plumbline:0.1.0", path=path, TARGET=target)
        assert done.out.startswith(f"build --target {target} --file deploy/Dockerfile ")


def test_a_failed_build_is_a_failure(path: str) -> None:
    stand_in(path, "podman", "exit 7")
    assert run("deploy/build.sh", "registry/plumbline:0.1.0", path=path).code == 7


def test_a_command_runs_as_it_is_and_flags_go_to_beams_program(path: str) -> None:
    done = run("deploy/entrypoint.sh", "/bin/echo", "--id=1", path=path)
    assert (done.code, done.out) == (0, "--id=1\n")
    done = run("deploy/entrypoint.sh", "--id=1", "--provision_endpoint=localhost:1", path=path)
    assert done.code == 127
    assert "/opt/apache/beam/boot" in done.err
