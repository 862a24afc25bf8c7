"""What is read by whole batches is what TFX reads, record by record."""

from __future__ import annotations

import json

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize(("raw_column", "columns"), [(None, True), (None, False), ("raw", True)])
def test_batches_are_tfxios(taxi_run, tmp_path, raw_column, columns):
    import shutil

    import apache_beam as beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.tfxio.record_based_tfxio import RecordBasedTFXIO
    from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

    from components.example_columns import FOLDER
    from pipeline.beam.batched_io import BATCH_ROWS, beam_source

    [examples] = (taxi_run.root / "pipelines/taxi-fare/ExampleGen/examples").glob("*")
    mine = tmp_path / "examples"
    shutil.copytree(examples, mine)
    if not columns:
        shutil.rmtree(mine / FOLDER)
    elif raw_column is None:  # the records of our copy are not looked at
        for shard in (mine / "Split-eval").iterdir():
            shard.write_bytes(bytes(shard.stat().st_size))
    tfxio, stock = (
        TFExampleRecord(f"{folder}/Split-eval/*", raw_record_column_name=raw_column, telemetry_descriptors=["test"])
        for folder in (mine, examples)
    )
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
    theirs = read(RecordBasedTFXIO.BeamSource(stock))
    assert len(ours[0]) == min(BATCH_ROWS, sum(map(len, ours)))
    assert sorted(row for batch in ours for row in batch) == sorted(row for batch in theirs for row in batch)
    assert ("'raw'" in ours[0][0]) == (raw_column is not None)
