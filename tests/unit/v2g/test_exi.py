"""What the codec's public face promises beyond the round trip."""

from __future__ import annotations

import gc
import tracemalloc

import pytest

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.exi import Leniency
from pyplc_fw.v2g.messages import app, din, xmldsig
from pyplc_fw.v2g.messages.schema import ComplexType, XsInteger
from tests.unit.exi.bitwise import (
    BARE_SCHEDULES,
    DIN_ROOT,
    END_BODY_AND_MESSAGE,
    HEADER,
    PLAIN_START,
    WORKED,
    din_message,
    octets,
    stream_of,
)


def protocol(
    namespace: str = "n", major: int = 1, minor: int = 0, schema_id: int = 1, priority: int = 1
) -> app.AppProtocol:
    return app.AppProtocol(
        ProtocolNamespace=namespace,
        VersionNumberMajor=major,
        VersionNumberMinor=minor,
        SchemaID=schema_id,
        Priority=priority,
    )


def offer(*protocols: app.AppProtocol) -> app.supportedAppProtocolReq:
    return app.supportedAppProtocolReq(AppProtocol=protocols)


AFTER_NAMESPACE = "0 0 00000001 0  0 0 00000000 0  0 0 00000001 0  0 0 00000 0  0"
"The other elements of ``protocol()``, and its end."


# --- what decodes by default -----------------------------------------------------------------
def test_trailing_bytes_are_ignored_and_reported() -> None:
    message = din_message(din.SessionStopReq())
    stream = exi.encode(message)
    assert exi.decode("din", stream + b"\0") == message
    assert exi.decode_with_warnings("din", stream + b"\0\xff", lenient=False) == (
        message,
        [Leniency("2 bytes after the end of the message", 8 * len(stream))],
    )


def test_a_local_string_table_hit_repeats_the_text_of_the_same_name() -> None:
    stream = stream_of(
        HEADER,
        "00 0",
        "0 0 00000011 01101110 0",  # "n"
        AFTER_NAMESPACE,
        "00 0 0 00000000 0",  # local hit; one entry needs no index
        AFTER_NAMESPACE,
        "00 0 0 00000011 01101101 0",  # "m"
        AFTER_NAMESPACE,
        "00 0 0 00000000 1 0",  # entry 1 of 2
        AFTER_NAMESPACE,
        "01",
    )
    expected = offer(protocol(), protocol(), protocol("m"), protocol("m"))
    assert exi.decode("app", stream) == expected
    assert [w.message for w in exi.decode_with_warnings("app", stream)[1]] == [
        "supportedAppProtocolReq/AppProtocol[2]/ProtocolNamespace: string table hit",
        "supportedAppProtocolReq/AppProtocol[4]/ProtocolNamespace: string table hit",
    ]


def test_a_global_string_table_hit_repeats_the_text_of_another_name() -> None:
    stream = stream_of(
        HEADER,
        DIN_ROOT,
        "0 0 0 00000001 00101010 0",
        "00",  # SE Notification
        "0 0 00 0",
        "00 0 00000011 11100100 00000001 0",  # FaultMsg U+00E4
        "0 01 0",
        "010010",  # PaymentDetailsRes
        "0 0 00000 0",
        "0 0 00000001 0",  # GenChallenge: global hit, one entry
        "0 0 0 00000000 0 0",
        END_BODY_AND_MESSAGE,
    )
    message = exi.decode("din", stream)
    assert isinstance(message.Body.BodyElement, din.PaymentDetailsRes)
    assert message.Body.BodyElement.GenChallenge == "ä"


@pytest.mark.parametrize("hit", ["00000000", "00000001"])
def test_a_hit_in_an_empty_string_table_is_an_error(hit: str) -> None:
    with pytest.raises(CodecError, match="string table hit"):
        exi.decode("app", stream_of(HEADER, "00 0 0 0", hit, "0" * 80))


def test_an_empty_value_may_end_without_its_characters_event() -> None:
    stream = stream_of(*PLAIN_START, "011101", "0 1 000", "0", END_BODY_AND_MESSAGE)
    assert exi.decode("din", stream) == din_message(din.SessionSetupReq(EVCCID=b""))
    assert [w.message for w in exi.decode_with_warnings("din", stream)[1]] == [
        "SessionSetupReq/EVCCID: empty value without a characters event"
    ]


@pytest.mark.parametrize("second_level", ["001", "010", "011", "100", "101", "110", "111"])
def test_every_other_undeclared_event_is_an_error(second_level: str) -> None:
    stream = stream_of(*PLAIN_START, "011101", "0 1", second_level, "0" * 40)
    with pytest.raises(CodecError, match="SessionSetupReq/EVCCID: undeclared content"):
        exi.decode("din", stream)


def test_a_number_cannot_be_empty() -> None:
    stream = stream_of(*PLAIN_START, "010111", "0 1 000", "0" * 40)  # ServiceDetailReq
    with pytest.raises(CodecError, match="ServiceID: undeclared content"):
        exi.decode("din", stream)


@pytest.mark.parametrize("groups", range(1, 10))
def test_superfluous_zero_groups_of_an_integer_are_read_up_to_64_bits(groups: int) -> None:
    zeros = "10000000" * (groups - 1) + "00000000"
    stream = stream_of(*PLAIN_START, "010111", "0 0 10000111", zeros, "0 0", END_BODY_AND_MESSAGE)
    assert exi.decode("din", stream) == din_message(din.ServiceDetailReq(ServiceID=7))


def test_an_integer_of_more_groups_is_an_error() -> None:
    stream = stream_of(*PLAIN_START, "010111", "0 0", "10000000" * 10, "0" * 40)
    with pytest.raises(CodecError, match="more than 64 bits"):
        exi.decode("din", stream)


def test_padding_is_not_looked_at() -> None:
    stream = bytearray(exi.encode(din_message(din.SessionStopReq())))
    padding = -sum(len(r.replace(" ", "")) for r in WORKED[2].rows) % 8
    stream[-1] |= (1 << padding) - 1
    assert exi.decode("din", bytes(stream)) == din_message(din.SessionStopReq())


# --- what only lenient decoding takes --------------------------------------------------------
def test_a_bare_head_is_an_error_by_default() -> None:
    with pytest.raises(CodecError, match="SASchedules: the abstract head") as e:
        exi.decode("din", BARE_SCHEDULES)
    assert e.value.bit == len("".join(PLAIN_START).replace(" ", "")) + 6 + 8 + 4


def test_a_bare_head_is_an_empty_element_to_lenient_decoding_and_never_sent() -> None:
    message, noted = exi.decode_with_warnings("din", BARE_SCHEDULES)
    assert isinstance(message.Body.BodyElement, din.ChargeParameterDiscoveryRes)
    assert message.Body.BodyElement.SASchedules == din.SASchedules()
    assert [entry.message for entry in noted] == [
        "ChargeParameterDiscoveryRes/SASchedules: abstract head read as an empty element"
    ]
    with pytest.raises(CodecError, match="SASchedules: the abstract head"):
        exi.encode(message)


def test_a_bare_body_element_is_always_an_error() -> None:
    stream = stream_of(*PLAIN_START, "000000", "0", END_BODY_AND_MESSAGE)
    with pytest.raises(CodecError, match=r"^BodyElement: the abstract head"):
        exi.decode("din", stream, lenient=True)


def full_list(end: str, items: int = 20) -> bytes:
    item = "0 0 00000011 01101110 0" + AFTER_NAMESPACE
    return stream_of(HEADER, "00 0", item, *(items - 1) * ("00" + item,), end)


def test_a_full_list_ends_in_one_bit() -> None:
    expected = offer(*20 * [protocol()])
    assert exi.encode(expected) == full_list("0")
    assert exi.decode("app", full_list("0")) == expected


def test_a_full_list_may_end_like_one_that_is_not_full() -> None:
    # The root element's end follows, so that only the bytes that are left tell the difference.
    stream = full_list("01") + b"\0"
    message = exi.decode("app", full_list("0"))
    assert exi.decode_with_warnings("app", stream, lenient=False)[0] == message
    assert exi.decode("app", stream, lenient=True) == message
    with pytest.raises(CodecError, match=r"AppProtocol: 21 items; expected at most 20"):
        exi.encode(offer(*21 * [protocol()]))


def test_a_list_of_21_items_does_not_encode() -> None:
    with pytest.raises(
        CodecError, match="supportedAppProtocolReq/AppProtocol: 21 items; expected at most 20"
    ):
        exi.encode(offer(*21 * [protocol()]))


# --- bounds, both ways -----------------------------------------------------------------------
NOUGHT = din.PhysicalValue(Multiplier=0, Value=0)
STATUS = din.DC_EVStatus(EVReady=True, EVErrorCode=din.DC_EVErrorCode.NO_ERROR, EVRESSSOC=50)


def pre_charge(status: object = STATUS, voltage: object = NOUGHT) -> ComplexType:
    return din_message(
        din.PreChargeReq(
            DC_EVStatus=status,  # type: ignore[arg-type] # wrong on purpose
            EVTargetVoltage=voltage,  # type: ignore[arg-type] # wrong on purpose
            EVTargetCurrent=NOUGHT,
        )
    )


def with_soc(soc: object) -> ComplexType:
    return pre_charge(
        din.DC_EVStatus(
            EVReady=True,
            EVErrorCode=din.DC_EVErrorCode.NO_ERROR,
            EVRESSSOC=soc,  # type: ignore[arg-type] # wrong on purpose
        )
    )


SOC = "PreChargeReq/DC_EVStatus/EVRESSSOC: "

PERCENT = "expected an integer from 0 to 100, found "
SIGNED = "Header/Signature/SignedInfo"
OFFER = "supportedAppProtocolReq/AppProtocol"
CODES = (
    "OK, OK_NewSessionEstablished, OK_OldSessionJoined, OK_CertificateExpiresSoon, FAILED, "
    "FAILED_SequenceError, FAILED_ServiceIDInvalid, FAILED_UnknownSession or 15 others"
)

REFUSED: dict[str, tuple[ComplexType, str]] = {
    "too large": (with_soc(101), SOC + "101 is outside 0 to 100"),
    "too small": (with_soc(-1), SOC + "-1 is outside 0 to 100"),
    "beyond 64 bits": (with_soc(2**70), SOC + f"{2**70} is outside 0 to 100"),
    "float": (with_soc(50.0), SOC + PERCENT + "a floating-point number"),
    "boolean for a number": (with_soc(True), SOC + PERCENT + "a boolean"),
    "text for a number": (with_soc("50"), SOC + PERCENT + 'the text "50"'),
    "nothing": (with_soc(None), "PreChargeReq/DC_EVStatus: EVRESSSOC is missing"),
    "object of no known type": (with_soc(object()), SOC + PERCENT + "a value of type object"),
    "another class": (
        pre_charge(din.ServiceTag(ServiceID=1, ServiceCategory=din.ServiceCategory.Internet)),
        "PreChargeReq/DC_EVStatus: expected an object (DC_EVStatus), found an object (ServiceTag)",
    ),
    "a number for an object": (
        pre_charge(voltage=5),
        "PreChargeReq/EVTargetVoltage: expected an object (PhysicalValue), found the integer 5",
    ),
    "long binary": (
        din_message(din.SessionStopReq(), session_id=bytes(9)),
        "Header/SessionID: 9 octets; expected at most 8",
    ),
    "text for a binary": (
        din_message(din.SessionStopReq(), session_id="aa"),  # type: ignore[arg-type] # on purpose
        'Header/SessionID: expected a binary of at most 8 octets, found the text "aa"',
    ),
    "long text": (
        offer(protocol("n" * 101)),
        OFFER + "[1]/ProtocolNamespace: 101 characters; expected at most 100",
    ),
    "half a character": (
        offer(protocol("\ud800")),
        OFFER + "[1]/ProtocolNamespace: U+D800 is no character",
    ),
    "unsigned below zero": (
        offer(protocol(major=-1)),
        OFFER + "[1]/VersionNumberMajor: -1 is outside 0 to 4294967295",
    ),
    "unsigned too large": (
        offer(protocol(minor=2**32)),
        OFFER + "[1]/VersionNumberMinor: 4294967296 is outside 0 to 4294967295",
    ),
    "small range": (
        offer(protocol(), protocol(priority=21)),
        OFFER + "[2]/Priority: 21 is outside 1 to 20",
    ),
    "empty list": (
        offer(),
        "supportedAppProtocolReq: AppProtocol is missing",
    ),
    "no list": (
        app.supportedAppProtocolReq(AppProtocol=protocol()),  # type: ignore[arg-type] # on purpose
        OFFER + '[1]: expected an object (AppProtocol), found the text "n"',
    ),
    "no enumeration value": (
        din_message(din.SessionStopRes(ResponseCode="Fine")),  # type: ignore[arg-type] # on purpose
        f'SessionStopRes/ResponseCode: "Fine" is none of the 23 values; expected {CODES}',
    ),
    "another enumeration": (
        din_message(din.SessionStopRes(ResponseCode=din.EVSEProcessing.Ongoing)),  # type: ignore[arg-type] # on purpose
        f'SessionStopRes/ResponseCode: "Ongoing" is none of the 23 values; expected {CODES}',
    ),
    "part of a message": (STATUS, "DC_EVStatus is no message of any schema"),
    "huge integer": (
        din_message(
            din.SessionStopReq(),
            signature=xmldsig.Signature(
                SignedInfo=xmldsig.SignedInfo(
                    CanonicalizationMethod=xmldsig.CanonicalizationMethod(Algorithm="c"),
                    SignatureMethod=xmldsig.SignatureMethod(
                        Algorithm="m", HMACOutputLength=XsInteger(2**520)
                    ),
                    Reference=(),
                ),
                SignatureValue=xmldsig.SignatureValue(value=b""),
            ),
        ),
        SIGNED + "/SignatureMethod/HMACOutputLength: an integer of more than 64 octets",
    ),
}


@pytest.mark.parametrize(("message", "says"), REFUSED.values(), ids=REFUSED)
def test_what_does_not_encode_names_the_field(message: ComplexType, says: str) -> None:
    with pytest.raises(CodecError) as caught:
        exi.encode(message)
    assert str(caught.value) == says
    assert caught.value.bit is None
    assert caught.value.path == says.partition(": ")[0] * (": " in says)


def test_two_values_of_a_choice_do_not_encode() -> None:
    parameter = din.Parameter(Name="p", ValueType=din.ValueType.bool, boolValue=True, intValue=1)
    none_at_all = din.Parameter(Name="p", ValueType=din.ValueType.bool)
    for wrong, says in (
        (parameter, r"Parameter\[1\]: intValue may not stand here; expected the end$"),
        (
            none_at_all,
            (
                r"Parameter\[1\]: boolValue, byteValue, shortValue, intValue, physicalValue or "
                r"stringValue is missing$"
            ),
        ),
    ):
        sets = din.ParameterSet(ParameterSetID=1, Parameter=(wrong,))
        res = din.ServiceDetailRes(
            ResponseCode=din.ResponseCode.OK,
            ServiceID=1,
            ServiceParameterList=din.ServiceParameterList(ParameterSet=(sets,)),
        )
        with pytest.raises(CodecError, match=says):
            exi.encode(din_message(res))


def test_a_number_outside_its_range_does_not_decode() -> None:
    good = exi.encode(with_soc(100))
    bits = octets(good).replace("0001100100", "0001111111", 1)
    with pytest.raises(CodecError, match="EVRESSSOC: 127 is outside 0 to 100") as caught:
        exi.decode("din", stream_of(bits))
    assert caught.value.bit == bits.index("0001111111") + 3


@pytest.mark.parametrize(
    "number", [0, 127, 128, 2**63, 2**64, -1, -(2**63), -(2**63) - 1, 2**511 - 1]
)
def test_integers_of_any_size_come_back(number: int) -> None:
    info = xmldsig.SignedInfo(
        CanonicalizationMethod=xmldsig.CanonicalizationMethod(Algorithm=""),
        SignatureMethod=xmldsig.SignatureMethod(Algorithm="", HMACOutputLength=XsInteger(number)),
        Reference=(
            xmldsig.Reference(DigestMethod=xmldsig.DigestMethod(Algorithm=""), DigestValue=b""),
        ),
    )
    decoded = exi.decode_fragment("xmldsig", exi.encode_fragment("xmldsig", info))
    assert decoded == info
    assert exi.from_json("xmldsig", exi.to_json(info), fragment=True) == info


def test_a_plain_integer_becomes_one_without_bounds() -> None:
    serial = xmldsig.X509IssuerSerial(X509IssuerName="", X509SerialNumber=5)  # type: ignore[arg-type] # a plain int is welcome
    assert type(serial.X509SerialNumber) is XsInteger


def test_a_hostile_length_does_not_allocate() -> None:
    stream = stream_of(
        *PLAIN_START, "010010", "0 0 00000 0", "0 0", "11111111" * 4 + "00001111", "0" * 40
    )
    with pytest.raises(CodecError, match="GenChallenge: the stream ends too early"):
        exi.decode("din", stream)


def test_a_surrogate_is_no_character() -> None:
    stream = stream_of(HEADER, "00 0 0 0 00000011", "10000000 10110000 00000011", "0" * 80)
    with pytest.raises(CodecError, match="no character"):
        exi.decode("app", stream)


@pytest.mark.parametrize("header", [0x00, 0x81, 0xA0, 0x24, 0xFF])
def test_only_the_plain_header_is_taken(header: int) -> None:
    stream = bytes([header]) + exi.encode(din_message(din.SessionStopReq()))[1:]
    with pytest.raises(CodecError, match="EXI header") as caught:
        exi.decode("din", stream)
    assert caught.value.bit == 0


@pytest.mark.parametrize("code", [0, 23, 68, 76, 78, 80])
def test_other_global_elements_are_no_messages(code: int) -> None:
    with pytest.raises(CodecError, match="no message; expected V2G_Message"):
        exi.decode("din", stream_of(HEADER, f"{code:07b}", "0" * 80))


def test_wildcards_are_refused_with_their_place() -> None:
    message = exi.encode(WORKED[-1].message)
    where = octets(message).index("0110001101")  # AT Algorithm "c", then EE in two bits
    bits = octets(message)
    bits = bits[: where + 8] + "00" + bits[where + 10 :]
    with pytest.raises(CodecError, match="CanonicalizationMethod: content of a wildcard"):
        exi.decode("din", stream_of(bits))


def test_unknown_schemas_are_named() -> None:
    for call in (
        lambda: exi.decode("dni", b""),
        lambda: exi.decode_fragment("dni", b""),
        lambda: exi.encode_fragment("dni", STATUS),
        lambda: exi.from_json("dni", {}),
    ):
        with pytest.raises(CodecError, match="no schema is named 'dni', there are app, din"):
            call()


def test_only_signed_elements_are_fragments() -> None:
    with pytest.raises(CodecError, match="DC_EVStatus is no signed element of din"):
        exi.encode_fragment("din", STATUS)
    assert exi.encode_fragment("din", din.ContractAuthenticationReq(Id="i"))[:2] == b"\x80\x1c"


def test_memory_stays_flat() -> None:
    message = WORKED[-1].message
    stream = exi.encode(message)

    def work() -> None:
        for _ in range(300):
            exi.encode(exi.decode("din", stream))
            exi.decode_with_warnings("din", stream + b"\0")
            with pytest.raises(CodecError):
                exi.decode("din", stream[:-3], lenient=True)
            with pytest.raises(CodecError):
                exi.encode(REFUSED["too large"][0])

    work()
    tracemalloc.start()
    try:
        work()
        gc.collect()
        before, _ = tracemalloc.get_traced_memory()
        work()
        gc.collect()
        after, _ = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert after - before < 2000
