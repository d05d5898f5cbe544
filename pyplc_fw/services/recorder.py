"""Records every frame of the powerline, with the checkpoints as comments in line."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

from pyplc_fw.checkpoints import CHECKPOINTS
from pyplc_fw.services.journal import Record
from pyplc_fw.trace.pcap import PcapngWriter

NS_PER_S: Final = 1_000_000_000


class Recorder:
    """Writes a pcapng file with one interface for each side.

    A checkpoint becomes the comment of the next frame that its side produces, so that Wireshark
    shows it where it happened. A full card ends the recording, not the charge: ``close`` says so.
    """

    def __init__(self, path: Path, interfaces: Sequence[str], *, epoch_ns: int) -> None:
        """``epoch_ns`` is the wall clock's time at the loop's zero."""
        self.path = path
        self.frames = 0
        self._failed: OSError | None = None
        self._writer = PcapngWriter(path)
        self._epoch_ns = epoch_ns
        self._interfaces = {name: self._writer.add_interface(name) for name in interfaces}
        self._comments: dict[str, list[str]] = {name: [] for name in interfaces}

    def frame(self, t_s: float, interface: str, frame: bytes) -> None:
        """Take a frame from the powerline's tap."""
        if self._failed is not None:
            return
        try:
            self._write(t_s, interface, frame)
        except OSError as exc:
            self._failed = exc

    def _write(self, t_s: float, interface: str, frame: bytes) -> None:
        comments = self._comments[interface]
        comment = "\n".join(comments)
        comments.clear()
        time_ns = self._epoch_ns + round(t_s * NS_PER_S)
        self._writer.write(time_ns, frame, interface=self._interfaces[interface], comment=comment)
        self.frames += 1

    def record(self, record: Record) -> None:
        """Take a record of the journal."""
        if record.checkpoint is not None:
            meaning = CHECKPOINTS[record.checkpoint].meaning
            self._comments[record.side].append(f"checkpoint {record.checkpoint}: {meaning}")

    def close(self) -> None:
        """Close the file; raises OSError when not all could be written."""
        self._writer.close()
        if self._failed is not None:
            raise self._failed
