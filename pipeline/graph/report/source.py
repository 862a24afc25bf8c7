"""What a report is made from: what the steps of a run left, and what is known of the run besides."""

from __future__ import annotations

import dataclasses
import functools
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic import BaseModel

from pipeline.graph.step import Kept, Outputs, Record, Results
from pipeline.graph.steps import example_gen, fit, statistics_gen, trainer

if TYPE_CHECKING:
    from components.linear_model.linear_fit import LinearFit
    from components.linear_model.portable import PortableModel
    from pipeline.config.file import Config
    from pipeline.graph.report.distributions import Distribution

FEWEST = 5  # rows of which a figure, or a text, is told; a feature's own `min_rows` for its levels


class Facts(BaseModel):
    """What the step is told.

    Attributes:
      name: of the pipeline.
      config: what the configuration says, defaults put in, as plain JSON: `Config.model_dump`.
      written: the same as it is written, without defaults.
      fingerprint: of the configuration (`Config.fingerprint`).
      summaries: folder of the runs' summaries, of which the newest is this run's as far as it has come; None where there are none.
      serving: folder of the pushed versions; None where they go to an endpoint.
      rejected: folder of the lists of bad rows.
    """

    name: str
    config: dict[str, Any]
    written: dict[str, Any] = {}
    fingerprint: str
    summaries: str | None
    serving: str | None
    rejected: str | None = None


class StepTime(BaseModel):
    """How long a step took.

    Attributes:
      step: its name.
      cached: whether its outputs were taken from an earlier run.
      seconds: wall time.
    """

    step: str
    cached: bool
    seconds: float


class Failure(BaseModel):
    """How a run failed.

    Attributes:
      step: where; empty before the first.
      error: in words.
    """

    step: str
    error: str


class Found:
    """What the steps left, by key: the same records as of a run's summary."""

    def __init__(self) -> None:
        self._records: dict[str, BaseModel] = {}

    def keep(self, kept: Kept[Record], record: Record | None) -> None:
        """Adds one."""
        if record is not None:
            self._records[kept.key] = record

    def record(self, kept: Kept[Record]) -> Record | None:
        """One of them; None if the step left nothing, or is not done."""
        found = self._records.get(kept.key)
        return found if isinstance(found, kept.model) else None


@dataclasses.dataclass(frozen=True)
class Source:
    """What sections read.

    Attributes:
      facts: what the step is told.
      results: artifacts by step and output, and the records made of them.
      run_id: when the run began, in ISO 8601; None where no summary says so.
      times: of the steps that are done; empty where no summary has them.
      failure: of a run that failed; None of any other.
    """

    facts: Facts
    results: Results
    run_id: str | None
    times: list[StepTime]
    failure: Failure | None = None

    def record(self, kept: Kept[Record]) -> Record | None:
        """What a step left; None for nothing."""
        return self.results.records.record(kept)

    @functools.cached_property
    def config(self) -> Config:
        """The configuration."""
        from pipeline.config.file import Config

        return Config.model_validate(self.facts.written)

    @property
    def rejected_rows(self) -> str | None:
        """The list of bad rows; None where there is no place for one. It need not be there."""
        if self.facts.rejected is None or example_gen.STEP.name not in self.results.outputs:
            return None
        examples = self.results.artifact(example_gen.STEP, "examples")
        return os.path.join(self.facts.rejected, f"{os.path.basename(examples.uri)}.jsonl")

    @functools.cached_property
    def distributions(self) -> list[Distribution]:
        """Of all columns, by split."""
        from pipeline.graph.report.distributions import distributions

        return distributions(self, FEWEST)

    @functools.cached_property
    def before(self) -> tuple[int, str] | None:
        """The version before and its report's JSON (`before.version_before`), which may lie in a bucket: read once."""
        from pipeline.graph.report.before import version_before

        return version_before(self)

    @functools.cached_property
    def model(self) -> PortableModel | None:
        """The model that is served; None where none was made."""
        if trainer.STEP.name not in self.results.outputs:
            return None
        from tfx.utils import path_utils  # seconds, which a run that failed early does not take

        from components.linear_model.portable import MODEL_FILE, PortableModel

        folder = path_utils.serving_model_path(str(self.results.folder(trainer.STEP, "model")))
        return PortableModel.from_text((Path(folder) / MODEL_FILE).read_text())

    @functools.cached_property
    def exact(self) -> LinearFit | None:
        """The exact fit; None where there is none."""
        return fit.exact_fit(self.results) if fit.STEP.name in self.results.outputs else None

    def statistics(self, split: str) -> dict[str, Any]:
        """A split's `FeatureNameStatistics` of TensorFlow Data Validation, by column; empty where there are none."""
        if statistics_gen.STEP.name not in self.results.outputs:
            return {}
        folder = self.results.folder(statistics_gen.STEP, "statistics")
        if not (folder / f"Split-{split}").exists():
            return {}
        [dataset] = statistics_gen.datasets(folder, split)
        return {feature.path.step[0]: feature for feature in dataset.features}


def source_of(outputs: Mapping[str, Outputs], facts: Facts, copies: Path | None = None) -> Source:
    """Reads what the steps left.

    Args:
      outputs: artifacts by output, by step.
      facts: what the step is told.
      copies: a folder for copies of artifacts that lie elsewhere.
    """
    from pipeline.graph.registry import STEPS

    found = Found()
    results = Results(dict(outputs), found, copies)
    for step in STEPS:
        if step.name in outputs:
            for kept in step.kept:
                found.keep(kept, kept.read(results))
    run_id, times = _so_far(facts.summaries)
    return Source(facts, results, run_id, times)


def _so_far(summaries: str | None) -> tuple[str | None, list[StepTime]]:
    """When the run began, and the times of its steps until now."""
    files = [] if summaries is None else sorted(Path(summaries).glob("*.json"))
    if not files:
        return None, []
    summary = json.loads(files[-1].read_text())
    return summary["run_id"], [StepTime.model_validate(entry) for entry in summary["steps"]]
