"""A standalone Spark cluster on this machine: a master and workers, as `make spark` brought them."""

from __future__ import annotations

import contextlib
import json
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any, Self

from tests.cluster import jvm


def driver_flags() -> tuple[str, ...]:
    """Of the JVM of the job service, which is the driver: executors of one core, with Beam's runner on their class path."""
    folder = jvm.installed("spark")
    settings = {
        "spark.executor.extraClassPath": os.pathsep.join([f"{folder}/classes", f"{folder}/beam/*"]),
        "spark.executor.memory": "900m",
        "spark.executor.cores": "1",
        "spark.cores.max": "2",
        "spark.driver.host": "localhost",
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.ui.enabled": "false",
    }
    return tuple(f"-D{key}={value}" for key, value in settings.items())


class SparkCluster:
    """A running cluster; ends with its `with`.

    Attributes:
      url: "spark://localhost:PORT".
      master: the master's process.
      workers: those of the workers, in the order of their starts, dead ones among them.
    """

    def __init__(self, folder: Path, workers: int = 2) -> None:
        """Args are the folder of logs, and the number of workers; each has one core."""
        self._folder, self._wanted = folder, workers
        self._ending = contextlib.ExitStack()
        self.master: subprocess.Popen[bytes]
        self.workers: list[subprocess.Popen[bytes]] = []
        self.url = ""
        self._page = ""

    def __enter__(self) -> Self:
        jvm.installed("spark")
        port, page = jvm.free_ports(2)
        self.url, self._page = f"spark://localhost:{port}", f"http://localhost:{page}/json/"
        self._folder.mkdir(parents=True)
        with contextlib.ExitStack() as started:
            self._ending = started
            ports = ("--port", str(port), "--webui-port", str(page))
            self.master = self._start("master", "org.apache.spark.deploy.master.Master", "--host", "localhost", *ports)
            for _ in range(self._wanted):
                self.start_worker()
            self.wait_for_workers(self._wanted)
            self._ending = started.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self._ending.close()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """Starts one more; `wait_for_workers` waits until it can be used. Its executors log below its own folder."""
        name = f"worker-{len(self.workers)}"
        size = ("-c", "1", "-m", "1500M", "--work-dir", str(self._folder / name), "--webui-port", "0")
        process = self._start(name, "org.apache.spark.deploy.worker.Worker", "--host", "localhost", *size, self.url)
        self.workers.append(process)
        return process

    def kill(self, number: int) -> None:
        """Kills a worker by SIGKILL; its executors notice."""
        self.workers[number].kill()
        self.workers[number].wait()

    def get(self) -> Any:
        """What the master's page says."""
        with urllib.request.urlopen(self._page, timeout=10) as answer:  # noqa: S310 (http alone)
            return json.load(answer)

    def jobs(self) -> dict[str, str]:
        """The state of each Beam job, which is a Spark application, by its name."""
        page = self.get()
        return {app["name"]: app["state"] for app in [*page["completedapps"], *page["activeapps"]]}

    def wait_for_workers(self, number: int) -> None:
        """Waits until the cluster has that many alive.

        Raises:
          RuntimeError: it doesn't in jvm.START_SECONDS, or the master has ended.
        """
        jvm.wait_for(
            f"{number} workers",
            lambda: f"{self.get()['aliveworkers']} workers",
            self.master,
            f"Spark at {self.url}, logs in {self._folder}",
        )

    def _start(self, name: str, main: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = self._ending.enter_context((self._folder / f"{name}.log").open("wb"))
        environment = {
            "SPARK_HOME": str(jvm.installed("spark")),
            # Without: executors die of "Cannot find any build directories", and the driver says "stopped SparkContext" alone.
            "SPARK_SCALA_VERSION": "2.12",
            "SPARK_LOCAL_IP": "127.0.0.1",
        }
        process = jvm.start(jvm.command("spark", main, *arguments, flags=("-Xmx512m",)), log, environment)
        self._ending.callback(process.wait)
        self._ending.callback(process.terminate)  # A worker ends its executors then.
        return process
