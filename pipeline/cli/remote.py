"""The commands for Kubeflow Pipelines and Vertex AI. Heavy imports stand inside the command that needs them."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING

import click

from pipeline.cli.options import CONFIG

if TYPE_CHECKING:
    from pipeline.config.file import Config

_TARGET = click.option(
    "--target",
    type=click.Choice(["kubeflow", "vertex"]),
    required=True,
    help="Kubeflow Pipelines v2, or Vertex AI Pipelines.",
)


@click.command(name="compile")
@CONFIG
@_TARGET
@click.option("--image", required=True, help="Of every container, by digest or exact tag.")
@click.option("--pipeline-root", required=True, help="The address that takes the artifacts: gs://bucket/path.")
@click.option(
    "-o", "--output", type=click.Path(path_type=Path), help="The .yaml file to write.  [default: NAME-TARGET.yaml]"
)
def compile_(config: Path, target: str, image: str, pipeline_root: str, output: Path | None) -> None:
    """Write the pipeline that CONFIG describes as a file for Kubeflow Pipelines or Vertex AI. Takes no credentials."""
    from pipeline.cli.log import to_file
    from pipeline.config.addresses import check_image, check_output, check_pipeline_root

    check_image(image)
    check_pipeline_root(target, pipeline_root)
    loaded = _load(config, target)
    path = output or Path(f"{loaded.name}-{target}.yaml")
    check_output(path)
    with tempfile.TemporaryDirectory() as folder, to_file(Path(folder) / "compile.log"):
        from pipeline.remote.compile import compile_file

        compile_file(loaded, target, image, pipeline_root, path)
    click.echo(f"wrote {path}")


@click.command()
@CONFIG
@_TARGET
@click.option("--image", help="Of every container, by digest or exact tag.")
@click.option("--pipeline-root", help="The address that takes the artifacts: gs://bucket/path.")
@click.option("--file", "compiled", type=click.Path(path_type=Path), help="What 'compile' wrote, in place of the two.")
@click.option("--span", type=click.IntRange(min=0), help="Of the table.  [default: the newest]")
@click.option("--set", "given", metavar="NAME=VALUE", multiple=True, help="A run parameter, for the configuration's.")
@click.option("--label", "labels", metavar="NAME=VALUE", multiple=True, help="Of the run; Vertex AI alone.")
@click.option("--cron", help="Run again and again: five fields, in UTC, such as '30 6 * * 1-5'.")
@click.option("--baseline", help="The blessed Model artifact to compare with.  [default: the live model's]")
@click.option("--no-baseline", is_flag=True, help="Compare with no model (Kubeflow).")
@click.option("--wait", is_flag=True, help="Wait for the run's end; exit code 1 if it failed.")
@click.option("--dry-run", is_flag=True, help="Print what would be sent, and send nothing.")
def submit(
    config: Path,
    target: str,
    image: str | None,
    pipeline_root: str | None,
    compiled: Path | None,
    span: int | None,
    given: tuple[str, ...],
    labels: tuple[str, ...],
    cron: str | None,
    baseline: str | None,
    no_baseline: bool,
    wait: bool,
    dry_run: bool,
) -> None:
    """Compile the pipeline that CONFIG describes, or take the compiled --file, and start a run of it, or a recurring one.

    The credentials are those that the clients of kfp and Google Cloud find by themselves. Nothing is stored.
    """
    from pipeline.cli.log import to_file
    from pipeline.remote.submit import command

    options = command.SubmitOptions(
        target=target,
        image=image,
        pipeline_root=pipeline_root,
        compiled=compiled,
        span=span,
        given=given,
        labels=labels,
        cron=cron,
        baseline=baseline,
        no_baseline=no_baseline,
    )
    loaded = _load(config, target)
    with tempfile.TemporaryDirectory() as folder, to_file(Path(folder) / "submit.log") as terminal:
        spec = command.check(loaded, options, wait)
        submission = command.prepare(loaded, options, spec, Path(folder))
        if dry_run:
            click.echo(submission.describe(), file=terminal)
            return
        for name, value in command.send(loaded, submission, wait):
            click.echo(f"{name:<14} {value}", file=terminal)


def _load(path: Path, target: str) -> Config:
    """The configuration, which must have a section for the target."""
    from components.errors import ConfigError
    from pipeline.cli.loading import load

    loaded = load(path)
    try:
        loaded.targets.get(target)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return loaded
