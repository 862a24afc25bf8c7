"""`plumbline test`: linear hypotheses about the coefficients of the last run, from what its steps left; nothing is written."""

from __future__ import annotations

import functools
import itertools
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, Self, TypeVar

from pydantic import BaseModel

from components.errors import ConfigError, DataError, RunError
from pipeline.graph.feature_tests import Joint, finite, joint
from pipeline.graph.step import Step
from pipeline.graph.steps import fit, gather, trainer
from pipeline.local.summary import RunSummary

if TYPE_CHECKING:
    from components.gather.design_rows import DesignRows
    from components.linear_model.blocks import Block, Pass
    from components.linear_model.hypotheses import Hypotheses
    from components.linear_model.linear_fit import LinearFit

BLOCK_VALUES = 1 << 23  # of a block's columns, 64 MB


class _Loaded(Protocol):
    """What a step left in a folder."""

    @classmethod
    def load(cls, directory: str) -> Self:
        """Reads it; a ValueError where it is of another format."""


Artifact = TypeVar("Artifact", bound=_Loaded)


class Equation(BaseModel):
    """One of the hypotheses.

    Attributes:
      text: as it was understood.
      estimate: the left side less the right one; in units of η, of least squares the label's.
      standard_error: of it.
    """

    text: str
    estimate: float | None
    standard_error: float | None


class HypothesisTests(BaseModel):
    """Tests of linear hypotheses about a run's coefficients.

    Attributes:
      name, run_id: of the run.
      family: its text.
      models: what η is, in words.
      equations: linearly independent ones.
      statistic: of Wald's test, `F` or `χ²`.
      residual: degrees of freedom by which F is tested; None of χ².
      errors: by which Wald tests: `classical`, `hc0` to `hc3`, or `cluster`.
      clusters: how many there are; None of other errors.
      wald: by the covariance of the coefficients; its figures are None where that is singular to rounding.
      likelihood_ratio: of the χ² law; None where there is none.
      because: why there is none.
      said: what else is to be known of the tests.
    """

    name: str
    run_id: str
    family: str
    models: str
    equations: list[Equation]
    statistic: str
    residual: float | None
    errors: str
    clusters: int | None
    wald: Joint
    likelihood_ratio: Joint | None
    because: str | None
    said: list[str]


def hypothesis_tests(summary: RunSummary, text: str) -> HypothesisTests:
    """Tests hypotheses.

    Args:
      summary: of the run.
      text: as of `components.linear_model.hypotheses`.

    Raises:
      ConfigError: the text is wrong, or the fit has a penalty or a prior.
      RunError: the run ended before the fit, or its files are gone.
    """
    from components.linear_model.hypotheses import parse
    from components.linear_model.hypotheses_tests import wald
    from components.linear_model.hypotheses_text import Names
    from components.linear_model.joint_test import statistic_name
    from components.linear_model.linear_fit import LinearFit

    found = _load(LinearFit, _folder(summary, fit.STEP, "fit"))
    regression = summary.record(fit.REGRESSION)
    if found.fit.penalised:
        raise ConfigError(
            f"{summary.name}: expected a fit without a penalty or a prior, which draw coefficients to 0, so that hypotheses about "
            f"them have no test; received {found.fit.penalty:g} ({found.fit.penalty_rule}). Set model.l2: 0 without a prior "
            "or an elastic net, and run it again."
        )
    hypotheses = parse(text, Names.of(found))
    tested = wald(found, hypotheses)
    ratio, because = _likelihood_ratio(summary, found, hypotheses)
    residual = found.fit.test_degrees_of_freedom
    return HypothesisTests(
        name=summary.name,
        run_id=summary.run_id,
        family=found.family,
        models=found.label if regression is None else regression.models,
        equations=[
            Equation(text=equation.text, estimate=finite(estimate), standard_error=finite(error))
            for equation, estimate, error in zip(
                hypotheses.equations, tested.estimates, tested.standard_errors, strict=True
            )
        ],
        statistic=statistic_name(residual),
        residual=finite(residual),
        errors=found.fit.errors,
        clusters=found.fit.clusters,
        wald=joint(tested.test),
        likelihood_ratio=ratio,
        because=because,
        said=[*hypotheses.said, *_said(summary, found)],
    )


def _said(summary: RunSummary, found: LinearFit) -> list[str]:
    """What the fit has to say of its tests."""
    from components.linear_model.inference import CLASSICAL

    descent = summary.record(trainer.TRAINING)
    said = []
    if descent is not None and descent.loss_trace:
        said.append("the tests are of the exact fit, not of the coefficients of gradient descent, which are served")
    if found.fit.errors != CLASSICAL:
        said.append("the likelihood ratio is the classical one: it knows nothing of robust errors")
    if _is_on_a_bound(found):
        said.append("coefficients on bounds are taken as known: Wald's test is of the others, conditional on these")
    if found.class_weights is not None:
        said.append("class weights are in the covariance of Wald's test: it is of a table with classes as they weigh")
    return said


def _likelihood_ratio(summary: RunSummary, found: LinearFit, hypotheses: Hypotheses) -> tuple[Joint | None, str | None]:
    """The test, or why there is none.

    Raises:
      RunError: the rows are gone.
    """
    from components.linear_model.hypotheses_refit import restricted_deviance
    from components.linear_model.hypotheses_tests import deviance_ratio, least_squares_ratio
    from components.linear_model.inference import LeastSquaresFit

    if _is_on_a_bound(found):
        return None, "coefficients are on bounds, so that the ratio has no χ² law"
    if isinstance(found.fit, LeastSquaresFit):
        return joint(least_squares_ratio(found, found.fit, hypotheses)), None
    if found.class_weights is not None:
        return None, "class weights are no counts of rows, so that deviances by them are no likelihoods"
    folder = _folder(summary, gather.STEP, "gathered")
    try:
        restricted = restricted_deviance(found, hypotheses, functools.partial(_passes, found, folder))
    except DataError as error:
        return None, f"the model that the hypotheses hold in could not be fitted: {error}"
    return joint(deviance_ratio(found.fit, restricted, len(hypotheses.equations))), None


def _is_on_a_bound(found: LinearFit) -> bool:
    """Whether any coefficient is."""
    return found.fit.bounds is not None and bool(found.fit.bounds.held)


def _passes(found: LinearFit, folder: Path, columns: list[int]) -> Pass:
    """Passes over the training rows with some of the fit's columns, by this process's threads, a batch at a time each.

    A pass raises a RunError if there are not as many rows of a weight above 0 as were fitted.
    """
    from components.gather.design_rows import DesignRows
    from components.linear_model import threads
    from components.linear_model.gathered import GatheredRows

    rows = DesignRows(found.design, _load(GatheredRows, folder).grouped, folds=1)
    count = threads.cores()

    def one_pass(make: Callable[[], Any]) -> Any:
        seen = [0] * count

        def gather(part: int) -> Any:
            collector = make()
            for block in _blocks(rows, folder, columns, slice(part, None, count)):
                seen[part] += len(block.label)
                collector.add(block)
            return collector

        total = threads.gathered(range(count), gather)
        if sum(seen) != found.fit.rows:
            raise RunError(
                f"{folder}: expected the {found.fit.rows:,} rows that were fitted; received {sum(seen):,}. Run it again."
            )
        return total

    return one_pass


def _blocks(rows: DesignRows, folder: Path, columns: list[int], part: slice) -> Iterator[Block]:
    """The rows of some of the batches."""
    from components.gather import shards

    step = max(1, BLOCK_VALUES // len(columns))
    batches = itertools.chain.from_iterable(map(shards.read, shards.shards(str(folder))))
    for batch in itertools.islice(batches, part.start, part.stop, part.step):
        for begin in range(0, batch.num_rows, step):
            yield rows.block(batch.slice(begin, step), columns, by_fold=False)


def _load(kind: type[Artifact], folder: Path) -> Artifact:
    """An artifact; a RunError where it is of an earlier version."""
    try:
        return kind.load(str(folder))
    except ValueError as error:
        raise RunError(str(error)) from error


def _folder(summary: RunSummary, step: Step, key: str) -> Path:
    """Where an output of a step lies: `…/<step>/<output>/<execution>` among what the run left.

    Raises:
      RunError: the run has none, or it is gone.
    """
    found = [path for path in map(Path, summary.outputs) if path.parts[-3:-1] == (step.name, key)]
    if not found:
        raise RunError(f"{summary.name}: the run of {summary.run_id} ended before {step.name}. Run it again.")
    if not found[-1].is_dir():
        raise RunError(
            f"{found[-1]}: no such folder; expected what {step.name} left in the run of {summary.run_id}. Run it again."
        )
    return found[-1]
