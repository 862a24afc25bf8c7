"""How the model server runs. Light: it loads no TensorFlow."""

from __future__ import annotations

import dataclasses
import os

from components.errors import ConfigError


@dataclasses.dataclass(frozen=True)
class ServerSettings:
    """How the model server runs. The ports are TF Serving's.

    Attributes:
      host: to listen on. There is no authentication: only this machine, unless it is said otherwise.
      rest_port: of the REST API; 0 for any that is free.
      grpc_port: of the gRPC API; 0 for any that is free.
      max_body_bytes: of a REST request, once unpacked; a longer one is answered 413.
      max_concurrency: requests that may be worked on at once, of each API; more are answered 429 (RESOURCE_EXHAUSTED).
      request_seconds: that a REST prediction may take before it is answered 504.
      read_seconds: that a REST client may take to send a request, or to take an answer, before it is cut off.
      keepalive_seconds: that a REST connection may be idle.
      poll_seconds: between two looks for new versions.
      drain_seconds: that running requests get when the server stops.
      threads: that answer, of each API.
    """

    host: str = "127.0.0.1"
    rest_port: int = 8501
    grpc_port: int = 8500
    max_body_bytes: int = 16 << 20
    max_concurrency: int = 256
    request_seconds: float = 30.0
    read_seconds: float = 30.0
    keepalive_seconds: float = 75.0
    poll_seconds: float = 1.0
    drain_seconds: float = 10.0
    threads: int = dataclasses.field(default_factory=lambda: max(4, 2 * (os.cpu_count() or 1)))

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
            if field.name not in ("host", "rest_port", "grpc_port") and not value > 0:
                raise ConfigError(f"{field.name}: expected more than 0, got {value}.")
