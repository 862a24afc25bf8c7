"""Small jobs for a cluster. Workers import them by name."""

from __future__ import annotations

import time
from collections.abc import Iterable

import apache_beam as beam
from apache_beam.metrics import Metrics
from apache_beam.options.pipeline_options import PipelineOptions
from apache_beam.runners.runner import PipelineResult

from components.errors import DataError

Sums = tuple[float, int]


class Mean(beam.CombineFn):
    """The mean, by a sum and a number of terms."""

    def create_accumulator(self) -> Sums:
        """Nothing yet."""
        return 0.0, 0

    def add_input(self, mutable_accumulator: Sums, element: float) -> Sums:
        """One more."""
        return mutable_accumulator[0] + element, mutable_accumulator[1] + 1

    def merge_accumulators(self, accumulators: Iterable[Sums]) -> Sums:
        """Those of several bundles."""
        totals, numbers = zip(*accumulators, strict=True)
        return sum(totals), sum(numbers)

    def extract_output(self, accumulator: Sums) -> float:
        """The mean of them."""
        return accumulator[0] / accumulator[1]


def pause(element: int, seconds: float) -> int:
    """Takes its time, and is counted."""
    time.sleep(seconds)
    Metrics.counter("jobs", "paused").inc()
    return element


def refuse(element: int, refused: int) -> int:
    """Fails at one element."""
    if element == refused:
        raise DataError(f"row {element} is refused; expected another [as 8]")
    return element


def write(line: str, path: str) -> None:
    """Writes what came out, on a worker: the folder is one that workers and test share."""
    with open(path, "w", encoding="utf-8") as file:
        file.write(line)


def run_words(options: list[str], lines: list[str], path: str) -> PipelineResult:
    """Begins to count words; the counts are written as `word=number word=number`."""
    pipeline = beam.Pipeline(options=PipelineOptions(options))
    (
        pipeline
        | beam.Create(lines)
        | beam.Reshuffle()
        | beam.FlatMap(str.split)
        | beam.combiners.Count.PerElement()
        | beam.MapTuple(lambda word, number: f"{word}={number}")
        | beam.combiners.ToList()
        | beam.Map(lambda pairs: " ".join(sorted(pairs)))
        | beam.Map(write, path)
    )
    return pipeline.run()


def run_mean(options: list[str], rows: int, seconds: float, path: str, refused: int = -1) -> PipelineResult:
    """Begins to take the mean of 0, 1, …, rows − 1, each of which takes its seconds."""
    pipeline = beam.Pipeline(options=PipelineOptions(options))
    (
        pipeline
        | beam.Create(range(rows))
        | beam.Reshuffle()
        | beam.Map(pause, seconds)
        | beam.Map(refuse, refused)
        | beam.CombineGlobally(Mean())
        | beam.Map(str)
        | beam.Map(write, path)
    )
    return pipeline.run()
