"""MMEs over a FrameLink: what the procedures send to and receive from."""

from __future__ import annotations

import asyncio
import math
from typing import Self

from structlog.typing import FilteringBoundLogger

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme import (
    ETHERTYPE_HOMEPLUG_AV,
    Mme,
    MmeFrame,
    UnknownMme,
    decode_frame,
    encode_frame,
)
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.terms import MacAddress


class MmeLink:
    """Sends and receives MMEs for as long as its ``with`` block lasts.

    Frames that arrive while nobody receives wait. Our own frames (a capture interface shows them
    too) and frames that do not decode are passed over.
    """

    def __init__(self, link: FrameLink, log: FilteringBoundLogger) -> None:
        self._link = link
        self._log = log
        self._frames = link.subscribe(ETHERTYPE_HOMEPLUG_AV)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self._frames.close()

    def send(self, dst: MacAddress, message: Mme | UnknownMme) -> None:
        """Send ``message``; raises LinkError when the interface is gone."""
        self._link.send(encode_frame(dst, self._link.mac, message))

    async def receive(self) -> MmeFrame:
        """Wait for the next MME of another station."""
        while True:
            raw = await self._frames.receive()
            try:
                frame = decode_frame(raw)
            except CodecError as exc:
                self._log.debug("homeplug.malformed", error=str(exc), frame=raw.hex())
                continue
            if frame.src != self._link.mac:
                return frame

    async def receive_before(self, deadline: float) -> MmeFrame | None:
        """Wait for the next MME until ``deadline`` (the loop's time, or inf), then return None."""
        try:
            async with asyncio.timeout_at(None if math.isinf(deadline) else deadline):
                return await self.receive()
        except TimeoutError:
            return None
