"""What a run is compared with: rows as TFX wrote them, read without any code of ours."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray


def examples(root: Path, pipeline: str, split: str, step: str = "ExampleGen", output: str = "examples") -> list[Any]:
    """The tf.Examples of a split, from the newest artifact."""
    import tensorflow as tf

    folders = (root / "pipelines" / pipeline / step / output).iterdir()
    newest = max(folders, key=lambda folder: int(folder.name))
    files = sorted(map(str, (newest / f"Split-{split}").glob("*")))
    data = tf.data.TFRecordDataset(files, compression_type="GZIP")
    return [tf.train.Example.FromString(record) for record in data.as_numpy_iterator()]


def values(rows: list[Any], name: str) -> NDArray[np.float64]:
    """A float feature as float64; NaN where missing."""
    lists = [row.features.feature[name].float_list.value for row in rows]
    return np.array([found[0] if found else np.nan for found in lists], np.float64)


def texts(rows: list[Any], name: str) -> list[str]:
    """A bytes feature as strings; `(missing)` where missing."""
    lists = [row.features.feature[name].bytes_list.value for row in rows]
    return [found[0].decode() if found else "(missing)" for found in lists]


def splits_of(file: str, rows: int) -> list[str]:
    """The split of each row of a file, in plain integers: of each five rows, the one whose identity mixes highest is held out."""
    code = int.from_bytes(hashlib.sha256(file.encode()).digest()[:8], "big") >> 36
    mixed = [_splitmix64(_splitmix64((code << 35) + row + 3 * 0x9E3779B97F4A7C15)) for row in range(-(-rows // 5) * 5)]
    return ["eval" if mixed[row] == max(mixed[row // 5 * 5 : row // 5 * 5 + 5]) else "train" for row in range(rows)]


def _splitmix64(z: int) -> int:
    """One step of the generator of Steele, Lea, Flood (2014), figure 20."""
    z = (z + 0x9E3779B97F4A7C15) % 2**64
    z = (z ^ z >> 30) * 0xBF58476D1CE4E5B9 % 2**64
    z = (z ^ z >> 27) * 0x94D049BB133111EB % 2**64
    return z ^ z >> 31
