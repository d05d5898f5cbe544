"""From a recorded HomePlug frame to an event, with the message's fields in JSON's types."""

from __future__ import annotations

from dataclasses import fields, is_dataclass
from typing import Any, Final

from pyplc_fw.errors import CodecError
from pyplc_fw.homeplug.mme import MmeFrame, UnknownMme, decode_frame, mme_name
from pyplc_fw.net.packets import EthernetFrame
from pyplc_fw.terms import MacAddress, Nid, Nmk, RunId
from pyplc_fw.trace.events import HomeplugEvent
from pyplc_fw.trace.frames import Frame

_HEADER_BYTES: Final = 3
"MMV and MMTYPE: with these a frame can be counted, whatever follows."


def homeplug_event(frame: Frame, ethernet: EthernetFrame) -> HomeplugEvent:
    """Read one frame; raises CodecError only where not even its MMTYPE is there."""
    if len(ethernet.payload) < _HEADER_BYTES:
        raise CodecError(f"MME header cut after {len(ethernet.payload)} bytes")
    try:
        decoded = decode_frame(frame.data)
    except CodecError as exc:
        mmtype = int.from_bytes(ethernet.payload[1:3], "little")
        return _event(frame, ethernet, mmtype, None, {"error": str(exc)})
    return _event(frame, ethernet, decoded.mmtype, decoded, _fields(decoded.message))


def _event(
    frame: Frame,
    ethernet: EthernetFrame,
    mmtype: int,
    decoded: MmeFrame | None,
    content: dict[str, Any],
) -> HomeplugEvent:
    return HomeplugEvent(
        number=frame.number,
        time_ns=frame.time_ns,
        msg=mme_name(mmtype),
        fields=content,
        src=MacAddress(ethernet.src),
        dst=MacAddress(ethernet.dst),
        mmtype=mmtype,
        mme=decoded.message if decoded else None,
    )


def _fields(message: object) -> dict[str, Any]:
    if isinstance(message, UnknownMme):
        content: dict[str, Any] = {"mmtype": f"0x{message.mmtype:04x}"}
        if message.oui is not None:
            content["oui"] = message.oui.hex(":")
        return {**content, "payload": message.payload.hex()}
    if not is_dataclass(message):
        return {}
    return {f.name: _plain(getattr(message, f.name)) for f in fields(message)}


def _plain(value: object) -> object:
    """Turn a field's value into what JSON can say."""
    if isinstance(value, (MacAddress, RunId, Nid, Nmk)):
        return str(value)
    if isinstance(value, bytes):
        return value.hex()
    return value
