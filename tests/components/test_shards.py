import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_shards_get_their_names_when_all_are_whole_and_leftovers_go(tmp_path, monkeypatch):
    import tensorflow as tf

    from components import shards

    monkeypatch.setattr(shards, "SHARD_ROWS", 3)
    lost = shards.Shards(str(tmp_path), "failed")
    lost.write([b"half"], 1)
    lost.close()
    writer = shards.Shards(str(tmp_path), "a")
    for number in range(4):
        writer.write([b"%d" % number, b"x"], 2)
    written = writer.close()
    assert [rows for _, rows in written] == [4, 4]
    assert shards.name_shards(str(tmp_path), "rows", written) == 8
    names = [f"rows-{index:05d}-of-00002.gz" for index in range(2)]
    assert sorted(path.name for path in tmp_path.iterdir()) == names
    records = tf.data.TFRecordDataset([str(tmp_path / name) for name in names], "GZIP").as_numpy_iterator()
    assert list(records) == [b"0", b"x", b"1", b"x", b"2", b"x", b"3", b"x"]
