"""docs/one_step.md: steps of ours in a stock TFX pipeline."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from components.linear_model.linear_fit import LinearFit
from tests.conftest import REPOSITORY
from tests.pages import blocks

pytestmark = pytest.mark.e2e

PAGE = REPOSITORY / "docs" / "one_step.md"
SCRIPT = REPOSITORY / "docs" / "examples" / "one_step.py"
SEED = REPOSITORY / "data" / "seed"


@pytest.fixture(scope="module")
def root(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a run of the script, as the page has it."""
    folder = tmp_path_factory.mktemp("one_step")
    for name in ("data", "docs"):
        (folder / name).symlink_to(REPOSITORY / name)
    [command] = [block.text for block in blocks(PAGE) if block.language == "sh"]
    program, *arguments = command.split()
    assert program == "python"
    done = subprocess.run(
        [sys.executable, *arguments],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(REPOSITORY)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return folder / "runs"


def test_the_page_shows_the_script() -> None:
    shown = [block.text for block in blocks(PAGE) if block.language == "python" and block.text.startswith(" ")]
    assert len(shown) == 3
    script = SCRIPT.read_text()
    for text in shown:
        assert text in script


def test_the_fit_is_that_of_the_training_rows(root: Path) -> None:
    """numpy on the rows of the table that ExampleGen counted to `train`."""
    [folder] = (root / "pipelines/Fit/fit").iterdir()
    [text] = [block.text for block in blocks(PAGE) if "LinearFit.load" in block.text]
    assert re.search(r'load\("runs/pipelines/Fit/fit/\d+"\)', text)
    found = LinearFit.load(str(folder))
    assert found.fit.names == ["(intercept)", "x"]
    assert found.fit.cv_error is not None
    table = pd.read_csv(SEED / "data.csv")
    x, y = (table[name].to_numpy(np.float32).astype(np.float64) for name in ("x", "y"))
    train = _drawn("train", root, x)
    assert 70 < train.sum() < 90
    wanted = np.polyfit(x[train], y[train], 1)[::-1]
    assert found.fit.coefficients == pytest.approx(wanted, rel=1e-9)


def _drawn(split: str, root: Path, x: np.ndarray) -> np.ndarray:
    """Which rows of the table went to a split, by their numbers."""
    import tensorflow as tf

    [folder] = (root / "pipelines/TableExampleGen/examples").iterdir()
    files = [str(file) for file in (folder / f"Split-{split}").iterdir()]
    chosen = np.zeros(len(x), bool)
    for record in tf.data.TFRecordDataset(files, compression_type="GZIP").as_numpy_iterator():
        row = tf.train.Example.FromString(record).features.feature
        number = row["plumbline_row"].int64_list.value[0] & ((1 << 35) - 1)
        assert row["x"].float_list.value[0] == x[number]
        chosen[number] = True
    return chosen


def test_the_pushed_network_answers_and_its_files_are_listed(root: Path) -> None:
    import tensorflow as tf

    [version] = (root / "serving").iterdir()
    assert "saved_model.pb" in json.loads((version / "manifest.json").read_text())["files"]
    serve = tf.saved_model.load(str(version)).signatures["serving_default"]
    example = tf.train.Example()
    example.features.feature["x"].float_list.value.append(1.0)
    [prediction] = serve(examples=tf.constant([example.SerializeToString()]))["prediction"].numpy()
    [folder] = (root / "pipelines/Fit/fit").iterdir()
    exact = LinearFit.load(str(folder)).fit.coefficients.sum()
    assert prediction == pytest.approx(exact, abs=0.5)
