import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

CALLS: list[dict] = []


def plain(inputs):
    import tensorflow as tf
    import tensorflow_transform as tft

    CALLS.append(inputs)
    x = tf.reshape(tf.sparse.to_dense(inputs["x"]), [-1])
    ids = tft.compute_and_apply_vocabulary(inputs["c"], vocab_filename="c")
    return {"x": x - tft.mean(inputs["x"]), "c": tf.reshape(tf.sparse.to_dense(ids), [-1]) + 1}


def annotated(inputs):
    import tensorflow as tf
    import tensorflow_transform as tft

    CALLS.append(inputs)
    ids = tft.compute_and_apply_vocabulary(tf.reshape(tf.sparse.to_dense(inputs["c"]), [-1]), vocab_filename="c")
    return {"c": ids}


def sparse(inputs):
    CALLS.append(inputs)
    return {"x": inputs["x"]}


@pytest.fixture
def transformed(tmp_path):
    """What TFX's Transform does with its analysis: a function that gives, of a function and a folder, schema and values."""
    import apache_beam as beam
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    spec = {"x": tf.io.VarLenFeature(tf.float32), "c": tf.io.VarLenFeature(tf.string)}
    rows = [{"x": [float(i)], "c": ["red" if i % 3 else "green"]} for i in range(6)]
    specs = {"x": tf.SparseTensorSpec([None, None], tf.float32), "c": tf.SparseTensorSpec([None, None], tf.string)}

    def run(function, folder):
        CALLS.clear()
        columns = (
            sorted(tft.get_analyze_input_columns(function, specs)),
            sorted(tft.get_transform_input_columns(function, specs)),
        )
        metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
        with beam.Pipeline() as pipeline, tft_beam.Context(temp_dir=str(tmp_path / folder / "temporary")):
            analysed = (pipeline | beam.Create(rows), metadata) | tft_beam.AnalyzeDataset(function)
            _ = analysed | tft_beam.WriteTransformFn(str(tmp_path / folder))
        output = tft.TFTransformOutput(str(tmp_path / folder))
        values = output.transform_raw_features(
            {"x": tf.sparse.from_dense([[3.0]]), "c": tf.sparse.from_dense([["red"]])}
        )
        arrays = {
            name: (value.values if isinstance(value, tf.SparseTensor) else value).numpy().tolist()
            for name, value in values.items()
        }
        return columns, str(output.transformed_metadata.schema), arrays, len(CALLS)

    return run


@pytest.mark.parametrize(("function", "saved"), [(plain, 4), (annotated, 2), (sparse, 2)])
def test_fewer_traces_give_the_same(transformed, monkeypatch, function, saved):
    from tensorflow_transform import impl_helper, schema_inference

    from components.internals import tensorflow_transform as ours

    monkeypatch.setattr(impl_helper, "trace_preprocessing_function", ours._traces)
    monkeypatch.setattr(schema_inference, "get_traced_metadata_fn", ours._annotations)
    *stock, often = transformed(function, "stock")
    ours.trace_once()
    *found, seldom = transformed(function, "ours")
    assert found == stock
    assert often - seldom == saved
    assert not ours._last


def test_an_annotated_output_has_its_range(transformed):
    _, schema, _, _ = transformed(annotated, "annotated")
    assert "is_categorical: true" in schema
    assert "max: 1" in schema
