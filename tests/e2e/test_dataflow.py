"""Each step's Beam job as Dataflow would get it: image, staged files, transforms, and functions that the image alone can load.

Nothing is sent: Beam's runner translates, and is told to stop there (`--dry_run`). No project, no credentials, no network.
"""

from __future__ import annotations

import base64
import bz2
import json
import os
import pickletools
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pipeline.beam.engine import Run
from pipeline.beam.engines import ENGINES
from pipeline.config.beam import Beam
from tests.conftest import REPOSITORY, WholeRun

pytestmark = pytest.mark.e2e

IMAGE = "registry/plumbline:0.1.0"
SECTION = Beam(
    engine="dataflow",
    image=IMAGE,
    options=[
        "--project=some-project",
        "--region=europe-west1",
        "--temp_location=gs://bucket/tmp",
        "--no_use_public_ips",
    ],
)
FLAGS = ENGINES["dataflow"].arguments(SECTION, Run(job_name="plumbline-taxi-tips"))
# Of each step that does its work on Beam, transforms that are ours, and modules of ours that its functions are in.
TRANSFORMS = {
    "ExampleGen": {"Chunks", "Spread", "Convert", "Gather", "Report"},
    "StatisticsGen": {"TFXIORead[train]/ReadBatches", "TFXIORead[eval]/ReadBatches"},
    "Transform": {
        "TFXIOReadAndDecode[AnalysisIndex0]/ReadBatches",
        "EncodeAndWrite[TransformIndex0]/WriteBundles",
        "EncodeAndWrite[TransformIndex0]/Name",
    },
    "Gather": {"Read", "Combine", "Write"},
    "Fit": {"Read", "Combine", "Write"},
    "Evaluator": {"ReadFromTFRecordToArrow[eval][0]/ReadBatches"},
}
MODULES = {
    "ExampleGen": {"components.ingest.executor"},
    "StatisticsGen": {"pipeline.beam.batched_io"},
    "Transform": {"pipeline.beam.batched_io", "components.preprocessing.preprocessing_fn"},
    "Gather": {"components.gather.beam_pass", "components.linear_model.factor_kinds"},
    "Fit": {"components.fit.beam_pass", "components.linear_model.factor_kinds"},
    "Evaluator": {"pipeline.beam.batched_io", "components.model_gate.extractors", "components.model_gate.metrics"},
}
# Of ours, the functions within functions: their code travels, so that workers need the Python of the submitting process.
CODE = {"Transform": {"pipeline/beam/batched_io.py"}, "Evaluator": {"components/model_gate/metrics.py"}}
STEPS = list(TRANSFORMS)


@pytest.fixture(scope="module")
def jobs(tips_run: WholeRun, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with each step's job, of a model of classes, whose fit passes over the rows."""
    out = tmp_path_factory.mktemp("dataflow")
    command = [sys.executable, "-m", "tests.e2e.dataflow", tips_run.config, tips_run.root, out, "--dry_run=True"]
    done = subprocess.run([*command, *FLAGS], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-4000:]
    return out


def proto(jobs: Path, step: str):
    from apache_beam.portability.api import beam_runner_api_pb2

    return beam_runner_api_pb2.Pipeline.FromString((jobs / f"{step}.pb").read_bytes())


def pickles(data: bytes) -> Iterator[bytes]:
    """All that was pickled, also within each other."""
    for found in re.findall(rb"QlpoO[A-Za-z0-9+/]+=*", data):
        pickle = bz2.decompress(base64.b64decode(found))
        yield pickle
        yield from pickles(pickle)


def texts(jobs: Path, step: str) -> set[str]:
    """All texts in a step's pickles: names of modules, of files, of classes."""
    return {
        argument
        for pickle in pickles((jobs / f"{step}.pb").read_bytes())
        for _, argument, _ in pickletools.genops(pickle)
        if isinstance(argument, str)
    }


def test_all_steps_that_do_their_work_on_beam_are_translated(jobs):
    assert {path.stem for path in jobs.glob("*.pb")} == set(STEPS)


@pytest.mark.parametrize("step", STEPS)
def test_the_workers_are_our_image_and_nothing_is_staged(jobs, step):
    from apache_beam.portability.api import beam_runner_api_pb2

    components = proto(jobs, step).components
    [environment] = components.environments.values()
    assert environment.urn == "beam:env:docker:v1"
    assert beam_runner_api_pb2.DockerPayload.FromString(environment.payload).container_image == IMAGE
    assert list(environment.dependencies) == []  # no sdist of TFX, no requirements, no session
    workers = json.loads((jobs / f"{step}.json").read_text())
    [pool] = workers["workerPools"]
    assert pool["workerHarnessContainerImage"] == IMAGE
    assert pool["ipConfiguration"] == "WORKER_IP_PRIVATE"
    assert pool.get("packages", []) == []
    assert "use_runner_v2" in workers["experiments"]
    assert "tfx" in workers["sdkPipelineOptions"]["options"]["beam_plugins"]
    assert workers["sdkPipelineOptions"]["options"]["save_main_session"] is False


@pytest.mark.parametrize("step", STEPS)
def test_transforms_are_ours_and_their_functions_travel_by_name(jobs, step):
    names = {transform.unique_name for transform in proto(jobs, step).components.transforms.values()}
    assert names >= TRANSFORMS[step]
    found = texts(jobs, step)
    assert found >= MODULES[step]
    ours = {text for text in found if re.fullmatch(r"(components|pipeline|tests|__main__)(\.\w+)*", text)}
    assert {name for name in ours if name.startswith(("tests", "__main__"))} == set()
    files = {
        text for text in found if text.endswith(".py") and text.startswith(str(REPOSITORY)) and ".venv" not in text
    }
    assert {str(Path(file).relative_to(REPOSITORY)) for file in files} == CODE.get(step, set())


@pytest.mark.parametrize("step", STEPS)
def test_workers_read_and_write_tables_and_artifacts_alone(jobs, step, tips_run):
    paths = {text for text in texts(jobs, step) if re.fullmatch(r"/\S+", text) and not text.endswith(".py")}
    assert paths
    places = (str(jobs / step), str(tips_run.root / "pipelines"), str(tips_run.config.parent / "data.csv"))
    assert [path for path in paths if not path.startswith(places)] == []


def loaded(jobs: Path, folder: Path, plugins: str, steps: list[str]):
    """What a new process with our packages, and without this repository, loads of the steps' jobs."""
    for package in ("components", "pipeline"):
        (folder / package).symlink_to(REPOSITORY / package)
    worker = REPOSITORY / "tests/e2e/dataflow_worker.py"
    done = subprocess.run(
        [sys.executable, "-P", worker, plugins, *(jobs / f"{step}.pb" for step in steps)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-4000:]
    return json.loads(done.stdout.splitlines()[-1])


def test_a_worker_of_the_image_loads_every_function(jobs, tmp_path):
    found = loaded(jobs, tmp_path, "tfx", STEPS)
    assert {step: found[step]["error"] for step in STEPS} == dict.fromkeys(STEPS)
    assert all(found[step]["loaded"] > 10 for step in STEPS)


def test_without_the_plugin_a_worker_does_not(jobs, tmp_path):
    """TFDV 1.16 imports what tfx-bsl 1.21 has no longer, and TFX puts a stand-in there. If this fails, `--beam_plugin` can go."""
    assert "sql_util" in loaded(jobs, tmp_path, "", ["StatisticsGen"])["StatisticsGen"]["error"]
