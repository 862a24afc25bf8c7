"""A pipeline with every kind of feature, compiled and executed as compiled."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.conftest import WholeRun
from tests.kubeflow.compiled import compiled, write_config
from tests.kubeflow.harness import KUBEFLOW, VERTEX, Platform
from tests.kubeflow.results import local_model, pushed_model
from tests.kubeflow.warm import WarmPython

pytestmark = [pytest.mark.e2e, pytest.mark.kubeflow]


@pytest.mark.parametrize("mode", [KUBEFLOW, VERTEX])
def test_every_kind_is_pushed_as_by_the_local_run(
    mode: str, kinds_run: WholeRun, python: WarmPython, tmp_path: Path
) -> None:
    spec = compiled(python, write_config(kinds_run.config, mode, tmp_path), mode)
    run = Platform(mode, tmp_path / "platform", python).run(spec)
    assert run.failure is None
    found, expected = pushed_model(tmp_path / "serving"), local_model("kinds", kinds_run)
    assert found["coefficients"] == expected["coefficients"]  # to the last digit
    assert found == expected
