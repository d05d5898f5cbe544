"""A SECC session in any state, and one step of it."""

from __future__ import annotations

from typing import Any

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.secc import answer
from pyplc_fw.v2g.secc_session import SeccSession, SeccState
from tests.unit.v2g import din_requests as req
from tests.unit.v2g.v2g_bench import BenchPilot, BenchSupply
from tests.unit.v2g.v2g_scripts import SESSION_ID, bench_session


class Clock:
    """A clock that a test sets."""

    now = 100.0

    def __call__(self) -> float:
        return self.now


def session_in(
    state: SeccState, *, pilot: str = "C", **options: Any
) -> tuple[SeccSession, BenchSupply, Clock]:
    """Return a session in ``state``, with a passed cable check where that comes before."""
    supply, clock = BenchSupply(), Clock()
    supply.cable_check_s = 0.0
    secc = bench_session(supply, BenchPilot(state=pilot), clock=clock, **options)
    secc.state = state
    secc.learn_limits(din.volts(410), din.amps(200), None)
    if state in (SeccState.PRE_CHARGE, SeccState.POWER_DELIVERY, SeccState.CURRENT_DEMAND):
        supply.start_cable_check()
        supply.events.clear()
    return secc, supply, clock


def ask(secc: SeccSession, request: din.Message, session_id: bytes = SESSION_ID) -> Any:
    """Ask, and check that the response can travel."""
    response = answer(secc, req.envelope(request, session_id))
    assert exi.decode("din", exi.encode(response)) == response
    assert response.Header.SessionID == SESSION_ID
    return response.Body.BodyElement
