"""Log lines as syslog frames: on the powerline, where whoever records sees them in line.

The frame is pyPLC's: an Ethernet broadcast with IPv4 and UDP to port 514, without checksums. It
needs no address and no route, only the raw link. In our own recordings the same frame carries
every log line, so that Wireshark shows it between the frames of that moment.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import suppress
from struct import Struct
from typing import Final

from pyplc_fw.errors import LinkError
from pyplc_fw.homeplug.ports import FrameLink
from pyplc_fw.services.journal import Record
from pyplc_fw.terms import BROADCAST, MacAddress

MAX_TEXT_BYTES: Final = 700
USER_DEBUG: Final = 15
"Facility user, severity debug: what pyPLC gives all its lines. Source: RFC 3164 §4.1.1."
SEVERITIES: Final = {"debug": 7, "info": 6, "warning": 4, "error": 3, "critical": 2}
_FACILITY_USER: Final = 8
LINES_PER_S: Final = 5.0
LINES_AT_ONCE: Final = 20
"A charger has been suspected to suffer from a broadcast every 30 ms."

_ETHERTYPE_IPV4: Final = b"\x08\x00"
_IPV4: Final = Struct(">BBHHHBBH4s4s")
_UDP: Final = Struct(">HHHH")
_IDENTIFICATION: Final = 0x8A9F
_TIME_TO_LIVE: Final = 128
_PROTOCOL_UDP: Final = 17
_SOURCE_PORT: Final = 0xFF95
_SYSLOG_PORT: Final = 514
_EVERYBODY: Final = b"\xff" * 4


def syslog_frame(mac: MacAddress, text: str, *, priority: int = USER_DEBUG) -> bytes:
    """Make the frame that carries ``text`` from ``mac`` to all; longer than 700 bytes is cut.

    The sender's address is 192.168.x.y with the last two octets of its MAC address.
    """
    line = text.replace("\0", "?").encode()[:MAX_TEXT_BYTES].decode(errors="ignore").encode()
    message = b"<%d>%b\0" % (priority, line)
    udp = _UDP.pack(_SOURCE_PORT, _SYSLOG_PORT, _UDP.size + len(message), 0) + message
    source = bytes((192, 168)) + mac[4:6]
    length = _IPV4.size + len(udp)
    ttl, protocol = _TIME_TO_LIVE, _PROTOCOL_UDP
    head = _IPV4.pack(0x45, 0, length, _IDENTIFICATION, 0, ttl, protocol, 0, source, _EVERYBODY)
    return BROADCAST + mac + _ETHERTYPE_IPV4 + head + udp


def priority_of(level: str) -> int:
    """Return the syslog priority of one of the log's levels."""
    return _FACILITY_USER + SEVERITIES.get(level, SEVERITIES["info"])


def text_of(record: Record) -> str:
    """Write a log record on one line: ``pev 160 slac.matched nid=…``."""
    number = f"{record.checkpoint} " if record.checkpoint is not None else ""
    details = "".join(f" {name}={value}" for name, value in record.fields.items())
    return f"{record.side} {number}{record.event}{details}"


class UdpSyslog:
    """Sends log records on the powerline, as many as are allowed; the next line counts the rest.

    Off unless the owner wants it: every line is a broadcast that the peer's modem carries too.
    """

    def __init__(self, link: FrameLink, *, clock_s: Callable[[], float] = time.monotonic) -> None:
        self._link = link
        self._clock_s = clock_s
        self._allowed = float(LINES_AT_ONCE)
        self._at_s = clock_s()
        self._left_out = 0

    def record(self, record: Record) -> None:
        """Send ``record``, if the rate allows it and the interface is there."""
        now_s = self._clock_s()
        self._allowed = min(LINES_AT_ONCE, self._allowed + (now_s - self._at_s) * LINES_PER_S)
        self._at_s = now_s
        if self._allowed < 1.0:
            self._left_out += 1
            return
        self._allowed -= 1.0
        before = f"({self._left_out} lines left out) " if self._left_out else ""
        with suppress(LinkError):
            self._link.send(syslog_frame(self._link.mac, before + text_of(record)))
            self._left_out = 0
