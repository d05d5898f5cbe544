from __future__ import annotations

import asyncio

import pytest

from pyplc_fw.errors import LinkError
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.sim.waiting import LazyTimer, Mailbox


def test_a_mailbox_keeps_the_order_and_wakes_its_reader() -> None:
    async def main() -> list[int]:
        box: Mailbox[int] = Mailbox()
        reader = asyncio.create_task(box.get())
        await asyncio.sleep(0.1)
        box.put(1)
        box.put(2)
        return [await reader, await box.get()]

    assert run_virtual(main()) == [1, 2]


def test_a_full_mailbox_loses_what_comes_last() -> None:
    box: Mailbox[int] = Mailbox(limit=1)
    assert box.put(1)
    assert not box.put(2)
    assert box.close() == [1]
    assert not box.put(3)


def test_closing_a_mailbox_ends_the_waiting() -> None:
    async def main() -> None:
        box: Mailbox[int] = Mailbox()
        asyncio.get_running_loop().call_later(1.0, box.close)
        with pytest.raises(LinkError):
            await box.get()

    run_virtual(main())


def test_a_reader_that_gives_up_loses_nothing() -> None:
    async def main() -> int:
        box: Mailbox[int] = Mailbox()
        reader = asyncio.create_task(box.get())
        await asyncio.sleep(0.1)
        reader.cancel()
        box.put(7)
        return await box.get()

    assert run_virtual(main()) == 7


def test_a_lazy_timer_runs_out_when_it_was_set_to_last() -> None:
    async def main() -> list[float]:
        loop = asyncio.get_running_loop()
        ran: list[float] = []
        timer = LazyTimer(lambda: ran.append(loop.time()))
        timer.set(1.0)
        await asyncio.sleep(0.5)
        timer.set(2.0)  # later: 2.5
        await asyncio.sleep(1.0)
        timer.set(0.25)  # earlier: 1.75
        assert timer.is_set
        await asyncio.sleep(3.0)
        timer.set(1.0)  # 5.5, but
        timer.stop()
        await asyncio.sleep(3.0)
        timer.set(1.0)
        await asyncio.sleep(1.5)
        return ran

    assert run_virtual(main()) == [1.75, 8.5]
