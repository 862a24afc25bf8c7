"""The image: what is in it, and the seed's pipeline compiled and run in it, by code that is there and nowhere else."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, WholeRun
from tests.kubeflow import spec as specs
from tests.kubeflow.compiled import ROOTS, write_config
from tests.kubeflow.harness import KUBEFLOW, VERTEX, Platform
from tests.kubeflow.image import IMAGE, USER, Image, why_not
from tests.kubeflow.results import local_model, pushed_model

REASON = why_not()
pytestmark = [pytest.mark.e2e, pytest.mark.kubeflow, pytest.mark.skipif(REASON is not None, reason=str(REASON))]


@pytest.fixture
def image(tmp_path: Path) -> Iterator[Image]:
    """The image with a folder that all may write to."""
    before = os.umask(0)
    folder = tmp_path / "mounted"
    folder.mkdir()
    yield Image(os.environ[IMAGE], folder)
    os.umask(before)


def said(image: Image, *command: str) -> str:
    """What a command writes, which must exit with 0."""
    log = image.folder.parent / "log"
    log.unlink(missing_ok=True)
    code = image.run(list(command), {}, log)
    assert code == 0, log.read_text()
    return log.read_text().strip()


def test_the_installation_is_whole(image: Image) -> None:
    assert "FAIL" not in said(image, "plumbline", "doctor")


def test_what_is_in_it(image: Image) -> None:
    assert said(image, "id", "-u") == USER
    assert said(image, "python", "-c", "import pipeline; print(pipeline.__file__)").startswith("/opt/plumbline/lib/")
    found = said(image, "sh", "-c", "for tool in cc gcc g++ make uv pytest mypy; do command -v $tool; done; true")
    assert found == ""
    assert "Version: " in said(image, "python", "-m", "pip", "show", "apache-beam")  # as Beam's boot program asks


@pytest.mark.parametrize("mode", [KUBEFLOW, VERTEX])
def test_the_compiled_pipeline_pushes_the_model_of_the_local_run(image: Image, mode: str, seed_run: WholeRun) -> None:
    table = image.folder / "table" / "data.csv"
    table.parent.mkdir()
    shutil.copyfile(REPOSITORY / "data" / "seed" / "data.csv", table)
    config = write_config("seed", mode, image.folder, table)
    file = image.folder / "compiled.yaml"
    said(image, "plumbline", "compile", str(config), "--target", mode, "--image", image.name, "--pipeline-root",
         ROOTS[mode], "--output", str(file))  # fmt: skip
    platform = Platform(mode, image.folder / "platform", image)
    run = platform.run(specs.load(file))
    assert run.failure is None
    assert (platform.path(run.outputs["pusher"]["pushed_model"]) / "saved_model.pb").is_file()
    found, expected = pushed_model(image.folder / "serving"), local_model("seed", seed_run)
    assert found["coefficients"] == expected["coefficients"]  # to the last digit
    assert found == expected
