"""A Flink cluster on this machine: a JobManager and TaskManagers, as `make flink` brought them."""

from __future__ import annotations

import contextlib
import json
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.cluster import jvm


def configuration(rest: int, rpc: int, slots: int, managed: str, folder: Path) -> dict[str, str | int | float]:
    """What JobManager and TaskManagers read.

    Started by their main classes they compute no memory: each of its parts must be here.
    """
    return {
        **dict.fromkeys(("jobmanager.rpc.address", "jobmanager.bind-host", "rest.address"), "localhost"),
        **dict.fromkeys(("rest.bind-address", "taskmanager.host", "taskmanager.bind-host"), "localhost"),
        "jobmanager.rpc.port": rpc,
        "rest.port": rest,
        "io.tmp.dirs": str(folder / "tmp"),
        "classloader.resolve-order": "parent-first",
        "jobmanager.memory.heap.size": "512m",
        "jobmanager.memory.off-heap.size": "128m",
        "jobmanager.memory.jvm-metaspace.size": "256m",
        "jobmanager.memory.jvm-overhead.min": "192m",
        "jobmanager.memory.jvm-overhead.max": "192m",
        "taskmanager.numberOfTaskSlots": slots,
        "taskmanager.cpu.cores": 1.0,
        "taskmanager.memory.framework.heap.size": "128m",
        "taskmanager.memory.framework.off-heap.size": "128m",
        "taskmanager.memory.task.heap.size": "1024m",
        "taskmanager.memory.task.off-heap.size": "0m",
        # Statistics of 10⁶ rows are records that 128 MB can't sort: "The record exceeds the maximum size of a sort buffer".
        "taskmanager.memory.managed.size": managed,
        "taskmanager.memory.network.min": "256m",
        "taskmanager.memory.network.max": "256m",
        "taskmanager.memory.jvm-metaspace.size": "256m",
        "taskmanager.memory.jvm-overhead.min": "192m",
        "taskmanager.memory.jvm-overhead.max": "192m",
        # Its default of 512 a task is more than there are: "Insufficient number of network buffers".
        "taskmanager.network.sort-shuffle.min-buffers": 64,
        # A lost TaskManager fails many tasks at once: one attempt here, as many of fixed-delay.
        "restart-strategy.type": "exponential-delay",
        "restart-strategy.exponential-delay.attempts-before-reset-backoff": 3,
        "restart-strategy.exponential-delay.initial-backoff": "4s",
        "restart-strategy.exponential-delay.max-backoff": "8s",
        "restart-strategy.exponential-delay.backoff-multiplier": 1.5,
        "restart-strategy.exponential-delay.jitter-factor": 0.0,
        "heartbeat.timeout": 8_000,
        "heartbeat.interval": 2_000,
        # A job whose slot is gone for good fails after this instead of five minutes.
        "slot.request.timeout": 10_000,
    }


class FlinkCluster:
    """A running cluster; ends with its `with`.

    Attributes:
      rest: "localhost:PORT" of the JobManager's REST.
      job_manager: its process.
      task_managers: theirs, in the order of their starts, dead ones among them.
    """

    def __init__(self, folder: Path, task_managers: int = 2, slots: int = 1, managed: str = "1024m") -> None:
        """Args are the folder of configuration and logs, the number of TaskManagers, the slots and managed memory of each."""
        self._folder, self._wanted, self._slots, self._managed = folder, task_managers, slots, managed
        self._ending = contextlib.ExitStack()
        self.job_manager: subprocess.Popen[bytes]
        self.task_managers: list[subprocess.Popen[bytes]] = []
        self.rest = ""

    def __enter__(self) -> Self:
        jvm.installed("flink")
        rest, rpc = jvm.free_ports(2)
        self.rest = f"localhost:{rest}"
        (self._folder / "tmp").mkdir(parents=True)
        settings = configuration(rest, rpc, self._slots, self._managed, self._folder)
        text = "".join(f"{key}: {value}\n" for key, value in settings.items())
        (self._folder / "flink-conf.yaml").write_text(text)
        with contextlib.ExitStack() as started:
            self._ending = started
            entry = "org.apache.flink.runtime.entrypoint.StandaloneSessionClusterEntrypoint"
            self.job_manager = self._start("job-manager", entry, "-Xmx512m")
            for _ in range(self._wanted):
                self.start_task_manager()
            self.wait_for_slots(self._wanted * self._slots)
            self._ending = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def start_task_manager(self) -> subprocess.Popen[bytes]:
        """Starts one more; `wait_for_slots` waits until it can be used."""
        main = "org.apache.flink.runtime.taskexecutor.TaskManagerRunner"
        name = f"task-manager-{len(self.task_managers)}"
        process = self._start(name, main, "-Xmx1200m", "-XX:MaxDirectMemorySize=512m")
        self.task_managers.append(process)
        return process

    def kill(self, number: int) -> None:
        """Kills a TaskManager by SIGKILL."""
        self.task_managers[number].kill()
        self.task_managers[number].wait()

    def get(self, path: str) -> Any:
        """What REST answers."""
        with urllib.request.urlopen(f"http://{self.rest}{path}", timeout=10) as answer:
            return json.load(answer)

    def jobs(self) -> dict[str, str]:
        """The state of each job by its name, of the newest where several have one."""
        jobs = sorted(self.get("/jobs/overview")["jobs"], key=lambda job: job["start-time"])
        return {job["name"]: job["state"] for job in jobs}

    def wait_for_slots(self, number: int) -> None:
        """Waits until the cluster has that many.

        Raises:
          RuntimeError: it doesn't in jvm.START_SECONDS, or the JobManager has ended.
        """
        jvm.wait_for(
            f"{number} slots",
            lambda: f"{self.get('/overview')['slots-total']} slots",
            self.job_manager,
            f"Flink at {self.rest}, logs in {self._folder}",
        )

    def _start(self, name: str, main: str, *flags: str) -> subprocess.Popen[bytes]:
        log = self._ending.enter_context((self._folder / f"{name}.log").open("wb"))
        process = jvm.start(jvm.command("flink", main, "--configDir", self._folder, flags=flags), log)
        self._ending.callback(process.wait)
        self._ending.callback(process.kill)
        return process
