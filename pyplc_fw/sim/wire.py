"""A simulated modem's Ethernet port on a real interface: whoever is behind it need not know.

Frames are read and sent by a packet socket, whole. Addresses behind the interface are learnt from
what they send, as a bridge does.
"""

from __future__ import annotations

import asyncio
import socket
import struct
from collections import OrderedDict
from contextlib import suppress
from typing import Any, Final

from pyplc_fw.errors import CodecError, HardwareError
from pyplc_fw.net.checksum import checksum
from pyplc_fw.net.packets import (
    ETHERTYPE_IPV6,
    NEXT_HEADER_TCP,
    NEXT_HEADER_UDP,
    EthernetFrame,
    Ipv6Packet,
)
from pyplc_fw.sim.modem import SimModem
from pyplc_fw.terms import MacAddress

NOBODY: Final = MacAddress(bytes(6))
MOST_FRAMES_AT_ONCE: Final = 64
_ETH_P_ALL: Final = 0x0003
_SOL_PACKET: Final = 263
_PACKET_ADD_MEMBERSHIP, _PACKET_AUXDATA, _PACKET_IGNORE_OUTGOING = 1, 8, 23
_PACKET_MR_PROMISC: Final = 1
_TP_STATUS_CSUMNOTREADY: Final = 1 << 3
_CHECKSUM_AT: Final = {NEXT_HEADER_TCP: 16, NEXT_HEADER_UDP: 6}
_LONGEST: Final = 65536


class WireHost:
    """What is behind ``interface``; raises HardwareError where it cannot be attached."""

    def __init__(self, interface: str) -> None:
        self.name = interface
        self.modem: SimModem[Any] | None = None
        self.frames_in = self.frames_out = 0
        self._macs: OrderedDict[MacAddress, None] = OrderedDict()
        try:
            self._socket = socket.socket(socket.AF_PACKET, socket.SOCK_RAW | socket.SOCK_NONBLOCK)
        except PermissionError as exc:
            raise HardwareError(
                f"{interface}: raw frames need root or the capability CAP_NET_RAW"
            ) from exc
        try:
            self._attach(interface)
        except OSError as exc:
            self._socket.close()
            raise HardwareError(f"{interface}: {exc.strerror or exc}") from exc

    def _attach(self, interface: str) -> None:
        self._socket.bind((interface, _ETH_P_ALL))
        index = socket.if_nametoindex(interface)
        promiscuous = struct.pack("iHH8s", index, _PACKET_MR_PROMISC, 0, b"")
        self._socket.setsockopt(_SOL_PACKET, _PACKET_ADD_MEMBERSHIP, promiscuous)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_IGNORE_OUTGOING, 1)
        self._socket.setsockopt(_SOL_PACKET, _PACKET_AUXDATA, 1)
        asyncio.get_running_loop().add_reader(self._socket, self._on_readable)

    def close(self) -> None:
        asyncio.get_running_loop().remove_reader(self._socket)
        self._socket.close()

    @property
    def mac(self) -> MacAddress:
        """The address that was heard last; all zeros before the first frame."""
        return next(reversed(self._macs), NOBODY)

    def deliver(self, frame: bytes) -> None:
        """Send a frame out of the interface; one that is down loses it, as a cable does."""
        with suppress(OSError):
            self._socket.send(frame)
            self.frames_out += 1

    def _on_readable(self) -> None:
        for _ in range(MOST_FRAMES_AT_ONCE):
            try:
                frame, notes, _, _ = self._socket.recvmsg(_LONGEST, socket.CMSG_SPACE(64))
            except OSError:
                return  # nothing more, or the interface is down
            self._take(frame, notes)

    def _take(self, frame: bytes, notes: list[tuple[int, int, bytes]]) -> None:
        self.frames_in += 1
        src = MacAddress(frame[6:12])
        self._macs[src] = None
        self._macs.move_to_end(src)
        if any(
            struct.unpack_from("I", data)[0] & _TP_STATUS_CSUMNOTREADY
            for level, kind, data in notes
            if (level, kind) == (_SOL_PACKET, _PACKET_AUXDATA)
        ):
            frame = with_checksum(frame)
        if self.modem is not None:
            self.modem.send_from_host(frame)


def with_checksum(frame: bytes) -> bytes:
    """Return ``frame`` with its TCP or UDP checksum, which the kernel had left to a network card.

    A virtual interface has none, so that the field holds the pseudo header's part alone.
    """
    try:
        ethernet = EthernetFrame.decode(frame)
        if ethernet.ethertype != ETHERTYPE_IPV6:
            return frame
        packet = Ipv6Packet.decode(ethernet.payload)
    except CodecError:
        return frame
    at = _CHECKSUM_AT.get(packet.next_header)
    start = frame.find(packet.payload, 14 + 40)
    if at is None or start < 0 or len(packet.payload) < at + 2:
        return frame
    blank = packet.payload[:at] + b"\0\0" + packet.payload[at + 2 :]
    total = checksum(packet.src, packet.dst, packet.next_header, blank)
    field = (total or 0xFFFF).to_bytes(2, "big")
    return frame[: start + at] + field + frame[start + at + 2 :]
