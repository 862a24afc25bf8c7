"""Labels of two values, and of families: what is read, what is counted, what is said."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from hypothesis import given
from hypothesis import strategies as st

from components.errors import DataError
from components.linear_model.families import FAMILIES
from components.table import files, labels, rejected, row_identity
from components.table.cleaning import clean, stored
from components.table.spec import DropRule, TableSpec

TWO = {"numbers": ["x"], "texts": ["y"], "label": "y", "family": "binomial", "positive": "yes"}


def read(path, **spec):
    """The kept rows' labels as they are stored, the bad rows, and what was seen of the label, chunk by chunk."""
    spec = TableSpec(**spec)
    names = files.header(str(path))
    kept, bad, parts = [], [], []
    for chunk in files.plan([str(path)]):
        ragged, reasons, row, values = [], {}, 0, labels.Values()
        for batch in files.read(chunk, names, spec.columns, [], ragged):
            rows = row_identity.identities(0, files.record_numbers(chunk, row, batch.num_rows, ragged))
            cleaned = clean(batch, spec, rows, Counter())
            kept += stored(cleaned.kept).column(spec.label).to_pylist()
            values.add(cleaned.label, row)
            reasons |= {row + index: why for index, why in cleaned.rejected.items()}
            row += batch.num_rows
        bad += [(found["line"], found["reason"]) for found in rejected.locate(chunk, len(names), reasons, ragged, 1000)]
        parts.append(labels.Part(chunk, len(names), labels.Values.from_json(values.to_json())))
    return kept, bad, parts


def table(tmp_path, values):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n" + "".join(f"{row},{value}\n" for row, value in enumerate(values)))
    return path


@pytest.mark.parametrize(
    ("values", "positive", "names"),
    [
        (["yes", "no", "yes"], "yes", ["no", "yes"]),
        (["True", "false", "TRUE"], "true", ["false", "true"]),
        (["2", "1", "2.0"], "2", ["1", "2"]),
        (["1", "-1", "1"], "1", ["-1", "1"]),
        (["a b", "c", "a b"], "a b", ["c", "a b"]),
    ],
)
def test_one_of_two_values_is_1_whatever_they_are(tmp_path, values, positive, names):
    spec = {**TWO, "positive": positive}
    kept, bad, parts = read(table(tmp_path, values), **spec)
    assert (kept, bad) == ([1.0, 0.0, 1.0], [])
    labels.check_third(parts, TableSpec(**spec))
    assert labels.classes(parts, TableSpec(**spec)) == names


@pytest.mark.parametrize(
    ("column", "positive"),
    [
        (pa.array([True, False, True]), "true"),
        (pa.array([2, 1, 2], pa.int8()), "2"),
        (pa.array([2.0, 1.0, 2.0]), "2"),
        (pa.array(["yes", "no", "yes"]).dictionary_encode(), "yes"),
        (pa.array([b"yes", b"no", b"yes"]), "yes"),
    ],
)
def test_typed_columns_read_as_a_csvs_texts(tmp_path, column, positive):
    pq.write_table(pa.table({"x": [1.0, 2.0, 3.0], "y": column}), tmp_path / "t.parquet")
    spec = {**TWO, "positive": positive}
    kept, _, parts = read(tmp_path / "t.parquet", **spec)
    assert kept == [1.0, 0.0, 1.0]
    assert labels.classes(parts, TableSpec(**spec))[1] == positive


def test_a_row_without_a_label_is_bad_unless_a_rule_drops_it(tmp_path):
    path = table(tmp_path, ["yes", "", "no", "NA"])
    kept, bad, _ = read(path, **TWO)
    assert kept == [1.0, 0.0]
    assert bad == [(line, "column 'y': expected a value; received nothing") for line in (3, 5)]
    assert read(path, **TWO, drop={"y": DropRule(missing=True)})[:2] == ([1.0, 0.0], [])


def test_a_third_value_is_named_with_its_line_whichever_chunk_it_is_in(tmp_path, monkeypatch):
    values = ["yes", "no"] * 40 + ["maybe", "no"]
    path = table(tmp_path, values)
    monkeypatch.setattr(files, "LEAST_CHUNK", 64)
    _, bad, parts = read(path, **TWO)
    assert not bad and len(parts) > 5
    message = (
        "t.csv, line 82, column 'y': expected 'yes' (positive) or 'no', as in other rows; received 'maybe'. The column holds "
        "'no' in 41 rows, 'yes' in 40 rows, 'maybe' in 1 row. Correct the table, or leave such rows out: "
        "data.drop: {y: {values: ['maybe']}}."
    )
    with pytest.raises(DataError, match=re.escape(message)):
        labels.check_third(parts, TableSpec(**TWO))
    dropped = {**TWO, "drop": {"y": DropRule(values=["maybe"])}}
    kept, _, parts = read(path, **dropped)
    assert kept == [1.0, 0.0] * 40 + [0.0]
    labels.check_third(parts, TableSpec(**dropped))
    assert labels.classes(parts, TableSpec(**dropped)) == ["no", "yes"]


def test_a_positive_value_that_never_comes_is_an_error_that_names_those_that_do(tmp_path):
    spec = {**TWO, "positive": "Yes"}
    _, _, parts = read(table(tmp_path, ["yes", "no", "no"]), **spec)
    message = (
        "positive: expected one of the two values of column 'y'; received 'Yes'. The column holds 'no' in 2 rows, 'yes' in 1 "
        "row. Name one of these."
    )
    with pytest.raises(DataError, match=re.escape(message)):
        labels.check_third(parts, TableSpec(**spec))


@pytest.mark.parametrize(
    ("value", "way"),
    [("no", "Name as positive what the column holds"), ("yes", "With one value in all rows there is nothing to learn")],
)
def test_one_value_alone_is_no_label(tmp_path, value, way):
    _, _, parts = read(table(tmp_path, [value] * 3), **TWO)
    labels.check_third(parts, TableSpec(**TWO))
    with pytest.raises(DataError, match=f"label 'y': it is '{value}' in 3 rows.*{way}"):
        labels.classes(parts, TableSpec(**TWO))


@pytest.mark.parametrize(
    ("family", "value", "message"),
    [
        (
            "binomial",
            "2",
            "expected 0 and 1 (model.family: binomial); received 2. Of a label of two other values, name the one that",
        ),
        ("binomial", "-1", "received -1. Of a label of two other values, name the one that counts as 1: positive: -1"),
        (
            "binomial",
            "0.25",
            "received 0.25. A share is given as two rows, of 1 and 0, with the share and the rest as weights",
        ),
        (
            "poisson",
            "-3",
            "expected whole numbers of at least 0 (model.family: poisson); received -3. Such a label suits",
        ),
        (
            "poisson",
            "1.5",
            "received 1.5. Of a rate, the label is the count, and exposure names the column that it is a rate of",
        ),
        ("poisson", "1.5", "Such a label suits model.family: gamma or gaussian or tweedie(power=1.5)"),
        ("gamma", "0", "expected numbers above 0 (model.family: gamma); received 0. Such a label suits model.family: "),
        ("tweedie(power=1.5)", "-0.5", "expected numbers of at least 0 (model.family: tweedie); received -0.5"),
    ],
)
def test_a_label_that_its_family_cannot_have_is_named_with_what_takes_it(tmp_path, family, value, message):
    path = table(tmp_path, ["1", value, "1"])
    kept, bad, _ = read(path, numbers=["x", "y"], texts=[], label="y", family=family)
    assert kept == [1.0, 1.0]
    [(line, reason)] = bad
    assert (line, reason[:11]) == (3, "column 'y':")
    assert message.replace("tweedie(power=1.5)", "tweedie") in reason


@pytest.mark.parametrize(
    ("name", "value", "message"),
    [
        ("log", "0", "expected numbers above 0 (label.transform: log); received 0. label.transform: log1p or sqrt takes such"),
        ("log1p", "-2", "expected numbers above -1 (label.transform: log1p); received -2. data.drop leaves such rows out"),
        ("sqrt", "-0.5", "expected numbers of at least 0 (label.transform: sqrt); received -0.5. label.transform: log1p takes "),
        ("boxcox, lambda=2.0", "0", "expected numbers above 0 (label.transform: boxcox); received 0"),
    ],
)  # fmt: skip
def test_a_label_that_cannot_be_transformed_is_named_with_what_takes_it(tmp_path, name, value, message):
    path = table(tmp_path, ["1", value, "1"])
    spec = {"numbers": ["x", "y"], "texts": [], "label": "y", "family": f"gaussian(label={name})"}
    kept, bad, _ = read(path, **spec)
    assert kept == [1.0, 1.0]
    [(line, reason)] = bad
    assert line == 3
    assert reason.startswith(f"column 'y': {message}")
    assert reason.endswith("data.drop leaves such rows out")
    assert read(path, **spec, drop={"y": DropRule(below=0.5)})[:2] == ([1.0, 1.0], [])


@pytest.mark.parametrize("family", FAMILIES)
def test_texts_in_the_place_of_numbers_are_told_how_to_be_a_label(tmp_path, family):
    text = FAMILIES[family].text
    _, bad, _ = read(table(tmp_path, ["no", "yes", "no"]), numbers=["x", "y"], texts=[], label="y", family=text)
    assert bad[0] == (
        2,
        "column 'y': expected a number; received 'no'. Of a label that is 'no' or 'yes', name the one that counts as 1: positive: "
        "'yes', with model.family: binomial",
    )
    _, bad, _ = read(table(tmp_path, ["1", "yes", "3"]), numbers=["x", "y"], texts=[], label="y")
    assert bad == [(3, "column 'y': expected a number; received 'yes'")]


@pytest.mark.parametrize(
    ("exposed", "bad"),
    [
        (
            True,
            {
                3: "column 'x': expected a number; received nothing",
                4: "column 'x': expected an exposure above 0; received 0.0",
            },
        ),
        (False, {3: "column 'x': expected a number; received nothing"}),
    ],
)
def test_every_kept_row_needs_an_offset_and_an_exposure_is_above_0(tmp_path, exposed, bad):
    path = tmp_path / "t.csv"
    path.write_text("x,y\n2,1\n,1\n0,1\n3,1\n")
    spec = {"numbers": ["x", "y"], "texts": [], "label": "y", "family": "poisson", "offset": "x", "exposed": exposed}
    assert dict(read(path, **spec)[1]) == bad
    assert read(path, **spec, drop={"x": DropRule(missing=True, below=1)})[1] == []


@given(st.lists(st.lists(st.sampled_from(["a", "b", None, "c"]), max_size=20), max_size=6), st.randoms())
def test_values_are_counted_over_parts_as_over_all_rows(parts, random):
    """Python's Counter is the oracle."""
    total, before, rows = labels.Values(), 0, []
    for part in parts:
        keep = np.array([random.random() < 0.8 for _ in part], bool)
        total.add(labels.Values.of(pa.array(part, pa.string()), keep), before)
        rows += [value if kept else None for value, kept in zip(part, keep, strict=True)]
        before += len(part)
    assert total.rows == dict(Counter(value for value in rows if value is not None))
    assert {text: place for text, (_, place) in total.seen.items()} == {text: rows.index(text) for text in total.rows}


def test_of_many_values_the_first_are_told_apart():
    total = labels.Values()
    for start in (0, 150, 300):
        total.add(labels.Values.of(pa.array(np.arange(start, start + 150.0)), np.ones(150, bool)))
    assert list(total.seen) == [str(number) for number in range(labels.MOST)]
    assert total.others


@pytest.mark.parametrize(
    ("rows", "family"),
    [
        ({"0": 5, "1": 2}, "binomial"),
        ({"0": 5, "2": 2}, None),
        ({"1": 5}, None),
        (
            {str(count): rows for count, rows in enumerate((109, 65, 22, 3, 1))},
            "poisson",
        ),  # von Bortkiewicz's horse kicks
        ({str(count): 10 for count in range(5)}, None),  # a scale: its mean is in the middle
        ({"0.5": 3, **{str(count): rows for count, rows in enumerate((109, 65, 22, 3, 1))}}, None),
        ({"-1": 3, **{str(count): rows for count, rows in enumerate((109, 65, 22, 3, 1))}}, None),
        ({str(count + 1): rows for count, rows in enumerate((109, 65, 22, 3, 1))}, None),  # from 1 on
    ],
)
def test_values_ask_for_a_family(rows, family):
    assert labels.suggested("y", rows) == family
    assert labels.suggested("yearsOfAge", rows) == (family if family == "binomial" else None)
