"""What the server counts, for Prometheus."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest, values
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.multiprocess import MultiProcessCollector

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


def share_counts(folder: Path, worker: int) -> None:
    """Has this process keep what it counts in a folder, beside other processes'. To be called before anything is counted.

    Args:
      folder: of all of them.
      worker: this one's number. A process that is started in the place of another goes on from its counts.
    """
    os.environ["PROMETHEUS_MULTIPROC_DIR"] = str(folder)
    values.ValueClass = values.MultiProcessValue(lambda: worker)  # type: ignore[no-untyped-call]


class Models(Protocol):
    """What is shown of the models."""

    def available(self) -> Mapping[str, Sequence[int]]:
        """Loaded versions by model, lowest first."""

    def broken(self) -> Mapping[str, Mapping[int, str]]:
        """Versions that can't be loaded, and why, by model."""


class RequestMetrics:
    """Counts requests, and shows what is loaded. The registry is its own: two servers of one process don't meet.

    Args:
      models: what is loaded.
      counts: the folder of `share_counts`, whose counts are shown as one; None for a process alone.
    """

    def __init__(self, models: Models, counts: Path | None = None) -> None:
        self._models = models
        self._counts = counts
        self._registry = CollectorRegistry()
        labels = ("model", "method", "protocol")
        self._requests = Counter(
            "plumbline_requests", "Requests answered.", (*labels, "status"), registry=self._registry
        )
        self._seconds = Histogram(
            "plumbline_request_seconds",
            "Time from a request's last byte to its answer.",
            labels,
            buckets=_SECONDS,
            registry=self._registry,
        )
        self._failed = Counter(
            "plumbline_failed_loads",
            "Tries to load a version that failed, in any worker.",
            ["model"],
            registry=self._registry,
        )
        self._children: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        if counts is None:
            self._registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, as of now and of this process."""
        versions = GaugeMetricFamily("plumbline_model_version", "Highest loaded version.", labels=["model"])
        loaded = GaugeMetricFamily("plumbline_loaded_versions", "How many versions are loaded.", labels=["model"])
        failed = GaugeMetricFamily(
            "plumbline_version_failed", "1 for a version that can't be loaded.", labels=["model", "version"]
        )
        for model, reasons in self._models.broken().items():
            for number in reasons:
                failed.add_metric([model, str(number)], 1)
        for model, numbers in self._models.available().items():
            loaded.add_metric([model], len(numbers))
            if numbers:
                versions.add_metric([model], numbers[-1])
        yield versions
        yield loaded
        yield failed

    def failed_load(self, model: str) -> None:
        """Counts that a version of a model could not be loaded."""
        self._failed.labels(model).inc()

    def count(self, model: str, method: str, protocol: str, status: str, seconds: float) -> None:
        """Counts a request.

        Args:
          model: its name; one that is not served is counted as none, or callers could make any number of series.
          method: such as predict.
          protocol: grpc or rest.
          status: of gRPC, by name; OK if it went well.
          seconds: it took.
        """
        key = (model, method, protocol, status)
        children = self._children.get(key)
        if children is None:
            if model not in self._models.available():
                key = ("", method, protocol, status)
            children = self._requests.labels(*key), self._seconds.labels(*key[:3])
            if key[0]:
                self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def page(self) -> bytes:
        """All of it in Prometheus's text format."""
        if self._counts is None:
            return generate_latest(self._registry)
        together = CollectorRegistry()
        MultiProcessCollector(together, str(self._counts))  # type: ignore[no-untyped-call]
        together.register(self)
        return generate_latest(together)
