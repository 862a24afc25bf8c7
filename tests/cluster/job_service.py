"""`python -m tests.cluster.job_service --job-port PORT --flink-master HOST:PORT`: Beam's job service for a cluster.

It stands for `beam-runners-java-job-service` and the job-server jars that are made of it, and takes their arguments. The protocol
is Beam's (`AbstractJobServiceServicer`); a JVM behind it calls the runner of Flink or Spark (java/plumbline). What differs:

- Nothing is staged: a worker pool (EXTERNAL) or a command (PROCESS) has all that a worker needs. Such a job has one artifact, the
  list of what is installed where it was submitted; a job with others is refused.
- Cancel ends the job on Flink too, by its REST; Beam's own stops waiting for it.
"""

from __future__ import annotations

import argparse
import itertools
import json
import logging
import queue
import signal
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType
from typing import Any

import grpc
from apache_beam.portability.api import beam_job_api_pb2, beam_job_api_pb2_grpc, beam_runner_api_pb2
from apache_beam.runners.portability.abstract_job_service import AbstractBeamJob, AbstractJobServiceServicer, StateEvent
from apache_beam.utils import thread_pool_executor

from tests.cluster import jvm, spark

STATES = beam_job_api_pb2.JobState
LISTED_ONLY = "submission_environment_dependencies.txt"
POLL_SECONDS = 0.5


class Engine:
    """The JVM that runs jobs.

    Attributes:
      name: flink or spark.
      master: of the cluster.
      described: what options a job may have, as Beam's `DescribePipelineOptionsResponse`.
      ended: set when the JVM has ended.
    """

    def __init__(self, name: str, master: str, folder: Path, flags: tuple[str, ...] = ()) -> None:
        self.name, self.master, self._folder = name, master, folder
        self.ended = threading.Event()
        self._writing = threading.Lock()
        self._answers: dict[str, queue.Queue[str]] = {}
        described = folder / "options.pb"
        main = f"plumbline.{name.title()}Jobs"
        line = jvm.command(name, main, master, described, flags=("-Xmx512m", *flags))
        self._process = subprocess.Popen(line, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._process.stdout is not None
        if (answer := self._process.stdout.readline().strip()) != "ready":
            raise RuntimeError(f"the JVM of the job service: expected its line `ready`; received {answer!r}.")
        threading.Thread(target=self._listen, daemon=True).start()
        self.described = beam_job_api_pb2.DescribePipelineOptionsResponse.FromString(described.read_bytes())

    def run(self, job_id: str, pipeline: bytes, options: bytes) -> tuple[str, Path]:
        """Runs a job; returns the state that it ended in, and the folder of what it left."""
        folder = self._folder / job_id
        folder.mkdir()
        (folder / "pipeline.pb").write_bytes(pipeline)
        (folder / "options.pb").write_bytes(options)
        self._answers[str(folder)] = queue.Queue()
        self._say(f"run {folder}")
        return self._answers[str(folder)].get(), folder

    def cancel(self, job_id: str) -> None:
        """Ends a job, where its runner can be told."""
        self._say(f"cancel {self._folder / job_id}")

    def stop(self) -> None:
        """Ends the JVM."""
        self._process.kill()
        self._process.wait()

    def _say(self, line: str) -> None:
        assert self._process.stdin is not None
        with self._writing:
            self._process.stdin.write(line + "\n")
            self._process.stdin.flush()

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            folder, state = line.rsplit(maxsplit=1)
            self._answers[folder].put(state)
        self.ended.set()


class Job(AbstractBeamJob):
    """A job, what became of it, and what is told of that."""

    def __init__(self, engine: Engine, job_id: str, name: str, pipeline: Any, options: Any) -> None:
        super().__init__(job_id, name, pipeline, options)
        self.id, self.options = job_id, options
        self.metrics = beam_job_api_pb2.MetricResults()
        self._engine = engine
        self._cancelled = False
        self._events: list[StateEvent | Any] = [self.get_state()]
        self._changed = threading.Condition()

    def prepare(self) -> None:
        """Refuses what would have to be staged."""
        for environment in self.get_pipeline().components.environments.values():
            for artifact in environment.dependencies:
                payload = beam_runner_api_pb2.ArtifactStagingToRolePayload.FromString(artifact.role_payload)
                if payload.staged_name != LISTED_ONLY:
                    raise ValueError(
                        f"the job's environment: expected workers that have all they need; received {payload.staged_name} "
                        "to be staged, which this job service can't. Leave out --setup_file, --extra_package and the like."
                    )

    def artifact_staging_endpoint(self) -> None:
        """None: the client stages nothing then."""

    def run(self) -> None:
        """Begins."""
        self.set_state(STATES.STARTING)
        threading.Thread(target=self._run, daemon=True).start()

    def _run(self) -> None:
        self.set_state(STATES.RUNNING)
        pipeline = self.get_pipeline().SerializeToString()
        state, folder = self._engine.run(self.id, pipeline, self.options.SerializeToString())
        if self._cancelled:
            state = "CANCELLED"
        elif state == "FAILED":
            # As Beam's own does: all of it for who looks closely, and the innermost cause as the error.
            self._tell(beam_job_api_pb2.JobMessage.JOB_MESSAGE_DEBUG, (folder / "trace.txt").read_text())
            self._tell(beam_job_api_pb2.JobMessage.JOB_MESSAGE_ERROR, (folder / "cause.txt").read_text())
        else:
            self.metrics = beam_job_api_pb2.MetricResults.FromString((folder / "metrics.pb").read_bytes())
        self.set_state(STATES.Enum.Value(state))

    def cancel(self) -> None:
        """Begins to end it; returns at once."""
        with self._changed:
            if self._cancelled or self.is_terminal_state(self.state):
                return
            self._cancelled = True
        self.set_state(STATES.CANCELLING)
        threading.Thread(target=self._cancel, daemon=True).start()

    def _cancel(self) -> None:
        while not self.is_terminal_state(self.state):  # It may not have come to the cluster yet.
            if self._engine.name == "flink":
                _cancel_on_flink(self._engine.master, self.options["beam:option:job_name:v1"])
            else:
                self._engine.cancel(self.id)
            time.sleep(POLL_SECONDS)

    def set_state(self, new_state: Any) -> Any:
        """Notes the state, and tells those who listen."""
        with self._changed:
            timestamp = super().set_state(new_state)
            if timestamp is not None:
                self._events.append((new_state, timestamp))
                self._changed.notify_all()
            return timestamp

    def _tell(self, importance: Any, text: str) -> None:
        with self._changed:
            self._events.append(beam_job_api_pb2.JobMessage(importance=importance, message_text=text))
            self._changed.notify_all()

    def get_message_stream(self) -> Iterator[StateEvent | Any]:
        """All states and messages, from the first to the one that ends the job."""
        for told in itertools.count():
            with self._changed:
                while len(self._events) <= told:
                    self._changed.wait()
                event = self._events[told]
            yield event
            if isinstance(event, tuple) and self.is_terminal_state(event[0]):
                return

    def get_state_stream(self) -> Iterator[StateEvent]:
        """The states among them."""
        return (event for event in self.get_message_stream() if isinstance(event, tuple))


def _cancel_on_flink(master: str, name: str) -> None:
    address = f"http://{master.removeprefix('http://')}/jobs"
    with urllib.request.urlopen(f"{address}/overview", timeout=10) as answer:  # noqa: S310 (http alone)
        jobs = json.load(answer)["jobs"]
    for job in jobs:
        if job["name"] == name and job["state"] not in ("FINISHED", "FAILED", "CANCELED"):
            request = urllib.request.Request(f"{address}/{job['jid']}?mode=cancel", method="PATCH")  # noqa: S310
            urllib.request.urlopen(request, timeout=10).close()  # noqa: S310


class JobService(AbstractJobServiceServicer):
    """Beam's service, with an engine behind it."""

    def __init__(self, engine: Engine) -> None:
        super().__init__()
        self._engine = engine

    def create_beam_job(self, preparation_id: str, job_name: str, pipeline: Any, options: Any) -> Job:
        """A job that has not begun."""
        return Job(self._engine, preparation_id, job_name, pipeline, options)

    def GetStateStream(self, request: Any, context: Any = None, timeout: Any = None) -> Iterator[Any]:
        """The states of a job that has begun.

        Beam's own does not know a job before that. If it were told of here, PortableRunner would listen with the time limit
        of a call (--job_server_timeout, 60 s), and a job that takes longer would fail.
        """
        job = self._jobs.get(request.job_id)
        if job is None or job.state == STATES.STOPPED:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no job {request.job_id} has begun")
        return super().GetStateStream(request, context)

    def GetJobMetrics(self, request: Any, context: Any = None) -> Any:
        """What the workers counted, when the job has ended."""
        return beam_job_api_pb2.GetJobMetricsResponse(metrics=self._jobs[request.job_id].metrics)

    def DescribePipelineOptions(self, request: Any, context: Any = None, timeout: Any = None) -> Any:
        """The options of Java's runner: PortableRunner sends those on that are named here."""
        return self._engine.described


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description="Beam's job service for a Flink or Spark cluster.")
    cluster = parser.add_mutually_exclusive_group(required=True)
    cluster.add_argument("--flink-master")
    cluster.add_argument("--spark-master-url")
    parser.add_argument("--job-port", type=int, required=True)
    parser.add_argument("--until-input-ends", action="store_true", help="end with standard input")
    for unused in ("--artifacts-dir", "--artifact-port", "--expansion-port"):
        parser.add_argument(unused, help="taken and not used")
    return parser.parse_args()


def main() -> int:
    """Serves until SIGTERM, SIGINT, the end of standard input where that was asked for, or the end of the JVM."""
    arguments = _arguments()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    name, master = (
        ("flink", arguments.flink_master) if arguments.flink_master else ("spark", arguments.spark_master_url)
    )
    ended = threading.Event()

    def end(number: int, frame: FrameType | None) -> None:
        ended.set()

    def end_with_input() -> None:
        sys.stdin.read()
        ended.set()

    signal.signal(signal.SIGTERM, end)
    signal.signal(signal.SIGINT, end)
    if arguments.until_input_ends:
        threading.Thread(target=end_with_input, daemon=True).start()
    with tempfile.TemporaryDirectory(prefix="job-service-") as folder:
        engine = Engine(name, master, Path(folder), spark.driver_flags() if name == "spark" else ())
        try:
            options = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]
            server = grpc.server(thread_pool_executor.shared_unbounded_instance(), options=options)
            server.add_insecure_port(f"localhost:{arguments.job_port}")
            beam_job_api_pb2_grpc.add_JobServiceServicer_to_server(JobService(engine), server)
            server.start()
            logging.info("job service of %s at %s listens at localhost:%d", name, master, arguments.job_port)
            while not (ended.wait(POLL_SECONDS) or engine.ended.is_set()):
                pass
            server.stop(0)
        finally:
            engine.stop()
    if not ended.is_set():
        logging.error("the JVM of the job service has ended by itself")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
