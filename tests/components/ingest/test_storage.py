import pytest

from components.errors import DataError
from components.table import files, stamps

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def test_another_file_system_is_read_in_any_order_and_its_errors_are_oserrors():
    """`ram://` is TensorFlow's own file system in memory."""
    import tensorflow as tf

    from components.ingest import storage

    with tf.io.gfile.GFile("ram://t.csv", "wb") as file:
        file.write(b"x,y\n1,2\n3,4\n")
    assert storage.take_stamp("ram://t.csv").size == 12
    assert files.header("ram://t.csv", storage.open_file) == ["x", "y"]
    [chunk] = files.plan(["ram://t.csv"], storage.open_file)
    [batch] = files.read(chunk, ["x", "y"], ["y"], [], [], storage.open_file)
    assert batch["y"].to_pylist() == [b"2", b"4"]
    for reads in (storage.take_stamp, lambda path: storage.open_file(path).read()):
        with pytest.raises(OSError, match=r"ram://gone\.csv"):
            reads("ram://gone.csv")
    with pytest.raises(DataError, match=r"ram://gone\.csv: not readable as a table"):
        files.header("ram://gone.csv", storage.open_file)
    with pytest.raises(DataError, match="can no longer be found"):
        stamps.check("ram://gone.csv", stamps.Stamp(1, 1), storage.take_stamp)
