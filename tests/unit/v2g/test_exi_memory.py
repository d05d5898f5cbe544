"""The codec leaves nothing behind: neither memory nor references, whatever happens."""

from __future__ import annotations

import sys
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final

import pyplc_exi
import pytest

from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages import din
from tests.bench import bench_memory

RECORD: Final = pyplc_exi.decode("app", bytes.fromhex("80400040"), 0)[0]
TRAILING: Final = bytes.fromhex("8040004000")
ROOT: Final = "supportedAppProtocolRes"
LONG: Final = exi.encode(
    din.V2G_Message(
        Header=din.MessageHeader(SessionID=bytes(8)),
        Body=din.Body(BodyElement=din.ContractAuthenticationReq(GenChallenge="x" * 20_000)),
    )
)
LONG_RECORD: Final = pyplc_exi.decode("din", LONG, 0)[0]

CALLS: Final[dict[str, tuple[Callable[..., Any], tuple[Any, ...]]]] = {
    "decode": (pyplc_exi.decode, ("app", bytes.fromhex("80400040"), 0)),
    "a warning": (pyplc_exi.decode, ("app", TRAILING, pyplc_exi.LENIENT)),
    "decode, growing": (pyplc_exi.decode, ("din", LONG, 0)),
    "decode, growing, cut off": (pyplc_exi.decode, ("din", LONG[:-1], 0)),
    "encode, growing": (pyplc_exi.encode, ("din", "V2G_Message", LONG_RECORD, 0)),
    "cut off": (pyplc_exi.decode, ("app", b"\x80\x40", 0)),
    "no header": (pyplc_exi.decode, ("app", b"\x00\x40", 0)),
    "decode, no such schema": (pyplc_exi.decode, ("none such", b"\x80\x40", 0)),
    "decode, no bytes": (pyplc_exi.decode, ("app", "no bytes", 0)),
    "decode, no number": (pyplc_exi.decode, ("app", b"\x80\x40", "no number")),
    "decode, too few": (pyplc_exi.decode, ("app",)),
    "encode": (pyplc_exi.encode, ("app", ROOT, RECORD, 0)),
    "no record": (pyplc_exi.encode, ("app", ROOT, b"\xff\xff", 0)),
    "no such root": (pyplc_exi.encode, ("app", "none such", RECORD, 0)),
    "encode, no such schema": (pyplc_exi.encode, ("none such", ROOT, RECORD, 0)),
    "encode, no text": (pyplc_exi.encode, ("app", 7777, RECORD, 0)),
    "encode, no bytes": (pyplc_exi.encode, ("app", ROOT, "no bytes", 0)),
    "encode, negative flags": (pyplc_exi.encode, ("app", ROOT, RECORD, -1)),
    "encode, too few": (pyplc_exi.encode, ("app", ROOT)),
}
REPEATS: Final = 500
EXPECTED: Final = (pyplc_exi.Error, LookupError, TypeError, OverflowError)


def _references(arguments: tuple[Any, ...]) -> list[int]:
    return [sys.getrefcount(argument) for argument in (*arguments, pyplc_exi.Error)]


@pytest.mark.parametrize("name", CALLS)
def test_a_call_keeps_no_reference(name: str) -> None:
    function, arguments = CALLS[name]
    before = _references(arguments)
    for _ in range(REPEATS):
        with suppress(*EXPECTED):
            function(*arguments)
    assert _references(arguments) == before


@pytest.mark.parametrize("work", [bench_memory.trip, bench_memory.refused])
def test_messages_leave_nothing_behind(work: Callable[..., None]) -> None:
    row = bench_memory.measure("messages", work, 10_000)
    assert row.kept_bytes < row.messages  # less than a byte for each message
    assert row.peak_bytes < 100_000
