"""What Flink's REST tells of a cluster and its jobs, and asks of it."""

from __future__ import annotations

import dataclasses
import http.client
import json
from typing import Any

from components.errors import RunError
from pipeline.beam.engine import run_of
from pipeline.beam.reach import split

_SECONDS = 10.0
_OVER = {"FINISHED", "CANCELED", "FAILED", "SUSPENDED"}


@dataclasses.dataclass(frozen=True)
class Cluster:
    """A cluster.

    Attributes:
      version: of Flink.
      task_managers: how many there are.
      slots, free: how many slots they have, and how many of these no job has.
    """

    version: str
    task_managers: int
    slots: int
    free: int


@dataclasses.dataclass(frozen=True)
class Job:
    """A job that is not over.

    Attributes:
      id: its number.
      name: as it was submitted.
      state: as Flink has it.
      begun, tasks: how many of its tasks run or have finished, and how many there are.
    """

    id: str
    name: str
    state: str
    begun: int
    tasks: int


class FlinkRest:
    """A JobManager's REST."""

    def __init__(self, address: str) -> None:
        """Asks nothing yet; `address` is host:port."""
        self.address = address

    def cluster(self) -> Cluster:
        """The cluster.

        Raises:
          OSError: nobody answers.
          RunError: what answers is no Flink.
        """
        said = self._ask("GET", "/overview")
        try:
            return Cluster(said["flink-version"], said["taskmanagers"], said["slots-total"], said["slots-available"])
        except (KeyError, TypeError) as error:
            raise self._other() from error

    def jobs(self) -> list[Job]:
        """The jobs that are not over. Raises as `cluster`."""
        said = self._ask("GET", "/jobs/overview")
        try:
            found = [entry for entry in said["jobs"] if entry["state"] not in _OVER]
            return [
                Job(
                    entry["jid"],
                    entry["name"],
                    entry["state"],
                    entry["tasks"]["running"] + entry["tasks"]["finished"],
                    entry["tasks"]["total"],
                )
                for entry in found
            ]
        except (KeyError, TypeError) as error:
            raise self._other() from error

    def jobs_of(self, run: str) -> list[Job]:
        """Those of a run (`engine.run_of`). Raises as `cluster`."""
        return [job for job in self.jobs() if run_of(job.name) == run]

    def errors(self, job: str) -> str:
        """What a job's tasks have failed with so far, those that were tried again among them. Raises as `cluster`."""
        said = self._ask("GET", f"/jobs/{job}/exceptions")
        try:
            return "\n".join(str(entry.get("stacktrace")) for entry in said["exceptionHistory"]["entries"])
        except (KeyError, TypeError, AttributeError) as error:
            raise self._other() from error

    def cancel(self, job: str) -> None:
        """Asks for a job's end, by its number. Raises as `cluster`."""
        self._ask("PATCH", f"/jobs/{job}?mode=cancel")

    def _ask(self, method: str, path: str) -> Any:
        connection = http.client.HTTPConnection(*split(self.address), timeout=_SECONDS)
        try:
            connection.request(method, path)
            body = connection.getresponse().read()
        except http.client.HTTPException as error:
            raise self._other() from error
        finally:
            connection.close()
        try:
            return json.loads(body)
        except ValueError as error:
            raise self._other() from error

    def _other(self) -> RunError:
        return RunError(
            f"beam.master: what listens at {self.address} does not answer as Flink's REST. Name the JobManager's REST address "
            "(rest.port, 8081 where nothing else is said)."
        )
