import dataclasses

import numpy as np
import pytest

from components.linear_model.blocks import Block, Texts, scattered

MASK = 2**64 - 1


def split_mix(value):
    """SplitMix64's finaliser of a value and its increment, in Python's integers."""
    z = (value + 0x9E3779B97F4A7C15) & MASK
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & MASK
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & MASK
    return z ^ (z >> 31)


def test_scattered_is_split_mix_64():
    values = [0, 1, 2, 12_345, 2**53 + 1, 2**63 - 1]
    assert scattered(np.array(values, np.int64)).tolist() == [split_mix(value) for value in values]
    # The first output of the reference program (Vigna, splitmix64.c), from a state of 0.
    assert scattered(np.zeros(1, np.int64)).tolist() == [0xE220A8397B1DCDAF]


def test_scattered_is_spread_evenly_and_one_to_one():
    found = scattered(np.arange(100_000))
    assert len(np.unique(found)) == 100_000
    shares = np.bincount((found >> np.uint64(60)).astype(int), minlength=16) / 100_000
    assert np.abs(shares - 1 / 16).max() < 4 * np.sqrt(1 / 16 / 100_000)


def block(first, n, whole=True):
    ones, numbers = np.ones(n), np.arange(first, first + n)
    found = Block(np.column_stack([ones, numbers]), ones * 2, ones, ones * 0, numbers % 5, scattered(numbers))
    if not whole:
        return found
    places = Texts((numbers % 3).astype(np.int32), ("b", None, "a"))
    return dataclasses.replace(found, row=numbers, cluster=numbers // 4, slices=(places, Texts(numbers % 1, ("all",))))


def texts_of(column):
    return [column.levels[code] for code in column.codes]


@pytest.mark.parametrize("which", [slice(2, 9), np.array([7, 0, 7]), np.arange(10) % 2 == 0])
def test_some_rows_of_a_block_have_what_all_have(which):
    whole, numbers = block(0, 10), np.arange(10)[which]
    some = whole.take(which)
    assert some.row.tolist() == some.x[:, 1].tolist() == numbers.tolist()
    assert some.cluster.tolist() == (numbers // 4).tolist()
    assert some.time is None
    assert [texts_of(column) for column in some.slices] == [
        [("b", None, "a")[number % 3] for number in numbers],
        ["all"] * len(numbers),
    ]
    bare = block(0, 10, whole=False).take(which)
    assert (bare.row, bare.cluster, bare.time, bare.slices) == (None, None, None, ())
    assert set(bare.arrays()) == {"x", "label", "weight", "offset", "fold", "draw"}
    assert set(some.arrays()) == {*bare.arrays(), "row", "cluster"}


def test_blocks_are_joined_whatever_places_their_texts_have():
    first, second = block(0, 4), block(4, 3)
    second = dataclasses.replace(
        second, slices=(Texts(np.array([2, 0, 1], np.int32), ("c", "a", None)), second.slices[1])
    )
    both = Block.joined([first, second])
    assert both.row.tolist() == list(range(7))
    assert texts_of(both.slices[0]) == ["b", None, "a", "b", None, "c", "a"]
    assert both.slices[0].levels == ("b", None, "a", "c")
    assert both.slices[1].levels == ("all",)
    assert Block.joined([block(0, 2, whole=False), block(2, 2, whole=False)]).x[:, 1].tolist() == [0, 1, 2, 3]
