"""Log lines on the powerline: pyPLC's bytes, and not too many."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pyplc_fw.errors import LinkError
from pyplc_fw.homeplug.ports import FrameSubscription
from pyplc_fw.net.packets import EthernetFrame
from pyplc_fw.services.journal import Record
from pyplc_fw.services.syslog import (
    LINES_AT_ONCE,
    LINES_PER_S,
    MAX_TEXT_BYTES,
    UdpSyslog,
    priority_of,
    syslog_frame,
    text_of,
)
from pyplc_fw.terms import BROADCAST, MacAddress
from pyplc_fw.trace.pcap import open_capture
from tests.helpers import SHARED

MAC = MacAddress.parse("02:35:30:69:20:43")
AS_PYPLC_SENDS_IT = bytes.fromhex(
    "ffffffffffff 023530692043 0800"
    "4500002f 8a9f0000 80110000 c0a82043 ffffffff"
    "ff950202 001b0000"
    "3c31353e 77697468 2066616b 6564204d 414300"
)
"Frame of a recording of 2025-01-21."


def record(event: str = "slac.matched", **fields: object) -> Record:
    return Record(0.0, "pev", "info", event, 160, fields)


def test_the_frame_is_pyplcs_byte_by_byte() -> None:
    assert syslog_frame(MAC, "with faked MAC") == AS_PYPLC_SENDS_IT


@pytest.mark.skipif(SHARED is None, reason="the recordings of ../shared are not here")
def test_every_syslog_frame_of_the_recordings_is_made_again() -> None:
    assert SHARED is not None
    compared = 0
    for path in sorted((SHARED / "captures").glob("*.pcapng*")):
        with open_capture(path) as capture:
            for frame in capture:
                ethernet = EthernetFrame.decode(frame.data)
                if ethernet.ethertype != 0x0800 or frame.data[36:38] != b"\x02\x02":
                    continue
                text = ethernet.payload[28:].split(b"\0")[0].decode()
                assert text.startswith("<15>")
                if len(text) > MAX_TEXT_BYTES:
                    continue  # of an older pyPLC, which cut later
                again = syslog_frame(MacAddress(ethernet.src), text.removeprefix("<15>"))
                assert again == frame.data
                compared += 1
    assert compared > 10


@given(st.text(max_size=900))
def test_any_text_makes_a_frame_whose_lengths_agree(text: str) -> None:
    frame = syslog_frame(MAC, text)
    ethernet = EthernetFrame.decode(frame)
    assert (ethernet.dst, ethernet.src, ethernet.ethertype) == (BROADCAST, MAC, 0x0800)
    assert int.from_bytes(ethernet.payload[2:4], "big") == len(ethernet.payload)
    udp = ethernet.payload[20:]
    assert int.from_bytes(udp[4:6], "big") == len(udp)
    message = udp[8:]
    assert message.startswith(b"<15>")
    assert message.count(b"\0") == 1
    assert message.endswith(b"\0")
    assert len(message) <= MAX_TEXT_BYTES + 5
    message.decode()


def test_a_record_as_text() -> None:
    text = text_of(record(nid="01:02", attenuation_db=9.5))
    assert text == "pev 160 slac.matched nid=01:02 attenuation_db=9.5"
    assert text_of(Record(0.0, "evse", "info", "link.up", None, {})) == "evse link.up"


def test_severities() -> None:
    levels = ("debug", "info", "warning", "error", "critical")
    assert [priority_of(level) for level in levels] == [15, 14, 12, 11, 10]


class Line:
    """A link that keeps what is sent."""

    def __init__(self) -> None:
        self.mac = MAC
        self.sent: list[bytes] = []
        self.is_there = True
        self.now_s = 100.0

    def send(self, frame: bytes) -> None:
        if not self.is_there:
            raise LinkError("gone")
        self.sent.append(frame)

    def subscribe(self, ethertype: int) -> FrameSubscription:
        raise AssertionError(ethertype)


def syslog_on(line: Line) -> UdpSyslog:
    return UdpSyslog(line, clock_s=lambda: line.now_s)


def test_a_storm_of_lines_is_thinned_out_and_the_next_one_says_so() -> None:
    line = Line()
    syslog = syslog_on(line)
    for _ in range(1000):
        syslog.record(record())
    assert len(line.sent) == LINES_AT_ONCE
    line.now_s += 2.0
    for _ in range(1000):
        syslog.record(record())
    assert len(line.sent) == LINES_AT_ONCE + 2 * LINES_PER_S
    text = line.sent[LINES_AT_ONCE][42:]
    assert text.startswith(b"<15>(980 lines left out) pev 160 slac.matched")


def test_an_interface_that_is_away_costs_nothing_but_the_line() -> None:
    line = Line()
    syslog = syslog_on(line)
    line.is_there = False
    syslog.record(record())
    line.is_there = True
    syslog.record(record("back"))
    assert [b"back" in frame for frame in line.sent] == [True]
