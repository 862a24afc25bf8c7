"""Rows made from a model.json written by hand, and the tf.Examples of them, parsed as a served graph parses them."""

from __future__ import annotations

import math

import pytest

from tests.components.models import made_model

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

NUMBER = {"name": "n", "kind": "numeric", "min": 0.5, "max": None, "fill": 3.25}
BUCKETS = {"name": "b", "kind": "buckets", "boundaries": [6.0, 10.0, 20.0], "whole": False}
ONE_EDGE = {"name": "e", "kind": "buckets", "boundaries": [7.0], "whole": False}
TEXT = {"name": "c", "kind": "categorical"}
INTEGER = {"name": "i", "kind": "integer", "min": None, "max": 10**9 + 50, "fill": 20.4, "wide": False}
TRUTH = {"name": "t", "kind": "boolean"}


def model(*features, levels=("red", "(missing)", "Zürich"), reference=2):
    from components.linear_model.design_matrix import DesignMatrix, Term, bucket_levels, text_levels

    terms = {
        "n": Term("n", "n", mean=4.0, std=2.0),
        "b": Term("b", "b", bucket_levels(BUCKETS["boundaries"])),
        "e": Term("e", "e", bucket_levels(ONE_EDGE["boundaries"])),
        "c": Term("c", "c", text_levels(levels)),
        "i": Term("i", "i", mean=20.4, std=3.0, origin=10**9),
        "t": Term("t", "t", text_levels(["false", "true"])),
    }
    design = DesignMatrix(tuple(terms[entry["name"]] for entry in features))
    ids = {"b": 1, "e": 0, "c": reference, "t": 0}
    references = {term.feature: place + ids[term.feature] for place, term in design.places() if term.levels}
    return made_model(features, design, references=references)


def test_every_part_of_the_model_is_asked_for():
    from components.serving_check.made_rows import made_rows

    rows = made_rows(model(NUMBER, BUCKETS, ONE_EDGE, TEXT))
    assert rows["n"] == [3.25, None, 0.0, 1e6, 2.0, 6.0, 0.5, 3.25, 3.25, 3.25, 3.25]
    assert rows["b"] == [15.0, None, 0.0, 1e6, 5.0, 6.0, 10.0, 20.0, 8.0, 15.0, 21.0]
    assert rows["e"] == [7.0, None, 0.0, 1e6, 6.0, 7.0, 8.0, 7.0, 7.0, 7.0, 7.0]
    assert rows["c"][:4] == ["Zürich", None, "0", "never seen"]
    assert rows["c"][5:] == ["red", "(missing)", "Zürich", "Zürich", "Zürich", "Zürich"]


def test_whole_numbers_and_truths_are_asked_for():
    from components.serving_check.made_rows import made_rows

    rows = made_rows(model(INTEGER, TRUTH))
    assert rows["i"][:6] == [10**9 + 20, None, 0, 10**6, 10**9 + 17, 10**9 + 23]
    assert rows["i"][6] == 10**9 + 50
    assert rows["t"][:5] == ["false", None, "0", "YES", " true "]


def test_every_joined_level_has_a_row_of_its_own_and_every_word_and_level_is_asked_for():
    from components.linear_model.design_matrix import DesignMatrix, Term, text_levels
    from components.serving_check.made_rows import made_rows

    levels = text_levels([("red", "large"), ("red", None), ("blue", "small")])
    design = DesignMatrix((Term("x", "x", levels), Term("o[^1]", "o"), Term("t[good]", "t"), Term("t[bad]", "t")))
    features = [
        {"name": "x", "kind": "cross", "columns": ["color", "size"]},
        {"name": "o", "kind": "ordered", "levels": ["low", "high"], "contrasts": "polynomial"},
        {"name": "t", "kind": "text", "words": ["good", "bad"]},
    ]
    rows = made_rows(made_model(features, design, references={"x": 3}))
    pairs = list(zip(rows["color"], rows["size"], strict=True))
    assert pairs[0] == ("blue", "small") and pairs[1] == (None, None)
    assert pairs[-3:] == [("red", "large"), ("red", None), ("blue", "small")]
    assert rows["o"][0] == rows["o"][-1] == "high" and {"low", "high", None, "never seen"} <= set(rows["o"])
    assert {"good", "bad", "GOOD BAD", None} <= set(rows["t"])


@pytest.mark.parametrize(("reference", "usual"), [(4, None), (3, None), (1, "(missing)"), (0, "red")])
def test_the_usual_text_is_the_reference(reference, usual):
    from components.serving_check.made_rows import made_rows

    assert made_rows(model(TEXT, reference=reference))["c"][0] == usual


def test_a_large_vocabulary_is_cut():
    from components.serving_check.made_rows import MOST_ROWS, made_rows

    rows = made_rows(model(NUMBER, TEXT, levels=[*map(str, range(5000))], reference=7))
    assert len(rows["n"]) == len(rows["c"]) == MOST_ROWS


@pytest.fixture
def saved(tmp_path):
    """Saves a model that parses tf.Examples of a specification."""
    import tensorflow as tf

    def save(spec):
        module = tf.Module()
        parse = tf.function(
            lambda examples: {
                name: tf.sparse.to_dense(value) if isinstance(value, tf.SparseTensor) else value
                for name, value in tf.io.parse_example(examples, spec).items()
            },
            input_signature=[tf.TensorSpec([None], tf.string, name="examples")],
        )
        tf.saved_model.save(module, str(tmp_path), signatures={"parse": parse})
        return tmp_path

    return save


def test_examples_hold_the_features_alone(saved):
    import tensorflow as tf

    from components.serving_check.made_rows import made_examples, made_rows, required_columns
    from components.serving_check.requests import rows_of

    made = model(NUMBER, TEXT)
    spec = {
        "n": tf.io.VarLenFeature(tf.float32),
        "c": tf.io.VarLenFeature(tf.string),
        "y": tf.io.VarLenFeature(tf.float32),
    }
    folder = saved(spec)
    assert required_columns(folder) == {}
    serialized = made_examples(made_rows(made), made, {})
    assert rows_of(serialized, made.inputs) == made_rows(made)
    keys = [sorted(tf.train.Example.FromString(example).features.feature) for example in serialized]
    assert keys[:3] == [["c", "n"], [], ["c", "n"]]


def test_what_a_schema_fixes_the_shape_of_is_there(saved):
    """A label and a weight that tf.Examples can't be parsed without are zeros, a missing value is as the graph takes it."""
    import tensorflow as tf

    from components.serving_check.made_rows import made_examples, made_rows, required_columns

    made = model(NUMBER, TEXT)
    spec = {
        "n": tf.io.FixedLenFeature([1], tf.float32),
        "c": tf.io.FixedLenFeature([], tf.string),
        "y": tf.io.FixedLenFeature([1], tf.float32),
        "k": tf.io.FixedLenFeature([1], tf.int64),
        "t": tf.io.FixedLenFeature([1], tf.string),
        "o": tf.io.VarLenFeature(tf.float32),
    }
    folder = saved(spec)
    required = required_columns(folder)
    assert sorted(required) == ["c", "k", "n", "t", "y"]
    examples = made_examples(made_rows(made), made, required)
    answer = tf.saved_model.load(str(folder)).signatures["parse"](examples=tf.constant(examples))
    numbers = answer["n"].numpy().ravel().tolist()
    assert numbers[0] == 3.25 and math.isnan(numbers[1])
    assert answer["c"].numpy()[1] == b""
    assert not answer["y"].numpy().any() and not answer["k"].numpy().any()


@pytest.mark.parametrize("form", ["iso", "epoch", "epoch_ms", "%d/%m/%y %H:%M%z"])
def test_every_date_that_is_asked_for_can_be_read(form):
    import dataclasses

    import numpy as np
    import pyarrow as pa

    from components.linear_model.design_matrix import DesignMatrix, Term, date_levels, text_levels
    from components.serving_check.made_rows import made_rows
    from components.values import calendar_parts, date_columns
    from components.values.zones import zone_of

    zone = zone_of("Europe/Berlin")
    parts = [{"part": part, "as": "levels"} for part in calendar_parts.LEVELS]
    entry = {
        "name": "at",
        "kind": "datetime",
        "format": form,
        "zone": "Europe/Berlin",
        "parts": parts,
        "learned": dataclasses.asdict(zone),
    }
    terms = [
        Term(f"at[{part}]", "at", date_levels(levels), part=part) for part, levels in calendar_parts.LEVELS.items()
    ]
    terms.append(Term("c", "c", text_levels(["red"])))
    other = {"name": "c", "columns": ["at"], "kind": "categorical"}  # whose odd texts are no dates
    of_texts = [entry, other] if form == "iso" else [entry]
    model = made_model(of_texts, DesignMatrix(tuple(terms[: 3 + len(of_texts)])))
    values = made_rows(model)["at"]
    there = [value for value in values if value is not None]
    if form.startswith("epoch"):
        instants, odd = date_columns.of_numbers(np.array(there), form)
    else:
        instants, _, odd = date_columns.of_texts(pa.array(there), [], form, zone)
    assert values[1] is None and not odd.any()
    local = calendar_parts.LocalTime(instants, zone, date_columns.steps)
    for part, levels in calendar_parts.LEVELS.items():
        assert set(local.level(part)) == set(range(len(levels)))
