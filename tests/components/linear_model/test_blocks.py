import numpy as np

from components.linear_model.blocks import scattered

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
