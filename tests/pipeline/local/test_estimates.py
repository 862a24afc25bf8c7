"""What is known of a step before it runs."""

from __future__ import annotations

import pytest

from pipeline.config.file import load_config
from pipeline.graph.registry import STEPS
from pipeline.local.estimates import Estimates, Expected
from pipeline.local.summary import RunSummary, StepRun, write_summary
from tests.conftest import REPOSITORY

BY_NAME = {step.name: step for step in STEPS}


def entry(step: str, seconds: float, rows: dict[str, int] | None = None, cached: bool = False) -> StepRun:
    return StepRun(step=step, cached=cached, seconds=seconds, ended=0.0, rows=rows)


@pytest.fixture(scope="module")
def config():
    return load_config(REPOSITORY / "data" / "seed" / "pipeline.yaml")


def write(root, config, run_id: str, *steps: StepRun) -> None:
    summary = RunSummary.begin(config.name, run_id, "log")
    summary.steps += steps
    write_summary(root, summary)


TABLE = entry("ExampleGen", 1.0, {"train": 800, "eval": 200})


def of(config, root, step: str, table: StepRun = TABLE) -> Expected:
    return Estimates(config, root).of(BY_NAME[step], [table])


@pytest.mark.parametrize(
    ("step", "rows"), [("StatisticsGen", 1000), ("Transform", 800), ("Gather", 800), ("Evaluator", 200), ("Fit", None)]
)
def test_rows_of_the_splits_that_a_step_reads(config, tmp_path, step, rows):
    assert of(config, tmp_path, step) == Expected(rows)


def test_before_the_table_is_read_nothing_is_known(config, tmp_path):
    write(tmp_path, config, "1", TABLE, entry("Gather", 10.0))
    assert Estimates(config, tmp_path).of(BY_NAME["ExampleGen"], []) == Expected()


def test_seconds_are_those_of_the_last_run_that_did_the_work_by_rows_of_the_table(config, tmp_path):
    write(tmp_path, config, "1", TABLE, entry("Gather", 99.0))
    write(tmp_path, config, "2", TABLE, entry("Gather", 10.0))
    write(tmp_path, config, "3", TABLE, entry("Gather", 0.1, cached=True))
    larger = entry("ExampleGen", 1.0, {"train": 2400, "eval": 600})
    assert of(config, tmp_path, "Gather", larger) == Expected(2400, pytest.approx(30.0))
    assert of(config, tmp_path, "Fit", larger) == Expected()


def test_a_summary_that_cannot_be_read_tells_nothing(config, tmp_path):
    write(tmp_path, config, "1", TABLE, entry("Gather", 10.0))
    (next(tmp_path.rglob("1.json")).parent / "2.json").write_text("{}")
    assert of(config, tmp_path, "Gather").seconds == pytest.approx(10.0)
