from __future__ import annotations

import os
import signal
import threading
import time

import pytest

from pipeline.local.stopping import Stopped, fail_main, stoppable


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_raises_what_no_library_catches(number, code):
    before = signal.default_int_handler  # a shell's background job ignores SIGINT
    former = signal.signal(number, before)
    try:
        with pytest.raises(Stopped, match=f"stopped by {signal.Signals(number).name}") as caught, stoppable():
            try:
                os.kill(os.getpid(), number)
                time.sleep(5)
            except Exception:  # noqa: BLE001 (what a library may do)
                pytest.fail("it was caught")
        assert caught.value.exit_code == code
        assert signal.getsignal(number) is before
    finally:
        signal.signal(number, former)


def test_another_thread_wakes_the_main_one_with_an_error():
    begin = time.monotonic()
    with pytest.raises(ValueError, match="stuck"), stoppable():
        threading.Timer(0.2, fail_main, [ValueError("stuck")]).start()
        threading.Event().wait(20)
    assert time.monotonic() - begin < 5
