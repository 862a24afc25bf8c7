"""What is gathered once is solved again: which steps a change of the model's settings runs."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from components.linear_model.linear_fit import LinearFit
from components.table.row_identity import folds
from tests.conftest import plumbline
from tests.e2e.gathered import gathered
from tests.e2e.oracles import examples, values

pytestmark = [pytest.mark.e2e, pytest.mark.usefixtures("tfx_loaded")]

ROWS = 400
CONFIG = """
name: refit
data: {path: t.csv}
label: y
features:
  a: numeric
  b: {kind: numeric, impute: median}
  city: {kind: categorical, vocabulary: 2}
model: {solver: exact, l2: auto}
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    generator = np.random.default_rng(8)
    a, b = generator.normal(2000, 3, ROWS), generator.normal(size=ROWS)
    city = generator.choice(["x", "y", "z"], ROWS)
    y = 0.5 * a - b + (city == "x") + generator.normal(size=ROWS)
    path = tmp_path_factory.mktemp("refit")
    rows = zip(a.round(3), np.where(b > 1.5, "", b.round(4).astype(str)), city, y.round(4), strict=True)
    (path / "t.csv").write_text("a,b,city,y\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n")
    (path / "p.yaml").write_text(CONFIG)
    ran = run(path)
    assert {"Transform", "Gather", "Fit"} <= set(ran)
    return path


def run(folder: Path) -> list[str]:
    """Runs the pipeline. Returns the steps that were not cached."""
    done = plumbline("run", folder / "p.yaml", "--root", folder / "R")
    assert done.code in (0, 4), done.err
    return [step["step"] for step in shown(folder)["steps"] if not step["cached"] and step["step"] != "Baseline"]


def shown(folder: Path) -> Any:
    return json.loads(plumbline("show", folder / "p.yaml", "--root", folder / "R", "--json").out)


def newest_fit(folder: Path) -> LinearFit:
    return LinearFit.load(str(max((folder / "R/pipelines/refit/Fit/fit").iterdir(), key=lambda path: int(path.name))))


def test_other_folds_are_drawn_from_the_gathered_rows(folder: Path) -> None:
    from sklearn.linear_model import Ridge

    (folder / "p.yaml").write_text(CONFIG.replace("l2: auto", "l2: auto, folds: 7"))
    assert run(folder)[:2] == ["Fit", "Trainer"]
    fitted = newest_fit(folder)
    rows = gathered(folder / "R", "refit", fitted.design)
    drawn = folds(rows["row"], 7)
    assert fitted.fold_rows == np.bincount(drawn).tolist()
    kept = [i - 1 for i, value in enumerate(np.diag(fitted.fit.covariance)) if not np.isnan(value)][1:]
    dense, label = fitted.design.dense(rows)[:, kept], rows["label"]
    for point in fitted.fit.ridge_path[1::16]:
        total = 0.0
        for k in range(7):
            model = Ridge(alpha=point["l2"], solver="svd").fit(dense[drawn != k], label[drawn != k])
            total += np.sum((label[drawn == k] - model.predict(dense[drawn == k])) ** 2)
        assert point["cv_error"] == pytest.approx(total / len(label), rel=1e-8)


def test_transformed_examples_are_written_on_request(folder: Path) -> None:
    assert not (folder / "R/pipelines/refit/Transform/transformed_examples").exists()
    (folder / "p.yaml").write_text(f"{CONFIG}materialize: true\n")
    before = newest_fit(folder)
    assert "Transform" in run(folder)
    rows = {step["step"]: step["rows"] for step in shown(folder)["steps"]}
    assert rows["Transform"] == rows["ExampleGen"]
    written = examples(folder / "R", "refit", "train", "Transform", "transformed_examples")
    columns = gathered(folder / "R", "refit", before.design)
    z = {row.features.feature["plumbline_row"].int64_list.value[0]: values([row], "a")[0] for row in written}
    assert [z[number] for number in columns["row"]] == pytest.approx(columns["a"], rel=1e-6, abs=1e-6)
