"""Whole numbers that 32-bit floats do not hold, through whole runs from CSV and Parquet: the fit is statsmodels', in 64 bits."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
import yaml

from tests.conftest import WholeRun, plumbline
from tests.e2e.asking import Client, by_file, by_json, pushed_model, serving

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 3000
FEATURES = {
    "counter": {"kind": "integer"},  # 1e9 + i
    "seconds": {"kind": "integer"},  # since 1970
    "id": {"kind": "integer", "wide": True},  # up to 2^62
    "x": {"kind": "numeric"},
}
CONFIG = {"label": "y", "weight": "w", "features": FEATURES, "model": {"l2": 0}}


def made(seed: int = 5) -> pd.DataFrame:
    """Features, label and weights; rounding any of them to 32 bits would show."""
    generator = np.random.default_rng(seed)
    frame = pd.DataFrame(
        {
            "counter": 10**9 + generator.permutation(ROWS),
            "seconds": 1_764_000_000 + generator.integers(0, 600, ROWS),
            "id": 2**62 - generator.integers(0, 1000, ROWS),
            "x": generator.integers(-1000, 1000, ROWS) / 8,
            "w": 2**24 + generator.integers(1, 2**25, ROWS),
        }
    )
    small = centred(frame)
    noise = generator.normal(0, 1000, ROWS)
    frame["y"] = 10**9 + np.rint(small @ [3.0, -7.0, 5.0, 11.0] + noise).astype(np.int64)
    return frame


def centred(frame: pd.DataFrame) -> np.ndarray:
    """The features less their least value, taken away as integers."""
    return np.column_stack([(frame[name] - frame[name].min()).to_numpy(float) for name in FEATURES])


@pytest.fixture(scope="module", params=["csv", "parquet"])
def run(request, tmp_path_factory):
    folder = tmp_path_factory.mktemp(f"digits-{request.param}")
    frame = made()
    frame.to_csv(folder / "t.csv", index=False)
    frame.to_parquet(folder / "t.parquet")
    config = {"name": "digits", "data": {"path": f"t.{request.param}", "split": {"train": 1}}, **CONFIG}
    (folder / "p.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    assert done.code == 0, done.out + done.err
    return WholeRun(folder / "p.yaml", folder / "R", done.out)


@pytest.fixture(scope="module")
def oracle():
    frame = made()
    return sm.WLS(frame["y"] - 10**9, sm.add_constant(centred(frame)), weights=frame["w"]).fit(method="qr")


def test_coefficients_and_standard_errors_are_statsmodels(run, oracle):
    fitted = {column["feature"]: column for column in run.show()["linear_fit"]["columns"]}
    for index, name in enumerate(FEATURES, start=1):
        assert fitted[name]["coefficient"] == pytest.approx(oracle.params.iloc[index], rel=1e-8), name
        assert fitted[name]["standard_error"] == pytest.approx(oracle.bse.iloc[index], rel=1e-8), name


def test_a_row_is_answered_with_all_its_digits(run, oracle, tmp_path):
    """Predictions are 32-bit floats: 64 apart near 1e9, where a label's standard deviation is 3,000."""
    frame = made()
    asked = frame.head(20)
    expected = 10**9 + oracle.fittedvalues.head(20).to_numpy()
    columns = {name: asked[name].tolist() for name in FEATURES}
    rows = asked[list(FEATURES)].to_dict("records")
    answers = {
        "--file": by_file(run, run.config.parent / "t.csv", tmp_path)[:20],
        "--json": by_json(run, rows),
        "--json, texts": by_json(run, [{**row, "id": str(row["id"])} for row in rows]),
    }
    with serving(run) as (rest, grpc):
        client = Client(rest, grpc, pushed_model(run), "digits")
        texts = columns | {"id": list(map(str, columns["id"]))}
        answers |= client.every_way(texts)
        answers["5.0 for 5"] = client.by_rows(texts | {"counter": list(map(float, columns["counter"]))})
        answers["5 for 5.0"] = (
            client.by_rows(texts | {"x": list(map(round, columns["x"]))})
            + fitted_slope(run, "x") * (asked["x"] - asked["x"].round()).to_numpy()
        )
        dtypes = {
            name: info["dtype"] for name, info in client.get("/metadata")["metadata"]["signature_def"]["signature_def"]
            ["serving_default"]["inputs"].items()
        }  # fmt: skip
    assert dtypes == {"counter": "DT_DOUBLE", "seconds": "DT_DOUBLE", "id": "DT_STRING", "x": "DT_FLOAT"}
    for way, answer in answers.items():
        assert answer == pytest.approx(expected, abs=64), way


def fitted_slope(run: WholeRun, name: str) -> float:
    """A feature's coefficient."""
    return next(column["coefficient"] for column in run.show()["linear_fit"]["columns"] if column["feature"] == name)


def test_what_is_no_whole_number_is_refused_by_name(run):
    row = {"counter": 1.5, "seconds": 1, "id": 1, "x": 0}
    done = plumbline("predict", run.config, "--root", run.root, "--json", json.dumps(row))
    assert (done.code, done.out) == (2, "")
    assert "'counter'" in done.err
    assert "1.5" in done.err


def test_as_a_32_bit_float_such_a_column_is_refused_before_transform(run, tmp_path):
    """Seen: 1e8 + i was fitted, with a standard error of 4.8 where the noise was 1."""
    config = yaml.safe_load(run.config.read_text())
    config["data"]["path"] = str(run.config.parent / "t.csv")
    config["features"]["counter"] = {"kind": "numeric"}
    (tmp_path / "p.yaml").write_text(yaml.safe_dump(config))
    done = plumbline("run", tmp_path / "p.yaml", "--root", tmp_path / "R")
    assert done.code == 3
    assert "column 'counter': 32-bit floats" in done.err
    assert "kind integer" in done.err
    assert not (tmp_path / "R/pipelines/digits/Transform").exists()
