"""The levels of several features at once, against TFT's own vocabularies, one by one."""

import functools

import numpy as np
import pytest

from tests.components.transform import sparse_columns

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

RNG = np.random.default_rng(7)
TEXTS = ["a", "b", "é", ":", "1:a", "0", "a b", r"\m", r"\o", "z" * 300]
ENTRIES = [
    {"name": "all", "vocabulary": None, "min_rows": 1},
    {"name": "few", "vocabulary": 3, "min_rows": 1},
    {"name": "frequent", "vocabulary": None, "min_rows": 30},
    {"name": "both", "vocabulary": 4, "min_rows": 20},
    {"name": "none", "vocabulary": None, "min_rows": 10**6},
    {"name": "missing", "vocabulary": 2, "min_rows": 1},
]
ROWS = [
    {
        entry["name"]: [TEXTS[int(at)].encode()] if entry["name"] != "missing" else [rb"\m"]
        for entry, at in zip(ENTRIES, RNG.choice(len(TEXTS), len(ENTRIES), p=RNG.dirichlet(np.ones(10))), strict=True)
    }
    for _ in range(300)
]


def ours(inputs):
    import tensorflow as tf

    from components.preprocessing.vocabularies import level_ids

    tokens = [tf.reshape(tf.sparse.to_dense(inputs[entry["name"]]), [-1]) for entry in ENTRIES]
    return dict(zip((entry["name"] for entry in ENTRIES), level_ids(ENTRIES, tokens), strict=True))


def one_by_one(inputs):
    """As TFT has it: an analyzer and a table for each."""
    import tensorflow as tf
    import tensorflow_transform as tft

    outputs = {}
    for entry in ENTRIES:
        tokens = tf.reshape(tf.sparse.to_dense(inputs[entry["name"]]), [-1])
        missing = tf.equal(tokens, r"\m")
        vocabulary = tft.vocabulary(
            tf.boolean_mask(tokens, ~(missing | tf.equal(tokens, r"\o"))),
            top_k=entry["vocabulary"],
            frequency_threshold=entry["min_rows"],
            vocab_filename=entry["name"],
        )
        ids = tft.apply_vocabulary(tf.concat([tokens, [r"\o"]], axis=0), vocabulary, num_oov_buckets=1)
        outputs[entry["name"]] = tf.where(missing, ids[-1] + 1, ids[:-1])
    return outputs


def analysed(function, folder):
    import apache_beam as beam
    import tensorflow as tf
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    spec = {entry["name"]: tf.io.VarLenFeature(tf.string) for entry in ENTRIES}
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(spec))
    context = functools.partial(tft_beam.Context, temp_dir=str(folder / "temporary"), desired_batch_size=50)
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, context():
        found = (pipeline | beam.Create(ROWS), metadata) | tft_beam.AnalyzeDataset(function)
        _ = found | tft_beam.WriteTransformFn(str(folder))
    return tft.TFTransformOutput(str(folder))


@pytest.fixture(scope="module")
def both(tmp_path_factory):
    return tuple(analysed(function, tmp_path_factory.mktemp(function.__name__)) for function in (ours, one_by_one))


def test_levels_are_tfts_in_its_order(both):
    from components.preprocessing.vocabularies import levels_of

    expected = [[token.decode() for token in both[1].vocabulary_by_name(entry["name"])] for entry in ENTRIES]
    assert levels_of(both[0]) == expected
    assert [len(levels) for levels in expected][1::2] == [3, 4, 1]


def test_ids_are_tfts(both):
    others = {entry["name"]: [b"unseen"] for entry in ENTRIES}
    found, expected = (output.transform_raw_features(sparse_columns([*ROWS, others])) for output in both)
    for name, ids in expected.items():
        assert found[name].numpy().tolist() == ids.numpy().tolist(), name
