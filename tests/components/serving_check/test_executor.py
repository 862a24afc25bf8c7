"""Which real rows the served model is compared with the fit on."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


@pytest.fixture
def artifact(tmp_path):
    """Makes an Examples artifact of rows by split."""
    import tensorflow as tf
    from tfx.types import artifact_utils, standard_artifacts

    def make(name, **splits):
        made = standard_artifacts.Examples()
        made.uri = str(tmp_path / name)
        made.split_names = artifact_utils.encode_split_names(list(splits))
        made.version = 1
        for split, rows in splits.items():
            folder = tmp_path / name / f"Split-{split}"
            folder.mkdir(parents=True)
            with tf.io.TFRecordWriter(str(folder / "data-00000-of-00001.gz"), "GZIP") as writer:
                for row in rows:
                    writer.write(row)
        return made

    return make


@pytest.mark.parametrize(
    ("splits", "expected"),
    [
        ({"train": [b"t"] * 3, "eval": [b"e"] * 20}, [b"e"] * 16),
        ({"train": [b"t"] * 3}, [b"t"] * 3),
        ({"train": [b"t"] * 3, "eval": []}, [b"t"] * 3),
        ({"test": [b"t"] * 3}, []),
    ],
)
def test_golden_rows_come_from_eval_or_else_from_train(artifact, splits, expected):
    from components.serving_check.executor import _golden_examples

    assert _golden_examples([artifact("a", **splits)]) == expected
