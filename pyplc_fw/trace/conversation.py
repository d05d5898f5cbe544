"""A whole recording as a conversation: its events in the order of their frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime
from operator import attrgetter
from pathlib import Path

from pyplc_fw.trace.events import Dialogue, Event, TcpEvent, V2gEvent
from pyplc_fw.trace.pcap import Capture, open_capture
from pyplc_fw.trace.reading import EventReader


@dataclass(slots=True)
class Conversation:
    """A whole recording, read."""

    file: str
    events: list[Event] = field(default_factory=list)
    dialogues: list[Dialogue] = field(default_factory=list)
    "One a TCP connection that the recording shows, in order."
    frames: int = 0
    start_ns: int = 0
    "Time of the first frame."
    end_ns: int = 0
    connections_opened: int = 0
    "TCP connections asked for with a SYN."
    warnings: list[str] = field(default_factory=list)
    "What could not be read, and where."
    notes: list[str] = field(default_factory=list)
    "Peculiarities that cost nothing: wrong checksums, what was read leniently."
    _known: set[Dialogue] = field(default_factory=set, repr=False)

    @property
    def start(self) -> str:
        """When it was recorded, for people."""
        try:
            moment = datetime.fromtimestamp(self.start_ns // 10**9, UTC)
        except (ValueError, OverflowError, OSError):
            return "an impossible time"
        return f"{moment:%Y-%m-%d %H:%M:%S} UTC"

    def seconds(self, time_ns: int) -> float:
        """Return ``time_ns`` as seconds since the first frame."""
        return (time_ns - self.start_ns) / 1e9

    def see(self, time_ns: int) -> None:
        """Count a frame."""
        if not self.frames:
            self.start_ns = time_ns
        self.frames += 1
        self.end_ns = time_ns

    def add(self, events: list[Event]) -> None:
        """Take in events, each into its dialogue too."""
        for event in events:
            self.events.append(event)
            if not isinstance(event, TcpEvent | V2gEvent):
                continue
            if event.dialogue not in self._known:
                self._known.add(event.dialogue)
                self.dialogues.append(event.dialogue)
            if isinstance(event, V2gEvent):
                event.dialogue.messages.append(event)
            elif event.msg in {"FIN", "RST"}:
                event.dialogue.closes.append(event)


def read_conversation(path: Path | str) -> Conversation:
    """Read a recording; raises OSError, or CodecError when the file is no capture."""
    with open_capture(path) as capture:
        return conversation_of(capture, Path(path).name)


def conversation_of(capture: Capture, name: str = "") -> Conversation:
    """Read an open recording."""
    conversation = Conversation(name)
    reader = EventReader()
    for frame in capture:
        conversation.see(frame.time_ns)
        conversation.add(reader.receive(frame))
    conversation.add(reader.finish())
    conversation.events.sort(key=attrgetter("number"))
    conversation.dialogues.sort(key=attrgetter("first_ns"))
    conversation.connections_opened = reader.connections_opened
    conversation.warnings = [*capture.warnings, *reader.warnings]
    conversation.notes = reader.notes
    return conversation
