"""How was it made? Configuration, digests, versions, times, how the coefficients were found, and what came of each step."""

from __future__ import annotations

import importlib.metadata
import os
import platform
from collections.abc import Iterator

from pydantic import BaseModel
from rich.text import Text

import pipeline
from components.fingerprint import whole_code
from components.linear_model.families import named
from pipeline.graph.bounds import bound_lines
from pipeline.graph.errors_in_words import error_lines
from pipeline.graph.regression import Regression
from pipeline.graph.regression_table import class_lines, dispersion_lines, label_lines, selection_lines
from pipeline.graph.report.section import Section
from pipeline.graph.report.source import Source, StepTime
from pipeline.graph.report.yaml_text import config_yaml
from pipeline.graph.steps.example_gen import CLEANING
from pipeline.graph.steps.fit import REGRESSION
from pipeline.graph.steps.serving_check import CHECK
from pipeline.graph.steps.trainer import TRAINING

PACKAGES = (
    *("tfx", "tensorflow", "keras", "apache-beam", "tensorflow-transform", "tensorflow-model-analysis"),
    *("tensorflow-data-validation", "ml-metadata", "numpy", "scipy", "pyarrow"),
)
MOST_POINTS = 200  # of a trace


class PathPoint(BaseModel):
    """A penalty that was tried.

    Attributes:
      penalty: of the ridge, or α of an elastic net.
      cv_error: mean deviance over the held-out folds, of least squares the mean squared error.
      standard_error: of it; None where it is not kept.
      l1_ratio: of an elastic net.
      columns: that have a coefficient, of an elastic net.
    """

    penalty: float
    cv_error: float
    standard_error: float | None = None
    l1_ratio: float | None = None
    columns: int | None = None


class Penalty(BaseModel):
    """What was taken, why, and the path it was taken from; empty without a cross-validation."""

    penalty: float
    rule: str
    cv_error: float | None
    l1_ratio: float | None
    path: list[PathPoint]

    @property
    def drawn(self) -> list[PathPoint]:
        """Of an elastic net those of the part that was taken."""
        return [point for point in self.path if point.l1_ratio == self.l1_ratio]

    def ends(self, errors: float) -> list[float | None]:
        """Of each point that is drawn the error, and so many standard errors more; None where there is none."""
        return [
            None if point.standard_error is None else point.cv_error + errors * point.standard_error
            for point in self.drawn
        ]


class Fit(BaseModel):
    """The exact fit.

    Attributes:
      rank, condition_number, degrees_of_freedom: as of `Regression`.
      refined, passes, decrement, remaining_step, kkt: how near it is to the optimum, of these too.
      lines: what else is to be said of it.
      penalty: that was taken.
    """

    rank: int
    condition_number: float
    degrees_of_freedom: float
    refined: int
    passes: int | None
    decrement: float | None
    remaining_step: float | None
    kkt: float | None
    lines: list[str]
    penalty: Penalty


class Descent(BaseModel):
    """Gradient descent.

    Attributes:
      loss: what it is, in words.
      steps, losses: where it was written down.
      least: the exact optimum's loss.
      errors: how far its coefficients are from the exact ones, in standard errors; None where there are none.
    """

    loss: str
    steps: list[int]
    losses: list[float]
    least: float
    errors: float | None


class Check(BaseModel):
    """How many answers of the served model were compared with the fit, and how long one row takes, in milliseconds."""

    compared: int
    median: float | None
    ninety_ninth: float | None


class Artifact(BaseModel):
    """What a step left: its output, the artifact's id in ML Metadata, and where it lies, below the runs' folder."""

    step: str
    output: str
    id: int | None
    place: str


class Made(BaseModel):
    """The section.

    Attributes:
      run_id: when the run began, in ISO 8601; None where nothing says so.
      config: as YAML, without what is left at its default.
      fingerprint: of all that the configuration says, SHA-256.
      files, data: how many files were read, and the digest of all of them, SHA-256; None where nothing was read.
      code: digest of Plumbline's sources, SHA-256.
      versions: by package.
      steps: how long each took.
      seconds: all of them together.
      fit: the exact fit; None where there is none.
      descent: None for the exact solver.
      check: None where the served model was not asked.
      artifacts: by step.
    """

    run_id: str | None
    config: str
    fingerprint: str
    files: int | None
    data: str | None
    code: str
    versions: dict[str, str]
    steps: list[StepTime]
    seconds: float
    fit: Fit | None
    descent: Descent | None
    check: Check | None
    artifacts: list[Artifact]


def _read(source: Source) -> Made:
    counts, check, fit = source.record(CLEANING), source.record(CHECK), source.record(REGRESSION)
    latency = None if check is None else check.latency_ms
    return Made(
        run_id=source.run_id,
        config=config_yaml(source.facts.written),
        fingerprint=source.facts.fingerprint,
        files=None if counts is None else counts.table.files,
        data=None if counts is None else counts.table.sha256,
        code=whole_code("pipeline", "components"),
        versions={"plumbline": pipeline.__version__, "python": platform.python_version(), **_versions()},
        steps=source.times,
        seconds=sum(time.seconds for time in source.times),
        check=None
        if check is None
        else Check(
            compared=check.compared,
            median=None if latency is None else latency.p50,
            ninety_ninth=None if latency is None else latency.p99,
        ),
        fit=None if fit is None else _fit(source, fit),
        descent=None if fit is None else _descent(source, fit),
        artifacts=list(_artifacts(source)),
    )


def _versions() -> dict[str, str]:
    found = {}
    for name in PACKAGES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found


def _fit(source: Source, fit: Regression) -> Fit:
    return Fit(
        rank=fit.rank,
        condition_number=fit.condition_number,
        degrees_of_freedom=fit.degrees_of_freedom,
        refined=fit.refined,
        passes=fit.passes,
        decrement=fit.decrement,
        remaining_step=fit.remaining_step,
        kkt=fit.kkt,
        lines=_lines(fit),
        penalty=_penalty(source, fit),
    )


def _lines(fit: Regression) -> list[str]:
    """What a run says of the fit besides its table, but for warnings, which stand with what to doubt."""
    family = named(fit.family)
    marked = [*error_lines(fit), *([] if fit.passes is None else dispersion_lines(fit, family)), *class_lines(fit)]
    plain = [*label_lines(fit), *selection_lines(fit), *bound_lines(fit.columns, fit.constrained, fit.kkt)]
    return [*plain, *(Text.from_markup(line).plain for line in marked if not line.startswith("[yellow]"))]


def _penalty(source: Source, fit: Regression) -> Penalty:
    selected, exact = fit.selected, source.exact
    if selected is not None:
        points = [
            PathPoint(
                penalty=point["alpha"],
                cv_error=point["cv_error"],
                standard_error=point.get("standard_error"),
                l1_ratio=point["l1_ratio"],
                columns=int(point["columns"]),
            )
            for point in selected.path
            if "cv_error" in point
        ]
    else:
        path = [] if exact is None else exact.fit.ridge_path
        points = [PathPoint(penalty=point["l2"], cv_error=point["cv_error"]) for point in path]
    return Penalty(
        penalty=fit.penalty if selected is None else selected.alpha,
        rule=fit.penalty_rule,
        cv_error=fit.cv_error,
        l1_ratio=None if selected is None else selected.l1_ratio,
        path=points,
    )


def _descent(source: Source, fit: Regression) -> Descent | None:
    training = source.record(TRAINING)
    if training is None or not training.loss_trace:
        return None
    points = training.loss_trace
    kept = [*points[: -1 : -(-len(points) // MOST_POINTS)], points[-1]]
    return Descent(
        loss=training.loss,
        steps=[point.step for point in kept],
        losses=[point.loss for point in kept],
        least=fit.loss,
        errors=None if training.from_exact is None else training.from_exact.length,
    )


def _artifacts(source: Source) -> Iterator[Artifact]:
    """Of what the steps left that the report reads."""
    for step, outputs in source.results.outputs.items():
        for output, artifacts in outputs.items():
            for artifact in artifacts:
                yield Artifact(step=step, output=output, id=artifact.id or None, place=_place(artifact.uri))


def _place(uri: str) -> str:
    """`ExampleGen/examples/1`: TFX's own order of an artifact's folders."""
    return os.path.join(*uri.rstrip("/").split("/")[-3:])


SECTION = Section("made", "How was it made?", Made, _read)
