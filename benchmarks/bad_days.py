"""What a user sees when something of a Flink cluster is killed under a run. Run: make bad-days [ROWS=1000000]

For each step and each victim: a run goes on from where the steps before are done, the victim gets SIGKILL while the step's job
runs, and what the command says is kept, with its exit code and the seconds from the kill. Then all that is dead is started again,
and a second run must push the model, with the rows in every step and the coefficients of a run on this machine.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import psutil
import yaml

from benchmarks import same, tables
from benchmarks.cluster import Surroundings, begin, finish, surroundings
from benchmarks.same import last_summary
from benchmarks.works import write_config
from tests.cluster.flink import FlinkCluster

BEFORE = {"Transform": "DataGate", "Gather": "Transform", "Evaluator": "Baseline"}  # the step that ends before
INTO = {"Transform": 8.0, "Gather": 1.0, "Evaluator": 4.0}  # seconds of its job until the kill
VICTIMS = ("TaskManager, replaced", "TaskManager, lost", "Python worker", "job service", "submitting process")
TOLERANCE = 1e-9
PIPELINE = Path("pipelines", "bench")  # below a root
NEW_AFTER = 3.0  # seconds until another TaskManager is started
LONGEST = 900.0


def wait_for_step(process: subprocess.Popen[bytes], said: Path, before: str) -> None:
    """Waits until the step before one is done, which a run says."""
    until = time.monotonic() + LONGEST
    while f"  {before} " not in said.read_text():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"expected {before} to be done; the run said:\n{said.read_text()}")
        time.sleep(0.1)


def wait_for_job(cluster: FlinkCluster, process: subprocess.Popen[bytes]) -> None:
    """Waits until a job's tasks run."""
    until = time.monotonic() + LONGEST
    while time.monotonic() < until and process.poll() is None:
        jobs = cluster.get("/jobs/overview")["jobs"]
        if any(job["state"] == "RUNNING" and job["tasks"]["running"] for job in jobs):
            return
        time.sleep(0.1)
    raise RuntimeError("expected a job of the step to run; none did")


def kill(victim: str, around: Surroundings, process: subprocess.Popen[bytes]) -> None:
    """Kills a victim by SIGKILL."""
    if victim.startswith("TaskManager"):
        number = next(index for index, each in enumerate(around.cluster.task_managers) if each.poll() is None)
        around.cluster.kill(number)
        if victim.endswith("replaced"):
            time.sleep(NEW_AFTER)
            around.cluster.start_task_manager()
    elif victim == "Python worker":
        until = time.monotonic() + 60
        while not (found := _workers(around.pool)):
            if time.monotonic() > until:
                raise RuntimeError("expected a worker of the pool; there was none")
            time.sleep(0.05)
        found[0].kill()
    elif victim == "job service":
        _job_service(around, process).kill()
    else:
        process.kill()


def _workers(port: int) -> list[psutil.Process]:
    """The pool's workers: forks of its server process, which is a child of the pool."""
    for pool in psutil.process_iter():
        with contextlib.suppress(psutil.Error):
            if "workers" in pool.cmdline() and str(port) in pool.cmdline():
                return [worker for child in pool.children() for worker in child.children()]
    return []


def _job_service(around: Surroundings, process: subprocess.Popen[bytes]) -> psutil.Process:
    """The job service: of the door `portable` it was started before, of `flink` the run has started it."""
    if around.service_process is not None:
        return psutil.Process(around.service_process.pid)
    tree = psutil.Process(process.pid).children(recursive=True)
    return next(each for each in tree if "tests.cluster.job_service" in each.cmdline())


def check(done: dict[str, Any], expected: dict[str, Any]) -> str:
    """Holds a run against one on this machine: rows of every step, coefficients. Returns rows, and how far these are off.

    Raises:
      RuntimeError: they differ.
    """
    rows, wanted = same.rows(done), same.rows(expected)
    if rows != wanted:
        raise RuntimeError(f"expected the rows {wanted}; received {rows}")
    held = same.hold("coefficients", TOLERANCE, same.coefficients(done), same.coefficients(expected))
    if held.worst > held.limit:
        raise RuntimeError(f"expected coefficients within {TOLERANCE:g}; {held.where} is {held.worst:g} off")
    return f"{sum((rows['ExampleGen'] or {}).values()):,} rows, coefficients within {held.worst:.1e}"


def prepare(folder: Path, config: Path) -> dict[str, Any]:
    """Runs on this machine, and keeps the root as it is before each step. Returns the summary of the whole run."""
    root = folder / "root"
    for step, before in BEFORE.items():
        process, said = begin(config, root, "--beam", "local")
        wait_for_step(process, said, before)
        process.send_signal(signal.SIGTERM)
        process.wait()
        shutil.copytree(root, folder / f"before-{step}")
    process, said = begin(config, root, "--beam", "local")
    done = finish(process, said, time.monotonic(), LONGEST)
    if done.code:
        raise RuntimeError(f"expected a run on this machine to push; it said:\n{done.said}")
    return last_summary(root / PIPELINE)


def mend(around: Surroundings, config: Path) -> None:
    """Starts what has been killed, and tells the configuration where it is."""
    around.mend()
    described = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**described, "beam": around.section()}, sort_keys=False))


def bad_day(step: str, victim: str, around: Surroundings, folder: Path, expected: dict[str, Any]) -> None:
    """One step, one victim; prints what came of it."""
    root, config = folder / "root", folder / "pipeline.yaml"
    shutil.rmtree(root)
    shutil.copytree(folder / f"before-{step}", root)
    mend(around, config)
    process, said = begin(config, root)
    wait_for_step(process, said, BEFORE[step])
    wait_for_job(around.cluster, process)
    time.sleep(INTO[step])
    killed = time.monotonic()
    kill(victim, around, process)
    first = finish(process, said, killed, LONGEST)
    seen = f"exit code {first.code} after {first.seconds:.0f} s: {first.last}"
    if first.code == 0:
        seen += f"; recovered, {check(last_summary(root / PIPELINE), expected)}"
    print(f"{step}, {victim}: {seen}", flush=True)  # noqa: T201
    mend(around, config)
    process, said = begin(config, root)
    second = finish(process, said, time.monotonic(), LONGEST)
    if second.code:
        raise RuntimeError(f"expected the second run to push; it said:\n{second.said}")
    done = last_summary(root / PIPELINE)
    cached = sum(entry["cached"] for entry in done["steps"])
    told = f"    second run: exit code 0 after {second.seconds:.0f} s, {cached} steps cached, {check(done, expected)}"
    print(told, flush=True)  # noqa: T201


def main() -> None:
    """Tries each victim in each step, behind one door."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--door", choices=["flink", "portable"], default="flink")
    parser.add_argument("--steps", nargs="+", choices=BEFORE, default=list(BEFORE))
    parser.add_argument("--victims", nargs="+", choices=VICTIMS, default=list(VICTIMS))
    parser.add_argument("--folder", type=Path, help="Keeps what was prepared there, and takes it if it is there.")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = (arguments.folder or Path(name)).resolve()
        folder.mkdir(parents=True, exist_ok=True)
        kept = folder / "expected.json"
        config = folder / "pipeline.yaml"
        if not kept.exists():
            write_config(folder, tables.make(tables.MIXED, arguments.rows, folder / "data.csv"))
            kept.write_text(json.dumps(prepare(folder, config)))
        expected = json.loads(kept.read_text())
        with surroundings(Path(name) / "logs", arguments.door) as around:
            for step in arguments.steps:
                for victim in arguments.victims:
                    bad_day(step, victim, around, folder, expected)


if __name__ == "__main__":
    main()
