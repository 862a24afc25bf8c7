import json
import re
import signal
import subprocess
import sys
import urllib.request
from pathlib import Path

import pytest

from components.errors import ConfigError
from pipeline.cli.loading import load, served
from pipeline.serving.command import ServedFolder
from tests.conftest import REPOSITORY, plumbline

SEED = (REPOSITORY / "data/seed/pipeline.yaml").read_text()


@pytest.mark.parametrize("step", ["trainer", "Baseline"])
def test_resources_of_no_step_with_a_container_are_refused(tmp_path, step):
    config = tmp_path / "pipeline.yaml"
    config.write_text(
        f"{SEED}targets:\n  kubeflow: {{data: gs://b/t.csv, serving: gs://b/m, resources: {{{step}: {{cpu: 2}}}}}}\n"
    )
    with pytest.raises(
        ConfigError, match=f"targets.kubeflow.resources: no step with a container is called '{step}'. They are: Ex"
    ):
        load(config)
    config.write_text(config.read_text().replace(f"{step}:", "Trainer:"))
    assert load(config).targets.get("kubeflow").resources["Trainer"].cpu == 2


def test_what_is_served_is_a_configuration_or_a_folder_of_versions_or_what_a_file_lists(tmp_path, monkeypatch):
    config, models = REPOSITORY / "data/seed/pipeline.yaml", tmp_path / "models.config"
    assert served(config, tmp_path, None) == (
        ServedFolder("seed", tmp_path / "serving" / "seed"),
        tmp_path / "logs" / "seed-serve.log",
    )
    (tmp_path / "fare" / "7").mkdir(parents=True)
    (tmp_path / "live").symlink_to("fare")
    monkeypatch.chdir(tmp_path / "fare")
    assert served(Path("."), tmp_path, models) == (ServedFolder("fare", tmp_path / "fare", models, False), None)
    assert served(Path("../live"), tmp_path, None) == (ServedFolder("live", tmp_path / "live", None, False), None)
    assert served(None, tmp_path, models) == (ServedFolder("", tmp_path, models, False), None)
    done = plumbline("serve")
    assert (done.code, done.out) == (2, "")
    assert "expected CONFIG, a folder of versions in its place, or --models FILE" in done.err


def test_without_a_place_for_temporary_files_the_server_says_so(monkeypatch):
    """The root file system of a container that is read only."""
    import tempfile

    from components.errors import RunError
    from pipeline.serving.command import check

    def nowhere():
        raise FileNotFoundError("No usable temporary directory found")

    monkeypatch.setattr(tempfile, "gettempdir", nowhere)
    with pytest.raises(RunError, match="Mount one at /tmp"):
        check(ServedFolder("x", Path("x")))


@pytest.mark.e2e
def test_a_folder_is_served_without_a_configuration_and_nothing_is_written_beside_it(tmp_path):
    """As in a container: another place to start in, the log on stderr."""
    folder = REPOSITORY / "tests" / "data" / "tfserving" / "model"
    command = [sys.executable, "-m", "pipeline.cli", "serve", folder, "--rest-port", "0", "--grpc-port", "0"]
    env = {"PATH": "/usr/bin:/bin", "PYTHONPATH": str(REPOSITORY), "HOME": str(tmp_path / "home")}
    with subprocess.Popen(
        command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=tmp_path, env=env
    ) as process:
        said = process.stdout.readline() + process.stdout.readline()
        try:
            [page] = re.findall(rf"serving model from {folder}\n +page +(\S+)\n", said)
            with urllib.request.urlopen(f"{page}healthz", timeout=30) as answer:  # noqa: S310
                assert json.load(answer)["models"] == {"model": [1]}
        finally:
            process.send_signal(signal.SIGTERM)
        more, log = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "docker run" not in more
    assert "INFO pipeline.serving.supervisor: stopped within" in log
    assert {path.name for path in tmp_path.iterdir()} <= {"home"}
