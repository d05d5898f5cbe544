"""Recordings as files: pcap and pcapng in, also gzip-packed; pcapng out.

with open_capture(path) as capture:
    for frame in capture: ...
    print(capture.warnings)
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, Final, cast

from pyplc_fw.errors import CodecError
from pyplc_fw.trace.frames import Frame, Source, Warnings
from pyplc_fw.trace.pcap_classic import MAGICS, ClassicReader
from pyplc_fw.trace.pcapng import SECTION_HEADER, PcapngReader
from pyplc_fw.trace.pcapng_writer import PcapngWriter

__all__ = ["Capture", "Frame", "PcapngWriter", "open_capture"]

GZIP_MAGIC: Final = b"\x1f\x8b"
_UNPACK_ERRORS: Final = (EOFError, zlib.error, gzip.BadGzipFile)


class Capture:
    """The frames of one recording, to be iterated once; ``warnings`` grows meanwhile.

    ``stream`` needs ``read`` only. Whatever the bytes, iterating raises nothing but what the
    stream itself raises (OSError); damage is told in ``warnings``, with its place.
    """

    def __init__(self, stream: BinaryIO) -> None:
        """Look at the first bytes; raises CodecError when this is no capture."""
        self.warnings: list[str] = Warnings()
        self._source = Source(stream, ())
        if self._source.peek(2) == GZIP_MAGIC:
            self._source = Source(cast("BinaryIO", _Unpacked(self._source)), _UNPACK_ERRORS)
        self._frames = self._reader().frames()

    def _reader(self) -> ClassicReader | PcapngReader:
        magic = self._source.peek(4)
        if magic in MAGICS:
            return ClassicReader(self._source, self.warnings)
        if magic == SECTION_HEADER.to_bytes(4, "big"):
            return PcapngReader(self._source, self.warnings)
        if self._source.error is not None:
            raise CodecError(f"gzip that cannot be unpacked: {self._source.error}")
        detail = f"first bytes {magic.hex(' ')}" if magic else "empty"
        raise CodecError(f"neither pcap nor pcapng: {detail}")

    def __iter__(self) -> Iterator[Frame]:
        yield from self._frames
        if self._source.error is not None:
            self.warnings.append(
                f"gzip damaged: {self._source.error}; unpacked as far as byte {self._source.offset}"
            )
            self._source.error = None


class _Unpacked:
    """Gives what is in a packed source, piece by piece, so that a cut costs nothing before it."""

    def __init__(self, packed: Source) -> None:
        self._gzip = gzip.GzipFile(fileobj=cast("BinaryIO", self._Unread(packed)), mode="rb")

    def read(self, size: int) -> bytes:
        return self._gzip.read1(size)

    class _Unread:
        """The packed bytes, those peeked at included, as a file."""

        def __init__(self, source: Source) -> None:
            self._source = source

        def read(self, size: int = -1) -> bytes:
            return self._source.take(size if size >= 0 else 65_536)


@contextmanager
def open_capture(path: Path | str) -> Iterator[Capture]:
    """Open a recording; raises OSError, or CodecError when it is none."""
    with Path(path).open("rb") as stream:
        yield Capture(stream)
