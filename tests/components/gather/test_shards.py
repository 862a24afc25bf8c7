"""Shards that are written, and read: of this machine by a map of the file, of any other file system through it."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_a_shard_is_read_as_it_was_written_wherever_it_lies(tmp_path):
    import pyarrow as pa
    from tfx.dsl.io import fileio

    from components.gather import shards

    batches = [pa.RecordBatch.from_pydict({"label": [float(number), 1.0]}) for number in range(3)]
    assert list(shards.keep(iter(batches), str(tmp_path), 0, 1, "once")) == batches
    path = str(tmp_path / "design-00000-of-00001.arrow")
    elsewhere = "ram://shards/design-00000-of-00001.arrow"  # TensorFlow's, as those of clouds are
    fileio.copy(path, elsewhere)
    assert list(shards.read(path)) == batches
    assert list(shards.read(elsewhere)) == batches


def test_a_shard_without_rows_has_no_batches(tmp_path):
    from components.gather import shards

    assert list(shards.keep(iter(()), str(tmp_path), 0, 1, "once")) == []
    assert list(shards.read(str(tmp_path / "design-00000-of-00001.arrow"))) == []
