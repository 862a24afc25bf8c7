"""No row of the table is in what is pushed. Levels of a vocabulary are, and medians, boundaries and limits (docs/serving.md)."""

from __future__ import annotations

import json
import re
import struct
from collections import Counter
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from tests.conftest import REPOSITORY
from tests.e2e.oracles import examples, texts, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]


def pushed_files(run):
    """Bytes by name, of the version and of what lies beside it."""
    serving = Path(run.show()["pushed"]["path"]).parent
    files = [path for path in serving.parent.rglob("*") if path.is_file()]
    assert {"saved_model.pb", "model.json", "manifest.json", "models.config"} <= {path.name for path in files}
    return {str(path.relative_to(serving.parent)): path.read_bytes() for path in files}


def written_numbers(files):
    """Every number in the JSON among the files, as it is written and as a 32-bit float."""
    found = set()

    def note(text):
        found.update((float(text), float(np.float32(text))))

    for name, content in files.items():
        if name.endswith(".json"):
            json.loads(content, parse_float=note, parse_int=note)
    return found


def warm_up(run):
    """What the warm-up requests hold: tf.Examples, and columns by name."""
    import tensorflow as tf
    from tensorflow_serving.apis import prediction_log_pb2

    from components.serving_check.requests import WARM_UP_FILE

    path = Path(run.show()["pushed"]["path"]) / WARM_UP_FILE
    serialized, columns = [], []
    for record in tf.data.TFRecordDataset(str(path)).as_numpy_iterator():
        log = prediction_log_pb2.PredictionLog.FromString(record)
        serialized += [e.SerializeToString() for e in log.regress_log.request.input.example_list.examples]
        inputs = {name: tf.make_ndarray(value) for name, value in log.predict_log.request.inputs.items()}
        serialized += list(inputs.pop("examples", ()))
        columns += [inputs] if inputs else []
    assert len(serialized) > 30 and len(columns) == 4
    return [tf.train.Example.FromString(example) for example in serialized], columns


def bytes_of(value):
    """A number as any file may hold it: a 32- or 64-bit float, and its digits."""
    single = float(np.float32(value))
    return struct.pack("<f", value), struct.pack("<d", value), struct.pack("<d", single), repr(value).encode()


def test_no_value_of_the_seeds_table_is_in_any_file(seed_run):
    """All of its 200 numbers are unmistakable, the labels among them."""
    table = pd.read_csv(REPOSITORY / "data/seed/data.csv", float_precision="round_trip")
    numbers = table.to_numpy().ravel().tolist()
    assert len(set(numbers)) == len(numbers) == 200
    files = pushed_files(seed_run)
    for name, content in files.items():
        assert not [number for number in numbers for pattern in bytes_of(number) if pattern in content], name
    assert not written_numbers(files) & {*numbers, *np.float32(numbers).astype(float)}


@pytest.fixture(scope="module")
def taxi(taxi_run):
    """The model, its features, and all rows: raw values by column, NaN or `(missing)` where there is none."""
    model = json.loads((Path(taxi_run.show()["pushed"]["path"]) / "model.json").read_text())
    rows = [*examples(taxi_run.root, "taxi-fare", "eval"), *examples(taxi_run.root, "taxi-fare", "train")]
    kinds = {entry["name"]: entry["kind"] for entry in model["features"]}
    raw = {name: (texts if kind == "categorical" else values)(rows, name) for name, kind in kinds.items()}
    return model, kinds, pd.DataFrame({**raw, "fare": values(rows, "fare")})


def test_the_warm_up_rows_are_made_and_have_no_label(taxi_run, taxi):
    from components.serving_check.requests import rows_of

    model, kinds, table = taxi
    found, columns = warm_up(taxi_run)
    assert {name for example in found for name in example.features.feature} == kinds.keys()
    assert all(inputs.keys() == kinds.keys() for inputs in columns)
    sent = rows_of([example.SerializeToString() for example in found], model["inputs"])
    made = pd.DataFrame(
        {
            name: pd.Series(sent[name], dtype=object).fillna("(missing)")
            if kind == "categorical"
            else np.array(sent[name], float)
            for name, kind in kinds.items()
        }
    )
    count = len(made.drop_duplicates())
    assert count == 15
    real = table[list(kinds)].drop_duplicates()
    assert made.merge(real, how="inner").empty
    # The columns hold the same rows.
    for inputs in columns:
        for name, kind in kinds.items():
            wanted = sent[name][-count:][: len(inputs[name])]
            if kind == "categorical":
                assert [text.decode() or None for text in inputs[name]] == wanted
            else:
                assert inputs[name] == pytest.approx(np.array(wanted, np.float32), rel=0, nan_ok=True)


def test_what_only_one_row_of_the_taxi_table_has_is_in_no_file(taxi_run, taxi):
    model, kinds, table = taxi
    files = pushed_files(taxi_run)
    levels = [level["text"] or level["name"] for term in model["design"] for level in term["levels"]]
    texts = {text for name, kind in kinds.items() if kind == "categorical" for text in table[name]}
    rare_texts = {text for text in texts if not any(text in level for level in levels)}
    assert len(rare_texts) > 20
    for name, content in files.items():
        assert not [text for text in rare_texts if text.encode() in content], name

    written = written_numbers(files)
    configured = {float(np.float32(text)) for text in re.findall(r"-?\d+\.?\d*", taxi_run.config.read_text())}
    fills = {float(np.float32(entry.get("fill", np.nan))) for entry in model["features"]}
    [report] = [
        json.loads(content) for name, content in files.items() if "-reports/" in name and name.endswith(".json")
    ]
    shares = {
        float(np.float32(point["share"])) for point in report["right"]["quantiles"]
    }  # of the rows, not their values
    for name in ("fare", *(name for name, kind in kinds.items() if kind == "numeric")):
        counts = Counter(table[name].dropna())
        once = {value for value, count in counts.items() if count == 1 and round(value, 1) != value}
        assert not (once - configured - fills - shares) & written, name

    first = table.head(16)  # of the evaluation split: those that ServingCheck compares answers on
    for column in ("fare", "trip_miles"):
        # A 32-bit float with zeros at its end could be anything's.
        unmistakable = {value for value in first[column].dropna() if struct.pack("<f", value)[0]} - configured - fills
        assert len(unmistakable) > 5
        for value in unmistakable:
            for name, content in files.items():
                assert not [pattern for pattern in bytes_of(value)[:3] if pattern in content], (column, value, name)
