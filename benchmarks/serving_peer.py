"""Peers of the model server: makes their models, and serves one by ONNX Runtime. It runs in the peers' own Python, by its path:

PYTHON serving_peer.py make FOLDER NUMBERS TEXTS     NUMBERS and TEXTS are names with commas between
PYTHON serving_peer.py onnx FOLDER PORT WORKERS

`make` fits scikit-learn's LinearRegression, behind a one-hot encoding of the texts (of ten levels each), and writes it for MLflow
(`mlflow`), for MLServer (`mlserver`) and as ONNX (`model.onnx`). `onnx` serves the last by aiohttp and orjson, in as many
processes, on the paths and with the bodies of TF Serving's REST API.
"""

from __future__ import annotations

import json
import multiprocessing
import sys
from pathlib import Path
from typing import Any

LEVELS, ROWS = 10, 1000


def make(folder: Path, numbers: list[str], texts: list[str]) -> None:
    """Writes the models."""
    import joblib
    import mlflow.sklearn
    import numpy as np
    import pandas as pd
    from skl2onnx import to_onnx
    from skl2onnx.common.data_types import FloatTensorType, StringTensorType
    from sklearn.compose import ColumnTransformer
    from sklearn.linear_model import LinearRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import OneHotEncoder, StandardScaler

    random = np.random.default_rng(0)
    table = pd.DataFrame(
        {name: random.uniform(0, 10, ROWS).astype(np.float32) for name in numbers}
        | {name: [f"level {level}" for level in random.integers(0, LEVELS, ROWS)] for name in texts}
    )
    prepare = ColumnTransformer(
        [("numbers", StandardScaler(), numbers), ("texts", OneHotEncoder(handle_unknown="ignore"), texts)]
    )
    model = make_pipeline(prepare, LinearRegression()).fit(table, table[numbers].sum(axis=1))
    mlflow.sklearn.save_model(model, str(folder / "mlflow"), serialization_format="cloudpickle")
    columns = [(name, FloatTensorType([None, 1])) for name in numbers]
    columns += [(name, StringTensorType([None, 1])) for name in texts]
    (folder / "model.onnx").write_bytes(to_onnx(model, initial_types=columns).SerializeToString())
    for_mlserver = folder / "mlserver"
    for_mlserver.mkdir()
    joblib.dump(model, for_mlserver / "model.joblib")
    setting = {
        "name": "bench",
        "implementation": "mlserver_sklearn.SKLearnModel",
        "parameters": {"uri": "./model.joblib", "content_type": "pd"},
    }
    (for_mlserver / "model-settings.json").write_text(json.dumps(setting))


def serve_onnx(folder: Path, port: int, workers: int) -> None:
    """Serves the ONNX model in so many processes."""
    others = [multiprocessing.Process(target=_serve_onnx, args=(folder, port), daemon=True) for _ in range(workers - 1)]
    for each in others:
        each.start()
    _serve_onnx(folder, port)


def _serve_onnx(folder: Path, port: int) -> None:
    import numpy as np
    import onnxruntime
    import orjson
    from aiohttp import web

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(folder / "model.onnx", options, providers=["CPUExecutionProvider"])
    dtypes = {each.name: object if "string" in each.type else np.float32 for each in session.get_inputs()}

    async def predict(request: web.Request) -> web.Response:
        body: dict[str, Any] = orjson.loads(await request.read())
        by_row = "instances" in body
        rows = body["instances"] if by_row else []
        columns = {name: [row[name] for row in rows] for name in dtypes} if by_row else body["inputs"]
        arrays = {name: np.array(columns[name], dtype).reshape(-1, 1) for name, dtype in dtypes.items()}
        [answer] = session.run(None, arrays)
        said = orjson.dumps({"predictions" if by_row else "outputs": answer[:, 0]}, option=orjson.OPT_SERIALIZE_NUMPY)
        return web.Response(body=said, content_type="application/json")

    async def ready(request: web.Request) -> web.Response:
        del request
        return web.Response()

    app = web.Application(client_max_size=1 << 30)
    app.add_routes([web.get("/ready", ready), web.post("/v1/models/bench:predict", predict)])
    web.run_app(app, host="127.0.0.1", port=port, reuse_port=True, print=None, access_log=None)


if __name__ == "__main__":
    what, where = sys.argv[1], Path(sys.argv[2])
    if what == "make":
        make(where, sys.argv[3].split(","), [text for text in sys.argv[4].split(",") if text])
    else:
        serve_onnx(where, int(sys.argv[3]), int(sys.argv[4]))
