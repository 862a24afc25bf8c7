"""What is read by whole batches is what TFX reads, record by record."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.mark.parametrize("raw_column", [None, "raw"])
def test_batches_are_tfxios(taxi_run, raw_column):
    import apache_beam as beam
    import pyarrow as pa
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tfx_bsl.tfxio import record_based_tfxio
    from tfx_bsl.tfxio.tf_example_record import TFExampleRecord

    from pipeline.runners.batched_io import BATCH_ROWS, beam_source

    [folder] = (taxi_run.root / "pipelines/taxi-fare/ExampleGen/examples").glob("*/Split-eval")
    tfxio = TFExampleRecord(f"{folder}/*", raw_record_column_name=raw_column, telemetry_descriptors=["test"])

    def read(source) -> list:
        found = []
        with beam.Pipeline(runner=FnApiRunner()) as pipeline:
            _ = pipeline | source | beam.Map(found.append)
        assert found
        return found

    ours = read(beam_source(tfxio))
    theirs = read(record_based_tfxio.RecordBasedTFXIO.BeamSource(tfxio))
    assert ours[0].num_rows == min(BATCH_ROWS, sum(batch.num_rows for batch in ours))
    names = ours[0].schema.names
    assert sorted(names) == sorted(theirs[0].schema.names)
    by_row = [
        pa.Table.from_batches([batch.select(names) for batch in batches]).to_pylist() for batches in (ours, theirs)
    ]
    key = repr
    assert sorted(by_row[0], key=key) == sorted(by_row[1], key=key)
