"""docs/tfx_cli.md: TFX's own command line runs the whole graph, and `plumbline` goes on from there."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import REPOSITORY, plumbline
from tests.pages import blocks

pytestmark = pytest.mark.e2e

PAGE = REPOSITORY / "docs" / "tfx_cli.md"
RUNNER = REPOSITORY / "docs" / "examples" / "tfx_runner.py"


def test_the_page_shows_the_runner() -> None:
    [shown] = [block.text for block in blocks(PAGE) if block.language == "python"]
    assert shown in RUNNER.read_text()


def test_tfx_pushes_a_model_and_plumbline_takes_its_steps_from_the_cache(tmp_path: Path) -> None:
    for name in ("data", "docs"):
        (tmp_path / name).symlink_to(REPOSITORY / name)
    env = {
        **os.environ,
        "PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}",
        "PYTHONPATH": str(REPOSITORY),
        "HOME": str(tmp_path / "home"),
    }
    commands = next(block.text for block in blocks(PAGE) if block.language == "sh").strip().splitlines()
    assert len(commands) == 2
    for command in commands:
        done = subprocess.run(
            command.split(),
            cwd=tmp_path,
            env=env,
            capture_output=True,
            text=True,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-4000:]
    assert (tmp_path / "home/tfx/local/seed").is_dir()

    config, root = tmp_path / "data/seed/pipeline.yaml", tmp_path / "runs"
    [version] = json.loads(plumbline("versions", config, "--root", root, "--json").out)
    answer = plumbline("predict", config, "--root", root, "--json", '{"x": 0.5}', "--version", str(version["version"]))
    assert answer.code == 0, answer.err

    again = plumbline("run", config, "--root", root)
    assert again.code == 0, again.out + again.err
    shown = json.loads(plumbline("show", config, "--root", root, "--json").out)
    # A resolver (Baseline) is asked each time.
    assert [step["step"] for step in shown["steps"] if not step["cached"]] == ["Baseline", "Pusher", "Report"]
    assert shown["pushed"] == {**shown["pushed"], "version": version["version"], "already": True}
