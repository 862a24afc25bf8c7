"""`plumbline submit`, from its options to what was sent."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from components.errors import ConfigError
from pipeline.config.addresses import check_baseline, check_image, check_pipeline_root
from pipeline.config.file import Config
from pipeline.config.targets import KubeflowTarget, VertexTarget
from pipeline.remote.submit import kubeflow, vertex
from pipeline.remote.submit.baseline import live_artifact
from pipeline.remote.submit.submission import (
    Submission,
    check_cron,
    check_labels,
    check_same,
    definitions_of,
    parameters,
    parse_pairs,
    read_spec,
    version_name,
)

BASELINE = "baseline"  # the parameter of a specification that has an importer
_NO_IMPORTER = {"kubeflow": "none", "vertex": "the last blessed model of this pipeline, if there is one"}


@dataclasses.dataclass(frozen=True)
class SubmitOptions:
    """The command's options, as `plumbline submit --help` has them."""

    target: str
    image: str | None
    pipeline_root: str | None
    compiled: Path | None
    span: int | None
    given: tuple[str, ...]
    labels: tuple[str, ...]
    cron: str | None
    baseline: str | None
    no_baseline: bool


def check(config: Config, options: SubmitOptions, wait: bool) -> dict[str, Any] | None:
    """Finds out what is wrong before anything that takes long.

    Returns:
      The specification in the compiled file; None where none is given.

    Raises:
      ConfigError: an option is not what it has to be.
    """
    spec = None
    if options.compiled is not None:
        if options.image is not None or options.pipeline_root is not None:
            raise ConfigError("submit: expected either --file, or --image and --pipeline-root. Received both.")
        spec = read_spec(options.compiled, options.target, config.name)
    elif options.image is None or options.pipeline_root is None:
        raise ConfigError("submit: expected --image and --pipeline-root, or --file with what 'compile' wrote.")
    else:
        check_image(options.image)
        check_pipeline_root(options.target, options.pipeline_root)
    if options.cron is not None:
        check_cron(options.cron)
        if wait:
            raise ConfigError("submit: --wait is for one run, and --cron makes many. Leave one of them out.")
    if options.baseline is not None:
        check_baseline(options.baseline)
    if options.baseline is not None and options.no_baseline:
        raise ConfigError("submit: --baseline and --no-baseline contradict each other. Leave one of them out.")
    if options.no_baseline and options.target == "vertex":
        raise ConfigError("--no-baseline: Vertex AI looks the last blessed model up by itself. Leave it out.")
    check_labels(options.target, parse_pairs("--label", options.labels))
    parse_pairs("--set", options.given)
    return spec


def prepare(config: Config, options: SubmitOptions, compiled: dict[str, Any] | None, folder: Path) -> Submission:
    """Finds the baseline, compiles unless a file was given, and puts the run's values together.

    Args:
      config: the configuration.
      options: checked.
      compiled: what `check` returned.
      folder: for the compiled file.

    Raises:
      ConfigError: the compiled file doesn't fit the options and the configuration, or the baseline isn't known.
      RunError: the live model can't be looked up.
    """
    config = _with_baseline(config, options)
    from pipeline.graph.parameters import parameter_values
    from pipeline.remote.compile import compile_file, compile_spec, image_of

    path = options.compiled or folder / f"{config.name}.yaml"
    spec = compiled or compile_file(config, options.target, options.image or "", options.pipeline_root or "", path)
    values = parameter_values(config, options.target, options.span)
    _check_importer(path, definitions_of(spec), values, options)
    taken = parameters(path, spec, values, parse_pairs("--set", options.given))
    if compiled is not None:
        check_same(path, spec, compile_spec(config, options.target, image_of(spec), spec["defaultPipelineRoot"]))
    section = config.targets.get(options.target)
    labels = section.labels if isinstance(section, VertexTarget) else {}
    return Submission(
        target=options.target,
        name=config.name,
        version=version_name(config.name, path),
        path=path,
        spec=spec,
        parameters=taken,
        labels={**labels, **parse_pairs("--label", options.labels)},
        cron=options.cron,
    )


def send(config: Config, submission: Submission, wait: bool) -> Iterator[tuple[str, str]]:
    """Sends it.

    Yields:
      What to tell the user, as soon as it is so: names and values.

    Raises:
      RunError: see `kubeflow.submit` and `vertex.submit`.
    """
    yield "baseline", submission.parameters.get(BASELINE, _NO_IMPORTER[submission.target])
    section = config.targets.get(submission.target)
    if isinstance(section, KubeflowTarget):
        yield from kubeflow.submit(submission, section, wait)
    elif isinstance(section, VertexTarget):
        yield from vertex.submit(submission, section, wait)


def _with_baseline(config: Config, options: SubmitOptions) -> Config:
    """The configuration with the address of the model that is compared with, for an importer; or without one."""
    section = config.targets.get(options.target)
    address = options.baseline or section.baseline
    if options.no_baseline:
        address = None
    elif address is None and isinstance(section, KubeflowTarget):
        address = live_artifact(section.serving)
    section = section.model_copy(update={BASELINE: address})
    return config.model_copy(update={"targets": config.targets.model_copy(update={options.target: section})})


def _check_importer(path: Path, definitions: dict[str, Any], values: dict[str, str], options: SubmitOptions) -> None:
    """A compiled file has an importer or not, whatever is live by now."""
    if BASELINE in values and BASELINE not in definitions:
        raise ConfigError(
            f"{path}: was compiled without a baseline, and {values[BASELINE]} is to be compared with. Submit without --file, or "
            f"compile it again with targets.{options.target}.baseline, or say --no-baseline."
        )
    if options.no_baseline and BASELINE in definitions:
        raise ConfigError(
            f"--no-baseline: {path} was compiled with a baseline. Submit without --file, or compile it again."
        )
