"""A row's identity, and what is drawn from it: its split and its fold of the cross-validation.

An identity is the file that a row stands in and the row's number there (from 0; rows that are dropped or rejected count too), as
one int64: 28 bits of the file's name, 35 of the number. What is drawn from it depends on nothing else, so label, features, rules,
format, workers and chunks move no row, and equal rows are drawn apart from each other.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

ROW_BITS = 35
_FILE_BITS = 28
_NUMBERS = (1 << ROW_BITS) - 1  # the bits of a row's number
_FOLDS = 1  # a stream of random numbers apart from the split's

Rows = NDArray[np.int64]


def file_code(name: str) -> int:
    """28 bits of the SHA-256 of a file's name below the table's folder, without its suffixes.

    Among 1,000 files two share a code in one table of 500: their rows are drawn alike, which does no harm.
    """
    digest = hashlib.sha256(name.encode("utf-8", "surrogateescape")).digest()
    return int.from_bytes(digest[:8], "big") >> (64 - _FILE_BITS)


def identities(code: int, numbers: NDArray[np.int64]) -> Rows:
    """Identities of the rows with some numbers [n] of a file.

    Raises:
      ValueError: a number has more than 35 bits.
    """
    if len(numbers) and int(numbers.max()) >> ROW_BITS:
        raise ValueError(f"a file may have {1 << ROW_BITS:,} rows; received row {int(numbers.max()):,}. Cut the file.")
    return np.asarray(numbers, np.int64) + (code << ROW_BITS)


def places(rows: Rows, files: Mapping[str, int]) -> list[str]:
    """Where rows stand, such as `trips-01.csv, row 17`: the 17th record of that file, its header not counted.

    A Parquet file's bad rows are counted likewise; those of a CSV are named by line, which only a look into the file tells.

    Args:
      rows: identities [n].
      files: the code of each file by its name, as `counts.json` has them. Where two have one code, both are named; a code that
        none has, as where another ExampleGen read the table, is told as a number.
    """
    names: dict[int, list[str]] = {}
    for name, code in sorted(files.items()):
        names.setdefault(code, []).append(name)
    found = ((row >> ROW_BITS, row & _NUMBERS) for row in rows.tolist())
    return [f"{' or '.join(names.get(code, [f'file {code}']))}, row {number + 1}" for code, number in found]


def draw(rows: Rows, size: int, stream: int) -> NDArray[np.int64]:
    """A random number from 0 to size − 1 for each row. Of `size` rows from a multiple of `size` on, each has another one.

    So shares are kept in every part of a file, and a row's number is uniform whatever stands in it (permuted blocks, as clinical
    trials are randomised).

    Args:
      rows: identities [n], in any order; n runs of consecutive rows cost n·size.
      size: of a block.
      stream: another one gives other numbers.

    Returns:
      int64 [n].
    """
    number = rows & _NUMBERS
    place = number % size
    block = rows - place
    begins = np.flatnonzero(np.concatenate([[True], block[1:] != block[:-1]])) if len(rows) else np.zeros(0, np.int64)
    members = block[begins][:, None] + np.arange(size)
    ranks = np.argsort(np.argsort(_mix(members, stream), axis=1, kind="stable"), axis=1, kind="stable")
    run = np.repeat(np.arange(len(begins)), np.diff(np.append(begins, len(rows))))
    return np.asarray(ranks[run, place], np.int64)


def folds(rows: Rows, number: int) -> NDArray[np.int64]:
    """The fold, 0 to number − 1, of each row [n], from identities."""
    return draw(rows, number, _FOLDS)


def group_folds(groups: Rows, number: int) -> NDArray[np.int64]:
    """The fold, 0 to number − 1, of each row [n], from its group: rows of one group share theirs."""
    return (_mix(groups, _FOLDS) % np.uint64(number)).astype(np.int64)


def split_stream(seed: int) -> int:
    """The stream that a seed of the split stands for."""
    return 2 + seed


def _mix(values: Rows, stream: int) -> NDArray[np.uint64]:
    """Well-mixed 64 bits of each value: splitmix64 (Steele, Lea, Flood 2014), the stream mixed in first."""
    state = values.astype(np.uint64) + np.uint64((stream + 1) * 0x9E3779B97F4A7C15 & 0xFFFFFFFFFFFFFFFF)
    for _ in range(2):  # two rounds: neighbours of one stream meet another's in the first
        state = state + np.uint64(0x9E3779B97F4A7C15)
        state = (state ^ (state >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
        state = (state ^ (state >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
        state ^= state >> np.uint64(31)
    return state
