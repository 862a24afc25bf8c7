"""`plumbline serve` on the taxi model, asked by the clients of TF Serving: all answers are the fit's own arithmetic."""

from __future__ import annotations

import base64
import json
import math
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from components.linear_model.portable import UNBOUNDED, PortableModel
from components.linear_model.scoring import score
from tests.conftest import REPOSITORY, plumbline
from tests.e2e.asking import serving
from tests.e2e.oracles import examples

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

NAME = "taxi-fare"


@pytest.fixture(scope="module")
def pushed(taxi_run):
    return taxi_run.show()["pushed"]


@pytest.fixture(scope="module")
def server(taxi_run):
    with serving(taxi_run) as addresses:
        yield addresses


@pytest.fixture(scope="module")
def model(pushed):
    return PortableModel.from_text((Path(pushed["path"]) / "model.json").read_text())


@pytest.fixture(scope="module")
def rows(taxi_run, model):
    """Twenty held-out rows, raw, None where missing; and as tf.Examples."""
    from components.serving_check.requests import rows_of

    found = examples(taxi_run.root, NAME, "eval")[:20]
    serialized = [row.SerializeToString() for row in found]
    return rows_of(serialized, model.inputs), serialized


@pytest.fixture(scope="module")
def request_of(rows, model):
    """The rows as `inputs` and as `instances`."""
    texts = {entry["name"] for entry in model.features if entry["kind"] == "categorical"}
    inputs = {
        name: [value if value is not None else "" if name in texts else math.nan for value in values]
        for name, values in rows[0].items()
    }
    instances = [dict(zip(inputs, row, strict=True)) for row in zip(*inputs.values(), strict=True)]
    return {"inputs": inputs, "instances": instances}


@pytest.fixture(scope="module")
def expected(model, rows):
    return score(model, rows[0])


def close(received, wanted):
    return np.asarray(received, np.float64) == pytest.approx(wanted, rel=1e-5, abs=1e-4)


def curl(server, path, body=None):
    command = ["curl", "-s", "-w", "\n%{http_code}", f"http://{server[0]}/v1/models/{path}"]
    done = subprocess.run(
        command + (["-d", "@-"] if body is not None else []),
        input=None if body is None else json.dumps(body),
        capture_output=True,
        text=True,
        check=True,
    )
    text, _, status = done.stdout.rpartition("\n")
    return int(status), json.loads(text)


@pytest.mark.parametrize("client", ["ovms_grpc", "ovms_http", "kserve_v1", "tfx_client"])
def test_clients_made_by_others(server, pushed, request_of, expected, tmp_path, client):
    request = tmp_path / "request.json"
    whole = [not any(pd.isna(list(row.values()))) for row in request_of["instances"]]
    kept = (
        range(20) if client != "kserve_v1" else np.flatnonzero(whole)
    )  # it writes NaN as null, which TF Serving refuses
    inputs = {name: [values[index] for index in kept] for name, values in request_of["inputs"].items()}
    request.write_text(json.dumps({"inputs": inputs, "instances": [request_of["instances"][index] for index in kept]}))
    command = [sys.executable, "-m", "tests.e2e.clients", client, NAME, *server, str(pushed["version"]), str(request)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=REPOSITORY)
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout.splitlines()[-1])
    if client != "tfx_client":
        assert close(answer, expected["prediction"][list(kept)])


def test_curl_every_rest_form(server, pushed, request_of, rows, expected):
    version = pushed["version"]
    for path in (NAME, f"{NAME}/versions/{version}"):
        status, answer = curl(server, path)
        [found] = answer["model_version_status"]
        assert (status, found["version"], found["state"]) == (200, str(version), "AVAILABLE")
        status, answer = curl(server, f"{path}:predict", {"instances": request_of["instances"]})
        assert (status, close(answer["predictions"], expected["prediction"])) == (200, True)
        status, answer = curl(server, f"{path}:predict", {"inputs": request_of["inputs"]})
        assert (status, close(answer["outputs"], expected["prediction"])) == (200, True)
    status, answer = curl(server, f"{NAME}/metadata")
    signatures = answer["metadata"]["signature_def"]["signature_def"]
    assert {"serving_default", "explain", "examples", "regress", "transform_features"} <= set(signatures)
    assert signatures["regress"]["method_name"] == "tensorflow/serving/regress"

    status, answer = curl(
        server, f"{NAME}:predict", {"signature_name": "explain", "instances": request_of["instances"]}
    )
    assert status == 200
    for name, wanted in expected.items():
        assert close([row[name] for row in answer["predictions"]], wanted), name
    encoded = [{"b64": base64.b64encode(example).decode()} for example in rows[1]]
    status, answer = curl(server, f"{NAME}:predict", {"signature_name": "examples", "instances": encoded})
    assert (status, close(answer["predictions"], expected["prediction"])) == (200, True)
    present = [{k: v for k, v in row.items() if v != "" and not pd.isna(v)} for row in request_of["instances"]]
    floats = [{k: v if isinstance(v, str) else [float(v)] for k, v in row.items()} for row in present]
    status, answer = curl(server, f"{NAME}:regress", {"signature_name": "regress", "examples": floats})
    assert (status, close(answer["results"], expected["prediction"])) == (200, True)
    status, answer = curl(server, f"{NAME}:classify", {"signature_name": "regress", "examples": floats})
    assert (status, set(answer)) == (400, {"error"})


def test_every_grpc_method(server, pushed, request_of, rows, expected):
    import grpc
    import tensorflow as tf
    from google.protobuf import text_format
    from tensorflow_serving.apis import (
        classification_pb2,
        get_model_metadata_pb2,
        get_model_status_pb2,
        model_management_pb2,
        model_service_pb2_grpc,
        predict_pb2,
        prediction_service_pb2_grpc,
        regression_pb2,
    )

    channel = grpc.insecure_channel(server[1])
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)
    models = model_service_pb2_grpc.ModelServiceStub(channel)
    request = predict_pb2.PredictRequest()
    request.model_spec.name, request.model_spec.signature_name = NAME, "explain"
    for name, values in request_of["inputs"].items():
        kind = tf.string if isinstance(values[0], str) else tf.float32
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values, kind))
    answer = stub.Predict(request, timeout=30)
    assert answer.model_spec.version.value == pushed["version"]
    for name, wanted in expected.items():
        assert close(list(answer.outputs[name].float_val), wanted), name

    regress = regression_pb2.RegressionRequest()
    regress.model_spec.name, regress.model_spec.signature_name = NAME, "regress"
    regress.input.example_list.examples.extend(map(tf.train.Example.FromString, rows[1]))
    assert close(
        [found.value for found in stub.Regress(regress, timeout=30).result.regressions], expected["prediction"]
    )

    classify = classification_pb2.ClassificationRequest(model_spec=regress.model_spec, input=regress.input)
    with pytest.raises(grpc.RpcError) as caught:
        stub.Classify(classify, timeout=30)
    assert caught.value.code() == grpc.StatusCode.INVALID_ARGUMENT

    metadata = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    metadata.model_spec.name = NAME
    assert "signature_def" in stub.GetModelMetadata(metadata, timeout=30).metadata
    status = get_model_status_pb2.GetModelStatusRequest()
    status.model_spec.name = NAME
    assert models.GetModelStatus(status, timeout=30).model_version_status[0].version == pushed["version"]

    # The text beside the versions, with this machine's path in the place of the container's.
    reload = model_management_pb2.ReloadConfigRequest()
    text = (Path(pushed["path"]).parent / "models.config").read_text()
    text_format.Parse(text.replace(f"/models/{NAME}", str(Path(pushed["path"]).parent)), reload.config)
    assert models.HandleReloadConfigRequest(reload, timeout=60).status.error_code == 0


def test_the_page_health_and_metrics(server):
    def get(path):
        return subprocess.run(
            ["curl", "-s", f"http://{server[0]}{path}"], capture_output=True, text=True, check=True
        ).stdout

    assert NAME in get("/")
    assert get("/healthz")
    assert "_total" in get("/metrics")


def test_predict_gives_the_same_in_json_and_over_a_table(taxi_run, rows, request_of, expected, tmp_path):
    wanted = ["--intervals", "--contributions"]
    instances = [
        {name: None if value == "" or pd.isna(value) else value for name, value in row.items()}
        for row in request_of["instances"]
    ]
    where = (taxi_run.config, "--root", taxi_run.root)
    done = plumbline("predict", *where, "--json", json.dumps(instances), *wanted)
    answered = json.loads(done.out)["predictions"]
    table = tmp_path / "rows.csv"
    pd.DataFrame({**rows[0], "trip": range(20)}).to_csv(table, index=False)
    for suffix in ("csv", "parquet"):
        out = tmp_path / f"out.{suffix}"
        done = plumbline("predict", *where, "--file", table, "--output", out, *wanted)
        assert (done.code, done.err) == (0, "")
        found = pd.read_csv(out) if suffix == "csv" else pq.read_table(out).to_pandas()
        assert found["trip"].astype(int).tolist() == list(range(20))
        for name, values in expected.items():
            bounded = np.where(np.abs(values) < UNBOUNDED, values, np.nan)
            assert found[name].to_numpy() == pytest.approx(bounded, rel=1e-5, abs=1e-4, nan_ok=True), name
            one_by_one = [np.nan if row[name] is None else row[name] for row in answered]
            assert one_by_one == pytest.approx(bounded, rel=1e-5, abs=1e-4, nan_ok=True), name
    narrow = json.loads(plumbline("predict", *where, "--json", json.dumps(instances), "--level", "0.5").out)
    assert all(
        n["high"] - n["low"] < w["high"] - w["low"] for n, w in zip(narrow["predictions"], answered, strict=True)
    )


@pytest.mark.parametrize(
    ("content", "code", "message"),
    [
        ("trip_miles\n1\n", 3, "feature 'trip_seconds' is not among its columns: trip_miles."),
        ("{header}\n{row}\n{bad}\n", 3, "line 3, column 'trip_miles': expected a number; received 'far'."),
        ("{header}\n{row},9\n", 3, "line 2, expected 10 fields; received 11"),
        ("{header}\n", 3, "the table has a header and no rows."),
        ("{header},prediction\n{row},1\n", 2, "column 'prediction' is called like an answer. Rename it, or"),
    ],
)
def test_a_table_that_cant_be_scored_leaves_nothing(taxi_run, model, tmp_path, content, code, message):
    names = [entry["name"] for entry in model.features]
    row = ",".join("1" for _ in names)
    text = content.replace("{header}", ",".join(names)).replace("{row}", row).replace("{bad}", f"far{row[1:]}")
    (tmp_path / "t.csv").write_text(text)
    where = (taxi_run.config, "--root", taxi_run.root)
    done = plumbline("predict", *where, "--file", tmp_path / "t.csv", "--output", tmp_path / "out.csv")
    assert done.code == code, done.err
    assert message in done.err
    assert [path.name for path in tmp_path.iterdir()] == ["t.csv"]


def test_the_documents_examples_run(seed_run):
    """docs/serving.md's curl lines and Python, against a server of the seed's model."""
    text = (REPOSITORY / "docs" / "serving.md").read_text()
    with serving(seed_run) as (rest, grpc):
        for line in re.search(r"```sh\n(curl .*?)```", text, re.DOTALL)[1].strip().splitlines():
            command = shlex.split(line.replace("127.0.0.1:8501", rest))
            done = subprocess.run([*command, "--silent", "--fail"], capture_output=True, text=True, check=True)
            assert "error" not in json.loads(done.stdout), line
        [code] = (code for code in re.findall(r"```python\n(.*?)```", text, re.DOTALL) if "import grpc" in code)
        command = [sys.executable, "-c", code.replace("127.0.0.1:8500", grpc)]
        done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "'contribution_x': array([" in done.stdout
