from pathlib import Path

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def written(folder, stem, monkeypatch, rows=4):
    from components import shards

    monkeypatch.setattr(shards, "SHARD_ROWS", 3)
    writer = shards.Shards(str(folder), stem)
    for number in range(rows):
        writer.write([b"%d" % number, b"x"], 2)
    return writer.close()


def read(folder):
    import tensorflow as tf

    names = sorted(str(path) for path in folder.iterdir())
    return list(tf.data.TFRecordDataset(names, "GZIP").as_numpy_iterator())


ROWS = [b"0", b"x", b"1", b"x", b"2", b"x", b"3", b"x"]


def test_shards_get_their_names_when_all_are_whole_and_leftovers_go(tmp_path, monkeypatch):
    from components import shards

    folder = tmp_path / "Split-train"
    folder.mkdir()
    written(folder, "failed", monkeypatch, 1)
    whole = written(folder, "a", monkeypatch)
    assert list(folder.iterdir()) == []
    assert [rows for _, rows in whole] == [4, 4]
    assert shards.name_shards(str(folder), "rows", whole) == 8
    assert sorted(path.name for path in folder.iterdir()) == [f"rows-{index:05d}-of-00002.gz" for index in range(2)]
    assert [path.name for path in tmp_path.iterdir()] == ["Split-train"]
    assert read(folder) == ROWS


def test_names_may_be_given_again(tmp_path, monkeypatch):
    """As Beam does when the worker that gave them was lost before it could say so."""
    from components import shards

    folder = tmp_path / "Split-train"
    folder.mkdir()
    whole = written(folder, "a", monkeypatch)
    shards.name_shards(str(folder), "rows", whole)
    assert shards.name_shards(str(folder), "rows", whole) == 8
    assert read(folder) == ROWS


@pytest.mark.parametrize("rows", [2, 6])
def test_an_attempt_that_writes_anew_leaves_no_row_of_the_one_before(rows, tmp_path, monkeypatch):
    from components import shards

    folder = tmp_path / "Split-train"
    folder.mkdir()
    shards.name_shards(str(folder), "rows", written(folder, "a", monkeypatch, rows))
    assert shards.name_shards(str(folder), "rows", written(folder, "b", monkeypatch)) == 8
    assert read(folder) == ROWS


def with_columns(folder, stem, rows):
    import pyarrow as pa

    from components import shards

    writer = shards.Shards(str(folder), stem)
    batch = pa.RecordBatch.from_pydict({"n": list(range(rows))})
    writer.write([b"x"] * rows, rows, batch)
    writer.write([b"x"] * rows, rows, batch)
    return writer.close()


def test_columns_follow_their_shard_and_go_with_it(tmp_path, monkeypatch):
    from components import example_columns, shards

    folder = tmp_path / "Split-train"
    folder.mkdir()
    monkeypatch.setattr(shards, "SHARD_ROWS", 2)
    shards.name_shards(str(folder), "rows", with_columns(folder, "a", 3))
    monkeypatch.setattr(shards, "SHARD_ROWS", 100)
    again = with_columns(folder, "b", 3)
    for _ in range(2):  # names may be given again
        assert shards.name_shards(str(folder), "rows", again) == 6
    [shard] = folder.iterdir()
    [found] = tmp_path.glob("columns/*/*")
    assert str(found) == example_columns.of_shard(str(shard))
    assert found.name == f"rows-00000-of-00001.gz-{shard.stat().st_size}.arrow"
    [batch] = example_columns.read(example_columns.of_shard(str(shard)))
    assert batch.column("n").to_pylist() == [0, 1, 2, 0, 1, 2]
    shard.write_bytes(shard.read_bytes()[:-1])
    assert not Path(example_columns.of_shard(str(shard))).exists()


def test_a_shard_that_is_not_there_is_an_error(tmp_path, monkeypatch):
    from tfx.dsl.io.filesystem import NotFoundError

    from components import shards

    folder = tmp_path / "Split-train"
    folder.mkdir()
    [(path, rows), *_] = written(folder, "a", monkeypatch)
    with pytest.raises((NotFoundError, OSError)):
        shards.name_shards(str(folder), "rows", [(f"{path}-lost", rows)])
