"""Messages from what OpenV2Gx's command prints.

It prints less than it reads. What it never prints stands in ``ASSUMED``; anything else that is
missing is an error.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from enum import Enum
from typing import Any, Final, TypeAlias

from pyplc_fw.errors import CodecError, ExternalCodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.fields import Field, fields_of
from pyplc_fw.v2g.messages.schema import Binary, ComplexType, Integer
from pyplc_fw.v2g.openv2g_arguments import REQUESTS, RESPONSES

Answer: TypeAlias = Mapping[str, str]
"What the command printed: one JSON object of strings."

ASSUMED: Final[Mapping[tuple[str, str], object]] = {
    ("CableCheckReq", "EVErrorCode"): din.DC_EVErrorCode.NO_ERROR,
    ("ServiceDiscoveryRes", "PaymentOptions"): din.PaymentOptions(
        PaymentOption=(din.PaymentOption.ExternalPayment,)
    ),
    ("ServiceDiscoveryRes", "ChargeService"): din.ServiceCharge(
        ServiceTag=din.ServiceTag(ServiceID=1, ServiceCategory=din.ServiceCategory.EVCharging),
        FreeService=False,
        EnergyTransferType=din.EVSESupportedEnergyTransferType.DC_extended,
    ),
    ("ChargeParameterDiscoveryRes", "EVSEPeakCurrentRipple"): din.amps(0.0),
}
"What the command reads but does not print, by message and field: taken to be this."

ZERO_IS_ABSENT: Final = {("CurrentDemandRes", "EVSEMaximumVoltageLimit")}
"Printed as 0 where it was not sent: no charger offers 0 V."

HANDSHAKE_RESPONSE: Final = re.compile(
    r"ResponseCode (\d+), SchemaID_isUsed ([01]), SchemaID (\d+)\Z"
)


def message_of(answer: Answer) -> tuple[ComplexType, list[str]]:
    """Make the message that the command decoded; list what it did not tell and was assumed.

    Raises ExternalCodecError for an answer without a message, or with values that make no message.
    """
    message, assumed = _message(answer)
    try:
        exi.encode(message)  # which knows every bound
    except CodecError as error:
        raise ExternalCodecError(f"the command says what no message may say: {error}") from error
    return message, assumed


def _message(answer: Answer) -> tuple[ComplexType, list[str]]:
    name = answer.get("msgName", "")
    if name == "supportedAppProtocolReq":
        return _handshake_request(answer), []
    if name == "supportedAppProtocolRes":
        return _handshake_response(answer), []
    kind = next((cls for cls in (*REQUESTS, *RESPONSES) if cls.__name__ == name), None)
    if kind is None:
        raise ExternalCodecError(f"the command decoded no message it is known for, but {name!r}")
    reader = _Reader(answer, name)
    body = reader.complex(kind, ())
    header = din.MessageHeader(SessionID=_hex(answer.get("header.SessionID"), "header.SessionID"))
    return din.V2G_Message(Header=header, Body=din.Body(BodyElement=body)), reader.assumed


class _Reader:
    """Finds the fields of one message among the answer's names."""

    def __init__(self, answer: Answer, message: str) -> None:
        self._answer = answer
        self._message = message
        self.assumed: list[str] = []

    def complex(self, cls: type, path: tuple[str, ...]) -> Any:
        values = {field.name: self._field(field, path) for field in fields_of(cls)}
        return cls(**{name: value for name, value in values.items() if value is not None})

    def _field(self, field: Field, path: tuple[str, ...]) -> object:
        name = (self._message, field.name)
        if field.name in LISTS:
            return LISTS[field.name](self._answer)
        value = self._value(field, path)
        if value is None and name in ASSUMED:
            self.assumed.append(f"{self._message}/{field.name}")
            return ASSUMED[name]
        if value is None and field.minimum:
            raise ExternalCodecError(f"{'/'.join((self._message, *path, field.name))}: not told")
        absent = name in ZERO_IS_ABSENT and isinstance(value, din.PhysicalValue)
        return None if absent and value.Value == 0 else value  # type: ignore[attr-defined]  # as seen

    def _value(self, field: Field, path: tuple[str, ...]) -> object:
        if field.repeated:
            return None
        if field.members:
            member = next((m for m in field.members if m.__name__.startswith("DC_")), None)
            return None if member is None else self._part(member, (*path, member.__name__))
        datatype = field.datatype
        here = (*path, field.name)
        if isinstance(datatype, type) and issubclass(datatype, ComplexType):
            return self._part(datatype, here)
        text = self._find(here)
        return None if text is None else _plain(datatype, text, "/".join(here))

    def _part(self, cls: type[ComplexType], path: tuple[str, ...]) -> object:
        """Read a part of the message; None where the answer has none of it."""
        if self._find((*path[:-1], f"{path[-1]}_isUsed")) == "0":
            return None
        required = [field for field in fields_of(cls) if field.minimum and not field.members]
        if not any(self._told(field, path) for field in required):
            return None
        return self.complex(cls, path)

    def _told(self, field: Field, path: tuple[str, ...]) -> bool:
        here = ".".join((*path, field.name))
        endings = {here, *(here.split(".", n)[-1] for n in range(1, len(path) + 1))}
        return any(
            key == ending or key.startswith(f"{ending}.")
            for key in self._answer
            for ending in endings
        )

    def _find(self, path: tuple[str, ...]) -> str | None:
        """Return the text under the path's longest ending that the answer has.

        A unit counts only where it says that it was sent: the command prints an absent one as h.
        """
        if self._answer.get(".".join((*path[:-1], f"{path[-1]}_isUsed"))) == "0":
            return None
        for start in range(len(path)):
            key = ".".join(path[start:])
            if len(path) - start == 1 and path[-1] in GENERAL_NAMES:
                return None
            if self._answer.get(f"{key}_isUsed") == "0":
                return None
            if key in self._answer and (path[-1] != "Unit" or f"{key}_isUsed" in self._answer):
                return self._answer[key]
        return None


GENERAL_NAMES: Final = {"Multiplier", "Unit", "Value"}
"Of every physical value: never looked for without its owner's name."


def _plain(datatype: object, text: str, name: str) -> object:
    if isinstance(datatype, Integer):
        return _number(text, name)
    if datatype is bool:
        if text not in ("0", "1"):
            raise ExternalCodecError(f"{name}: the command says {text!r}, expected 0 or 1")
        return text == "1"
    if isinstance(datatype, type) and issubclass(datatype, Enum):
        return _member(datatype, text, name)
    if isinstance(datatype, Binary):
        return _hex(text, name)
    return text


def _number(text: str, name: str) -> int:
    if not re.fullmatch(r"-?\d{1,20}", text, re.ASCII):
        raise ExternalCodecError(f"{name}: the command says {text!r}, expected a number")
    return int(text)


def _member(enumeration: type[Enum], text: str, name: str) -> Enum:
    """Find a value by its text, or by its number in the schema's order."""
    members = list(enumeration)
    found = next((member for member in members if member.value == text), None)
    if found is not None:
        return found
    number = _number(text, name)
    if not 0 <= number < len(members):
        raise ExternalCodecError(
            f"{name}: the command says {text!r}, {len(members)} values are known"
        )
    return members[number]


def _hex(text: str | None, name: str) -> bytes:
    try:
        return bytes.fromhex(text or "")
    except ValueError:
        raise ExternalCodecError(
            f"{name}: the command says {text!r}, expected hexadecimal"
        ) from None


# --- lists, which the command prints each in its own way -------------------------------------
def _selected_services(answer: Answer) -> tuple[din.SelectedService, ...]:
    """Read ``0:1``, place and ServiceID, a line each."""
    entries = answer.get("SelectedService.array", "").split("\n")
    numbers = [_number(entry.partition(":")[2], "SelectedService/ServiceID") for entry in entries]
    return tuple(din.SelectedService(ServiceID=number) for number in numbers)


def _schedules(answer: Answer) -> din.SAScheduleList:
    """Read the power of the first entry, which is all that is printed of it."""
    text = answer.get("SchedTuple0.PMaxSchedule.PMaxScheduleEntry.array[0].PMax", "0")
    entry = din.PMaxScheduleEntry(
        TimeInterval=din.RelativeTimeInterval(start=0), PMax=_number(text, "PMaxScheduleEntry/PMax")
    )
    schedule = din.PMaxSchedule(PMaxScheduleID=0, PMaxScheduleEntry=(entry,))
    first = din.SAScheduleTuple(SAScheduleTupleID=0, PMaxSchedule=schedule)
    return din.SAScheduleList(SAScheduleTuple=(first,))


LISTS: Final[Mapping[str, Callable[[Answer], object]]] = {
    "SelectedService": _selected_services,
    "SASchedules": _schedules,
}


# --- the handshake ---------------------------------------------------------------------------
def _handshake_request(answer: Answer) -> app.supportedAppProtocolReq:
    count = _number(answer.get("AppProtocol_arrayLen", ""), "AppProtocol_arrayLen")
    offers = []
    for number in range(min(count, 20)):
        major, _, minor = answer.get(f"Version_{number}", "").partition(".")
        offers.append(
            app.AppProtocol(
                ProtocolNamespace=answer.get(f"NameSpace_{number}", ""),
                VersionNumberMajor=_number(major, f"Version_{number}"),
                VersionNumberMinor=_number(minor, f"Version_{number}"),
                SchemaID=_number(answer.get(f"SchemaID_{number}", ""), f"SchemaID_{number}"),
                Priority=_number(answer.get(f"Priority_{number}", ""), f"Priority_{number}"),
            )
        )
    return app.supportedAppProtocolReq(AppProtocol=tuple(offers))


def _handshake_response(answer: Answer) -> app.supportedAppProtocolRes:
    result = answer.get("result", "")
    found = HANDSHAKE_RESPONSE.match(result)
    if found is None:
        raise ExternalCodecError(f"supportedAppProtocolRes: the command says {result!r}")
    code, used, schema_id = found.groups()
    return app.supportedAppProtocolRes(
        ResponseCode=app.ResponseCode(_member(app.ResponseCode, code, "ResponseCode").value),
        SchemaID=int(schema_id) if used == "1" else None,
    )
