"""A file that is written by a thread of its own: a slow SD card delays no message.

Blocks wait in a bounded queue; what finds no room is refused and the caller counts it. The
thread writes and syncs (fdatasync) what has gathered every half second, so that after a power
loss all but the last second is there. Only whole blocks are in the file: one that could be
written in part only, because the disk is full, is cut off again.
"""

from __future__ import annotations

import atexit
import errno
import fcntl
import os
import threading
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final, Protocol

GATHER_S: Final = 0.5
MAX_QUEUED_BYTES: Final = 4 << 20
"Some 40 s of a busy line."
EXIT_LIMIT_S: Final = 5.0
"So long a program's end waits for what is still to be written."
_NO_SPACE: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class Disk(Protocol):
    """What the thread does with the file; tests put a slow or a full one here."""

    def write(self, fd: int, data: bytes) -> int: ...

    def sync(self, fd: int) -> None: ...


class RealDisk:
    """The kernel's."""

    def write(self, fd: int, data: bytes) -> int:
        return os.write(fd, data)

    def sync(self, fd: int) -> None:
        os.fdatasync(fd)


class BackgroundFile:
    """A new file at ``path``, locked (flock) for as long as it is written."""

    def __init__(
        self,
        path: Path,
        *,
        limit_bytes: int,
        make_room: Callable[[], bool] = lambda: False,
        disk: Disk | None = None,
    ) -> None:
        """Make the file; raises OSError, also when it exists already.

        ``make_room`` is called by the thread at first, after each write, and before a full disk
        is believed to be full: it returns whether it freed anything.
        """
        self.error: OSError | None = None
        self._path = path
        self._limit_bytes = limit_bytes
        self._make_room = make_room
        self._disk = disk or RealDisk()
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._accepted_bytes = 0
        self._written_bytes = 0
        self._lock = threading.Lock()
        self._something = threading.Event()
        self._closing = threading.Event()
        self._fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o640)
        with suppress(OSError):  # a file system without locks: names protect the newest file
            fcntl.flock(self._fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        self._thread = threading.Thread(
            target=self._run, name=f"recording {path.name}", daemon=True
        )
        self._thread.start()
        atexit.register(self._at_exit)

    def put(self, block: bytes, *, last: bool = False) -> bool:
        """Queue ``block`` whole, or refuse it: False. ``last`` is taken beyond the limits."""
        with self._lock:
            if self.error is None and self._accepted_bytes + len(block) > self._limit_bytes:
                self.error = OSError(errno.EFBIG, "it is as long as the folder may be large")
            room = self.error is None and self._queued_bytes + len(block) <= MAX_QUEUED_BYTES
            if not (room or last):
                return False
            self._queue.append(block)
            self._queued_bytes += len(block)
            self._accepted_bytes += len(block)
        self._something.set()
        return True

    def close(self) -> None:
        """No more blocks: the thread writes what is queued and ends by itself."""
        self._closing.set()
        self._something.set()

    def join(self, timeout_s: float | None = None) -> bool:
        """Wait until all is written; False when it is not in time."""
        self._thread.join(timeout_s)
        return not self._thread.is_alive()

    def _at_exit(self) -> None:
        self.close()
        self.join(EXIT_LIMIT_S)

    # --- the thread --------------------------------------------------------------------------

    def _run(self) -> None:
        try:
            self._make_room()
            self._sync_folder()
            while not self._closing.is_set():
                self._something.wait()
                self._closing.wait(GATHER_S)
                self._something.clear()
                self._write_queued()
            self._write_queued()
        except OSError as exc:
            self.error = exc
            with suppress(OSError):
                os.ftruncate(self._fd, self._written_bytes)
        finally:
            os.close(self._fd)
            atexit.unregister(self._at_exit)

    def _sync_folder(self) -> None:
        """Make the file's name last."""
        fd = os.open(self._path.parent, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
        try:
            with suppress(OSError):  # not every file system can
                os.fsync(fd)
        finally:
            os.close(fd)

    def _write_queued(self) -> None:
        with self._lock:
            blocks = list(self._queue)
            self._queue.clear()
        if not blocks:
            return
        for block in _in_portions(blocks):
            self._write(block)
            with self._lock:
                self._queued_bytes -= len(block)
        self._disk.sync(self._fd)
        with suppress(OSError):
            self._make_room()

    def _write(self, data: bytes) -> None:
        left = memoryview(data)
        while left:
            try:
                left = left[self._disk.write(self._fd, bytes(left)) :]
            except OSError as exc:
                if exc.errno not in _NO_SPACE or not self._make_room():
                    raise
        self._written_bytes += len(data)


def _in_portions(blocks: list[bytes], limit_bytes: int = 1 << 16) -> list[bytes]:
    """Join whole blocks to portions that are worth a write."""
    portions: list[bytes] = []
    portion = bytearray()
    for block in blocks:
        portion += block
        if len(portion) >= limit_bytes:
            portions.append(bytes(portion))
            portion.clear()
    return [*portions, bytes(portion)] if portion else portions
