"""What a run is compared with: rows as TFX wrote them, read without any code of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np


def examples(root: Path, pipeline: str, split: str, step: str = "ExampleGen", output: str = "examples") -> list:
    """The tf.Examples of a split, from the newest artifact."""
    import tensorflow as tf

    folders = (root / "pipelines" / pipeline / step / output).iterdir()
    newest = max(folders, key=lambda folder: int(folder.name))
    files = sorted(map(str, (newest / f"Split-{split}").glob("*")))
    data = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [tf.train.Example.FromString(record) for record in data.as_numpy_iterator()]


def values(rows: list, name: str) -> np.ndarray:
    """A float feature as float64; NaN where missing."""
    lists = [row.features.feature[name].float_list.value for row in rows]
    return np.array([found[0] if found else np.nan for found in lists], np.float64)


def texts(rows: list, name: str) -> list[str]:
    """A bytes feature as strings; `(missing)` where missing."""
    lists = [row.features.feature[name].bytes_list.value for row in rows]
    return [found[0].decode() if found else "(missing)" for found in lists]


def split_of(x: float, y: float) -> str:
    """The split of a seed row, by TFX's rule: SHA-256 of the deterministic tf.Example; 4 of 5 buckets are train."""
    import tensorflow as tf

    example = tf.train.Example()
    example.features.feature["x"].float_list.value.append(x)
    example.features.feature["y"].float_list.value.append(y)
    digest = hashlib.sha256(example.SerializeToString(deterministic=True)).hexdigest()
    return "train" if int(digest, 16) % 5 < 4 else "eval"
