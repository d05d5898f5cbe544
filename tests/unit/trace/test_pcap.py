"""Recordings as files: what is written is read, what is damaged is told, nothing else happens."""

from __future__ import annotations

import gzip
import io
import random
import shutil
import struct
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pyplc_fw.errors import CodecError
from pyplc_fw.trace.pcap import Capture, Frame, PcapngWriter, open_capture

START_NS = 1_700_000_000_123_456_789
packets = st.lists(
    st.tuples(
        st.integers(0, 2**63 - 1), st.binary(max_size=80), st.integers(0, 1), st.text(max_size=9)
    ),
    max_size=8,
)


def read(data: bytes) -> tuple[list[Frame], list[str]]:
    capture = Capture(io.BytesIO(data))
    return list(capture), capture.warnings


def pcapng(frames: int = 3) -> bytes:
    target = io.BytesIO()
    with PcapngWriter(target) as writer:
        writer.add_interface("plc0")
        for n in range(frames):
            writer.write(START_NS + n, bytes(range(n * 7)))
    return target.getvalue()


def classic(order: str = "<", *, nanoseconds: bool = False, frames: int = 3) -> bytes:
    magic = 0xA1B23C4D if nanoseconds else 0xA1B2C3D4
    header = struct.pack(order + "IHHiIII", magic, 2, 4, 0, 0, 65535, 1)
    records = [
        struct.pack(order + "IIII", 1000 + n, n + 1, n * 7, n * 7) + bytes(range(n * 7))
        for n in range(frames)
    ]
    return header + b"".join(records)


def block(kind: int, body: bytes, order: str = "<") -> bytes:
    body += bytes(-len(body) % 4)
    length = len(body) + 12
    return struct.pack(order + "II", kind, length) + body + struct.pack(order + "I", length)


def section(order: str = "<") -> bytes:
    return block(0x0A0D0D0A, struct.pack(order + "IHHq", 0x1A2B3C4D, 1, 0, -1), order)


def interface(options: bytes = b"", order: str = "<", snap_length: int = 0) -> bytes:
    return block(1, struct.pack(order + "HHI", 1, 0, snap_length) + options, order)


def enhanced(units: int, data: bytes, order: str = "<", number: int = 0) -> bytes:
    head = (number, units >> 32, units & 0xFFFFFFFF, len(data), len(data))
    return block(6, struct.pack(order + "IIIII", *head) + data, order)


# --- what is written is read -----------------------------------------------------------------


@given(packets)
def test_what_the_writer_writes_the_reader_reads(
    sent: list[tuple[int, bytes, int, str]],
) -> None:
    target = io.BytesIO()
    writer = PcapngWriter(target)
    names = ["car", "charger"]
    for name in names:
        writer.add_interface(name)
    for time_ns, data, number, comment in sent:
        writer.write(time_ns, data, interface=number, comment=comment)
    writer.close()

    frames, warnings = read(target.getvalue())
    assert warnings == []
    assert frames == [
        Frame(
            number=place,
            time_ns=time_ns,
            interface=names[number],
            data=data,
            original_length=len(data),
            comment=comment,
        )
        for place, (time_ns, data, number, comment) in enumerate(sent, 1)
    ]


def test_an_interface_of_microseconds_keeps_microseconds() -> None:
    target = io.BytesIO()
    writer = PcapngWriter(target)
    writer.write(START_NS, b"x", interface=writer.add_interface("plc0", microseconds=True))
    ((frame,), _) = read(target.getvalue())
    assert frame.time_ns == START_NS // 1000 * 1000
    assert frame.t == pytest.approx(1_700_000_000.123456)


def test_a_path_is_opened_and_closed(tmp_path: Path) -> None:
    path = tmp_path / "one.pcapng"
    with PcapngWriter(path) as writer:
        writer.add_interface("plc0")
        writer.write(1, b"frame")
    with open_capture(path) as capture:
        assert [frame.data for frame in capture] == [b"frame"]


def test_what_was_flushed_can_be_read_while_the_writer_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "growing.pcapng"
    with PcapngWriter(path) as writer:
        writer.add_interface("plc0")
        for n in range(3):
            writer.write(n, bytes([n]))
            writer.flush()
            frames, warnings = read(path.read_bytes())
            assert (len(frames), warnings) == (n + 1, [])


def test_an_interface_must_be_added_first() -> None:
    with pytest.raises(ValueError, match="interface 0"):
        PcapngWriter(io.BytesIO()).write(0, b"")


def test_a_frame_longer_than_any_is_refused() -> None:
    writer = PcapngWriter(io.BytesIO())
    writer.add_interface("plc0")
    with pytest.raises(ValueError, match="bytes, max"):
        writer.write(0, bytes(262_145))


# --- the kinds of files ----------------------------------------------------------------------


@pytest.mark.parametrize("order", ["<", ">"])
@pytest.mark.parametrize("nanoseconds", [False, True])
def test_classic_files_of_both_byte_orders_and_resolutions(
    order: str, *, nanoseconds: bool
) -> None:
    frames, warnings = read(classic(order, nanoseconds=nanoseconds))
    unit_ns = 1 if nanoseconds else 1000
    assert warnings == []
    assert [(f.number, f.time_ns, f.data) for f in frames] == [
        (n + 1, (1000 + n) * 10**9 + (n + 1) * unit_ns, bytes(range(n * 7))) for n in range(3)
    ]


@pytest.mark.parametrize("make", [pcapng, classic])
def test_gzip_is_read_as_it_is(make: object) -> None:
    assert callable(make)
    assert read(gzip.compress(make())) == read(make())


def test_sections_of_both_byte_orders_in_one_file() -> None:
    data = b"".join(
        section(order) + interface(order=order) + enhanced(5_000_001, b"abc", order)
        for order in "<>"
    )
    frames, warnings = read(data)
    assert warnings == []
    assert [(f.number, f.time_ns, f.data) for f in frames] == [
        (1, 5_000_001_000, b"abc"),
        (2, 5_000_001_000, b"abc"),
    ]


@pytest.mark.parametrize(
    ("options", "expected_ns"),
    [
        (struct.pack("<HHB3x", 9, 1, 3), 1_000_000_000),  # milliseconds
        (struct.pack("<HHB3x", 9, 1, 9), 1_000),
        (struct.pack("<HHB3x", 9, 1, 0x80 | 10), 976_562_500),  # 2**-10 s
        (struct.pack("<HHq", 14, 8, 100), 100_001_000_000),  # offset in seconds
        (struct.pack("<HHH", 2, 999, 0), 1_000_000),  # an option longer than its block
    ],
)
def test_time_resolution_and_offset_of_an_interface(options: bytes, expected_ns: int) -> None:
    frames, _ = read(section() + interface(options) + enhanced(1000, b"x"))
    assert [frame.time_ns for frame in frames] == [expected_ns]


def test_simple_and_obsolete_packets_and_unknown_blocks() -> None:
    data = (
        section()
        + interface(struct.pack("<HH4s", 2, 4, b"plc0"), snap_length=4)
        + block(0x0BAD, b"nobody knows")
        + block(2, struct.pack("<HHIIII", 0, 0, 0, 7, 3, 3) + b"old")
        + block(3, struct.pack("<I", 9) + b"sim!")
    )
    frames, warnings = read(data)
    assert warnings == []
    assert [(f.time_ns, f.interface, f.data, f.original_length) for f in frames] == [
        (7_000, "plc0", b"old", 3),
        (7_000, "plc0", b"sim!", 9),
    ]


# --- damage ----------------------------------------------------------------------------------


@pytest.mark.parametrize("make", [pcapng, classic])
def test_every_truncation_gives_the_frames_before_it_and_tells(make: object) -> None:
    assert callable(make)
    whole = make()
    frames, _ = read(whole)
    section_end = 8 + int.from_bytes(whole[4:8], "little") - 8  # of pcapng: its first block
    ends = {len(make(frames=n)) for n in range(4)} | {section_end}
    for length in range(4, len(whole)):
        got, warnings = read(whole[:length])
        complete = [f for f in got if len(f.data) == f.original_length]
        assert complete == frames[: len(complete)]
        assert len(got) <= len(frames)
        assert bool(warnings) == (length not in ends), length


def test_a_cut_gzip_gives_what_could_be_unpacked() -> None:
    packed = gzip.compress(pcapng(36), compresslevel=1)
    frames, warnings = read(packed[:-40])
    assert 0 < len(frames) < 36
    assert "gzip damaged" in warnings[-1]


def test_a_gzip_of_which_nothing_unpacks_is_a_codec_error() -> None:
    with pytest.raises(CodecError, match="cannot be unpacked"):
        Capture(io.BytesIO(gzip.compress(pcapng())[:12]))


def test_reading_goes_on_behind_a_damaged_block_of_pcapng() -> None:
    good = section() + interface() + enhanced(1, b"first")
    bad = struct.pack("<II", 6, 0xFFFF_FFF0) + bytes(20)
    frames, warnings = read(good + bad + enhanced(2, b"second"))
    assert [f.data for f in frames] == [b"first", b"second"]
    assert len(warnings) == 1
    assert f"byte {len(good)}" in warnings[0]
    assert "28 bytes passed over" in warnings[0]


def test_reading_goes_on_behind_damage_in_a_classic_file() -> None:
    whole = classic(frames=4)
    third = len(classic(frames=2))
    damaged = whole[: third + 8] + b"\xff\xff\xff\xff" + whole[third + 12 :]
    frames, warnings = read(damaged)
    assert [f.time_ns // 10**9 for f in frames] == [1000, 1001, 1003]
    assert f"frame 3 at byte {third}" in warnings[0]


def test_a_packet_of_an_interface_that_is_not_described_is_told() -> None:
    frames, warnings = read(section() + enhanced(1, b"x") + interface() + enhanced(1, b"y"))
    assert [(f.number, f.data) for f in frames] == [(2, b"y")]
    assert "cannot be used" in warnings[0]


@pytest.mark.parametrize("data", [b"", b"\x00", b"PK\x03\x04zip", gzip.compress(b"text")])
def test_what_is_no_capture_is_a_codec_error(data: bytes) -> None:
    with pytest.raises(CodecError, match="neither pcap nor pcapng"):
        Capture(io.BytesIO(data))


@given(st.binary(max_size=200), st.sampled_from([b"", pcapng()[:28], classic()[:24]]))
@example(b"\x1f\x8b", b"")
def test_any_bytes_give_frames_or_a_codec_error(data: bytes, start: bytes) -> None:
    try:
        read(start + data)
    except CodecError as exc:
        known = ("neither pcap nor pcapng", "gzip that cannot be unpacked")
        assert str(exc).startswith(known) or known[0] in str(exc)  # noqa: PT017 -- none is right too


@given(st.randoms(use_true_random=False))
def test_mutations_never_raise(rng: random.Random) -> None:
    data = bytearray(rng.choice([pcapng(), classic(), classic(">")]))
    for _ in range(rng.randrange(1, 5)):
        data[rng.randrange(4, len(data))] = rng.randrange(256)
    capture = Capture(io.BytesIO(bytes(data)))
    assert all(len(frame.data) <= 262_144 for frame in capture)


def test_a_file_of_nothing_but_damage_is_read_quickly_and_told_briefly() -> None:
    good = section() + interface()
    data = good + (struct.pack("<II", 6, 7) + block(4, b"")) * 20_000
    frames, warnings = read(data)
    assert frames == []
    assert len(warnings) == 101
    assert warnings[-1] == "further damage is not listed"


@pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
def test_tshark_reads_what_the_writer_writes(tmp_path: Path) -> None:
    path = tmp_path / "made.pcapng"
    with PcapngWriter(path) as writer:
        writer.add_interface("plc0")
        number = writer.add_interface("plc1", microseconds=True)
        writer.write(START_NS, bytes(12) + b"\x88\xe1" + bytes(46), comment="hello")
        writer.write(START_NS, bytes(12) + b"\x88\xe1" + bytes(47), interface=number)
    fields = ["frame.time_epoch", "frame.interface_name", "frame.len", "frame.comment"]
    listed = subprocess.run(  # noqa: S603 -- a fixed command
        ["tshark", "-r", str(path), "-T", "fields", *(f"-e{name}" for name in fields)],  # noqa: S607
        check=True,
        capture_output=True,
        text=True,
    )
    assert [line.split("\t")[1:] for line in listed.stdout.splitlines()] == [
        ["plc0", "60", "hello"],
        ["plc1", "61", ""],
    ]
    assert listed.stdout.startswith("1700000000.123456789")
