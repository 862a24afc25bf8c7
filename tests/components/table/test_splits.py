from __future__ import annotations

import datetime
import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.table.split_rule import SplitRule, TimeSplit
from components.table.splits import (
    NotIntegersError,
    are_integers,
    assign,
    check_filled,
    group_values,
    time_order,
    time_values,
)

MISSING = ["", "NA"]


@pytest.mark.e2e
def test_a_group_is_split_by_the_sha_256_of_its_tf_feature():
    """TFX's rule worked out by TensorFlow's own protobuf."""
    from tensorflow.core.example import feature_pb2  # the message alone

    def bucket(feature, size):
        return int(hashlib.sha256(feature.SerializeToString(deterministic=True)).hexdigest(), 16) % size

    numbers = [0, 7, 300, -1, 2**31, 16_777_217, 2**63 - 1, -(2**63), 12_345_678_901]
    texts = ["ann", "bob", "", "07", "ä"]
    for shares in ({"train": 4, "eval": 1}, {"train": 8333, "eval": 1667}, {"train": 1, "eval": 1, "test": 1}):
        rule, size, ends = SplitRule(shares=shares, group="g"), sum(shares.values()), np.cumsum(list(shares.values()))
        integers = [feature_pb2.Feature(int64_list=feature_pb2.Int64List(value=[number])) for number in numbers]
        expected = [int(np.searchsorted(ends, bucket(feature, size), side="right")) for feature in integers]
        for column in (
            pa.array(numbers),
            pa.array(map(str, numbers)),
            pa.array([f" {number:+04d}" for number in numbers]),
        ):
            values = group_values(column, "g", MISSING)
            assert are_integers(values)
            assert assign(rule, {"g": values}, np.arange(len(numbers)), integers=True).split.tolist() == expected
        features = [feature_pb2.Feature(bytes_list=feature_pb2.BytesList(value=[text.encode()])) for text in texts]
        expected = [int(np.searchsorted(ends, bucket(feature, size), side="right")) for feature in features]
        values = group_values(pa.array(texts), "g", [])
        assert assign(rule, {"g": values}, np.arange(len(texts)), integers=False).split.tolist() == expected


@pytest.mark.parametrize("odd", ["x7", "1.5", str(2**63)])
def test_a_column_with_one_text_in_it_holds_no_integers(odd):
    values = group_values(pa.array(["1", "2", odd]), "g", MISSING)
    assert not are_integers(values)
    with pytest.raises(NotIntegersError):
        assign(SplitRule(group="g"), {"g": values}, np.arange(3), integers=True)


def test_another_seed_draws_another_split_of_groups_too():
    values = group_values(pa.array([f"customer {index}" for index in range(2000)]), "g", MISSING)
    first, second = (
        assign(SplitRule(group="g", seed=seed), {"g": values}, np.arange(2000), integers=False).split for seed in (0, 1)
    )
    assert 0.6 < np.mean(first == second) < 0.76  # 0.68 by chance
    assert 0.15 < second.mean() < 0.25


def test_equal_values_are_one_group_and_missing_ones_too():
    values = group_values(pa.array(["ann", "bob", None, "ann", "NA"]), "g", MISSING)
    group = assign(SplitRule(group="g"), {"g": values}, np.arange(5), integers=False).group
    assert group[0] == group[3] != group[1]
    assert group[2] == group[4]
    assert (group >= 0).all()


def at(*texts):
    return [datetime.datetime.fromisoformat(text) for text in texts]


@pytest.mark.parametrize(
    "column",
    [
        pa.array(
            ["2024-01-01", " 2024-03-31T23:59:59 ", "2024-04-01", "2024-04-01T01:00:00+02:00", "2025-01-01T00:00:00.5Z"]
        ),
        pa.array([b"2024-01-01", b"2024-03-31", b"2024-04-01", b"2024-03-31", b"2025-01-01"]),
        pa.array(
            at("2024-01-01", "2024-03-31", "2024-04-01", "2024-03-31", "2025-01-01"),
            pa.timestamp("ns", "America/Chicago"),
        ),
        pa.array(at("2024-01-01", "2024-03-31", "2024-04-01", "2024-03-31", "2025-01-01"), pa.date32()),
        pa.array(["2024-01-01", "2024-03-31", "2024-04-01", "2024-03-31", "2025-01-01"]).dictionary_encode(),
    ],
)
def test_rows_are_split_by_time(column):
    starts = {"eval": "2024-04-01", "test": "2025-01-01T00:00:00"}
    values, bad = time_values(column, "t", starts, MISSING)
    assert bad == {}
    rule = SplitRule(shares={}, time=TimeSplit(column="t", starts=starts))
    assert rule.names == ["train", "eval", "test"]
    assert assign(rule, {"t": values}, np.arange(5), integers=False).split.tolist() == [0, 0, 1, 0, 2]


@given(st.lists(st.integers(2**53 - 100, 2**53), min_size=1))
def test_a_number_is_compared_in_64_bits(values):
    starts = {"eval": float(2**53 - 50)}
    rule = SplitRule(shares={}, time=TimeSplit(column="t", starts=starts))
    for column in (pa.array(values), pa.array(map(str, values))):
        found, _ = time_values(column, "t", starts, MISSING)
        split = assign(rule, {"t": found}, np.arange(len(values)), integers=False).split
        assert split.tolist() == [int(value >= 2**53 - 50) for value in values]


def test_what_is_no_time_is_named():
    _, bad = time_values(pa.array(["2024-01-01", "soon", "NA", "31.1.2024"]), "t", {"eval": "2024-01-01"}, MISSING)
    expected = "column 't': expected a date or time such as 2024-01-31 or 2024-01-31T23:59:00Z to split by; received "
    assert bad == {1: f"{expected}'soon'", 2: f"{expected}nothing", 3: f"{expected}'31.1.2024'"}
    _, bad = time_values(pa.array(["1", "x", "nan", None]), "t", {"eval": 1.0}, MISSING)
    assert sorted(bad) == [1, 2, 3]


@pytest.mark.parametrize("start", [1.0, "2024-01-31"])
def test_bytes_that_are_no_text_and_numbers_that_are_none_split_no_row(start):
    texts = pa.array([str(start).encode(), b"\xff", b" NA ", b"inf", b"1_0"])
    _, bad = time_values(texts, "t", {"eval": start}, MISSING)
    assert set(bad) == {1, 2, 3, 4}
    assert bad[1] == "column 't': expected UTF-8; received b'\\xff'"
    assert bad[2].endswith(" to split by; received nothing")
    if start == 1.0:
        typed = pa.array([1.0, float("nan"), float("inf"), -999.0])
        assert set(time_values(typed, "t", {"eval": start}, [*MISSING, "-999"])[1]) == {1, 2, 3}


def test_a_column_of_another_type_is_an_error():
    with pytest.raises(
        DataError, match=r"column 't': expected numbers, as data\.split names one; the column is of type date32"
    ):
        time_values(pa.array(at("2024-01-01"), pa.date32()), "t", {"eval": 1.0}, MISSING)
    with pytest.raises(
        DataError, match="column 'g': expected integers or texts to split by; the column is of type list"
    ):
        group_values(pa.array([[1]]), "g", MISSING)


def test_an_empty_split_is_bad_data():
    check_filled({"train": 3, "eval": 1})
    with pytest.raises(
        DataError, match=r"split eval has no row: the table has too few \(3\), or data\.split sends none there\."
    ):
        check_filled({"train": 3, "eval": 0})


def test_a_split_by_time_reads_decimal_commas():
    values, odd = time_values(pa.array(["1,5", "1.5"]), "t", {"eval": 1.0}, [], ",")
    assert (values.to_pylist(), set(odd)) == ([1.5, None], {1})


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_keep_their_order_as_integers(values):
    found, bad = time_values(pa.array(values), "t", {"eval": 1.0}, MISSING)
    order = time_order(found)
    assert bad == {}
    assert order.dtype == np.int64
    assert (order[:, None] < order).tolist() == (np.array(values)[:, None] < np.array(values)).tolist()
    assert (
        time_order(time_values(pa.array(map(str, values)), "t", {"eval": 1.0}, MISSING)[0]).tolist() == order.tolist()
    )


def test_times_are_ordered_by_microseconds():
    written = ["2024-01-01T00:00:00.000001", "1969-12-31", "2024-01-01T01:00:00+01:00"]
    found = time_order(time_values(pa.array(written), "t", {"eval": "2024-01-01"}, MISSING)[0])
    assert found.tolist() == [1_704_067_200_000_001, -86_400_000_000, 1_704_067_200_000_000]
