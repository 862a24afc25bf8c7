"""Numbers of clusters, worked out by hashlib from the text that a value is."""

from __future__ import annotations

import datetime
import decimal
import hashlib

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.table.clusters import cluster_numbers, cluster_values

MISSING = ["", "NA"]


def number(text):
    """The first 63 bits of a digest, by its hexadecimal digits."""
    return int(bin(int("1" + hashlib.sha256(text.encode()).hexdigest(), 16))[3:66], 2)


@pytest.mark.parametrize(
    ("texts", "columns"),
    [
        (["7", "-1", "7"], [pa.array([" 7"[1:], "-1", "7.0"]), pa.array([7, -1, 7]), pa.array([7.0, -1.0, 7.0])]),
        (["0.1", "2.5", "0.1"], [pa.array([0.1, 2.5, 0.1]), pa.array([0.1, 2.5, 0.1], pa.float32())]),
        (["ann", "bö", "ann"], [pa.array(["ann", "bö", "ann"]).dictionary_encode(), pa.array([b"ann", "bö".encode(), b"ann"])]),
        (["true", "false", "true"], [pa.array([True, False, True]), pa.array(["TRUE", "False", "true"])]),
        (["1.50", "2", "1.50"], [pa.array(map(decimal.Decimal, ["1.50", "2.00", "1.50"]))]),
        (["2024-01-31"] * 3, [pa.array([datetime.date(2024, 1, 31)] * 3), pa.array(["2024-01-31T00:00:00"] * 3)]),
    ],
)  # fmt: skip
def test_a_value_has_one_number_whatever_type_it_comes_from(texts, columns):
    for column in columns:
        values, reasons = cluster_values(column, "firm", MISSING)
        assert reasons == {}
        assert cluster_numbers(values).tolist() == [number(text) for text in texts]


@given(st.lists(st.text().filter(lambda text: text.strip() not in MISSING)))
def test_numbers_are_equal_where_values_are(given):
    values, _ = cluster_values(pa.array(given, pa.string()), "firm", MISSING)
    numbers = cluster_numbers(values)
    assert (numbers >= 0).all()
    assert len(set(numbers.tolist())) == len(set(values.to_pylist()))
    assert numbers.dtype == np.int64


def test_a_row_without_a_value_cant_be_right():
    values, reasons = cluster_values(pa.array(["ann", None, " NA ", ""]), "firm", MISSING)
    reason = "column 'firm': expected a value, by which model.errors clusters rows; received nothing"
    assert reasons == {1: reason, 2: reason, 3: reason}
    assert values.to_pylist() == ["ann", None, None, None]
    assert cluster_values(pa.array([b"ann", b"\xff"]), "firm", MISSING)[1] == {
        1: "column 'firm': expected UTF-8; received b'\\xff'"
    }


def test_a_column_that_can_be_no_text_is_an_error():
    with pytest.raises(DataError, match="column 'firm': expected texts; the column is of type list"):
        cluster_values(pa.array([[1]]), "firm", MISSING)
