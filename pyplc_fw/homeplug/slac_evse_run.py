"""One car's matching run as its charger sees it: a table, state -> MME -> handler.

A run never touches the world: MMEs of the car go in by `receive`, answers to the car come out,
time is an argument, and `deadline` is when `expire` wants to be called. What the table does not
list for a state is passed over in silence, as the standard wants it of an EVSE.

    state                   left with                         when its timer runs out
    WAIT_START_ATTEN_CHAR   CM_START_ATTEN_CHAR.IND           TT_match_sequence: given up
    SOUNDING                the sound that counts 0           TT_EVSE_match_MNBC: report
    AVERAGING               the modem's last measurement      TP_EVSE_avg_atten_calc: report
    WAIT_ATTEN_CHAR_RSP     CM_ATTEN_CHAR.RSP                 TT_match_response: again; given up
    WAIT_MATCH_REQ          CM_SLAC_MATCH.REQ                 TT_EVSE_match_session: given up
    MATCHED                                                   done: no repeated MATCH.REQ came

Source: ISO 15118-3 Annex A.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final

from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmMnbcSoundInd,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Mme,
    UnknownMme,
)
from pyplc_fw.homeplug.slac import SlacMatch, StepLog, mean_attenuation_db
from pyplc_fw.homeplug.timers import NUM_GROUPS, SlacTimers
from pyplc_fw.terms import MacAddress, Nid, Nmk, RunId
from pyplc_fw.timing import Timer

PLAUSIBLE_PROFILE: Final = bytes([10] * (NUM_GROUPS - 4) + [12, 15, 18, 22])
"What is reported when the modem does not measure: a short cable. Cars refuse all zeros."
MAX_PROFILES: Final = 256
"One for each sound that a countdown of one octet can number."


class EvseState(Enum):
    """What the charger waits for, or how the run ended."""

    WAIT_START_ATTEN_CHAR = "wait_start_atten_char"
    SOUNDING = "sounding"
    AVERAGING = "averaging"
    WAIT_ATTEN_CHAR_RSP = "wait_atten_char_rsp"
    WAIT_MATCH_REQ = "wait_match_req"
    MATCHED = "matched"
    DONE = "done"
    GIVEN_UP = "given_up"


def average_profile(profiles: list[bytes]) -> bytes:
    """Return the mean of each group over ``profiles``; a plausible profile if there is none.

    Only profiles with as many groups as the first non-empty one count; an AR7420 modem reports
    profiles without groups.
    """
    measured = [profile for profile in profiles if profile]
    alike = [profile for profile in measured if len(profile) == len(measured[0])]
    averaged = bytes(
        math.floor(sum(group) / len(group) + 0.5) for group in zip(*alike, strict=True)
    )
    return averaged if mean_attenuation_db(averaged) is not None else PLAUSIBLE_PROFILE


class EvseRun:
    """The matching of one car, which began with ``request``.

    A car that starts all over sends another CM_SLAC_PARM.REQ: that is a new run.
    """

    def __init__(
        self,
        request: CmSlacParmReq,
        *,
        pev_mac: MacAddress,
        evse_mac: MacAddress,
        network: tuple[Nid, Nmk],
        steps: StepLog,
        timers: SlacTimers,
        now: float,
    ) -> None:
        self.run_id = RunId(request.run_id)
        self.pev_mac = pev_mac
        self.evse_mac = evse_mac
        self.nid, self.nmk = network
        self.steps = steps
        self.timers = timers
        self.sounds: set[int] = set()
        "The sounds heard, by their countdown; one that arrives twice counts once."
        self.profiles: list[bytes] = []
        "What the modem measured, one entry for each sound."
        self.reports_sent = 0
        self.matches_sent = 0
        self.state = EvseState.WAIT_START_ATTEN_CHAR
        self.deadline = now + timers.tt_match_sequence.limit_s

    @property
    def ended(self) -> bool:
        """Whether nothing more can come of this run."""
        return self.state in (EvseState.DONE, EvseState.GIVEN_UP)

    def receive(self, message: Mme | UnknownMme, now: float) -> list[Mme]:
        """Take an MME of this run's car, or of our modem about it; return what to answer."""
        handler = TABLE.get(self.state, {}).get(type(message))
        return handler(self, message, now) if handler is not None else []

    def expire(self, now: float) -> list[Mme]:
        """Take note that the deadline is reached; return what to send."""
        return ON_EXPIRY[self.state](self, now)

    def enter(self, state: EvseState, now: float, timer: Timer | None = None) -> None:
        """Go to ``state``, in which ``timer`` runs."""
        self.state = state
        self.deadline = now + timer.limit_s if timer is not None else math.inf

    def match(self) -> SlacMatch:
        """Return the result of a run that is matched."""
        return SlacMatch(
            pev_mac=self.pev_mac,
            evse_mac=self.evse_mac,
            nid=self.nid,
            nmk=self.nmk,
            run_id=self.run_id,
            attenuation_db=mean_attenuation_db(average_profile(self.profiles))
            if any(self.profiles)
            else None,
        )


# --- the car's messages --------------------------------------------------------------------------


def parameters(run: EvseRun) -> CmSlacParmCnf:
    """Answer CM_SLAC_PARM.REQ with the RunID as it came: a Taycan and a Model Y insist on it."""
    run.steps.step("slac.parm_cnf", 101, pev_mac=str(run.pev_mac), run_id=str(run.run_id))
    return CmSlacParmCnf(
        run_id=run.run_id,
        forwarding_sta=run.pev_mac,
        num_sounds=run.timers.c_ev_match_mnbc,
        time_out=run.timers.time_out_coded,
    )


def on_start_atten_char(run: EvseRun, message: CmStartAttenCharInd, now: float) -> list[Mme]:
    """Start TT_EVSE_match_MNBC with the first of three announcements."""
    if message.run_id == run.run_id:
        run.enter(EvseState.SOUNDING, now, run.timers.tt_evse_match_mnbc)
    return []


def on_early_sound(run: EvseRun, message: CmMnbcSoundInd, now: float) -> list[Mme]:
    """Take the first sound for the announcements, which were lost, all three."""
    if message.run_id != run.run_id:
        return []
    run.enter(EvseState.SOUNDING, now, run.timers.tt_evse_match_mnbc)
    return on_sound(run, message, now)


def on_sound(run: EvseRun, message: CmMnbcSoundInd, now: float) -> list[Mme]:
    """Count the sound; with the last one, wait for the modem's last measurement."""
    if message.run_id != run.run_id:
        return []
    run.sounds.add(message.remaining)
    if message.remaining > 0:
        return []
    run.enter(EvseState.AVERAGING, now, run.timers.tp_evse_avg_atten_calc)
    return _report_if_complete(run, now)


def on_atten_profile(run: EvseRun, message: CmAttenProfileInd, now: float) -> list[Mme]:
    """Our modem measured a sound; checkpoint 110."""
    run.steps.step("slac.atten_profile", 110, groups=len(message.attenuation_db))
    if len(run.profiles) < MAX_PROFILES:
        run.profiles.append(message.attenuation_db)
    return _report_if_complete(run, now)


def _report_if_complete(run: EvseRun, now: float) -> list[Mme]:
    if run.state is EvseState.AVERAGING and len(run.profiles) >= len(run.sounds):
        return report(run, now)
    return []


def on_atten_char_rsp(run: EvseRun, message: CmAttenCharRsp, now: float) -> list[Mme]:
    """Let the car, which has our report, decide for up to TT_EVSE_match_session."""
    if (message.run_id, message.source_address) == (run.run_id, run.pev_mac):
        state = EvseState.WAIT_MATCH_REQ if message.result == 0 else EvseState.GIVEN_UP
        run.enter(state, now, run.timers.tt_evse_match_session)
    return []


def on_validate_req(_run: EvseRun, message: CmValidateReq, _now: float) -> list[Mme]:
    """Say that no BCB toggle is needed; no public peer uses it for DC."""
    return [CmValidateCnf(signal_type=message.signal_type)]


def on_match_req(run: EvseRun, message: CmSlacMatchReq, now: float) -> list[Mme]:
    """Hand out the network to the car that chose us, and again if it asks; checkpoint 155.

    Asking again prolongs the time in which it may, as often as a car has retries and no more.
    """
    asked = (message.run_id, message.pev_mac, message.evse_mac)
    if asked != (run.run_id, run.pev_mac, run.evse_mac):
        return []
    run.steps.step("slac.match_cnf", 155, pev_mac=str(run.pev_mac), nid=str(run.nid))
    if run.matches_sent <= run.timers.c_ev_match_retry:
        run.enter(EvseState.MATCHED, now, run.timers.evse_match_linger)
    run.matches_sent += 1
    return [
        CmSlacMatchCnf(
            pev_mac=run.pev_mac,
            evse_mac=run.evse_mac,
            run_id=run.run_id,
            nid=run.nid,
            nmk=run.nmk,
        )
    ]


# --- the timers ----------------------------------------------------------------------------------


def report(run: EvseRun, now: float) -> list[Mme]:
    """Send CM_ATTEN_CHAR.IND; checkpoint 120. Without a single sound there is nothing to say."""
    if not run.sounds:
        return give_up(run, now)
    run.enter(EvseState.WAIT_ATTEN_CHAR_RSP, now, run.timers.tt_match_response)
    run.reports_sent += 1
    profile = average_profile(run.profiles)
    run.steps.step(
        "slac.atten_char",
        120,
        sounds=len(run.sounds),
        measured=any(run.profiles),
        groups=len(profile),
    )
    return [
        CmAttenCharInd(
            source_address=run.pev_mac,
            run_id=run.run_id,
            num_sounds=len(run.sounds),
            attenuation_db=profile,
        )
    ]


def report_again(run: EvseRun, now: float) -> list[Mme]:
    """Repeat the report that nobody answered, C_EV_match_retry times."""
    if run.reports_sent > run.timers.c_ev_match_retry:
        return give_up(run, now)
    return report(run, now)


def give_up(run: EvseRun, now: float) -> list[Mme]:
    """End the run: the car went silent, or chose another charger."""
    run.enter(EvseState.GIVEN_UP, now)
    return []


def finish(run: EvseRun, now: float) -> list[Mme]:
    """End the run well: the car did not repeat its CM_SLAC_MATCH.REQ, so it has our answer."""
    run.enter(EvseState.DONE, now)
    return []


Handler = Callable[[EvseRun, Any, float], list[Mme]]

TABLE: Final[Mapping[EvseState, Mapping[type, Handler]]] = {
    EvseState.WAIT_START_ATTEN_CHAR: {
        CmStartAttenCharInd: on_start_atten_char,
        CmMnbcSoundInd: on_early_sound,
    },
    EvseState.SOUNDING: {
        CmMnbcSoundInd: on_sound,
        CmAttenProfileInd: on_atten_profile,
    },
    EvseState.AVERAGING: {
        CmAttenProfileInd: on_atten_profile,
    },
    EvseState.WAIT_ATTEN_CHAR_RSP: {
        CmAttenCharRsp: on_atten_char_rsp,
        CmSlacMatchReq: on_match_req,  # its CM_ATTEN_CHAR.RSP was lost
    },
    EvseState.WAIT_MATCH_REQ: {
        CmValidateReq: on_validate_req,
        CmSlacMatchReq: on_match_req,
    },
    EvseState.MATCHED: {
        CmSlacMatchReq: on_match_req,  # our CM_SLAC_MATCH.CNF was lost
    },
}
"What each state answers to. CM_SLAC_PARM.REQ is not here: it begins a new run."


ON_EXPIRY: Final[Mapping[EvseState, Callable[[EvseRun, float], list[Mme]]]] = {
    EvseState.WAIT_START_ATTEN_CHAR: give_up,
    EvseState.SOUNDING: report,
    EvseState.AVERAGING: report,
    EvseState.WAIT_ATTEN_CHAR_RSP: report_again,
    EvseState.WAIT_MATCH_REQ: give_up,
    EvseState.MATCHED: finish,
}
"What each state does when its timer runs out."
