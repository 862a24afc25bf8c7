import asyncio
import gc
import threading
import weakref
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import pytest

from pipeline.serving.errors import RequestError
from pipeline.serving.rest.errors import HttpError
from pipeline.serving.rest.pool import Deadline, Pool


def nothing() -> None:
    pass


def test_calls_answer_and_fail_as_they_are() -> None:
    def fail() -> None:
        raise ZeroDivisionError

    async def go(pool: Pool) -> None:
        for large in (False, True):
            assert await pool.run(lambda: 7, Deadline(10), large, nothing) == 7
            with pytest.raises(ZeroDivisionError):
                await pool.run(fail, Deadline(10), large, nothing)

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(go(Pool(threads, 1)))


@pytest.mark.parametrize("large", [False, True])
def test_a_call_whose_time_passed_while_it_waited_is_not_begun(large: bool) -> None:
    hold, begun, ended = threading.Event(), [], []

    def slow() -> None:
        begun.append("slow")
        hold.wait(20)

    async def go(pool: Pool) -> None:
        first = asyncio.ensure_future(pool.run(slow, Deadline(30), large, lambda: ended.append("slow")))
        await asyncio.sleep(0.05)
        with pytest.raises(RequestError, match="Timed out waiting for notification"):
            await pool.run(lambda: begun.append("late"), Deadline(0.1), large, lambda: ended.append("late"))
        gone = asyncio.ensure_future(
            pool.run(lambda: begun.append("gone"), Deadline(30, lambda: True), large, lambda: ended.append("gone"))
        )
        await asyncio.sleep(0.05)
        assert ended == []  # what it holds, it holds until its turn
        hold.set()
        await first
        with pytest.raises(RequestError):
            await gone
        await asyncio.sleep(0.05)

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(go(Pool(threads, 10)))
    assert begun == ["slow"]
    assert sorted(ended) == ["gone", "late", "slow"]


def test_too_many_calls_are_refused_at_once() -> None:
    hold, ended = threading.Event(), []

    async def go(pool: Pool) -> None:
        running = [asyncio.ensure_future(pool.run(hold.wait, Deadline(30), False, nothing)) for _ in range(2)]
        await asyncio.sleep(0)
        with pytest.raises(HttpError) as caught:
            await pool.run(nothing, Deadline(30), False, lambda: ended.append(1))
        assert (caught.value.code, caught.value.headers) == (503, {"Retry-After": "1"})
        assert ended == [1]
        hold.set()
        await asyncio.gather(*running)
        await asyncio.sleep(0)
        await pool.run(nothing, Deadline(30), False, nothing)

    with ThreadPoolExecutor(1) as threads:
        asyncio.run(go(Pool(threads, 2)))


def test_large_calls_run_one_at_a_time_and_others_pass_them() -> None:
    now, most, lock, passed = 0, 0, threading.Lock(), threading.Event()

    def large() -> None:
        nonlocal now, most
        with lock:
            now += 1
            most = max(most, now)
        passed.wait(20)
        with lock:
            now -= 1

    async def go(pool: Pool) -> None:
        def run(call: Callable[[], None], large: bool) -> asyncio.Future[None]:
            return asyncio.ensure_future(pool.run(call, Deadline(30), large, nothing))

        slow = [run(large, True) for _ in range(4)]
        await asyncio.sleep(0.05)
        await run(passed.set, False)
        await asyncio.gather(*slow)

    with ThreadPoolExecutor(2) as threads:
        asyncio.run(go(Pool(threads, 10)))
    assert most == 1


@pytest.mark.parametrize("large", [False, True])
def test_nothing_of_a_call_that_failed_is_kept(large: bool) -> None:
    class Much:
        pass

    kept = []

    def fail() -> None:
        much = Much()
        kept.append(weakref.ref(much))
        raise ZeroDivisionError

    async def go(pool: Pool) -> None:
        try:
            await pool.run(fail, Deadline(10), large, nothing)
        except ZeroDivisionError:
            pass
        await asyncio.sleep(0.05)
        assert kept[0]() is None

    gc.disable()
    try:
        with ThreadPoolExecutor(1) as threads:
            asyncio.run(go(Pool(threads, 1)))
    finally:
        gc.enable()
