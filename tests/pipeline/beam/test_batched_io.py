"""What is read by whole batches is what TFX reads, record by record."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize("raw_column", [None, "raw"])
def test_batches_are_tfxios(taxi_run, tmp_path, raw_column):
    import apache_beam as beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.tfxio.record_based_tfxio import RecordBasedTFXIO
    from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

    from pipeline.beam.batched_io import BATCH_ROWS, beam_source

    [folder] = (taxi_run.root / "pipelines/taxi-fare/ExampleGen/examples").glob("*/Split-eval")
    tfxio = TFExampleRecord(f"{folder}/*", raw_record_column_name=raw_column, telemetry_descriptors=["test"])
    out = str(tmp_path / "rows.json")

    def rows(batch) -> list:
        return [repr(sorted(row.items())) for row in batch.to_pylist()]

    def write(batches) -> None:
        with open(out, "w") as file:
            json.dump(batches, file)

    def read(source) -> list:
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            _ = pipeline | source | beam.Map(rows) | beam.combiners.ToList() | beam.Map(write)
        with open(out) as file:
            return json.load(file)

    ours = read(beam_source(tfxio))
    theirs = read(RecordBasedTFXIO.BeamSource(tfxio))
    assert len(ours[0]) == min(BATCH_ROWS, sum(map(len, ours)))
    assert sorted(row for batch in ours for row in batch) == sorted(row for batch in theirs for row in batch)
    assert ("'raw'" in ours[0][0]) == (raw_column is not None)
