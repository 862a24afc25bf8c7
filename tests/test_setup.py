"""What is installed is what is tested: the wheel, the lock, the README's commands."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tomllib
import zipfile
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY

UV = REPOSITORY / ".tools" / "uv"


def locked(name: str = "lock.txt") -> dict[str, str]:
    text = (REPOSITORY / "requirements" / name).read_text()
    return dict(re.findall(r"^([a-z0-9-]+)(?:\[.*\])?==(\S+)", text, re.MULTILINE))


@pytest.mark.parametrize("name", ["lock.txt", "serving.txt"])
def test_every_pin_in_the_lock_has_a_hash(name):
    text = (REPOSITORY / "requirements" / name).read_text()
    blocks = re.split(r"\n(?=[a-z])", text)
    pinned = [block for block in blocks if re.match(r"[a-z0-9-]+.*==", block)]
    assert len(pinned) == len(locked(name))
    assert all("--hash=sha256:" in block for block in pinned)


def test_the_serving_image_has_what_the_lock_has_and_the_same_tensorflow():
    serving, lock = locked("serving.txt"), locked()
    assert serving.pop("tensorflow-cpu") == lock["tensorflow"]
    assert serving.items() <= lock.items()
    assert not serving.keys() & {"tfx", "apache-beam", "keras", "tensorflow", "kfp", "google-cloud-storage"}


def test_the_serving_image_has_what_the_server_imports_and_no_more():
    """What the rooms of serving and of scoring import, at any depth, inside functions too. The rest is the command line's."""
    import grimp

    graph = grimp.build_graph("pipeline", "components", include_external_packages=True)
    rooms = [f"pipeline.{room}" for room in ("serving", "scoring")]
    sources = {module for room in rooms for module in {room, *graph.find_descendants(room)}}
    reached = set().union(*map(graph.find_upstream_modules, sources))
    outside = {name for name in reached if graph.is_module_squashed(name)}
    names = {"google": "protobuf", "grpc": "grpcio", "markupsafe": "jinja2", "rapidjson": "python-rapidjson"}
    names |= {"tensorflow": "tensorflow-cpu", "yaml": "pyyaml", "grpc_health": "grpcio-health-checking"}
    names |= {"grpc_reflection": "grpcio-reflection", "tensorflow_serving": "tensorflow-serving-api"}
    names |= {"zoneinfo": "tzdata"}  # what it reads, where the system has none
    outside = {name for name in outside if name in names or name not in sys.stdlib_module_names}
    wanted = {names.get(name, name.replace("_", "-")) for name in outside}
    listed = (REPOSITORY / "requirements" / "serving.in").read_text()
    assert {*wanted, "click", "rich", "packaging"} == set(re.findall(r"^[a-z][a-z0-9-]*", listed, re.MULTILINE))


def test_what_is_installed_is_what_is_locked():
    from importlib.metadata import version

    assert {name: version(name) for name in locked()} == locked()


def test_farmhash_is_the_function_that_tfdv_expects():
    """pyfarmhash 0.5 replaces 0.3: values from 0.3.2."""
    import farmhash

    assert farmhash.fingerprint32("trip_miles") == 4206711634
    assert farmhash.fingerprint64("trip_miles") == 7332135714719751006


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    out = tmp_path_factory.mktemp("wheel")
    # Its own build folder: what lies in the tree's may be of modules that have moved since.
    command = [sys.executable, "setup.py", "-q", "build", "--build-base", str(out / "build")]
    command += ["bdist_wheel", "--dist-dir", str(out), "--bdist-dir", str(out / "b")]
    subprocess.run(command, check=True, cwd=REPOSITORY, capture_output=True)
    [path] = out.glob("*.whl")
    return path


def test_the_wheel_holds_the_two_packages_and_the_licence(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    sources = {
        str(path.relative_to(REPOSITORY))
        for top in ("components", "pipeline")
        for path in (REPOSITORY / top).rglob("*.py")
    }
    assert {name for name in names if name.endswith(".py")} == sources
    assert any(name.endswith("licenses/LICENSE") for name in names)
    assert "pipeline/config/schema.json" in names


@pytest.mark.e2e
def test_the_wheel_runs_in_a_clean_environment(wheel, tmp_path):
    """From the lock, as a user would install it; the repository is not on the path."""
    python = tmp_path / "venv" / "bin" / "python"
    cache = {"UV_CACHE_DIR": os.environ.get("UV_CACHE_DIR", str(REPOSITORY / ".tools" / "cache")), "UV_NO_CONFIG": "1"}
    env = {key: value for key, value in os.environ.items() if key not in {"PYTHONPATH", "VIRTUAL_ENV"}} | cache

    def run(*command: object) -> str:
        done = subprocess.run([*map(str, command)], capture_output=True, text=True, check=False, env=env, cwd=tmp_path)
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout

    run(UV, "venv", "--python", sys.executable, tmp_path / "venv")
    requirements = REPOSITORY / "requirements"
    run(UV, "pip", "install", "--python", python, "--no-deps", "--require-hashes", "--build-constraints",
        requirements / "build.txt", "-r", requirements / "lock.txt")  # fmt: skip
    run(UV, "pip", "install", "--python", python, "--no-deps", wheel)
    plumbline = python.with_name("plumbline")
    assert "doctor" in run(plumbline, "--help")
    assert "FAIL" not in run(plumbline, "doctor", "--quick")
    where = run(python, "-c", "import pipeline; print(pipeline.__file__)")
    assert str(tmp_path) in where


def test_every_room_stands_in_a_contract():
    contracts = tomllib.loads((REPOSITORY / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    declared = {room for layer in contracts[0]["layers"] for room in layer.split(" | ")}
    rooms = {f"pipeline.{path.parent.name}" for path in REPOSITORY.glob("pipeline/*/__init__.py")}
    assert declared == {*rooms, "components"}


def test_make_help_lists_every_verb():
    done = subprocess.run(
        ["make", "--no-print-directory", "help"], cwd=REPOSITORY, capture_output=True, text=True, check=True
    )
    verbs = {line.split()[0] for line in done.stdout.splitlines()}
    assert {
        "run",
        "test",
        "unit",
        "e2e",
        "e2e-kubeflow",
        "flink",
        "e2e-flink",
        "spark",
        "columns",
        "tables",
        "nist",
        "certify",
        "bench",
        "bench-engines",
        "bench-records",
        "bad-days",
        "bench-glm",
        "bench-diagnostics",
        "bench-solve",
        "bench-arrays",
        "bench-elastic-net",
        "bench-serve",
        "soak",
        "hostile",
        "fuzz",
        "docs",
        "lint",
        "format",
        "lock",
        "image",
        "clean",
        "help",
    } == verbs
