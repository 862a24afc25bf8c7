"""Any table, written as CSV by three writers and as Parquet, read by ingest and by the served graph: one reading of each value."""

from __future__ import annotations

import csv
import datetime
import decimal
import functools
import io
import math

import numpy as np
import pyarrow as pa
import pyarrow.csv as pa_csv
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from components.linear_model.scoring import transformed_columns
from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.boolean import Boolean
from components.preprocessing.kinds.buckets import Buckets
from components.preprocessing.kinds.categorical import Categorical
from components.preprocessing.kinds.integer import Integer
from components.preprocessing.kinds.numeric import Numeric
from components.table import files
from components.table.cleaning import typed
from components.table.spec import TableSpec
from components.values.names import safe_names
from components.values.texts import MISSING_TOKENS, unescape
from tests.components.exported import example
from tests.components.models import made_model
from tests.components.transform import analyse

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

TABLES = 2_000
NAMES = ["a", "class", "Größe (cm)", "x.y", "x_y", " b", "q\"u'o,te"]
TOKENS = [MISSING_TOKENS, ["", "-999", "."], ["NA", " x "], ["", "7.0", "2024-01-31", "No"], []]
ODD = [
    "a\nb", "a\rb", "a\r\nb", "\n", "\0", "x\0y", "a\u2028b", "\u0085", "", " ", "\t", "\xa0", "\\", "\\n", "\\m", "\\o", '"', "''",
    "a,b", "caf\u00e9", "cafe\u0301", "cash", "cash ", " cash", "(other)", "(missing)", "#", "w" * 5000, "\ufeff", "\u200b",
]  # fmt: skip
TOKEN_LIKE = [
    "NA",
    " NA ",
    "\xa0NA",
    "na",
    "N/A",
    "NaN",
    "-nan",
    "NAN",
    "nan",
    "null",
    "None",
    ".",
    "-999",
    "-999.0",
    "x",
    " x",
    "?",
]
TRUTHS = [
    "true",
    "True",
    "TRUE",
    "tRuE",
    "false",
    "False",
    "FALSE",
    "t",
    "F",
    "yes",
    " No ",
    "on",
    "OFF",
    "1",
    "0",
    "1.0",
    "0.0",
    "2",
]
NUMBERS = [
    "5", "+5", "5.0", "5.", ".5", "-0", "-0.0", "0", "00", "07", "7.00", "1e3", "1E+05", "-1.50", " 12 ", "1_000", "0x1F", "1,5",
    "inf", "-Infinity", "1e39", "1e-46", "1e-400", "9007199254740992", "9007199254740993", "9223372036854775807",
    "9223372036854775808", "-9223372036854775808", "16777217",
]  # fmt: skip
TIMES = [
    "2024-01-31",
    "2024-01-31 00:00:00",
    "2024-01-31T00:00:00.000",
    "2024-01-31T23:59:00.500+0000",
    "23:59:00.000",
    "2024-01-31 12:00:00Z",
]

TEXT = st.one_of(
    *map(st.sampled_from, (ODD, TOKEN_LIKE, TRUTHS, NUMBERS, TIMES)),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=6),
    st.integers(-(2**64), 2**64).map(str),
    st.floats(allow_nan=False).map(repr),
)
WHOLE = st.one_of(st.integers(-3, 3), st.sampled_from([-999, 7]), st.integers(-(2**63), 2**64 - 1))
FRACTION = st.one_of(
    st.integers(-8_000, 8_000).map(lambda eighths: eighths / 8),
    st.sampled_from([0.0, -0.0, 0.1, 7.0, -999.0, 1e-5, 1.5e-7, 123456.789]),
)
DAY = st.one_of(st.dates(datetime.date(1700, 1, 1), datetime.date(2200, 1, 1)), st.just(datetime.date(2024, 1, 31)))
CLOCK = st.one_of(
    st.sampled_from([datetime.time(), datetime.time(23, 59), datetime.time(12, 0, 0, 500_000)]), st.times()
)
MOMENT = st.builds(datetime.datetime.combine, DAY, CLOCK)


def whole(kind):
    """Integers that a type holds."""
    low, high = {"u": (0, 2**kind.bit_width - 1)}.get(
        str(kind)[0], (-(2 ** (kind.bit_width - 1)), 2 ** (kind.bit_width - 1) - 1)
    )
    return WHOLE.map(lambda value: min(max(value, low), high))


def decimals(kind):
    limit = 10 ** min(kind.precision, 20) - 1
    return st.integers(-limit, limit).map(lambda value: decimal.Decimal(value).scaleb(-kind.scale))


def timestamps(kind):
    """Moments that a type holds."""

    def cut(value):
        if kind.tz == "Europe/Berlin" and not 1970 <= value.year < 2038:
            value = value.replace(
                year=2024, day=min(value.day, 28)
            )  # the databases of zones differ on what was long ago
        whole_units = {"s": 1_000_000, "ms": 1_000}.get(kind.unit, 1)
        return value.replace(microsecond=value.microsecond // whole_units * whole_units)

    return MOMENT.map(cut)


def times(kind):
    """Times of day that a type holds."""
    return timestamps(pa.timestamp(kind.unit)).map(datetime.datetime.time)


def floats(kind):
    width = {pa.float16(): np.float16, pa.float32(): np.float32, pa.float64(): np.float64}[kind]
    held = FRACTION if kind != pa.float16() else st.integers(-60, 60).map(lambda eighths: eighths / 8)
    return st.one_of(held, st.just(float("nan"))).map(width)


INTEGERS = [pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32(), pa.uint64()]
FLOATS = [pa.float16(), pa.float32(), pa.float64()]
DECIMALS = [pa.decimal128(9, 2), pa.decimal128(20, 0), pa.decimal128(12, 6), pa.decimal256(40, 3)]
STRINGS = [pa.string(), pa.large_string(), pa.binary(), pa.large_binary()]
STAMPS = [
    pa.timestamp(unit, zone)
    for unit in ("s", "ms", "us", "ns")
    for zone in (None, "UTC", "+02:00", "-03:30", "Europe/Berlin")
]
CLOCKS = [pa.time32("s"), pa.time32("ms"), pa.time64("us"), pa.time64("ns")]
STORED = [
    *((kind, whole(kind)) for kind in INTEGERS),
    *((kind, floats(kind)) for kind in FLOATS),
    *((kind, decimals(kind)) for kind in DECIMALS),
    *((kind, timestamps(kind)) for kind in STAMPS),
    *((kind, times(kind)) for kind in CLOCKS),
    (pa.date32(), DAY),
    (pa.date64(), DAY),
    (pa.bool_(), st.booleans()),
    (pa.null(), st.none()),
]
TEXTUAL = [
    *((kind, TEXT) for kind in STRINGS[:2]),
    *((kind, TEXT.map(str.encode) | st.binary(max_size=4)) for kind in STRINGS[2:]),
]
CODED = [
    (pa.dictionary(pa.int32(), kind), values) for kind, values in [*TEXTUAL[:1], *TEXTUAL[2:3], STORED[3], STORED[-2]]
]
_IS_NUMBER = (pa.types.is_integer, pa.types.is_floating, pa.types.is_decimal, pa.types.is_boolean, pa.types.is_null)
NUMERIC = [(kind, values) for kind, values in STORED if any(test(kind) for test in _IS_NUMBER)]
KINDS = {
    "numbers": [*NUMERIC, *TEXTUAL, *CODED],
    "integers": [*NUMERIC, *TEXTUAL, *CODED],
    "wide": [*NUMERIC, *TEXTUAL, *CODED],
    "booleans": [*NUMERIC, *TEXTUAL, *CODED],
    "texts": [*STORED, *TEXTUAL, *CODED],
}


def is_nan(value):
    """Whether a value is a float that is no number."""
    return isinstance(value, (float, np.floating)) and math.isnan(value)


@st.composite
def tables(draw):
    """A table with a label, which kind its columns are meant as, and which texts stand for nothing."""
    missing = draw(st.sampled_from(TOKENS))
    rows = draw(st.integers(1, 8))
    names = draw(st.lists(st.sampled_from(NAMES), min_size=1, max_size=6, unique=True))
    columns, kinds = {"y": pa.array(range(rows), pa.int64())}, {}
    for name in names:
        kinds[name] = draw(st.sampled_from(sorted(KINDS)))
        kind, values = draw(st.sampled_from(KINDS[kinds[name]]))
        nullable = "" in missing  # else a CSV can't say that there is nothing
        if kind == pa.null() and not nullable:
            kind, values = pa.bool_(), st.booleans()
        if nullable:
            values = values | st.none()
        found = draw(st.lists(values, min_size=rows, max_size=rows))
        if not nullable:
            found = [type(value)(0) if is_nan(value) else value for value in found]  # nor that there is a NaN
        plain = kind.value_type if pa.types.is_dictionary(kind) else kind
        array = pa.array(found, plain, from_pandas=False)
        columns[name] = array.dictionary_encode() if plain != kind else array
    return pa.table(columns), kinds, missing


def spec_of(kinds, missing):
    named = {kind: [name for name, own in kinds.items() if own == kind] for kind in KINDS}
    return TableSpec(
        numbers=["y", *named["numbers"]],
        texts=named["texts"],
        integers=[*named["integers"], *named["wide"]],
        wide=named["wide"],
        booleans=named["booleans"],
        label="y",
        missing=missing,
    )


def as_parquet(table):
    target = io.BytesIO()
    pq.write_table(table, target)
    return target.getvalue()


def by_pandas(table, exact=True):
    """As `DataFrame.to_csv` writes it: whole numbers of a column with missing ones as floats, unless `exact`."""
    target = io.BytesIO()
    frame = table.to_pandas(integer_object_nulls=exact)
    frame.to_csv(target, index=False, lineterminator="\r\n")  # after "\n" alone, it leaves a "\r" unquoted
    return target.getvalue()


def by_arrow(table):
    target = io.BytesIO()
    pa_csv.write_csv(table, target)
    return target.getvalue()


def by_hand(table):
    """Each field's own bytes, as programs in C write them."""

    narrow = {field.name for field in table.schema if field.type == pa.float32()}

    def field(value, name=None):
        if isinstance(value, bytes):
            return value.decode("latin-1")
        value = np.float32(value) if name in narrow and value is not None else value
        return "" if value is None or is_nan(value) else str(value).encode().decode("latin-1")

    target = io.StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(map(field, table.column_names))
    writer.writerows([[field(value, name) for name, value in row.items()] for row in table.to_pylist()])
    return target.getvalue().encode("latin-1")


def read(content, suffix, missing):
    """A file's rows by ingest's reader."""
    path = f"/no/such/folder/t.{suffix}"

    def open_file(_):
        return io.BytesIO(content)

    names, ragged = files.header(path, open_file), []
    batches = [
        batch
        for chunk in files.plan([path], open_file)
        for batch in files.read(chunk, names, names, missing, ragged, open_file)
    ]
    assert not ragged
    [batch] = pa.Table.from_batches(batches).combine_chunks().to_batches()
    return batch


def is_of(array, *tests):
    kind = array.type.value_type if pa.types.is_dictionary(array.type) else array.type
    return any(test(kind) for test in tests)


def is_held_by_floats(array):
    """Whether 64-bit floats hold a column's whole numbers, if it has any."""
    whole_numbers = array.to_pylist() if is_of(array, pa.types.is_integer) else []
    return all(value is None or abs(value) <= 2**53 for value in whole_numbers)


def is_beyond_arrow(array):
    """Whether pyarrow can't write a column as CSV."""
    zone = getattr(array.type, "tz", None) or "UTC"
    tests = (pa.types.is_dictionary, pa.types.is_float16, pa.types.is_binary, pa.types.is_large_binary)
    return any(test(array.type) for test in tests) or zone[0] in "+-"


def writers(table, kinds):
    """The CSV of a table by each writer that can say it all."""
    arrays = {name: table.column(name).combine_chunks() for name in kinds}
    raw = [array for array in arrays.values() if is_of(array, pa.types.is_binary, pa.types.is_large_binary)]
    floats_as_texts = [
        array
        for name, array in arrays.items()
        if kinds[name] in ("texts", "booleans") and is_of(array, pa.types.is_floating)
    ]
    found = {"by hand": by_hand(table)}
    if not raw:
        found["pandas"] = by_pandas(table)
        if all(map(is_held_by_floats, arrays.values())):
            found["pandas, floats"] = by_pandas(table, exact=False)
    if not floats_as_texts and not any(map(is_beyond_arrow, arrays.values())):
        found["arrow"] = by_arrow(table)  # which spells a small or large float in its own way
    return found


def held(arrays, rejected):
    """What is left of the rows that are not rejected."""
    return {
        name: [value for row, value in enumerate(array.to_pylist()) if row not in rejected]
        for name, array in arrays.items()
    }


@functools.cache
def graph_reading(missing):
    """The served graph's reading of texts: tokens, and what they are as truth values."""
    import tensorflow as tf

    from components.preprocessing import values_graph as graph

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def reading(texts):
        found = graph.tokens(texts, missing)
        return found, graph.truths(found)

    return reading


def of_tokens(found):
    return [None if token == rb"\m" else unescape(token.decode()) for token in found.numpy()]


@settings(max_examples=TABLES, suppress_health_check=list(HealthCheck), derandomize=True)
@given(tables())
def test_a_value_is_read_alike_from_every_format_and_by_the_served_graph(drawn):
    table, kinds, missing = drawn
    spec = spec_of(
        {name.strip(): kind for name, kind in kinds.items()}, missing
    )  # blanks around a name are no part of it
    stored, unfit = typed(read(as_parquet(table), "parquet", missing), spec)
    for writer, content in writers(table, kinds).items():
        event(writer)
        found, rejected = typed(read(content, "csv", missing), spec)
        assert rejected.keys() == unfit.keys(), (writer, rejected, unfit)
        assert held(found, rejected) == held(stored, unfit), writer
        assert {name: array.type for name, array in found.items()} == {
            name: array.type for name, array in stored.items()
        }
        raw = read(content, "csv", [])
        for name, kind in kinds.items():
            if kind not in ("texts", "booleans"):
                continue
            read_as = name.strip()
            asked = [value for row, value in enumerate(raw.column(read_as).to_pylist()) if row not in unfit]
            tokens, truths = graph_reading(tuple(missing))(asked or np.zeros(0, object))
            assert of_tokens(truths if kind == "booleans" else tokens) == held(stored, unfit)[read_as], (writer, name)


FEATURES = {
    "class": Numeric(min=-5, max=1e6, impute="median", indicator=True),
    "a b": Integer(outside="clip", max=2**40, indicator=True),
    "id": Integer(wide=True),
    "ID": Boolean(),
    "x.y": Categorical(vocabulary=60, min_rows=2),
    "x_y": Buckets(boundaries=[-1, 0, 0.1, 7]),
    "when": Buckets(boundaries=[0, 5, 2**53], whole=True),
}
READ_AS = {
    "numbers": ["class", "x_y"],
    "integers": ["a b", "when"],
    "wide": ["id"],
    "booleans": ["ID"],
    "texts": ["x.y"],
}
SENT = [token for token in MISSING_TOKENS if token]  # of these, `analyse` makes its graph


def typed_lists(texts):
    """Texts by column as ingest stores them, rows of any length; and which of them it rejects."""
    kinds = {name: kind for kind, names in READ_AS.items() for name in names}
    batch = pa.RecordBatch.from_pydict({"y": pa.nulls(len(texts["id"]), pa.float32()), **texts})
    arrays, rejected = typed(batch, spec_of(kinds, SENT), list(FEATURES))
    return held(arrays, rejected), rejected


@pytest.fixture(scope="module")
def served(tmp_path_factory):
    """The served graph's transformed columns, of columns as callers send them and of tf.Examples; and model.json's part of it."""
    import tensorflow as tf

    from components.preprocessing.transform_graph import TransformGraph, design_matrix_of, learned_of
    from components.trainer import inputs

    frequent = [text for text in [*ODD, *TOKEN_LIKE, *TRUTHS, *NUMBERS, *TIMES] for _ in range(2)]
    numbers = [str(index % 13 - 3) for index in range(len(frequent))]
    columns = {name: frequent if name == "x.y" else numbers for name in FEATURES} | {
        "ID": [TRUTHS[0], TRUTHS[5]] * (len(frequent) // 2)
    }
    lists, rejected = typed_lists({name: pa.array(values) for name, values in columns.items()})
    assert not rejected

    def value_list(value):
        return [] if value is None else [value.encode() if isinstance(value, str) else value]

    rows = [{name: value_list(lists[name][row]) for name in FEATURES} | {"y": [1.0]} for row in range(len(frequent))]
    output = analyse(rows, FEATURES, "y", tmp_path_factory.mktemp("transform"))
    graph, spec = TransformGraph(output), output.raw_feature_spec()
    spec = {name: spec[name] for name in FEATURES}
    entries = features_to_json(FEATURES)
    learned, safe = learned_of(output, FEATURES), safe_names(FEATURES)
    features = [{**entry, **learned.get(entry["name"], {})} for entry in entries]
    model = made_model(features, design_matrix_of(output, FEATURES), SENT)

    @tf.function(
        input_signature=[
            {safe[name]: tf.TensorSpec([None], inputs.input_type(column)) for name, column in model.raw_columns.items()}
        ]
    )
    def of_columns(columns):
        stacked = inputs.stacked({name: columns[safe[name]] for name in FEATURES}, entries, spec, SENT)
        return graph.transformed(inputs.checked(stacked, entries, SENT), entries)

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string)])
    def of_examples(serialized):
        stacked = graph.stacked(tf.io.parse_example(serialized, spec), entries)
        return graph.transformed(inputs.checked(stacked, entries, SENT), entries)

    kinds = {name: inputs.input_type(column) for name, column in model.raw_columns.items()}
    return of_columns, of_examples, model, safe, kinds


def as_sent(texts, values, kind):
    """What a caller sends: a number where numbers are wanted, else the text itself."""
    if kind.is_floating:
        return [float("nan") if value is None else value for value in values]
    is_number = [isinstance(value, int) for value in values]
    return [
        "NA" if text is None else str(value) if number and text.strip().lower() in ("true", "false") else text
        for text, value, number in zip(texts, values, is_number, strict=True)
    ]


GONE = st.sampled_from(["NA", " NA ", "\xa0NaN\u2003", "-nan", "null", None])
DIGITS = st.one_of(
    st.sampled_from(["5", "+5", "5.0", " 5.", "-0", "00", "07", "true", "FALSE", "\u20037 "]),
    st.integers(-(2**53), 2**53).map(str),
    GONE,
)
ANSWERS = {
    "class": DIGITS | st.floats(width=32, allow_nan=False).map(str),
    "a b": DIGITS,
    "id": DIGITS | st.integers(-(2**63), 2**63 - 1).map(str),
    "ID": st.sampled_from([*TRUTHS[:-1], "\xa0NO\t"]) | GONE,
    "x.y": TEXT | GONE,
    "x_y": DIGITS | st.sampled_from(["0.1", "0.10000000149", "0.09999999", "-1e0", "7"]),
    "when": DIGITS,
}
ROW = st.fixed_dictionaries(ANSWERS) | st.fixed_dictionaries({name: own | TEXT for name, own in ANSWERS.items()})


@settings(max_examples=500, suppress_health_check=list(HealthCheck), derandomize=True)
@given(st.lists(ROW, min_size=1, max_size=30))
def test_columns_as_sent_tf_examples_and_model_json_are_transformed_alike(served, rows):
    import tensorflow as tf

    of_columns, of_examples, model, safe, kinds = served
    texts = {name: [row[name] for row in rows] for name in FEATURES}
    lists, rejected = typed_lists({name: pa.array(values, pa.string()) for name, values in texts.items()})
    kept = [row for index, row in enumerate(rows) if index not in rejected]
    event(f"rows kept: {len(kept)}")
    if not kept:
        return

    columns = {
        safe[name]: tf.constant(as_sent([row[name] for row in kept], lists[name], kind), kind)
        for name, kind in kinds.items()
    }
    by_columns = of_columns(columns)
    by_example = of_examples([example({name: lists[name][index] for name in FEATURES}) for index in range(len(kept))])
    by_json = transformed_columns(model, lists)
    raw = {name: [row[name] for row in kept] for name in ("ID", "x.y")}
    by_texts = transformed_columns(model, lists | raw)
    assert by_columns.keys() == by_example.keys() - {"y"}
    for name in by_json:
        expected = by_example[name].numpy()
        for found in (by_columns[name].numpy(), by_json[name], by_texts[name]):
            assert (
                found == pytest.approx(expected, rel=2e-7, abs=1e-7)
                if expected.dtype.kind == "f"
                else (found == expected).all()
            ), name
