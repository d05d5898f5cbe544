"""Every timer and counter of ISO 15118-3 that matching and link set-up use, with its source.

Source: ISO 15118-3 Annex A; DIN 70121 has the same values under other names. Where the standard
gives a range, the comment names it and the constant is what this program uses. The letter says
how the value is known: A from two or more public implementations, B from one, C from the
standard's tables only (to be checked against a bought copy). `SlacTimers` is how a procedure is
given them, so that a field test can change one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from pyplc_fw.timing import Timer

# --- before the matching -----------------------------------------------------------------------
TT_EVSE_SLAC_INIT: Final = Timer("TT_EVSE_SLAC_init", 50.0)  # A, 20..50 s: state B to PARM.REQ
T_STEP_EF: Final = Timer("T_step_EF", 4.0)  # A, >= 4 s: state E or F to wake the EV
T_STEP_X1: Final = Timer("T_step_X1", 3.0)  # C, >= 3 s: X1 between 5 % and nominal duty
C_SEQU_RETRY: Final = 2  # B: repeats of the E/F sequence when no PARM.REQ comes

# --- requests and responses --------------------------------------------------------------------
TT_MATCH_RESPONSE: Final = Timer("TT_match_response", 0.2)  # A: request to response, then retry
TP_MATCH_RESPONSE: Final = Timer("TP_match_response", 0.1)  # C, <= 100 ms: our own answer
TT_MATCH_SEQUENCE: Final = Timer("TT_match_sequence", 0.4)  # A: response to the next request
TP_MATCH_SEQUENCE: Final = Timer("TP_match_sequence", 0.1)  # C, <= 100 ms: our own next request
C_EV_MATCH_RETRY: Final = 2  # B: repeats of a request that got no response

# --- attenuation measurement -------------------------------------------------------------------
C_EV_START_ATTEN_CHAR_INDS: Final = 3  # A: CM_START_ATTEN_CHAR.IND sent in a row
C_EV_MATCH_MNBC: Final = 10  # A, >= 10: CM_MNBC_SOUND.IND sent
TP_EV_BATCH_MSG_INTERVAL: Final = Timer("TP_EV_batch_msg_interval", 0.03)  # A, 20..50 ms
TT_EVSE_MATCH_MNBC: Final = Timer("TT_EVSE_match_MNBC", 0.6)  # A: first START to averaging
TP_EVSE_AVG_ATTEN_CALC: Final = Timer("TP_EVSE_avg_atten_calc", 0.1)  # C, <= 100 ms: averaging
TT_EV_ATTEN_RESULTS: Final = Timer("TT_EV_atten_results", 1.2)  # A: first START to choice

# --- validation (BCB toggle) -------------------------------------------------------------------
T_VALD_DETECT_TIME: Final = Timer("T_vald_detect_time", 0.2)  # C: a toggle is seen within
TP_EV_VALD_TOGGLE_MIN: Final = Timer("TP_EV_vald_toggle (min)", 0.6)  # C: shortest toggling
TP_EV_VALD_TOGGLE_MAX: Final = Timer("TP_EV_vald_toggle (max)", 3.5)  # C: longest toggling
C_VALD_NB_TOGGLES_MIN: Final = 1  # C: fewest toggles
C_VALD_NB_TOGGLES_MAX: Final = 3  # C: most toggles

# --- match and join ----------------------------------------------------------------------------
TT_EVSE_MATCH_SESSION: Final = Timer("TT_EVSE_match_session", 10.0)  # A: ATTEN_CHAR.RSP to MATCH
TT_MATCH_JOIN: Final = Timer("TT_match_join", 12.0)  # B: MATCH.CNF to link up
TP_LINK_READY_NOTIFICATION: Final = Timer("TP_link_ready_notification", 1.0)  # C, 0.2..1 s
TP_MATCH_LEAVE: Final = Timer("TP_match_leave", 1.0)  # C, <= 1 s: end of link to new NMK

# --- repetition of the whole -------------------------------------------------------------------
TT_MATCHING_REPETITION: Final = Timer("TT_matching_repetition", 10.0)  # B: all runs together
TT_MATCHING_RATE: Final = Timer("TT_matching_rate", 0.4)  # B: pause before the next run
C_CONN_MAX_MATCH: Final = 3  # B, >= 3: runs within TT_matching_repetition

# --- coded in the frames -----------------------------------------------------------------------
TIME_OUT_CODED: Final = (
    6  # TT_EVSE_match_MNBC in units of 100 ms; a Compleo ignores any other value
)
NUM_GROUPS: Final = 58  # carrier groups of HomePlug Green PHY in an attenuation profile

# --- our own, not the standard's ---------------------------------------------------------------
PARM_CNF_COLLECT: Final = Timer("PARM_CNF collect", 0.05)  # more chargers may answer PARM.REQ
EVSE_MATCH_LINGER: Final = Timer("MATCH.CNF linger", 0.25)  # TT_match_response + 50 ms: one repeat
ATTENUATION_LIMIT_DB: Final = 40.0  # mean above which a charger is not the one we are plugged into
SET_KEY_CNF: Final = Timer("CM_SET_KEY.CNF wait", 0.5)  # host to its own modem
C_SET_KEY_RETRY: Final = 11  # repeats to a silent modem: one that restarts is deaf for up to 5 s
MODEM_ANSWER: Final = Timer("modem answer window", 0.5)  # modems answer a broadcast within


@dataclass(frozen=True, slots=True, kw_only=True)
class SlacTimers:
    """The timers and counters of the matching, as a procedure is given them."""

    tt_match_response: Timer = TT_MATCH_RESPONSE
    tt_match_sequence: Timer = TT_MATCH_SEQUENCE
    tp_ev_batch_msg_interval: Timer = TP_EV_BATCH_MSG_INTERVAL
    tt_evse_match_mnbc: Timer = TT_EVSE_MATCH_MNBC
    tp_evse_avg_atten_calc: Timer = TP_EVSE_AVG_ATTEN_CALC
    tt_ev_atten_results: Timer = TT_EV_ATTEN_RESULTS
    tt_evse_match_session: Timer = TT_EVSE_MATCH_SESSION
    tt_matching_repetition: Timer = TT_MATCHING_REPETITION
    tt_matching_rate: Timer = TT_MATCHING_RATE
    parm_cnf_collect: Timer = PARM_CNF_COLLECT
    evse_match_linger: Timer = EVSE_MATCH_LINGER
    c_ev_match_retry: int = C_EV_MATCH_RETRY
    c_ev_start_atten_char_inds: int = C_EV_START_ATTEN_CHAR_INDS
    c_ev_match_mnbc: int = C_EV_MATCH_MNBC
    c_conn_max_match: int = C_CONN_MAX_MATCH
    time_out_coded: int = TIME_OUT_CODED
    attenuation_limit_db: float = ATTENUATION_LIMIT_DB


SLAC_TIMERS: Final = SlacTimers()
"The standard's values."


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemTimers:
    """The waits of a host for its modem."""

    set_key_cnf: Timer = SET_KEY_CNF
    modem_answer: Timer = MODEM_ANSWER
    c_set_key_retry: int = C_SET_KEY_RETRY


MODEM_TIMERS: Final = ModemTimers()
"What QCA7000-family modems need."
