"""supportedAppProtocol: the handshake that opens every V2G session. Source: ISO 15118-2 §8.2."""

from __future__ import annotations

from enum import Enum
from typing import Annotated, Final, TypeAlias

from pyplc_fw.v2g.messages.schema import (
    ComplexType,
    Integer,
    Occurs,
    Schema,
    Text,
    xs_unsignedByte,
    xs_unsignedInt,
)

idType: TypeAlias = xs_unsignedByte
priorityType: TypeAlias = Annotated[int, Integer(1, 20)]
protocolNamespaceType: TypeAlias = Annotated[str, Text(100)]


class ResponseCode(Enum):
    """responseCodeType."""

    OK_SuccessfulNegotiation = "OK_SuccessfulNegotiation"
    OK_SuccessfulNegotiationWithMinorDeviation = "OK_SuccessfulNegotiationWithMinorDeviation"
    Failed_NoNegotiation = "Failed_NoNegotiation"


class AppProtocol(ComplexType):
    """One protocol the EVCC speaks."""

    ProtocolNamespace: protocolNamespaceType
    VersionNumberMajor: xs_unsignedInt
    VersionNumberMinor: xs_unsignedInt
    SchemaID: idType
    Priority: priorityType
    "1 is the best, 20 the worst."


class _Element(ComplexType, tag=True):
    """A global element of the handshake."""

    namespace = "urn:iso:15118:2:2010:AppProtocol"
    local_namespace = ""  # the schema has no elementFormDefault


class supportedAppProtocolReq(_Element):
    """The EVCC offers its protocols."""

    AppProtocol: Annotated[tuple[AppProtocol, ...], Occurs(1, 20)]


class supportedAppProtocolRes(_Element):
    """The SECC names the protocol it chose by its SchemaID."""

    ResponseCode: ResponseCode
    SchemaID: idType | None = None


SCHEMA: Final = Schema(
    name="app",
    elements=(supportedAppProtocolReq, supportedAppProtocolRes),
    roots=(supportedAppProtocolReq, supportedAppProtocolRes),
)
