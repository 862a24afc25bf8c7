"""Work that takes time: in threads, so much of it at once, and none whose time has passed or whose caller has gone."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from pipeline.serving.errors import RequestError
from pipeline.serving.rest.errors import busy

T = TypeVar("T")


def _never() -> bool:
    return False


class Deadline:
    """Until when an answer is worth its work.

    Args:
      seconds: from now.
      gone: whether nobody waits for it any more.
    """

    def __init__(self, seconds: float, gone: Callable[[], bool] = _never) -> None:
        self._end = time.monotonic() + seconds
        self._gone = gone

    def left(self) -> float:
        """Seconds, 0 if none."""
        return max(0.0, self._end - time.monotonic())

    def check(self) -> None:
        """Raises RequestError if it has passed."""
        if self._gone() or time.monotonic() > self._end:
            raise out_of_time()


def out_of_time() -> RequestError:
    """In TF Serving's words."""
    return RequestError("DEADLINE_EXCEEDED", "Timed out waiting for notification")


class Pool:
    """Runs calls in threads.

    Args:
      threads: that run them.
      most: calls that may run or wait at once.
    """

    def __init__(self, threads: ThreadPoolExecutor, most: int) -> None:
        self._threads = threads
        self._most = most
        self._calls = 0
        # What is large runs one at a time: in Python no two would be quicker, and others would wait for all of them.
        self._large = asyncio.Semaphore(1)

    async def run(self, call: Callable[[], T], deadline: Deadline, large: bool, done: Callable[[], None]) -> T:
        """Runs a call.

        Args:
          call: that raises what it likes.
          deadline: until when it may take.
          large: whether it takes long.
          done: is called when the call has ended, which may be after the deadline.

        Raises:
          HttpError: there are too many.
          RequestError: its time has passed.
        """
        if self._calls >= self._most:
            done()
            raise busy("Too many requests at once. Try again later.")
        self._calls += 1

        def begin() -> T:
            deadline.check()
            return call()

        future: asyncio.Future[T] = (
            asyncio.ensure_future(self._alone(begin))
            if large
            else asyncio.get_running_loop().run_in_executor(self._threads, begin)
        )
        future.add_done_callback(lambda ended: self._ended(ended, done))
        try:
            async with asyncio.timeout(deadline.left()):
                return await asyncio.shield(future)
        except TimeoutError as error:
            raise out_of_time() from error
        finally:
            del future  # or an error of the call, which has its frames, would be held until a collection of all garbage

    async def _alone(self, begin: Callable[[], T]) -> T:
        async with self._large:
            return await asyncio.get_running_loop().run_in_executor(self._threads, begin)

    def _ended(self, future: asyncio.Future[T], done: Callable[[], None]) -> None:
        self._calls -= 1
        done()
        if not future.cancelled():
            future.exception()  # it may be that nobody waits for it any more
