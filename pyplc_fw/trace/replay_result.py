"""What a replay found: how far in step, which answers were used, where the fields differ."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from typing import Any

from pyplc_fw.trace.events import V2gEvent
from pyplc_fw.trace.field_text import value_text
from pyplc_fw.trace.replay_script import Key, Script, flat, same_value
from pyplc_fw.v2g.session_end import SessionEnd

ABSENT = "absent"


class Verdict(Enum):
    """How a replay ended."""

    THROUGH = "went through to the end of what was recorded"
    PEER_ENDED = "ended where the recorded charger ended the session"
    CAR_STOPPED = "answered everything that the recorded car asked"
    OUT_OF_STEP = "did not get to the end of what was recorded"


@dataclass(slots=True)
class Difference:
    """One field that differed: how often, and the first pair of values."""

    count: int
    ours: str
    recorded: str


@dataclass(slots=True)
class ReplayResult:
    """The account of one replay."""

    side: str
    "``evcc`` or ``secc``: which side was ours."
    script: Script
    used: Counter[Key] = field(default_factory=Counter)
    "Recorded messages that were given, by step."
    skipped: Counter[Key] = field(default_factory=Counter)
    "Recorded messages for which we had no use."
    repeated: Counter[Key] = field(default_factory=Counter)
    "Answers given once more, because we asked more often than the recorded car."
    made_up: Counter[Key] = field(default_factory=Counter)
    "Answers that are not in the recording at all."
    compared: Counter[str] = field(default_factory=Counter)
    "Our messages that were held against a recorded one, by name."
    differences: dict[tuple[str, str], Difference] = field(default_factory=dict)
    "By message and field."
    remarks: Counter[str] = field(default_factory=Counter)
    "What else is worth telling, and how often it happened."
    end: SessionEnd | None = None
    verdict: Verdict = Verdict.OUT_OF_STEP

    @property
    def in_step(self) -> bool:
        return self.verdict is not Verdict.OUT_OF_STEP

    def compare(self, name: str, ours: Mapping[str, Any], recorded: V2gEvent | None) -> None:
        """Hold our message against the recorded one."""
        if recorded is None or recorded.message is None:
            return
        self.compared[name] += 1
        mine, theirs = dict(flat(ours)), dict(flat(recorded.fields))
        for path in [*theirs, *(path for path in mine if path not in theirs)]:
            if path in mine and path in theirs and same_value(mine[path], theirs[path]):
                continue
            self._note(name, path, mine.get(path, ABSENT), theirs.get(path, ABSENT))

    def remark(self, text: str) -> None:
        """Note something worth telling."""
        self.remarks[text] += 1

    def lines(self) -> Iterator[str]:
        """Write the account."""
        yield from self._steps()
        yield from self._fields()
        for remark, times in self.remarks.items():
            yield f"  note: {remark}{f' ({times} times)' if times > 1 else ''}"
        yield self._conclusion()

    def _note(self, name: str, path: str, ours: Any, recorded: Any) -> None:
        known = self.differences.get((name, path))
        if known is None:
            self.differences[name, path] = Difference(
                1, value_text(ours, path), value_text(recorded, path)
            )
        else:
            known.count += 1

    def _steps(self) -> Iterator[str]:
        yield f"  {'step':<28}{'recorded':>9}{'used':>7}{'skipped':>9}{'again':>7}{'made up':>9}"
        recorded = Counter(one.key for one in self.script.exchanges)
        for key in dict.fromkeys([*recorded, *self.made_up]):
            counts = (recorded, self.used, self.skipped, self.repeated, self.made_up)
            numbers = [f"{count[key]:d}" if count[key] else "-" for count in counts]
            yield "  {:<28}{:>9}{:>7}{:>9}{:>7}{:>9}".format(str(key), *numbers)

    def _fields(self) -> Iterator[str]:
        if not self.differences:
            yield "  every field equals the recorded one"
            return
        yield "  fields that differ, first pair (ours | recorded) and how often"
        for (name, path), difference in self.differences.items():
            times = f"{difference.count} of {self.compared[name]}"
            yield f"    {name}.{path}: {difference.ours} | {difference.recorded}  ({times})"

    def _conclusion(self) -> str:
        total = len(self.script.exchanges)
        used = sum(self.used.values()) + sum(self.skipped.values())
        why = ""
        if self.end is not None:
            detail = f" ({self.end.detail})" if self.end.detail else ""
            why = f"; our {self.side.upper()}: {self.end.reason.sentence}{detail}"
        return (
            f"  verdict: our {self.side.upper()} {self.verdict.value}: "
            f"{used} of {total} recorded exchanges{why}"
        )
