"""One end of a cable for tests: prints what a RawLink receives, sends what stands on stdin."""

from __future__ import annotations

import asyncio
import sys

import structlog
from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import LinkError, PyplcError
from pyplc_fw.net.packets import ETHERTYPE_HOMEPLUG
from pyplc_fw.net.raw_link import RawLink


def say(*words: object) -> None:
    print(*words, flush=True)


async def serve(interface: str, *, everything: bool) -> None:
    log: FilteringBoundLogger = structlog.wrap_logger(structlog.PrintLogger(sys.stdout))
    link = RawLink(interface, log, everything=everything)
    if everything:
        link.tap(lambda _, direction, frame: say("frame", frame.hex()[:60], direction))

    def send() -> None:
        line = sys.stdin.readline()
        if not line:
            asyncio.get_running_loop().remove_reader(sys.stdin)
            return
        try:
            link.send(bytes.fromhex(line))
        except LinkError as exc:
            say("LinkError", exc)

    async with link:
        asyncio.get_running_loop().add_reader(sys.stdin, send)
        with link.subscribe(ETHERTYPE_HOMEPLUG) as frames:
            while True:
                frame = await frames.receive()
                if not everything:
                    say("frame", frame.hex()[:60])


if __name__ == "__main__":
    try:
        asyncio.run(serve(sys.argv[1], everything="everything" in sys.argv))
    except PyplcError as error:
        say(type(error).__name__, error)
        sys.exit(1)
