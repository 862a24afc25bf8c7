import numpy as np
import pytest

from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.numeric import Numeric
from tests.components.transform import analyse

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

FEATURES = {"x": Numeric(impute="mean", indicator=True), "n": Integer(), "c": Categorical(vocabulary=2, min_rows=1)}
ROWS = [
    {"x": [1.5], "n": [2**40], "c": [b"a"], "y": [1.0]},
    {"x": [], "n": [2**40 + 7], "c": [], "y": [2.0]},
    {"x": [3.0], "n": [], "c": ["é".encode()], "y": [3.0]},
    {"x": [4.0], "n": [2**40 + 1], "c": [b"a"], "y": [4.0]},
    {"x": [5.0], "n": [2**40 + 2], "c": [b"b"], "y": [5.0]},
]


@pytest.fixture(scope="module")
def transform(tmp_path_factory):
    return analyse(ROWS, FEATURES, "y", tmp_path_factory.mktemp("transform"))


def columns_of(rows, folder):
    import pyarrow as pa

    from components.example_columns import Writer, read

    def column(name, kind):
        values = [row[name][0] if row[name] else None for row in rows]
        return pa.array([value.decode() if isinstance(value, bytes) else value for value in values], kind)

    kinds = {"x": pa.float32(), "n": pa.int64(), "c": pa.string(), "y": pa.float32()}
    numbers = {"plumbline_row": pa.array(range(len(rows)), pa.int64())}
    writer = Writer(str(folder / "columns"))
    writer.write(pa.RecordBatch.from_pydict({name: column(name, kind) for name, kind in kinds.items()} | numbers))
    writer.close()
    [batch] = read(str(folder / "columns"))
    return batch


@pytest.mark.parametrize("rows", [ROWS, ROWS[1:2], ROWS[2:]])
def test_columns_give_what_parsed_rows_give(rows, transform, tmp_path):
    import tensorflow as tf
    from tfx_bsl.public.tfxio import RecordBatchToExamplesEncoder

    from components.example_columns import as_lists
    from components.preprocessing.column_values import column_values
    from components.preprocessing.transform_graph import raw_values

    batch = columns_of(rows, tmp_path)
    others = ["y", "plumbline_row"]
    found = column_values(transform, FEATURES, others)(batch)
    records = RecordBatchToExamplesEncoder().encode(as_lists(batch))
    expected = raw_values(transform, FEATURES, others)(tf.constant(records))
    assert found.keys() == expected.keys()
    for name, tensor in expected.items():
        assert found[name].dtype == tensor.numpy().dtype
        np.testing.assert_array_equal(found[name], tensor.numpy(), err_msg=name)


def test_a_column_of_another_type_than_the_schema_says_is_an_error(transform, tmp_path):
    import pyarrow as pa

    from components.preprocessing.column_values import column_values

    batch = columns_of(ROWS, tmp_path)
    wrong = batch.set_column(batch.schema.get_field_index("x"), "x", pa.array([1] * len(ROWS), pa.int64()))
    with pytest.raises(ValueError, match="x: the schema says float, and the examples hold int64"):
        column_values(transform, FEATURES, ["y"])(wrong)
