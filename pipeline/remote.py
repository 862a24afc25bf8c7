"""The commands for Kubeflow Pipelines and Vertex AI. Heavy imports stand inside the command that needs them."""

from __future__ import annotations

import tempfile
from pathlib import Path

import click


@click.command(name="compile")
@click.argument("config", type=click.Path(path_type=Path))
@click.option(
    "--target",
    type=click.Choice(["kubeflow", "vertex"]),
    required=True,
    help="Kubeflow Pipelines v2, or Vertex AI Pipelines.",
)
@click.option("--image", required=True, help="Of every container, by digest or exact tag.")
@click.option("--pipeline-root", required=True, help="The address that takes the artifacts: gs://bucket/path.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The .yaml file to write.  [default: NAME-TARGET.yaml]"
)
def compile_(config: Path, target: str, image: str, pipeline_root: str, output: Path | None) -> None:
    """Write the pipeline that CONFIG describes as a file for Kubeflow Pipelines or Vertex AI. Takes no credentials."""
    from pipeline.config import load_config
    from pipeline.log import to_file
    from pipeline.targets import check_image, check_output, check_pipeline_root

    check_image(image)
    check_pipeline_root(target, pipeline_root)
    loaded = load_config(config)
    loaded.targets.get(target)
    path = output or Path(f"{loaded.name}-{target}.yaml")
    check_output(path)
    with tempfile.TemporaryDirectory() as folder, to_file(Path(folder) / "compile.log"):
        from pipeline.runners.kubeflow import compile_file

        compile_file(loaded, target, image, pipeline_root, path)
    click.echo(f"wrote {path}")
