"""One sample of every MME, and strategies that draw any."""

from __future__ import annotations

import dataclasses
from typing import Any

from hypothesis import strategies as st

from pyplc_fw.homeplug.mme import (
    CmAttenCharInd,
    CmAttenCharRsp,
    CmAttenProfileInd,
    CmGetKeyCnf,
    CmGetKeyReq,
    CmMnbcSoundInd,
    CmSetKeyCnf,
    CmSetKeyReq,
    CmSlacMatchCnf,
    CmSlacMatchReq,
    CmSlacParmCnf,
    CmSlacParmReq,
    CmStartAttenCharInd,
    CmValidateCnf,
    CmValidateReq,
    Mme,
    VsSwVerCnf,
    VsSwVerReq,
)
from pyplc_fw.terms import MacAddress, Nid, Nmk, RunId

PEV = MacAddress.parse("04:65:65:00:64:c3")
EVSE = MacAddress.parse("62:57:25:18:44:be")
RUN_ID = RunId.parse("0102030405060708")
NID = Nid.parse("a1a2a3a4a5a607")
NMK = Nmk.parse("b0b1b2b3b4b5b6b7b8b9babbbcbdbebf")
AAG = bytes(range(1, 59))

SAMPLES: tuple[Mme, ...] = (
    CmSlacParmReq(run_id=RUN_ID),
    CmSlacParmCnf(run_id=RUN_ID, forwarding_sta=PEV),
    CmStartAttenCharInd(run_id=RUN_ID, forwarding_sta=PEV),
    CmMnbcSoundInd(run_id=RUN_ID, remaining=9, random=b"\xff" * 16),
    CmAttenProfileInd(pev_mac=PEV, attenuation_db=AAG),
    CmAttenCharInd(source_address=PEV, run_id=RUN_ID, num_sounds=10, attenuation_db=AAG),
    CmAttenCharRsp(source_address=PEV, run_id=RUN_ID),
    CmValidateReq(timer=3),
    CmValidateCnf(toggle_num=2),
    CmSlacMatchReq(pev_mac=PEV, evse_mac=EVSE, run_id=RUN_ID),
    CmSlacMatchCnf(pev_mac=PEV, evse_mac=EVSE, run_id=RUN_ID, nid=NID, nmk=NMK),
    CmSetKeyReq(nid=NID, nmk=NMK, my_nonce=b"\xaa" * 4),
    CmSetKeyCnf(result=1, my_nonce=b"\x01\x02\x03\x04", your_nonce=b"\xaa" * 4),
    CmGetKeyReq(nid=NID, my_nonce=b"\xaa" * 4),
    CmGetKeyCnf(result=0, nid=NID, nmk=NMK, my_nonce=b"\x01\x02\x03\x04", your_nonce=b"\xaa" * 4),
    VsSwVerReq(),
    VsSwVerCnf(version="MAC-QCA7420-1.4.0.20-00-20171027-CS"),
)

_octet = st.integers(0, 255)
_fields: dict[str, Any] = {
    "run_id": st.binary(min_size=8, max_size=8).map(RunId),
    "nid": st.binary(min_size=7, max_size=7).map(Nid),
    "nmk": st.binary(min_size=16, max_size=16).map(Nmk),
    "random": st.binary(min_size=16, max_size=16),
    "attenuation_db": st.binary(max_size=255),
    "prn": st.integers(0, 0xFFFF),
    "version": st.text(st.characters(min_codepoint=0x01, max_codepoint=0xFF), max_size=63),
}
_fields |= dict.fromkeys(
    ("forwarding_sta", "msound_target", "pev_mac", "evse_mac", "source_address"),
    st.binary(min_size=6, max_size=6).map(MacAddress),
)
_fields |= dict.fromkeys(
    ("sender_id", "source_id", "resp_id", "pev_id", "evse_id"),
    st.binary(min_size=17, max_size=17),
)
_fields |= dict.fromkeys(("my_nonce", "your_nonce"), st.binary(min_size=4, max_size=4))


def any_of(sample: Mme) -> st.SearchStrategy[Mme]:
    """Draw messages of the class of ``sample``, every field anything that fits."""
    kind: Any = type(sample)
    names = [field.name for field in dataclasses.fields(kind)]
    return st.builds(kind, **{name: _fields.get(name, _octet) for name in names})


any_message = st.one_of(*(any_of(sample) for sample in SAMPLES))
