"""From `plumbline submit` to a pushed model: the real clients, the services' stand-in, and the harness that executes the run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from components.publishing.versions import versions
from tests.conftest import REPOSITORY, WholeRun
from tests.kubeflow.harness import KUBEFLOW, VERTEX, Platform
from tests.kubeflow.results import local_model, pushed_model, read
from tests.kubeflow.submit.services import Services
from tests.kubeflow.submit.user import User
from tests.kubeflow.warm import WarmPython

pytestmark = [pytest.mark.e2e, pytest.mark.kubeflow]


@pytest.fixture(params=[KUBEFLOW, VERTEX])
def target(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture
def platform(target: str, python: WarmPython, tmp_path: Path) -> Platform:
    """What executes the runs, in processes other than the one that waits for them."""
    return Platform(target, tmp_path / "platform", python)


@pytest.fixture
def user(platform: Platform, clients: WarmPython, service_account: dict[str, str], tmp_path: Path) -> Iterator[User]:
    (tmp_path / "serving").mkdir()
    with Services(platform) as services:
        yield User(clients, tmp_path, services).take(service_account)


def here(user: User) -> dict[str, str]:
    """Where the table and the versions lie, for a target's section."""
    return {"data": str(REPOSITORY / "data/seed/data.csv"), "serving": str(user.home / "serving")}


def test_a_submitted_run_pushes_the_local_runs_model_and_the_next_is_compared_with_it(
    user: User, target: str, platform: Platform, seed_run: WholeRun
) -> None:
    config = user.config(target, section=here(user))
    done = user.submit(target, "--wait", config=config)
    assert done.code == 0, done.text
    assert pushed_model(user.home / "serving") == local_model("seed", seed_run)

    first = user.runs()[0]["ended"].outputs["trainer"]["model"]["uri"]
    done = user.submit(target, "--wait", config=config)
    assert done.code == 0, done.text
    if target == KUBEFLOW:
        assert f"baseline       {first}" in done.text
    verdict = user.runs()[1]["ended"].outputs["model-gate"]["verdict"]
    told = read(platform.path(verdict) / "verdict.json")
    assert told["baseline"] == told["metrics"]
    assert len(versions(user.home / "serving")) == 2


def test_a_refused_model_ends_the_command_with_the_task_that_failed(user: User, target: str) -> None:
    limits = {"limits": {"mean_squared_error": {"max": 0.001}}}
    done = user.submit(target, "--wait", config=user.config(target, section=here(user), evaluate=limits))
    assert done.code == 1
    line = done.text.splitlines()[-1]
    assert line.startswith("plumbline: error: ")
    assert "outcome" in line
    assert "refused: mean_squared_error on overall is " in line
    assert not versions(user.home / "serving")
