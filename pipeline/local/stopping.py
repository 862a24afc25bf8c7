"""How a run is ended from outside: by a signal, or by another thread that has seen that it can't go on."""

from __future__ import annotations

import contextlib
import signal
import threading
from collections.abc import Iterator
from types import FrameType

STOPS = (signal.SIGINT, signal.SIGTERM)
_FAILS = signal.SIGUSR1  # tells the main thread that there is an error for it

_errors: list[Exception] = []


class Stopped(BaseException):
    """A signal ended the run. No Exception, so that no library takes it for a failure that it may pass over.

    Attributes:
      exit_code: 128 and the signal's number, as a shell says it.
    """

    def __init__(self, number: int) -> None:
        super().__init__(f"stopped by {signal.Signals(number).name}")
        self.exit_code = 128 + number


@contextlib.contextmanager
def stoppable() -> Iterator[None]:
    """In the main thread: signals raise `Stopped`, and `fail_main` what it is given, even where the thread waits for another.

    A second signal ends the process at once.
    """
    former = {number: signal.getsignal(number) for number in (*STOPS, _FAILS)}

    def stop(number: int, frame: FrameType | None) -> None:
        del frame
        signal.signal(number, signal.SIG_DFL)
        raise Stopped(number)

    def fail(number: int, frame: FrameType | None) -> None:
        del number, frame
        if _errors:
            raise _errors.pop()

    for number in STOPS:
        if former[number] is not signal.SIG_IGN:
            signal.signal(number, stop)
    signal.signal(_FAILS, fail)
    try:
        yield
    finally:
        for number, handler in former.items():
            signal.signal(number, handler)


def fail_main(error: Exception) -> None:
    """Raises an error in the main thread, which is inside `stoppable`: a signal wakes it from whatever Python waits for."""
    _errors.append(error)
    signal.pthread_kill(threading.main_thread().ident or 0, _FAILS)
