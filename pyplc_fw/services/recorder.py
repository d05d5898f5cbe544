"""Records a session's frames with the log in line, into one pcapng file.

Frames lie on the interface that they were seen on, with their direction where it is known. Log
lines lie on an interface of their own, ``log``, each as a syslog frame at its own time, so that
Wireshark shows them between the frames and nothing waits for a frame that may never come; one
that is a checkpoint bears it as the frame's comment as well (filter ``frame.comment``). At the
end stand the interfaces' statistics, with what had to be dropped.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final, Protocol

from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.services.journal import Record
from pyplc_fw.services.syslog import priority_of, syslog_frame, text_of
from pyplc_fw.terms import MacAddress
from pyplc_fw.trace.frames import MAX_FRAME_BYTES
from pyplc_fw.trace.pcapng_writer import PcapngBlocks

LOG_INTERFACE: Final = "log"
LOG_MAC: Final = MacAddress.parse("02:00:00:00:00:00")
"Sender of the log's frames; no modem and no host has it."
NOTICE: Final = 13


class Sink(Protocol):
    """Where blocks go."""

    error: OSError | None
    "Why nothing is written any more."

    def put(self, block: bytes, *, last: bool = False) -> bool:
        """Take ``block``, at once; False when it had to be dropped. ``last`` has room always."""
        ...

    def close(self) -> None:
        """No more blocks."""
        ...


class PlainFile:
    """A file written straight away: for who has time, such as the desk."""

    def __init__(self, path: Path) -> None:
        self.error: OSError | None = None
        self._file = path.open("wb")

    def put(self, block: bytes, *, last: bool = False) -> bool:
        if self.error is None:
            try:
                self._file.write(block)
            except OSError as exc:
                self.error = exc
        return self.error is None

    def close(self) -> None:
        try:
            self._file.close()
        except OSError as exc:
            self.error = self.error or exc


class NoFile:
    """In the place of a file that could not be made."""

    def __init__(self, error: OSError) -> None:
        self.error: OSError | None = error

    def put(self, block: bytes, *, last: bool = False) -> bool:
        return False

    def close(self) -> None: ...


class Recorder:
    """One recording. It never raises and never waits; ``error`` says why it ended early."""

    def __init__(
        self,
        sink: Sink,
        interfaces: Sequence[str],
        *,
        path: Path | None = None,
        now_ns: Callable[[], int] = time.time_ns,
        on_error: Callable[[OSError], object] = lambda _: None,
    ) -> None:
        """``now_ns`` dates log lines; ``on_error`` is told once when writing has failed."""
        self.path = path
        self._sink = sink
        self._now_ns = now_ns
        self._on_error = on_error
        self._error_told = False
        self._closed = False
        self._blocks = PcapngBlocks()
        self._numbers = {name: n for n, name in enumerate((*interfaces, LOG_INTERFACE))}
        self._received = dict.fromkeys(self._numbers, 0)
        self._dropped = dict.fromkeys(self._numbers, 0)
        self._first = next(iter(self._numbers))
        sink.put(self._blocks.section())
        for name in self._numbers:
            sink.put(self._blocks.interface(name))

    @property
    def frames(self) -> int:
        """How many were recorded, log lines apart."""
        taken = {name: n - self._dropped[name] for name, n in self._received.items()}
        return sum(n for name, n in taken.items() if name != LOG_INTERFACE)

    @property
    def dropped(self) -> int:
        """How many frames and log lines had no room."""
        return sum(self._dropped.values())

    @property
    def error(self) -> OSError | None:
        return self._sink.error

    def frame(self, time_ns: int, direction: str, frame: bytes, interface: str = "") -> None:
        """Take a frame; ``direction`` is ``"in"``, ``"out"`` or empty; fit for a link's tap."""
        self._put(interface or self._first, time_ns, frame, direction=direction)

    def record(self, record: Record) -> None:
        """Take a record of the log."""
        comment = ""
        if record.checkpoint is not None:
            meaning = CHECKPOINTS[record.checkpoint].meaning
            comment = f"checkpoint {record.checkpoint}: {meaning}"
        self._log(text_of(record), priority_of(record.level), comment)

    def close(self, outcome: str = "", *, dropped_by_kernel: int = 0) -> None:
        """End the recording with how the session ended, and with the statistics."""
        if self._closed:
            return
        if outcome:
            self._log(f"session ended: {outcome}", NOTICE, f"ended: {outcome}")
        self._closed = True
        for name, number in self._numbers.items():
            block = self._blocks.statistics(
                self._now_ns(),
                interface=number,
                received=self._received[name],
                dropped=self._dropped[name],
                by_system=dropped_by_kernel if name == self._first else 0,
            )
            self._sink.put(block, last=True)
        self._sink.close()
        self._tell_error()

    def _log(self, text: str, priority: int, comment: str) -> None:
        frame = syslog_frame(LOG_MAC, text, priority=priority)
        self._put(LOG_INTERFACE, self._now_ns(), frame, comment=comment)

    def _put(
        self, interface: str, time_ns: int, frame: bytes, *, direction: str = "", comment: str = ""
    ) -> None:
        if self._closed:
            return
        self._received[interface] += 1
        block = self._blocks.packet(
            time_ns,
            frame[:MAX_FRAME_BYTES],
            interface=self._numbers[interface],
            comment=comment,
            direction=direction,
        )
        if not self._sink.put(block):
            self._dropped[interface] += 1
        self._tell_error()

    def _tell_error(self) -> None:
        if self._sink.error is not None and not self._error_told:
            self._error_told = True
            self._on_error(self._sink.error)
