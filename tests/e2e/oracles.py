"""What a run is compared with: rows as TFX wrote them, read without any code of ours."""

from __future__ import annotations

import struct
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
    """The split of a seed row, in plain integers: the bits of its 32-bit floats, mixed by splitmix64; 4 of 5 buckets are train."""
    total = 0
    for value in (x, y):
        [bits] = struct.unpack("<I", struct.pack("<f", value))
        total = _splitmix64((total * 3 + bits) % 2**64)
    return "train" if total % 5 < 4 else "eval"


def _splitmix64(z: int) -> int:
    """Steele, Lea, Flood (2014), figure 20, as pandas' `hash_array` has it."""
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31
