"""What `submit` refuses before anything that takes long. What it sends is tested in tests/kubeflow/test_submit.py."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from components.errors import ConfigError
from pipeline.config.file import Config, load_config
from pipeline.remote.submit.command import SubmitOptions, check
from tests.conftest import REPOSITORY, plumbline

NEW: dict[str, Any] = {"image": "p:1", "pipeline_root": "gs://b/r"}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    value = yaml.safe_load((REPOSITORY / "data/seed/pipeline.yaml").read_text())
    section = {"data": "gs://b/t.csv", "serving": "gs://b/m"}
    value["targets"] = {"kubeflow": section, "vertex": section}
    path = tmp_path / "pipeline.yaml"
    path.write_text(yaml.safe_dump(value))
    return load_config(path)


def options(target: str, **changes: Any) -> SubmitOptions:
    nothing = {"image": None, "pipeline_root": None, "compiled": None, "span": None, "cron": None, "baseline": None}
    return SubmitOptions(**{"target": target, **nothing, "given": (), "labels": (), "no_baseline": False, **changes})


@pytest.mark.parametrize("target", ["kubeflow", "vertex"])
def test_options_that_are_fine(target: str, config: Config) -> None:
    check(config, options(target, **NEW, cron="0 6 * * *", given=("a=b",)), False)
    check(config, options(target, **NEW, baseline="gs://b/m"), True)


@pytest.mark.parametrize(
    ("target", "changes", "message"),
    [
        ("vertex", {}, "submit: expected --image and --pipeline-root, or --file with what 'compile' wrote."),
        ("vertex", {"image": "p:1"}, "submit: expected --image and --pipeline-root, or --file"),
        (
            "vertex",
            {**NEW, "compiled": Path("p.yaml")},
            "submit: expected either --file, or --image and --pipeline-root.",
        ),
        ("vertex", {**NEW, "pipeline_root": "s3://b"}, "--pipeline-root: for vertex expected gs://bucket/path."),
        ("vertex", {**NEW, "cron": "daily"}, "--cron: expected five fields, in UTC"),
        ("vertex", {**NEW, "cron": "0 6 * * *", "wait": True}, "submit: --wait is for one run, and --cron makes many."),
        ("vertex", {**NEW, "labels": ("A=b",)}, "--label: labels are made of a-z"),
        ("vertex", {**NEW, "labels": ("team",)}, "--label: expected NAME=VALUE."),
        ("vertex", {**NEW, "given": ("a=1", "a=2")}, "--set: a is given twice."),
        ("vertex", {**NEW, "no_baseline": True}, "--no-baseline: Vertex AI looks the last blessed model up by itself."),
        ("kubeflow", {**NEW, "labels": ("a=b",)}, "--label: Kubeflow's runs have no labels."),
        ("kubeflow", {**NEW, "baseline": "/model"}, "--baseline: expected the address of a Model artifact"),
        (
            "kubeflow",
            {**NEW, "baseline": "gs://b/m", "no_baseline": True},
            "submit: --baseline and --no-baseline contradict",
        ),
        ("kubeflow", {**NEW, "image": "p:latest"}, "--image: expected a digest"),
        ("kubeflow", {"compiled": Path("gone.yaml")}, "gone.yaml: can't be read"),
    ],
)
def test_options_that_can_not_be_meant(target: str, changes: dict[str, Any], message: str, config: Config) -> None:
    wait = changes.pop("wait", False)
    with pytest.raises(ConfigError) as caught:
        check(config, options(target, **changes), wait)
    assert str(caught.value).startswith(message)
    assert len(str(caught.value).splitlines()) == 1


def test_the_command_ends_with_2_and_one_line() -> None:
    path = REPOSITORY / "data/seed/pipeline.yaml"
    done = plumbline("submit", path, "--target", "vertex", "--image", "p:1", "--pipeline-root", "gs://b/r")
    assert (done.code, done.out) == (2, "")
    assert done.err == (
        f"plumbline: error: {path}: targets.vertex: this section is missing in the configuration. Add it, with data and serving: "
        "docs/vertex.md has one.\n"
    )
