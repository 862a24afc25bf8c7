"""`predict` on models of classes and of counts: rows and tables, model.json against the SavedModel."""

from __future__ import annotations

import csv
import dataclasses
import json
import shutil

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import yaml

from components.errors import ConfigError
from components.linear_model.portable import MODEL_FILE
from components.linear_model.scoring import score
from components.publishing.manifest import read_manifest, write_manifest
from tests.components.exported import tips, visits
from tests.conftest import plumbline

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

TIPS_CONFIG = {
    "name": "tips",
    "data": {"path": "t.csv"},
    "label": "y",
    "features": {"miles": {"kind": "numeric", "min": 0}, "city": {"kind": "categorical", "vocabulary": 3}},
    "model": {"family": "binomial"},
}
VISITS_CONFIG = {
    "name": "visits",
    "data": {"path": "t.csv"},
    "label": "y",
    "features": {"age": "numeric", "insured": "boolean"},
    "exposure": "years",
    "model": {"family": "poisson"},
}


@pytest.fixture
def configured(tmp_path, tips_version, visits_version):
    """Writes a configuration, and copies the version below a root; the arguments of a command for both."""

    def make(which):
        config, version = (TIPS_CONFIG, tips_version) if which == "tips" else (VISITS_CONFIG, visits_version)
        (tmp_path / "pipeline.yaml").write_text(yaml.safe_dump(config))
        shutil.copytree(version.serving, tmp_path / "root" / "serving" / which)
        return (tmp_path / "pipeline.yaml", "--root", tmp_path / "root"), version.model

    return make


@pytest.fixture
def pushed(configured):
    """A version as `predict` has it."""
    from pipeline.config.file import load_config
    from pipeline.scoring.pushed_model import PushedModel

    def make(which):
        (config, _, root), model = configured(which)
        return PushedModel(load_config(config), root), model

    return make


def in_rows(columns):
    return [dict(zip(columns, row, strict=True)) for row in zip(*columns.values(), strict=True)]


def test_rows_of_classes(configured):
    where, model = configured("tips")
    columns, _ = tips(5, seed=30)
    expected = score(model, columns)
    done = plumbline("predict", *where, "--json", json.dumps(in_rows(columns)), "--check")
    assert (done.code, done.err) == (0, "")
    answer = json.loads(done.out)
    assert answer["checked"] == "SavedModel"
    assert [set(row) for row in answer["predictions"]] == [{"probability", "class"}] * 5
    assert [row["probability"] for row in answer["predictions"]] == pytest.approx(expected["probability"], rel=1e-6)
    assert [row["class"] for row in answer["predictions"]] == expected["class"].tolist()


def test_intervals_and_contributions_at_another_level(pushed):
    from pipeline.scoring.pushed_model import Wanted
    from pipeline.scoring.rows import predict_rows

    version, model = pushed("tips")
    columns = {"miles": [3.5, 2.0], "city": ["a", "never seen"]}
    wanted = Wanted(intervals=True, contributions=True, level=0.5)
    first, second = predict_rows(version, columns, wanted, check=True)["predictions"]
    expected = score(model, columns, level=0.5)
    assert list(first) == [
        "probability", "class", "standard_error", "low", "high", "linear_predictor", "baseline", "contribution_miles",
        "contribution_city",
    ]  # fmt: skip
    for name in ("probability", "standard_error", "low", "high", "linear_predictor"):
        assert first[name] == pytest.approx(expected[name][0], rel=2e-6), name
    parts = first["baseline"] + first["contribution_miles"] + first["contribution_city"]
    assert parts == pytest.approx(first["linear_predictor"], abs=1e-6)
    assert (second["standard_error"], second["low"], second["high"]) == (None, None, None)  # no finite interval


def test_a_savedmodel_of_another_threshold_is_found_by_check(configured):
    """The classes alone differ; every number is the same."""
    where, model = configured("tips")
    columns, _ = tips(40, seed=31)
    assert plumbline("predict", *where, "--json", json.dumps(in_rows(columns)), "--check").code == 0
    folder = where[2] / "serving" / "tips" / "1"
    (folder / MODEL_FILE).write_text(dataclasses.replace(model, threshold=0.4).to_text())
    write_manifest(folder, read_manifest(folder).facts)
    done = plumbline("predict", *where, "--json", json.dumps(in_rows(columns)), "--check")
    assert done.code == 3
    assert "class: model.json gives none, the SavedModel tipped" in done.err


def test_rows_of_counts_with_their_exposure(pushed):
    from pipeline.scoring.pushed_model import Wanted
    from pipeline.scoring.rows import parse_rows, predict_rows

    version, model = pushed("visits")
    columns, _ = visits(6, seed=30)
    found = predict_rows(version, columns, Wanted(), check=True)["predictions"]
    assert found == pytest.approx(score(model, columns)["prediction"], rel=1e-6)
    doubled = {**columns, "years": [2 * years for years in columns["years"]]}
    assert predict_rows(version, doubled, Wanted())["predictions"] == pytest.approx(2 * np.array(found), rel=1e-6)
    for years in (None, 0, -1):
        with pytest.raises(ConfigError, match=r"--json: row 1, .*'years'.*above 0"):
            rows = parse_rows(json.dumps({"age": 30, "insured": True, "years": years}), version.spec)
            predict_rows(version, rows, Wanted())
    with pytest.raises(ConfigError, match="feature 'years' is missing"):
        parse_rows('{"age": 30, "insured": true}', version.spec)


@pytest.mark.parametrize("suffix", ["csv", "parquet"])
def test_a_table_of_classes(configured, tmp_path, suffix):
    where, model = configured("tips")
    columns, _ = tips(200, seed=32)
    pq.write_table(pa.table({**columns, "note": [f"n{row}" for row in range(200)]}), tmp_path / "rows.parquet")
    out = tmp_path / f"out.{suffix}"
    done = plumbline("predict", *where, "--file", tmp_path / "rows.parquet", "--output", out, "--intervals")
    assert (done.code, done.err) == (0, "")
    if suffix == "csv":
        with out.open(newline="") as file:
            found = {name: list(values) for name, *values in zip(*csv.reader(file), strict=True)}
    else:
        found = pq.read_table(out).to_pydict()
    assert list(found) == ["miles", "city", "note", "probability", "class", "standard_error", "low", "high"]
    expected = score(model, columns)
    assert found["class"] == expected["class"].tolist()
    for name in ("probability", "standard_error", "low", "high"):
        assert np.array(found[name], float) == pytest.approx(expected[name], rel=2e-6), name


@pytest.mark.parametrize(("field", "received"), [("NA", "none"), ("0", "0"), ("-1", "-1")])
def test_a_table_with_a_row_without_its_exposure_is_refused_by_its_line(configured, tmp_path, field, received):
    where, _ = configured("visits")
    (tmp_path / "rows.csv").write_text(f"age,insured,years\n30,true,1.5\n40,false,{field}\n")
    done = plumbline("predict", *where, "--file", tmp_path / "rows.csv", "--output", tmp_path / "out.csv")
    assert (done.code, done.out) == (3, "")
    assert "line 3, column 'years': expected" in done.err
    assert f"received {received}" in done.err.replace("'", "")
    assert not (tmp_path / "out.csv").exists()
