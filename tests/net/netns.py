"""Network namespaces for tests: hosts on a line, their programs, and an end without leftovers."""

from __future__ import annotations

import os
import queue
import shutil
import signal
import subprocess
import threading
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from itertools import count
from pathlib import Path
from typing import IO, Final

import pytest

READY_LIMIT_S: Final = 15.0
_numbers: Final = count()


def _can_make_namespaces() -> bool:
    if os.geteuid() != 0 or shutil.which("ip") is None:
        return False
    name = f"pyplc-probe-{os.getpid()}"
    made = subprocess.run(["ip", "netns", "add", name], check=False, capture_output=True)
    if made.returncode != 0:
        return False
    subprocess.run(["ip", "netns", "del", name], check=True)
    return True


needs_namespaces = pytest.mark.skipif(
    not _can_make_namespaces(), reason="needs root, iproute2 and a kernel with network namespaces"
)


class Running:
    """A program that runs in a namespace, and what it has said so far."""

    def __init__(self, command: Sequence[str]) -> None:
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,  # a script's children are to end with it
        )
        self._news: queue.SimpleQueue[str] = queue.SimpleQueue()
        self._said: dict[str, list[str]] = {"stdout": [], "stderr": []}
        self._readers = [
            threading.Thread(target=self._read, args=(name, getattr(self._process, name)))
            for name in self._said
        ]
        for reader in self._readers:
            reader.start()

    def _read(self, name: str, stream: IO[str]) -> None:
        for line in stream:
            self._said[name].append(line)
            self._news.put(line)

    @property
    def pid(self) -> int:
        return self._process.pid

    @property
    def stdout(self) -> str:
        return "".join(self._said["stdout"])

    @property
    def stderr(self) -> str:
        return "".join(self._said["stderr"])

    def wait_line(self, text: str, limit_s: float = READY_LIMIT_S) -> str:
        """Wait for a line with ``text`` in it, on either output."""
        end_s = time.monotonic() + limit_s
        while True:
            try:
                line = self._news.get(timeout=max(0.0, end_s - time.monotonic()))
            except queue.Empty:
                pytest.fail(f"no {text!r} in {limit_s} s; it said:\n{self.stdout}{self.stderr}")
            if text in line:
                return line

    def say(self, line: str) -> None:
        """Give it a line on its standard input."""
        stdin = self._process.stdin
        assert stdin is not None
        stdin.write(line + "\n")
        stdin.flush()

    def send_signal(self, number: signal.Signals) -> None:
        self._process.send_signal(number)

    def wait(self, limit_s: float) -> int:
        """Wait for its end and return its status; one that does not end is killed: -9."""
        try:
            self._process.wait(limit_s)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        for reader in self._readers:
            reader.join()
        return self._process.returncode

    def end(self) -> None:
        """End it, whatever it does."""
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGTERM)
        self.wait(5.0)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            with suppress(BrokenPipeError):
                stream.close()


class Namespace:
    """One network namespace."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._running = ExitStack()

    def _command(self, command: Sequence[str | Path]) -> list[str]:
        return ["ip", "netns", "exec", self.name, *map(str, command)]

    def run(self, *command: str | Path) -> str:
        """Run a command to its end; returns its output. It must succeed."""
        done = subprocess.run(
            self._command(command), check=False, capture_output=True, text=True, timeout=60
        )
        assert done.returncode == 0, f"{command}: {done.stderr}"
        return done.stdout

    def popen(self, *command: str | Path) -> Running:
        """Start a program, which is ended with the namespace."""
        running = Running(self._command(command))
        self._running.callback(running.end)
        return running

    def add(self) -> None:
        subprocess.run(["ip", "netns", "add", self.name], check=True)
        self.run("ip", "link", "set", "lo", "up")

    def remove(self) -> None:
        self._running.close()
        subprocess.run(["ip", "netns", "del", self.name], check=True)


def add_pair(one: Namespace, one_end: str, other: Namespace, other_end: str, number: int) -> None:
    """Join two namespaces by a cable: ``one_end`` gets the MAC 02:00:00:00:00:``number``."""
    peer = ["type", "veth", "peer", "name", other_end, "netns", other.name]
    mac = f"02:00:00:00:00:{number:02x}"
    one.run("ip", "link", "add", one_end, "address", mac, *peer)
    for namespace, end in ((one, one_end), (other, other_end)):
        namespace.run("sysctl", "-qw", f"net.ipv6.conf.{end}.accept_dad=0")
        namespace.run("ip", "link", "set", end, "up")


@contextmanager
def line(*hosts: str) -> Iterator[Mapping[str, Namespace]]:
    """Make a namespace for each host and one named ``line``, where the cables end.

    The interface of each host is ``plc0``; its other end in ``line`` is ``m0``, ``m1``, …
    """
    number = next(_numbers)
    spaces = {name: Namespace(f"p{os.getpid()}-{number}-{name}") for name in (*hosts, "line")}
    with ExitStack() as stack:
        for space in spaces.values():
            space.add()
            stack.callback(space.remove)
        spaces["line"].run("sysctl", "-qw", "net.ipv6.conf.default.disable_ipv6=1")
        for i, host in enumerate(hosts):
            add_pair(spaces[host], "plc0", spaces["line"], f"m{i}", i + 1)
        yield spaces


@contextmanager
def wired(one: str, other: str) -> Iterator[Mapping[str, Namespace]]:
    """Make two hosts whose ``plc0`` are joined by a cable, without modems."""
    number = next(_numbers)
    spaces = {name: Namespace(f"p{os.getpid()}-{number}-{name}") for name in (one, other)}
    with ExitStack() as stack:
        for space in spaces.values():
            space.add()
            stack.callback(space.remove)
        add_pair(spaces[one], "plc0", spaces[other], "plc0", 1)
        yield spaces
