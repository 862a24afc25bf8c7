"""The rows that a step is expected to read are those that it reads, in this process or in workers."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from components.child_python import child_environment
from tests.conftest import REPOSITORY

pytestmark = pytest.mark.e2e

RUN = """
import json, sys
from pathlib import Path
from pipeline.config.file import load_config
from pipeline.local.run import RunOptions, run

class Recorder:
    def preparing(self, rows):
        self.rows = rows
    def step_begins(self, step, expected):
        self.before, self.expected = self.rows(), expected
    def step_done(self, entry):
        found.append([entry.step, self.rows() - self.before, self.expected.rows])
    def beam_stage(self, begun, total): pass
    def told(self, text): pass
    def gave_up(self, text): pass

found = []
config, root, workers = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
summary = run(load_config(config), root, Recorder(), RunOptions(workers=workers), root / "log")
found.append(["rows", summary.steps[0].rows])
(root / "found.json").write_text(json.dumps(found))
"""


@pytest.mark.parametrize(("workers", "materialize"), [(0, True), (2, False)])
def test_what_is_shown_is_what_is_read(workers: int, materialize: bool, tmp_path: Path) -> None:
    folder = REPOSITORY / "data" / "seed"
    config = yaml.safe_load((folder / "pipeline.yaml").read_text())
    config["data"].update(path=str(folder / "data.csv"), split={"train": 0.6, "eval": 0.2, "test": 0.2})
    path, root = tmp_path / "pipeline.yaml", tmp_path / "root"
    path.write_text(yaml.safe_dump({**config, "materialize": materialize}))
    command = [sys.executable, "-c", RUN, str(path), str(root), str(workers)]
    done = subprocess.run(command, env=child_environment(), capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    *steps, (_, table) = json.loads((root / "found.json").read_text())
    read = {step: rows for step, rows, _ in steps}
    assert read["ExampleGen"] == sum(table.values())
    expected = {step: rows for step, _, rows in steps if rows is not None}
    assert {step: read[step] for step in expected} == expected
    assert expected["StatisticsGen"] == table["train"] + table["eval"]
    assert expected["TestEvaluation"] == table["test"]
    assert {step for step, rows in read.items() if rows} == {"ExampleGen", *expected}
    assert not (root / ".rows").exists()
