import time
from typing import Any

import pytest

from pipeline.serving.grpc import arrivals
from pipeline.serving.grpc.arrivals import Arrivals


class Context:
    """Of a call: knows when it was cancelled."""

    def __init__(self) -> None:
        self.cancelled = 0.0

    def cancel(self) -> None:
        self.cancelled = time.monotonic()


def wait(context: Context) -> bool:
    """Whether it is cancelled within 5 seconds."""
    end = time.monotonic() + 5
    while not context.cancelled and time.monotonic() < end:
        time.sleep(0.01)
    return bool(context.cancelled)


def test_who_takes_too_long_is_cut_off() -> None:
    cutter = Arrivals(0.2)
    quick, slow = Context(), Context()
    begun = time.monotonic()
    with cutter.within(slow):  # type: ignore[arg-type]
        with cutter.within(quick):  # type: ignore[arg-type]
            pass
        assert wait(slow)
    assert 0.2 <= slow.cancelled - begun < 2
    assert not quick.cancelled
    cutter.stop()


def test_at_the_end_what_is_on_its_way_may_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(arrivals, "LAST_SECONDS", 0.2)
    cutter = Arrivals(60.0)
    arriving, silent = Context(), Context()
    contexts: list[Any] = [silent, arriving]
    with cutter.within(contexts[0]):
        with cutter.within(contexts[1]):
            cutter.stop()
            begun = time.monotonic()
            time.sleep(0.05)
        assert wait(silent)
    assert silent.cancelled - begun >= 0.2
    assert not arriving.cancelled
