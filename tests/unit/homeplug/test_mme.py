from __future__ import annotations

import contextlib
import dataclasses
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme import (
    MESSAGES,
    CmAttenCharInd,
    CmAttenProfileInd,
    CmSetKeyCnf,
    CmSlacMatchCnf,
    CmSlacParmReq,
    Mme,
    MmeFrame,
    UnknownMme,
    VsSwVerCnf,
    decode_frame,
    encode_frame,
    mme_name,
    tshark_name,
)
from pyplc_fw.terms import BROADCAST, RunId
from tests.unit.homeplug.mme_samples import (
    AAG,
    EVSE,
    NMK,
    PEV,
    RUN_ID,
    SAMPLES,
    any_message,
)

HEAD = "ffffffffffff 046565 0064c3 88e1 "
"Broadcast by the car."
RUN, CAR, CHARGER = "0102030405060708", "0465650064c3", "6257251844be"
ID = "00" * 17
NID_HEX, NMK_HEX = "a1a2a3a4a5a607", "b0b1b2b3b4b5b6b7b8b9babbbcbdbebf"
GOLDEN = {
    "CM_SLAC_PARM.REQ": (60, "01 6460 0000 | 00 00" + RUN),
    "CM_SLAC_PARM.CNF": (60, "01 6560 0000 | ffffffffffff 0a 06 01" + CAR + "00 00" + RUN),
    "CM_START_ATTEN_CHAR.IND": (60, "01 6a60 0000 | 00 00 0a 06 01" + CAR + RUN),
    "CM_MNBC_SOUND.IND": (71, "01 7660 0000 | 00 00" + ID + "09" + RUN + "00" * 8 + "ff" * 16),
    "CM_ATTEN_PROFILE.IND": (85, "01 8660 0000 |" + CAR + "3a 00" + AAG.hex()),
    "CM_ATTEN_CHAR.IND": (
        129,
        "01 6e60 0000 | 00 00" + CAR + RUN + ID + ID + "0a 3a" + AAG.hex(),
    ),
    "CM_ATTEN_CHAR.RSP": (70, "01 6f60 0000 | 00 00" + CAR + RUN + ID + ID + "00"),
    "CM_VALIDATE.REQ": (60, "01 7860 0000 | 00 03 01"),
    "CM_VALIDATE.CNF": (60, "01 7960 0000 | 00 02 04"),
    "CM_SLAC_MATCH.REQ": (
        85,
        "01 7c60 0000 | 00 00 3e00" + ID + CAR + ID + CHARGER + RUN + "00" * 8,
    ),
    "CM_SLAC_MATCH.CNF": (
        109,
        "01 7d60 0000 | 00 00 5600"
        + ID
        + CAR
        + ID
        + CHARGER
        + RUN
        + "00" * 8
        + NID_HEX
        + "00"
        + NMK_HEX,
    ),
    "CM_SET_KEY.REQ": (
        60,
        "01 0860 0000 | 01 aaaaaaaa 00000000 04 0000 00 00" + NID_HEX + "01" + NMK_HEX,
    ),
    "CM_SET_KEY.CNF": (60, "01 0960 0000 | 01 01020304 aaaaaaaa 04 0000 00 00"),
    "CM_GET_KEY.REQ": (60, "01 0c60 0000 | 00 01" + NID_HEX + "aaaaaaaa 04 0000 00"),
    "CM_GET_KEY.CNF": (
        60,
        "01 0d60 0000 | 00 01 01020304 aaaaaaaa" + NID_HEX + "01 04 0000 00" + NMK_HEX,
    ),
    "VS_SW_VER.REQ": (60, "00 00a0 | 00b052"),
    "VS_SW_VER.CNF": (
        88,
        "00 01a0 | 00b052 00 20 24" + b"MAC-QCA7420-1.4.0.20-00-20171027-CS".hex() + "00" * 30,
    ),
}


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: mme_name(message.MMTYPE))
def test_a_frame_is_byte_for_byte_what_the_standard_lays_out(message: Mme) -> None:
    length, fields = GOLDEN[mme_name(message.MMTYPE)]
    want = bytes.fromhex(HEAD + fields.replace("|", "")).ljust(60, b"\x00")
    assert len(want) == length
    assert encode_frame(BROADCAST, PEV, message) == want
    assert decode_frame(want) == MmeFrame(
        dst=BROADCAST,
        src=PEV,
        mmv=message.MMV,
        mmtype=message.MMTYPE,
        fmi=0,
        message=message,
    )


def test_every_message_class_has_a_golden_frame() -> None:
    assert {mme_name(mmtype) for mmtype in MESSAGES} == set(GOLDEN)
    assert [type(sample) for sample in SAMPLES] == list(
        dict.fromkeys(type(sample) for sample in SAMPLES)
    )


@given(any_message)
def test_what_is_encoded_decodes_to_the_same(message: Mme) -> None:
    assert type(message).decode(message.encode()) == message
    assert decode_frame(encode_frame(EVSE, PEV, message)).message == message


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: mme_name(message.MMTYPE))
def test_every_truncation_of_a_payload_is_a_codec_error(message: Mme) -> None:
    payload = message.encode()
    # The version's field of 64 bytes may end with the version itself.
    needed = len(payload) - 29 if isinstance(message, VsSwVerCnf) else len(payload)
    for length in range(needed - 1):
        with pytest.raises(CodecError):
            type(message).decode(payload[:length])


@pytest.mark.parametrize("message", SAMPLES, ids=lambda message: mme_name(message.MMTYPE))
def test_every_truncation_of_a_frame_is_a_value_or_a_codec_error(message: Mme) -> None:
    frame = encode_frame(EVSE, PEV, message)
    for length in range(len(frame)):
        try:
            decode_frame(frame[:length])
        except CodecError:
            continue
        assert length >= 17 + len(message.encode()) - 29  # only padding was cut off


@given(st.binary(max_size=200))
def test_any_bytes_give_a_frame_or_a_codec_error(frame: bytes) -> None:
    with contextlib.suppress(CodecError):
        assert isinstance(decode_frame(frame), MmeFrame)


@given(st.sampled_from(sorted(MESSAGES)), st.integers(0, 255), st.binary(max_size=200))
def test_any_payload_of_a_known_mmtype_gives_a_frame_or_a_codec_error(
    mmtype: int, mmv: int, payload: bytes
) -> None:
    unknown = UnknownMme(mmtype=mmtype, payload=payload)
    with contextlib.suppress(CodecError):
        assert decode_frame(encode_frame(EVSE, PEV, unknown, mmv=mmv)).mmtype == mmtype


@given(st.integers(0, 0xFFFF).filter(lambda mmtype: mmtype not in MESSAGES), st.binary(max_size=99))
def test_an_unknown_mmtype_keeps_its_payload(mmtype: int, payload: bytes) -> None:
    oui = b"\x00\x80\xe1" if 0x8000 <= mmtype < 0xC000 else None
    message = UnknownMme(mmtype=mmtype, payload=payload.ljust(60, b"\x00"), oui=oui)
    assert decode_frame(encode_frame(EVSE, PEV, message)).message == message


def test_group_counts_other_than_58_decode() -> None:
    for groups in (0, 1, 57, 255):
        profile = CmAttenProfileInd(pev_mac=PEV, attenuation_db=bytes(groups))
        report = CmAttenCharInd(
            source_address=PEV, run_id=RUN_ID, num_sounds=9, attenuation_db=bytes(groups)
        )
        for message in (profile, report):
            assert decode_frame(encode_frame(EVSE, PEV, message)).message == message


def test_trailing_padding_is_no_part_of_the_message() -> None:
    for message in SAMPLES:
        frame = encode_frame(EVSE, PEV, message) + b"\xcc" * 40
        assert decode_frame(frame).message == message


@pytest.mark.parametrize(
    ("sample", "changes"),
    [
        (SAMPLES[0], {"run_id": b"short"}),
        (SAMPLES[0], {"application_type": 256}),
        (SAMPLES[0], {"security_type": -1}),
        (SAMPLES[3], {"random": bytes(15)}),
        (SAMPLES[3], {"sender_id": bytes(18)}),
        (SAMPLES[4], {"attenuation_db": bytes(256)}),
        (SAMPLES[11], {"my_nonce": b""}),
        (SAMPLES[11], {"prn": 0x10000}),
        (SAMPLES[16], {"version": "x" * 64}),
    ],
)
def test_a_field_that_does_not_fit_is_a_codec_error(sample: Any, changes: dict[str, Any]) -> None:
    with pytest.raises(CodecError):
        encode_frame(EVSE, PEV, dataclasses.replace(sample, **changes))


def test_a_match_whose_length_field_is_too_small_is_a_codec_error() -> None:
    for message in (SAMPLES[9], SAMPLES[10]):
        payload = bytearray(message.encode())
        payload[2] -= 1
        with pytest.raises(CodecError, match="length field"):
            type(message).decode(bytes(payload))


def test_another_ethertype_is_a_codec_error() -> None:
    with pytest.raises(CodecError, match="0x86dd"):
        decode_frame(bytes(12) + b"\x86\xdd" + bytes(46))


def test_another_vendors_mme_is_not_taken_for_qualcomms() -> None:
    frame = bytes(12) + b"\x88\xe1\x00\x00\xa0\x00\x80\xe1" + bytes(40)
    decoded = decode_frame(frame)
    assert decoded.message == UnknownMme(mmtype=0xA000, payload=bytes(40), oui=b"\x00\x80\xe1")


def test_a_vendor_mme_with_a_fragmentation_field_decodes_as_well() -> None:
    sample = SAMPLES[-1]
    frame = encode_frame(EVSE, PEV, sample, mmv=1)
    assert frame[14:22].hex() == "0101a0000000b052"
    assert decode_frame(frame).message == sample


def test_a_fragment_is_kept_as_it_is() -> None:
    frame = bytearray(encode_frame(EVSE, PEV, CmSlacParmReq(run_id=RUN_ID)))
    frame[17] = 0x01  # one more fragment follows
    decoded = decode_frame(bytes(frame))
    assert decoded.fmi == 1
    assert isinstance(decoded.message, UnknownMme)


def test_names_are_ours_and_those_of_the_recordings_descriptions() -> None:
    assert mme_name(0x6064) == "CM_SLAC_PARM.REQ"
    assert tshark_name(0x6064) == "CM_SLAC_PARAM.REQ"
    assert mme_name(0x606A) == tshark_name(0x606A) == "CM_START_ATTEN_CHAR.IND"
    assert (mme_name(0x600C), tshark_name(0x600C)) == ("CM_GET_KEY.REQ", "")
    assert (mme_name(0xA14E), tshark_name(0xA14E)) == ("VS_ATTEN_CHAR.IND", "")
    assert (mme_name(0x1234), tshark_name(0x1234)) == ("MME 0x1234", "")
    assert decode_frame(encode_frame(EVSE, PEV, SAMPLES[0])).name == "CM_SLAC_PARM.REQ"


def test_a_key_shows_in_no_repr() -> None:
    for message in SAMPLES:
        assert NMK.hex() not in repr(message)
        assert repr(bytes(NMK)) not in repr(message)


def test_what_a_modem_really_answers_to_set_key() -> None:
    """From a QCA7420, 2022: the result is 1, its own nonce first, ours after it, PMN 255."""
    payload = bytes.fromhex("01 b4f1ca65 aaaaaaaa 04 0000 ff 00") + bytes(27)
    assert CmSetKeyCnf.decode(payload) == CmSetKeyCnf(
        result=1, my_nonce=bytes.fromhex("b4f1ca65"), your_nonce=b"\xaa" * 4, pmn=0xFF
    )


def test_types_of_decoded_octets_are_the_terms() -> None:
    match = decode_frame(encode_frame(EVSE, PEV, SAMPLES[10])).message
    assert isinstance(match, CmSlacMatchCnf)
    assert (type(match.run_id), type(match.nmk)) == (RunId, type(NMK))
