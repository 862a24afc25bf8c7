"""What the server counts, for Prometheus."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence

from prometheus_client import CollectorRegistry, Counter, Histogram, generate_latest
from prometheus_client.core import GaugeMetricFamily

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"
_SECONDS = (0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30)


class RequestMetrics:
    """Counts requests, and shows what is loaded. The registry is its own: two servers of one process don't meet.

    Args:
      available: gives the loaded versions of each model.
    """

    def __init__(self, available: Callable[[], Mapping[str, Sequence[int]]]) -> None:
        self._available = available
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
        self._children: dict[tuple[str, ...], tuple[Counter, Histogram]] = {}
        self._registry.register(self)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """The gauges, as of now."""
        versions = GaugeMetricFamily("plumbline_model_version", "Highest loaded version.", labels=["model"])
        loaded = GaugeMetricFamily("plumbline_loaded_versions", "How many versions are loaded.", labels=["model"])
        for model, numbers in self._available().items():
            loaded.add_metric([model], len(numbers))
            if numbers:
                versions.add_metric([model], numbers[-1])
        yield versions
        yield loaded

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
            if model not in self._available():
                key = ("", method, protocol, status)
            children = self._requests.labels(*key), self._seconds.labels(*key[:3])
            if key[0]:
                self._children[key] = children
        children[0].inc()
        children[1].observe(seconds)

    def page(self) -> bytes:
        """All of it in Prometheus's text format."""
        return generate_latest(self._registry)
