"""Names and texts that TensorFlow, Python or a line-wise file could not have, from the table to every client of its model."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from components.linear_model.scoring import score
from tests.conftest import REPOSITORY, WholeRun, plumbline
from tests.e2e.asking import Client, by_file, by_json, pushed_model, serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 1200
LEVELS = [
    "a\nb", "a\rb", "a\r\nb", "\n", "\0", "x\0y", "a\u2028b", "a\u0085b", "", " ", "\\", "\\n", "\\m", '"', "a,b", "cash", "cash ",
    "caf\u00e9", "cafe\u0301", "(other)", "(missing)", "w" * 10_000,
]  # fmt: skip
FEATURES = {
    "class": {"kind": "categorical", "reference": "cash"},
    "id": {"kind": "integer"},
    "ID": {"kind": "boolean"},
    "x.y": {"kind": "numeric"},
    "x_y": {"kind": "numeric", "indicator": True},
    "Größe (cm)": {"kind": "numeric"},
    "mean radius": {"kind": "buckets", "boundaries": [1.5, 3]},
}
CONFIG = {
    "name": "odd",
    "data": {"path": "t.csv", "missing": ["NA"], "split_by": "return"},
    "label": "examples",
    "weight": "self",
    "features": FEATURES,
    "model": {"l2": 0},
    "evaluate": {"slices": [["a/b"], ["class"]]},
}


def made() -> pd.DataFrame:
    """The table; each level adds its place to the label."""
    generator = np.random.default_rng(11)
    places = generator.permutation(np.arange(ROWS) % len(LEVELS))
    frame = pd.DataFrame(
        {
            "class": [LEVELS[place] for place in places],
            "id": 10**9 + generator.integers(0, 100, ROWS),
            "ID": generator.random(ROWS) < 0.5,
            "x.y": generator.normal(size=ROWS).round(3),
            "x_y": np.where(generator.random(ROWS) < 0.1, np.nan, generator.normal(size=ROWS).round(3)),
            "Größe (cm)": generator.normal(170, 10, ROWS).round(1),
            "mean radius": generator.integers(0, 5, ROWS),
            "self": generator.integers(1, 4, ROWS),
            "return": generator.integers(0, 10**6, ROWS),
            "a/b": generator.choice(["in\nOslo", "é", "Bergen"], ROWS),
        }
    )
    effects = [frame["id"] - 10**9, 3 * frame["ID"], frame["x.y"], -frame["x_y"].fillna(0), frame["Größe (cm)"]]
    frame["examples"] = (places + sum(effects) + generator.normal(0, 0.1, ROWS)).round(4)
    return frame


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("odd")
    made().to_csv(folder / "t.csv", index=False, na_rep="NA", lineterminator="\r\n")
    (folder / "p.yaml").write_text(yaml.safe_dump(CONFIG, sort_keys=False, allow_unicode=True))
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(folder / "p.yaml", folder / "R", done.out)


@pytest.fixture(scope="module")
def model(run):
    return pushed_model(run)


@pytest.fixture(scope="module")
def client(run, model):
    with serving(run) as (rest, grpc):
        yield Client(rest, grpc, model, "odd")


@pytest.fixture(scope="module")
def columns():
    """Rows with every level and without gaps, which not every client can send."""
    frame = made().dropna().drop_duplicates("class").astype({"ID": str})
    return {name: frame[name].tolist() for name in FEATURES}


@pytest.fixture(scope="module")
def expected(model, columns):
    return score(model, columns)["prediction"]


def close(received, wanted):
    return np.asarray(received, np.float64) == pytest.approx(wanted, rel=1e-5, abs=1e-4)


def test_every_text_is_a_level_with_its_own_coefficient(run):
    summary = run.show()["linear_fit"]
    found = [column for column in summary["columns"] if column["feature"] == "class" and column["level"]]
    names = [column["level"] for column in found]
    assert len(set(names)) == len(names)
    assert all(name.isprintable() for name in names)
    # Without their quotes, the names are Python's literals of the texts.
    texts = [ast.literal_eval(name) if name.startswith(("'", '"')) and len(name) > 1 else name for name in names]
    effects = {
        text: 0.0 if column["role"] == "reference" else column["coefficient"]
        for text, name, column in zip(texts, names, found, strict=True)
        if column["rows"]
    }
    expected = {text: place - LEVELS.index("cash") for place, text in enumerate(LEVELS)}
    assert effects == pytest.approx(expected, abs=0.15)
    assert [name for name, column in zip(names, found, strict=True) if not column["rows"]] == ["(other)", "(missing)"]


def test_the_model_knows_each_text_as_it_is(model):
    [term] = [term for term in model.design.terms if term.feature == "class"]
    assert {level.text for level in term.levels if not level.special} == set(LEVELS)


def test_the_columns_own_names_are_the_inputs_and_no_others(client, run):
    """Seen: a column to slice by was an input, and every run ended with an error."""
    signatures = client.get("/metadata")["metadata"]["signature_def"]["signature_def"]
    assert set(signatures["serving_default"]["inputs"]) == set(signatures["explain"]["inputs"]) == set(FEATURES)
    metrics = run.show()["verdict"]["metrics"]
    assert sum("a/b" in name for name in metrics) == 3
    assert sum("class" in name for name in metrics) > 15


def test_every_way_to_ask_gives_the_fits_own_answer(client, run, columns, expected, tmp_path):
    answers = client.every_way(columns)
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    answers["--json"] = by_json(run, rows)
    table = tmp_path / "rows.csv"
    pd.DataFrame(columns).to_csv(table, index=False, lineterminator="\r\n")
    answers["--file, CSV"] = by_file(run, table, tmp_path)
    pd.DataFrame(columns).to_parquet(tmp_path / "rows.parquet")
    answers["--file, Parquet"] = by_file(run, tmp_path / "rows.parquet", tmp_path)
    assert np.std(expected) > 5
    for way, answer in answers.items():
        assert close(answer, expected), way


def test_curl(client, columns, expected):
    for body, key in (
        (
            {"instances": [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]},
            "predictions",
        ),
        ({"inputs": columns}, "outputs"),
    ):
        command = ["curl", "-s", "-d", "@-", f"http://{client.rest}/v1/models/odd:predict"]
        done = subprocess.run(command, input=json.dumps(body), capture_output=True, text=True, check=True)
        assert close(json.loads(done.stdout)[key], expected)


def test_kserves_client(client, run, columns, expected, tmp_path):
    instances = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    request = tmp_path / "request.json"
    request.write_text(json.dumps({"inputs": columns, "instances": instances}))
    version = str(run.show()["pushed"]["version"])
    command = [
        sys.executable,
        "-m",
        "tests.e2e.clients",
        "kserve_v1",
        "odd",
        client.rest,
        client.grpc,
        version,
        str(request),
    ]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    assert close(json.loads(done.stdout.splitlines()[-1]), expected)


def test_explain_names_contributions_by_the_columns_names(client, model, columns):
    body = {"signature_name": "explain", "inputs": columns}
    outputs = client.post("predict", body)["outputs"]
    answer = score(model, columns)
    assert set(outputs) == set(answer) > {f"contribution_{name}" for name in FEATURES}
    for name, wanted in answer.items():
        assert close(outputs[name], wanted), name


def test_regress_over_rest(client, columns, expected):
    """`5` and `5.0` alike, as JavaScript writes them."""
    rows = [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]
    for number in (float, lambda value: int(value) if value == int(value) else value):
        typed = [
            {name: value if isinstance(value, str) else number(value) for name, value in row.items()} for row in rows
        ]
        answer = client.post("regress", {"signature_name": "regress", "examples": typed})
        assert close(answer["results"], expected)


def test_the_saved_model_read_back_from_python(run, model, columns, expected):
    """By the names in model.json's `inputs`, which are arguments of Python functions."""
    import tensorflow as tf

    loaded = tf.saved_model.load(run.show()["pushed"]["path"])
    types = {"bytes": tf.string, "int64": tf.float64, "float": tf.float32}
    tensors = {
        argument: tf.constant(columns[name], types[model.raw_columns[name].type])
        for name, argument in model.inputs.items()
    }
    assert len(tensors) == len(FEATURES)
    answer = loaded.signatures["serving_default"](**tensors)
    assert close(answer["prediction"].numpy(), expected)


def test_the_file_of_the_signature_has_the_columns_names(run):
    from tensorflow.core.protobuf import saved_model_pb2

    content = (Path(run.show()["pushed"]["path"]) / "saved_model.pb").read_bytes()
    [graph] = saved_model_pb2.SavedModel.FromString(content).meta_graphs
    assert set(graph.signature_def["serving_default"].inputs) == set(FEATURES)


def test_a_level_stays_on_one_line_for_eyes(run):
    shown = plumbline("show", run.config, "--root", run.root, "--all").out
    assert all(line.isprintable() for line in shown.split("\n"))
    for text in (r"'a\nb'", r"'\x00'", r"'a\u2028b'", "'cash '", r"'cafe\u0301'", "'(other)'", "''"):
        assert sum(f"class[{text}]" in line or f" {text} " in line for line in shown.split("\n")) >= 1, text


def test_a_name_that_no_client_can_send_is_refused_by_the_configuration(tmp_path):
    for odd in ("", "a\0b"):
        config = {**CONFIG, "features": {odd: {"kind": "numeric"}}}
        path = tmp_path / "p.yaml"
        path.write_text(yaml.safe_dump(config, sort_keys=False))
        done = plumbline("run", path, "--root", tmp_path / "R")
        assert done.code == 2, done.err
        assert "features" in done.err
