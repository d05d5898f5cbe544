"""pyslac, somebody else's charger, at one end of a cable: matches one car and says the key."""

from __future__ import annotations

import asyncio
import sys

from pyslac.enums import STATE_MATCHED
from pyslac.environment import Config
from pyslac.session import SlacEvseSession, SlacSessionController


async def match(interface: str) -> None:
    config = Config()
    config.load_envs("/dev/null")
    session = SlacEvseSession("DE*1", interface, config)
    await session.evse_set_key()
    print("ready", flush=True)
    await SlacSessionController().process_cp_state(session, "B")
    for _ in range(300):
        if session.state == STATE_MATCHED:
            break
        await asyncio.sleep(0.1)
    print("key", session.nid.hex(":"), session.nmk.hex(), flush=True)


if __name__ == "__main__":
    asyncio.run(match(sys.argv[1]))
