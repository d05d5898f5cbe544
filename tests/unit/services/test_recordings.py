"""The recordings of sessions: in line, bounded, and readable whatever happens meanwhile."""

from __future__ import annotations

import errno
import io
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from threading import Event
from typing import Final

import pytest
import structlog
from structlog.testing import capture_logs

from pyplc_fw.services.background_file import MAX_QUEUED_BYTES, BackgroundFile
from pyplc_fw.services.journal import Record
from pyplc_fw.services.recorder import LOG_INTERFACE, Recorder
from pyplc_fw.services.recordings import LEAST_MAX_BYTES, Recordings
from pyplc_fw.terms import Role
from pyplc_fw.trace.frames import Frame
from pyplc_fw.trace.pcap import Capture, open_capture
from tests.unit.trace.made import START_NS, whole_session

FRAMES: Final = [frame for _, frame in whole_session().frames]
LIMIT_S: Final = 20.0
needs_tshark = pytest.mark.skipif(shutil.which("tshark") is None, reason="needs tshark")
STEP = Record(0.0, "pev", "info", "slac.matched", 160, {"nid": "01:02"})
LINE = Record(0.0, "pev", "warning", "link.down", None, {})


def recordings(folder: Path, **options: object) -> Recordings:
    return Recordings(folder, structlog.get_logger(), **options)  # type: ignore[arg-type]


def fill(recorder: Recorder) -> None:
    recorder.frame(START_NS, "in", FRAMES[0])
    recorder.record(STEP)
    recorder.frame(START_NS + 1, "out", FRAMES[1])
    recorder.record(LINE)


def read(path: Path) -> list[Frame]:
    with open_capture(path) as capture:
        frames = list(capture)
        assert capture.warnings == []
    return frames


def recorded(folder: Path) -> Path:
    (path,) = folder.glob("*.pcapng")
    return path


def tshark(path: Path, *arguments: str) -> list[str]:
    done = subprocess.run(  # noqa: S603 -- own arguments
        ["tshark", "-r", path, *arguments],  # noqa: S607 -- from the PATH
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.splitlines()


# --- what is in a recording ----------------------------------------------------------------------


def test_a_session_is_recorded_with_its_log_in_line(tmp_path: Path) -> None:
    with capture_logs() as logs:
        folder = recordings(tmp_path / "new" / "folder")
        recorder = folder.open_session(Role.PEV, "plc0")
        fill(recorder)
        recorder.close("session.battery_full")
        assert folder.join(LIMIT_S)
    path = recorded(tmp_path / "new" / "folder")
    assert re.fullmatch(r"\d{8}T\d{6}Z-pev-1\.pcapng", path.name)
    assert recorder.path == path
    frames = read(path)
    assert [(f.interface, f.comment.partition(" ")[0]) for f in frames] == [
        ("plc0", ""),
        (LOG_INTERFACE, "checkpoint"),
        ("plc0", ""),
        (LOG_INTERFACE, ""),
        (LOG_INTERFACE, "ended:"),
    ]
    assert b"<14>pev 160 slac.matched nid=01:02\0" in frames[1].data
    assert b"<12>pev link.down\0" in frames[3].data
    assert (recorder.frames, recorder.dropped, recorder.error) == (2, 0, None)
    assert [entry["event"] for entry in logs] == ["recording.began"]


@needs_tshark
def test_wireshark_shows_directions_log_and_statistics(tmp_path: Path) -> None:
    folder = recordings(tmp_path)
    recorder = folder.open_session(Role.EVSE, "plc0")
    fill(recorder)
    recorder.close("session.stopped_by_user", dropped_by_kernel=7)
    assert folder.join(LIMIT_S)
    path = recorded(tmp_path)
    fields = ("frame.interface_name", "frame.packet_flags_direction", "syslog.msg")
    shown = tshark(path, "-T", "fields", *(word for name in fields for word in ("-e", name)))
    assert [line.split("\t")[:2] for line in shown] == [
        ["plc0", "0x00000001"],
        [LOG_INTERFACE, ""],
        ["plc0", "0x00000002"],
        [LOG_INTERFACE, ""],
        [LOG_INTERFACE, ""],
    ]
    assert "slac.matched" in shown[1]
    assert tshark(path, "-Y", "_ws.malformed or _ws.expert.severity >= 6291456") == []
    blocks = blocks_of(path.read_bytes())
    assert [kind for kind, _ in blocks][-2:] == [5, 5]
    assert (7).to_bytes(8, "little") in blocks[-2][1]


def blocks_of(data: bytes) -> list[tuple[int, bytes]]:
    blocks, place = [], 0
    while place < len(data):
        kind, length = (int.from_bytes(data[place + n : place + n + 4], "little") for n in (0, 4))
        assert data[place + length - 4 : place + length] == data[place + 4 : place + 8]
        blocks.append((kind, data[place : place + length]))
        place += length
    return blocks


def test_nothing_is_recorded_after_the_end(tmp_path: Path) -> None:
    folder = recordings(tmp_path)
    recorder = folder.open_session(Role.PEV, "plc0")
    recorder.close()
    fill(recorder)
    recorder.close("again")
    assert folder.join(LIMIT_S)
    assert read(recorded(tmp_path)) == []


# --- power loss ----------------------------------------------------------------------------------


def test_a_file_torn_anywhere_lacks_its_last_block_at_most(tmp_path: Path) -> None:
    folder = recordings(tmp_path)
    recorder = folder.open_session(Role.PEV, "plc0")
    for n, frame in enumerate(FRAMES):
        recorder.frame(START_NS + n, "in", frame)
    recorder.close("x")
    assert folder.join(LIMIT_S)
    data = recorded(tmp_path).read_bytes()
    ends = [0]
    for _, block in blocks_of(data):
        ends.append(ends[-1] + len(block))
    packets = [0]
    for kind, _ in blocks_of(data):
        packets.append(packets[-1] + (kind == 6))
    for length in range(ends[4], len(data) + 1):
        whole = packets[max(n for n, end in enumerate(ends) if end <= length)]
        frames = list(Capture(io.BytesIO(data[:length])))
        intact = [frame for frame in frames if len(frame.data) == frame.original_length]
        assert len(intact) >= whole
        assert [frame.data for frame in frames[:whole]] == FRAMES[:whole] or whole > len(FRAMES)


@needs_tshark
def test_tshark_reads_a_torn_file_too(tmp_path: Path) -> None:
    folder = recordings(tmp_path)
    recorder = folder.open_session(Role.PEV, "plc0")
    fill(recorder)
    recorder.close("x")
    assert folder.join(LIMIT_S)
    data = recorded(tmp_path).read_bytes()
    blocks = blocks_of(data)
    last = next(n for n in reversed(range(len(blocks))) if blocks[n][0] == 6)
    begin = sum(len(block) for _, block in blocks[:last])
    torn = tmp_path / "torn.pcapng"
    for cut in range(begin, begin + len(blocks[last][1]), 9):
        torn.write_bytes(data[:cut])
        done = subprocess.run(  # noqa: S603 -- own arguments
            ["tshark", "-r", torn],  # noqa: S607 -- from the PATH
            capture_output=True,
            text=True,
            check=False,
        )
        assert len(done.stdout.splitlines()) >= 4


KILLED: Final = """
import sys, time
from pathlib import Path
import structlog
from pyplc_fw.services.recordings import Recordings
from pyplc_fw.terms import Role
structlog.configure(logger_factory=structlog.PrintLoggerFactory(sys.stderr))
recorder = Recordings(Path(sys.argv[1]), structlog.get_logger()).open_session(Role.PEV, "plc0")
while True:
    recorder.frame(time.time_ns(), "in", bytes(60))
    print(time.time_ns(), flush=True)
    time.sleep(0.005)
"""


def test_of_a_killed_program_all_but_the_last_second_is_there(tmp_path: Path) -> None:
    with subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-c", KILLED, tmp_path], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    ) as process:
        assert process.stdout is not None
        said: list[int] = []
        while len(said) < 2 or said[-1] - said[0] < 2_200_000_000:
            said.append(int(process.stdout.readline()))
        process.send_signal(signal.SIGKILL)
        said += map(int, process.stdout.read().split())
    frames = read(recorded(tmp_path))
    assert said[-1] - frames[-1].time_ns < 1_000_000_000
    assert [frame.data for frame in frames] == [bytes(60)] * len(frames)


# --- a slow disk, a full disk --------------------------------------------------------------------


class SlowDisk:
    """Holds every write until it is let go."""

    def __init__(self) -> None:
        self.go = Event()
        self.began = Event()

    def write(self, fd: int, data: bytes) -> int:
        self.began.set()
        self.go.wait(LIMIT_S)
        return os.write(fd, data)

    def sync(self, fd: int) -> None: ...


def test_a_disk_that_stands_still_delays_nobody_and_what_has_no_room_is_counted(
    tmp_path: Path,
) -> None:
    disk = SlowDisk()
    folder = recordings(tmp_path, disk=disk)
    recorder = folder.open_session(Role.PEV, "plc0")
    recorder.frame(START_NS, "in", bytes(1400))
    assert disk.began.wait(LIMIT_S)
    worst_s = 0.0
    how_many = MAX_QUEUED_BYTES // 1400
    for n in range(how_many):
        began_s = time.perf_counter()
        recorder.frame(START_NS + n, "in", bytes(1400))
        worst_s = max(worst_s, time.perf_counter() - began_s)
    assert worst_s < 0.02
    assert recorder.dropped > 0
    recorder.close()
    assert not folder.join(0.0)
    disk.go.set()
    assert folder.join(LIMIT_S)
    frames = read(recorded(tmp_path))
    assert len(frames) == recorder.frames == how_many + 1 - recorder.dropped
    statistics = [block for kind, block in blocks_of(recorded(tmp_path).read_bytes()) if kind == 5]
    assert recorder.dropped.to_bytes(8, "little") in statistics[0]


class FullDisk:
    """Takes ``room`` bytes, then has no space; one write is done in part only."""

    def __init__(self, room: int) -> None:
        self.room = room

    def write(self, fd: int, data: bytes) -> int:
        if self.room == 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        written = os.write(fd, data[: self.room])
        self.room -= written
        return written

    def sync(self, fd: int) -> None: ...


def test_a_full_disk_ends_the_recording_at_a_whole_block_and_says_so_once(tmp_path: Path) -> None:
    with capture_logs() as logs:
        folder = recordings(tmp_path, disk=FullDisk(2000))
        recorder = folder.open_session(Role.PEV, "plc0")
        recorder.frame(START_NS, "in", bytes(500))
        assert wait_for(lambda: recorded(tmp_path).stat().st_size > 500)
        for n in range(20):
            recorder.frame(START_NS + n, "in", bytes(500))
        assert wait_for(lambda: recorder.error is not None)
        fill(recorder)
        recorder.close("session.battery_full")
        assert folder.join(LIMIT_S)
    assert [entry["event"] for entry in logs] == ["recording.began", "recording.ended"]
    assert logs[1]["why"] == "No space left on device"
    assert [len(frame.data) for frame in read(recorded(tmp_path))] == [500]


def wait_for(what: object, limit_s: float = LIMIT_S) -> bool:
    assert callable(what)
    end_s = time.monotonic() + limit_s
    pause = Event()
    while not what() and time.monotonic() < end_s:
        pause.wait(0.02)
    return bool(what())


def test_where_no_file_can_be_made_the_session_goes_on_and_the_log_says_why(
    tmp_path: Path,
) -> None:
    folder = recordings(tmp_path / "gone")
    (tmp_path / "gone").rmdir()
    with capture_logs() as logs:
        recorder = folder.open_session(Role.PEV, "plc0")
        fill(recorder)
        recorder.close("x")
    assert [entry["event"] for entry in logs] == ["recording.ended"]
    assert logs[0]["why"] == "No such file or directory"
    assert recorder.frames == 0


# --- how much there may be -----------------------------------------------------------------------


def made_before(folder: Path, number: int, size: int) -> Path:
    path = folder / f"20200101T000000Z-pev-{number}.pcapng"
    path.write_bytes(bytes(size))
    return path


def names(folder: Path) -> list[str]:
    return sorted((path.name for path in folder.iterdir()), key=lambda name: name.split("-")[-1])


def test_the_oldest_go_first_never_the_running_one_and_never_what_is_not_ours(
    tmp_path: Path,
) -> None:
    running = recordings(tmp_path).open_session(Role.EVSE, "plc0")
    assert running.path is not None
    others = tmp_path / "20200101T000000Z-notes.pcapng"
    others.write_bytes(bytes(LEAST_MAX_BYTES))
    old = [made_before(tmp_path, n, 400_000) for n in range(2, 7)]
    folder = recordings(tmp_path, max_bytes=LEAST_MAX_BYTES)
    assert folder.make_room()
    assert [path.exists() for path in old] == [False, False, False, True, True]
    assert running.path.exists()
    assert others.exists()
    assert not folder.make_room()
    running.close()


def test_the_order_is_that_of_the_numbers_whatever_the_clock_said(tmp_path: Path) -> None:
    late = tmp_path / "19700101T000000Z-pev-11.pcapng"
    early = tmp_path / "20300101T000000Z-evse-2.pcapng"
    for path in (late, early):
        path.write_bytes(bytes(600_000))
    recordings(tmp_path, max_bytes=LEAST_MAX_BYTES).make_room()
    assert names(tmp_path) == [late.name]
    folder = recordings(tmp_path)
    recorder = folder.open_session(Role.LISTEN, "plc0")
    recorder.close()
    assert folder.join(LIMIT_S)
    assert names(tmp_path)[-1].endswith("-listen-12.pcapng")


def test_room_is_made_while_a_session_is_recorded(tmp_path: Path) -> None:
    old = [made_before(tmp_path, n, 300_000) for n in range(1, 4)]
    folder = recordings(tmp_path, max_bytes=LEAST_MAX_BYTES)
    recorder = folder.open_session(Role.PEV, "plc0")
    for n in range(400):
        recorder.frame(START_NS + n, "in", bytes(1400))
    recorder.close()
    assert folder.join(LIMIT_S)
    assert [path.exists() for path in old] == [False, False, True]
    assert recorder.frames == 400


def test_a_session_longer_than_the_folder_may_be_large_ends_its_recording(tmp_path: Path) -> None:
    with capture_logs() as logs:
        folder = recordings(tmp_path, max_bytes=LEAST_MAX_BYTES)
        recorder = folder.open_session(Role.PEV, "plc0")
        for n in range(1000):
            recorder.frame(START_NS + n, "in", bytes(1400))
        recorder.close("x")
        assert folder.join(LIMIT_S)
    assert logs[-1]["why"] == "it is as long as the folder may be large"
    assert recorded(tmp_path).stat().st_size < LEAST_MAX_BYTES + 500
    assert len(read(recorded(tmp_path))) == recorder.frames
    assert 0 < recorder.dropped < 1000


def test_a_folder_for_less_than_one_session_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="at least"):
        recordings(tmp_path, max_bytes=LEAST_MAX_BYTES - 1)


def test_a_file_is_never_written_over(tmp_path: Path) -> None:
    path = tmp_path / "there"
    path.write_bytes(b"something")
    with pytest.raises(FileExistsError):
        BackgroundFile(path, limit_bytes=1000)
    assert path.read_bytes() == b"something"
