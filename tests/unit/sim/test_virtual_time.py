from __future__ import annotations

import asyncio
import gc
from collections.abc import AsyncIterator

import pytest

from pyplc_fw.errors import ProtocolTimeoutError
from pyplc_fw.sim.virtual_time import DeadlockError, LivelockError, run_virtual
from pyplc_fw.timing import Timer, timeout


def test_a_long_sleep_takes_its_time_on_the_loops_clock_only() -> None:
    async def sleep() -> float:
        await asyncio.sleep(40 * 60.0)
        return asyncio.get_running_loop().time()

    assert run_virtual(sleep()) == 40 * 60.0
    assert run_virtual(sleep(), start_s=100.0) == 100.0 + 40 * 60.0


def test_timers_run_in_order_of_time_and_then_of_setting() -> None:
    async def order() -> list[str]:
        loop = asyncio.get_running_loop()
        ran: list[str] = []
        loop.call_later(2.0, ran.append, "late")
        loop.call_later(1.0, ran.append, "first")
        loop.call_at(1.0, ran.append, "second")
        loop.call_later(1.5, ran.append, "cancelled").cancel()
        loop.call_soon(ran.append, "at once")
        loop.call_soon(ran.append, "never").cancel()
        await asyncio.sleep(3.0)
        return ran

    assert run_virtual(order()) == ["at once", "first", "second", "late"]


def test_the_clock_stands_still_while_something_is_ready() -> None:
    async def work() -> tuple[float, float]:
        loop = asyncio.get_running_loop()
        loop.call_later(0.001, lambda: None)
        before = loop.time()
        for _ in range(1000):
            await asyncio.sleep(0)
        return before, loop.time()

    before, after = run_virtual(work())
    assert before == after


def test_a_timer_that_is_due_now_runs_although_something_is_always_ready() -> None:
    async def wait() -> bool:
        done = asyncio.Event()
        asyncio.get_running_loop().call_later(0.0, done.set)
        while not done.is_set():  # noqa: ASYNC110 - to be busy is the point
            await asyncio.sleep(0)
        return True

    assert run_virtual(wait())


def test_timeouts_expire_on_the_virtual_clock() -> None:
    async def wait() -> float:
        loop = asyncio.get_running_loop()
        with pytest.raises(ProtocolTimeoutError):
            async with timeout(Timer("T", 2.5)):
                await asyncio.sleep(3.0)
        return loop.time()

    assert run_virtual(wait()) == 2.5


def test_when_everyone_waits_for_ever_the_waiting_tasks_are_named() -> None:
    async def wait_in_vain() -> None:
        await asyncio.Event().wait()

    async def main() -> None:
        await asyncio.create_task(wait_in_vain(), name="charger")

    with pytest.raises(DeadlockError, match=r"charger in .*wait_in_vain"):
        run_virtual(main())


def test_a_timer_that_never_comes_does_not_count() -> None:
    async def main() -> None:
        async with asyncio.timeout(float("inf")):
            await asyncio.Event().wait()

    with pytest.raises(DeadlockError):
        run_virtual(main())


def test_a_loop_that_waits_for_nothing_is_noticed() -> None:
    async def spin() -> None:
        while True:  # noqa: ASYNC110 - as above
            await asyncio.sleep(0)

    with pytest.raises(LivelockError, match="spin"):
        run_virtual(spin())


def test_leftover_tasks_are_cancelled_and_clean_up() -> None:
    cleaned: list[str] = []

    async def serve() -> None:
        try:
            await asyncio.sleep(1000.0)
        finally:
            await asyncio.sleep(1.0)
            cleaned.append("done")

    async def main() -> str:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0.5)
        assert not task.done()
        return "result"

    assert run_virtual(main()) == "result"
    assert cleaned == ["done"]


def test_what_main_raises_comes_out_and_leftovers_are_cancelled_all_the_same() -> None:
    cancelled: list[bool] = []

    async def serve() -> None:
        try:
            await asyncio.sleep(1000.0)
        except asyncio.CancelledError:
            cancelled.append(True)
            raise

    async def main() -> None:
        task = asyncio.create_task(serve())
        await asyncio.sleep(0.5)
        raise KeyError(task.get_name())

    with pytest.raises(KeyError):
        run_virtual(main())
    assert cancelled == [True]


def test_a_callback_that_fails_ends_the_run() -> None:
    async def main() -> None:
        asyncio.get_running_loop().call_later(1.0, [].pop)
        await asyncio.sleep(2.0)

    with pytest.raises(IndexError):
        run_virtual(main())


def test_a_failed_task_that_nobody_awaits_is_not_silent() -> None:
    async def fail() -> None:
        raise KeyError("unheard")

    async def main() -> None:
        asyncio.create_task(fail())  # noqa: RUF006 - nobody keeps it, that is the point
        await asyncio.sleep(1.0)

    with pytest.raises(KeyError, match="unheard"):
        run_virtual(main())


def test_a_failed_task_is_named_when_everyone_waits_for_it_in_vain() -> None:
    async def fail() -> None:
        raise KeyError("unheard")

    async def main() -> None:
        asyncio.create_task(fail())  # noqa: RUF006 - as above
        await asyncio.Event().wait()

    with pytest.raises(DeadlockError) as caught:
        run_virtual(main())
    assert caught.value.__notes__ == ["nobody heard of: KeyError('unheard')"]


def test_a_task_that_is_lost_while_it_waits_is_not_silent() -> None:
    async def main() -> None:
        asyncio.create_task(asyncio.Event().wait())  # noqa: RUF006 - as above
        await asyncio.sleep(1.0)
        gc.collect()

    with pytest.raises(RuntimeError, match="destroyed"):
        run_virtual(main())


def test_a_leftover_that_fails_while_it_is_cancelled_is_not_silent() -> None:
    async def serve() -> None:
        try:
            await asyncio.sleep(1000.0)
        finally:
            raise KeyError("in cleanup")

    async def main() -> None:
        task = asyncio.create_task(serve())
        await asyncio.sleep(1.0)
        assert not task.done()

    with pytest.raises(KeyError, match="in cleanup"):
        run_virtual(main())


def test_an_async_generator_that_is_left_early_is_closed() -> None:
    closed: list[bool] = []

    async def numbers() -> AsyncIterator[int]:
        try:
            yield 1
            yield 2
        finally:
            closed.append(True)

    async def main() -> None:
        async for _ in numbers():
            break
        await asyncio.sleep(0.1)

    run_virtual(main())
    assert closed == [True]


def test_queues_events_and_task_groups_work() -> None:
    async def main() -> list[int]:
        queue: asyncio.Queue[int] = asyncio.Queue(1)

        async def produce() -> None:
            for number in range(5):
                await queue.put(number)
                await asyncio.sleep(0.1)

        async def consume() -> list[int]:
            return [await queue.get() for _ in range(5)]

        async with asyncio.TaskGroup() as group:
            group.create_task(produce())
            got = group.create_task(consume())
        return got.result()

    assert run_virtual(main()) == [0, 1, 2, 3, 4]


def test_a_run_repeats_exactly() -> None:
    async def main() -> list[tuple[float, int]]:
        loop = asyncio.get_running_loop()
        ran: list[tuple[float, int]] = []

        async def worker(number: int) -> None:
            for step in range(20):
                await asyncio.sleep(0.1 * ((number * step) % 3 + 1))
                ran.append((loop.time(), number))

        await asyncio.gather(*(worker(number) for number in range(5)))
        return ran

    assert run_virtual(main()) == run_virtual(main())


def test_it_is_no_place_for_threads() -> None:
    async def main() -> None:
        await asyncio.to_thread(int)

    with pytest.raises(NotImplementedError):
        run_virtual(main())
