"""Compiles a configuration that has a section for a target: a job for `WarmPython`, because the compiler needs TFX too.

Arguments: the configuration, the target, the address of the artifacts, the file to write.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import yaml

from tests.conftest import REPOSITORY
from tests.kubeflow import spec as specs
from tests.kubeflow.spec import Json
from tests.kubeflow.warm import WarmPython

ROOTS = {"vertex": "gs://bucket/root", "kubeflow": "minio://mlpipeline/v2/artifacts"}


def write_config(
    example: str | Path,
    target: str,
    folder: Path,
    table: Path | None = None,
    baseline: str | None = None,
    **changes: Any,
) -> Path:
    """A configuration, an example's or a file's, with a target's section, perhaps another table and a baseline, and other changes.

    What is pushed goes to `serving` in the folder.
    """
    source = example if isinstance(example, Path) else REPOSITORY / "data" / example / "pipeline.yaml"
    value = yaml.safe_load(source.read_text()) | changes
    value["data"]["path"] = str(table or source.parent / value["data"]["path"])
    section = {"data": value["data"]["path"], "serving": str(folder / "serving"), "baseline": baseline}
    if "schema" in value:
        value["schema"] = section["schema"] = str(source.parent / value["schema"])
    value["targets"] = {target: section}
    path = folder / f"{target}.yaml"
    path.write_text(yaml.safe_dump(value, sort_keys=False))  # the order of the splits says which rows are whose
    return path


def compiled_file(python: WarmPython, config: Path, target: str) -> Path:
    """The file that `plumbline compile` writes for a configuration."""
    file, log = config.with_suffix(".spec.yaml"), config.with_suffix(".log")
    code = python.run(
        ["python", "-m", "tests.kubeflow.compiled", str(config), target, ROOTS[target], str(file)], {}, log
    )
    assert code == 0, log.read_text()
    return file


def compiled(python: WarmPython, config: Path, target: str) -> Json:
    """The specification in that file."""
    return specs.load(compiled_file(python, config, target))


def _main(config: str, target: str, root: str, file: str) -> None:
    from pipeline.config.file import load_config
    from pipeline.remote.compile import compile_file

    compile_file(load_config(Path(config)), target, "registry.local/plumbline:1.2.3", root, Path(file))


if __name__ == "__main__":
    _main(*sys.argv[1:])
