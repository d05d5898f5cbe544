"""The folder of recordings: one file a session, and never more than it may hold.

A file is named ``<UTC time>-<role>-<n>.pcapng``; ``n`` counts on through the folder's life, so
that the oldest is known also where the clock was wrong (a board without a battery for it). Files
of other names are never touched; a file that somebody still writes is locked and is never
removed.
"""

from __future__ import annotations

import errno
import fcntl
import os
import re
import shutil
import time
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from structlog.typing import FilteringBoundLogger

from pyplc_fw.services.background_file import BackgroundFile, Disk
from pyplc_fw.services.recorder import NoFile, Recorder, Sink
from pyplc_fw.terms import Role

DEFAULT_MAX_BYTES: Final = 1 << 30
LEAST_MAX_BYTES: Final = 1 << 20
KEEP_FREE_BYTES: Final = 32 << 20
"Of the disk, for everybody else."
_TRIES: Final = 10
_NAME: Final = re.compile(r"\d{8}T\d{6}Z-(?:pev|evse|listen)-(\d+)\.pcapng")


class _Found(NamedTuple):
    number: int
    path: Path
    size: int


class Recordings:
    """Makes recordings in ``folder``, which holds ``max_bytes`` of them at most."""

    def __init__(
        self,
        folder: Path,
        log: FilteringBoundLogger,
        *,
        max_bytes: int = DEFAULT_MAX_BYTES,
        disk: Disk | None = None,
    ) -> None:
        """Make the folder if need be.

        Raises OSError when that cannot be, ValueError when ``max_bytes`` is too little.
        """
        if max_bytes < LEAST_MAX_BYTES:
            raise ValueError(f"{max_bytes} bytes for recordings, at least {LEAST_MAX_BYTES}")
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self._log = log
        self._max_bytes = max_bytes
        self._disk = disk
        self._files: list[BackgroundFile] = []

    def open_session(self, role: Role, interface: str) -> Recorder:
        """Begin the recording of a session on ``interface``.

        It never raises: where no file can be made the log says so and nothing is recorded.
        """
        path, sink = self._new_file(role)
        if isinstance(sink, BackgroundFile):
            self._files = [file for file in self._files if not file.join(0.0)]
            self._files.append(sink)
        recorder = Recorder(sink, (interface,), path=path, on_error=self._on_error(path))
        if sink.error is None:
            self._log.info("recording.began", file=str(path))
        return recorder

    def join(self, timeout_s: float) -> bool:
        """Wait until closed recordings are on the disk; False when that takes too long."""
        end_s = time.monotonic() + timeout_s
        return all(file.join(max(0.0, end_s - time.monotonic())) for file in self._files)

    def make_room(self) -> bool:
        """Remove the oldest until the folder and the disk have room; True if any was removed."""
        files = self._found()
        total = sum(file.size for file in files)
        removed = False
        for file in files[:-1]:
            free = shutil.disk_usage(self.folder).free
            if total <= self._max_bytes and free >= KEEP_FREE_BYTES:
                break
            if _remove_unless_written(file.path):
                total -= file.size
                removed = True
        return removed

    def _new_file(self, role: Role) -> tuple[Path, Sink]:
        error = OSError(errno.EEXIST, "no name is free")
        for _ in range(_TRIES):
            path = self.folder
            try:
                path = self.folder / self._new_name(role)
                return path, BackgroundFile(
                    path, limit_bytes=self._max_bytes, make_room=self.make_room, disk=self._disk
                )
            except FileExistsError:
                continue  # another program was quicker
            except OSError as exc:
                error = exc
                if not self._made_room():
                    break
        return path, NoFile(error)

    def _new_name(self, role: Role) -> str:
        number = max((file.number for file in self._found()), default=0) + 1
        return f"{datetime.now(UTC):%Y%m%dT%H%M%SZ}-{role.value}-{number}.pcapng"

    def _made_room(self) -> bool:
        try:
            return self.make_room()
        except OSError:
            return False

    def _on_error(self, path: Path) -> Callable[[OSError], None]:
        def tell(error: OSError) -> None:
            self._log.warning("recording.ended", file=str(path), why=error.strerror or str(error))

        return tell

    def _found(self) -> list[_Found]:
        """All recordings, the oldest first."""
        found: list[_Found] = []
        with os.scandir(self.folder) as entries:
            for entry in entries:
                match = _NAME.fullmatch(entry.name)
                if match is None:
                    continue
                with suppress(FileNotFoundError):
                    size = entry.stat(follow_symlinks=False).st_size
                    found.append(_Found(int(match[1]), Path(entry.path), size))
        return sorted(found)


def _remove_unless_written(path: Path) -> bool:
    try:
        fd = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
        path.unlink()
    except OSError:
        return False
    finally:
        os.close(fd)
    return True
