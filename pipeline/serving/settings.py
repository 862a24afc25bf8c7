"""How the model server runs. Light: it loads no TensorFlow."""

from __future__ import annotations

import contextlib
import dataclasses
import math
import os
from pathlib import Path

from components.errors import ConfigError

_QUOTAS = (("cpu.max",), ("cpu/cpu.cfs_quota_us", "cpu/cpu.cfs_period_us"))  # of control groups 2, and 1


def processors(cgroup: Path = Path("/sys/fs/cgroup")) -> int:
    """How many processors this process may keep busy: those that it may run on, or what its container's limit allows, rounded up.

    Args:
      cgroup: where the container's control group is mounted.
    """
    allowed = len(os.sched_getaffinity(0))
    for files in _QUOTAS:
        with contextlib.suppress(OSError, ValueError):  # not there; or "max", for none
            quota, period = (int(word) for file in files for word in (cgroup / file).read_text().split())
            if quota > 0:  # or -1, for none
                allowed = min(allowed, -(-quota // period))
    return allowed


@dataclasses.dataclass(frozen=True)
class ServerSettings:
    """How the model server runs. The ports are TF Serving's.

    Attributes:
      host: to listen on. There is no authentication: only this machine, unless it is said otherwise.
      rest_port: of the REST API; 0 for any that is free.
      grpc_port: of the gRPC API; 0 for any that is free.
      workers: processes that answer.
      max_rows: that one request may stand for; known from its declared shapes before anything is allocated.
      max_body_bytes: of a request, once unpacked; a longer one is answered 413 (gRPC: RESOURCE_EXHAUSTED).
      max_concurrency: requests that a worker may have at once, of each API; more are answered 503 (RESOURCE_EXHAUSTED).
      request_seconds: that a REST prediction may take before it is answered 504.
      read_seconds: that a REST client may take to send a request, or to take an answer, before it is cut off.
      keepalive_seconds: that a REST connection may be idle.
      poll_seconds: between two looks for new versions.
      drain_seconds: that running requests get when the server stops.
      models_poll_seconds: between two looks at the file that names the models; 0 for none.
      threads: that answer, of each worker and API.
      cors: whether pages of other origins may call, as TF Serving's --rest_api_enable_cors_support says.
    """

    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 8500
    workers: int = dataclasses.field(default_factory=processors)
    max_rows: int = 100_000
    max_body_bytes: int = 32 << 20
    max_concurrency: int = 256
    request_seconds: float = 30.0
    read_seconds: float = 30.0
    keepalive_seconds: float = 75.0
    poll_seconds: float = 0.25
    drain_seconds: float = 10.0
    models_poll_seconds: float = 0.0
    cors: bool = False
    threads: int = dataclasses.field(default_factory=lambda: max(4, 2 * processors()))

    def __post_init__(self) -> None:
        """Checks the values.

        Raises:
          ConfigError: one is out of its range.
        """
        for name in ("rest_port", "grpc_port"):
            if not 0 <= getattr(self, name) <= 65535:
                raise ConfigError(f"{name}: expected 0 to 65535, got {getattr(self, name)}.")
        if self.rest_port == self.grpc_port != 0:
            raise ConfigError(f"rest_port and grpc_port: expected two ports, got {self.rest_port} for both.")
        for field in dataclasses.fields(self):
            value = getattr(self, field.name)
            if field.name in ("host", "rest_port", "grpc_port", "cors"):
                continue
            if not (0 < value < math.inf or (value == 0 and field.name == "models_poll_seconds")):
                raise ConfigError(f"{field.name}: expected a number above 0, got {value}.")
