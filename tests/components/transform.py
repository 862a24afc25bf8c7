"""Transform's analysis of a few rows, in this process."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import Any

from components.preprocessing.features import features_to_json
from components.table.added_columns import ROW_COLUMN
from components.values.texts import MISSING_TOKENS

Row = dict[str, list[Any]]


def _types(rows: list[Row]) -> dict[str, Any]:
    import tensorflow as tf

    kinds = {bytes: tf.string, int: tf.int64}
    found: dict[str, type] = {name: type(value[0]) for row in rows for name, value in row.items() if value}
    return {name: tf.io.VarLenFeature(kinds.get(found.get(name, float), tf.float32)) for name in rows[0]}


def analyse(rows: list[Row], features: dict[str, Any], label: str, folder: Path) -> Any:
    """A `TFTransformOutput`. Each value of a row is a list of one, or of none where missing; rows get their identities here."""
    import apache_beam as beam
    import tensorflow_transform as tft
    import tensorflow_transform.beam as tft_beam
    from apache_beam.runners.portability.fn_api_runner import FnApiRunner
    from tensorflow_transform.tf_metadata import dataset_metadata, schema_utils

    from components.preprocessing.preprocessing_fn import preprocessing_fn

    rows = [{**row, ROW_COLUMN: [index]} for index, row in enumerate(rows)]
    metadata = dataset_metadata.DatasetMetadata(schema_utils.schema_from_feature_spec(_types(rows)))
    config = {
        "features": features_to_json(features),
        "label": label,
        "weight": None,
        "added": [ROW_COLUMN],
        "missing": [token for token in MISSING_TOKENS if token],
    }
    out = str(folder / "output")
    with beam.Pipeline(runner=FnApiRunner()) as pipeline, tft_beam.Context(temp_dir=str(folder / "temporary")):
        raw = pipeline | beam.Create(rows), metadata
        fn = raw | tft_beam.AnalyzeDataset(functools.partial(preprocessing_fn, custom_config=config))
        _ = fn | tft_beam.WriteTransformFn(out)
        raw_metadata = f"{out}/{tft.TFTransformOutput.RAW_METADATA_DIR}"
        _ = metadata | tft_beam.WriteMetadata(raw_metadata, pipeline=pipeline)
    return tft.TFTransformOutput(out)


def sparse_columns(rows: list[Row]) -> dict[str, Any]:
    """The rows as the sparse tensors [n, 1] that parsing tf.Examples gives."""
    import tensorflow as tf

    columns = {}
    for name, kind in _types(rows).items():
        indices = [[index, 0] for index, row in enumerate(rows) if row[name]]
        present = [row[name][0] for row in rows if row[name]]
        columns[name] = tf.SparseTensor(
            tf.reshape(tf.constant(indices, tf.int64), [-1, 2]), tf.constant(present, kind.dtype), [len(rows), 1]
        )
    return columns
