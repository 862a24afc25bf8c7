"""Gather's executor after ingest's: what a fit learns of a label that is one of two texts or truth values."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from components.preprocessing.features import features_to_json
from components.preprocessing.kinds.numeric import Numeric
from tests.components.ingested import ingest, stored
from tests.components.transform import analyse

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 400
X = np.random.default_rng(3).normal(size=ROWS).astype(np.float32)
POSITIVE = np.random.default_rng(4).random(ROWS) < 1 / (1 + np.exp(-X))


@pytest.fixture(scope="module")
def transform(tmp_path_factory):
    """The folder of the transform graph."""
    folder = tmp_path_factory.mktemp("transform")
    analyse([{"x": [float(x)], "y": [0.0]} for x in X], {"x": Numeric()}, "y", folder)
    return folder / "output"


@pytest.mark.parametrize(
    ("suffix", "values", "classes"),
    [("csv", ("lost", "won"), ["lost", "won"]), ("parquet", (False, True), ["false", "true"]), ("csv", (0, 1), None)],
)
def test_a_label_of_two_values_reaches_the_fit_as_0_and_1_with_their_names(
    tmp_path, transform, suffix, values, classes
):
    from tfx.dsl.components.base.base_beam_executor import BaseBeamExecutor
    from tfx.types import artifact_utils, standard_artifacts

    from components.artifact_types import GatheredRows as GatheredArtifact
    from components.gather.executor import Executor
    from components.linear_model.gathered import GatheredRows
    from pipeline.beam.in_process import local_args

    table = pd.DataFrame({"x": X, "y": [values[int(positive)] for positive in POSITIVE]})
    table.to_csv(tmp_path / "t.csv", index=False) if suffix == "csv" else table.to_parquet(tmp_path / "t.parquet")
    spec = {"numbers": ["x"], "texts": ["y"], "positive": classes[1]} if classes else {}
    ingest(tmp_path, f"t.{suffix}", tmp_path / "examples", family="binomial", **spec)
    examples, graph, gathered = standard_artifacts.Examples(), standard_artifacts.TransformGraph(), GatheredArtifact()
    examples.uri, graph.uri, gathered.uri = (str(path) for path in (tmp_path / "examples", transform, tmp_path / "out"))
    examples.split_names = artifact_utils.encode_split_names(["train", "eval"])
    settings = {
        "features": features_to_json({"x": Numeric()}),
        "label": "y",
        "weight": None,
        "added": ["plumbline_row"],
    }
    context = BaseBeamExecutor.Context(list(local_args(0)), "", tmp_dir=str(tmp_path / "tmp"), unique_id="2")
    Executor(context).Do(
        {"examples": [examples], "transform_graph": [graph]},
        {"gathered": [gathered]},
        {"settings": json.dumps({**settings, "family": "binomial"})},
    )
    found = GatheredRows.load(str(tmp_path / "out"))
    assert found.classes == (classes or ["0", "1"])
    columns, _ = stored(tmp_path / "examples")
    assert sorted(zip(columns["x"], columns["y"], strict=True)) == sorted(
        zip(X.tolist(), POSITIVE.tolist(), strict=True)
    )
    total = found.parts[0]
    for part in found.parts[1:]:
        total.merge(part)
    square = total.square()
    train, _ = stored(tmp_path / "examples", "train")
    matrix = np.column_stack([np.ones(len(train["x"])), train["x"], train["y"]])
    assert square.T @ square == pytest.approx(matrix.T @ matrix, rel=1e-12)
