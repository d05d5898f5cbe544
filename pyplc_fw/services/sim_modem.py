"""The process behind `pyplc sim modem`: a powerline, its modems, and commands while it runs."""

from __future__ import annotations

import argparse
import asyncio
import signal
import sys
from contextlib import suppress
from random import Random
from typing import Final, TextIO

from pyplc_fw.errors import ConfigError
from pyplc_fw.sim import disturbances
from pyplc_fw.sim.modem import SLAC_MMTYPES, SimModem
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.sim.wire import WireHost
from pyplc_fw.terms import MacAddress, Role

MODEM_MAC: Final = "00:b0:52:00:00:{:02x}"
COMMANDS: Final = "reset IF, loss PCT, unplug IF, plug IF, attenuation IF:IF=DB"
LATE_S: Final = 0.005
"How late a frame comes that others overtake."


class _Bench:
    """The powerline, its modems by interface, and what may be done to them."""

    def __init__(self, args: argparse.Namespace) -> None:
        self._args = args
        self._rng = Random(args.seed)  # noqa: S311 - a line is to be repeatable, not secret
        self.loss_pct = _percent("--loss", args.loss)
        self.line = Powerline(
            self._rng, delay_s=args.delay_ms / 1000, jitter_s=args.jitter_ms / 1000
        )
        late, double = _percent("--reorder", args.reorder), _percent("--duplicate", args.duplicate)
        for disturbance in (
            disturbances.drop(lambda _, frame: _on_wire(frame) and self._is_lost()),
            disturbances.duplicate(disturbances.sometimes(double / 100, self._rng, _wire)),
            disturbances.delay(disturbances.sometimes(late / 100, self._rng, _wire), LATE_S),
        ):
            self.line.disturb(disturbance)
        self.modems: dict[str, SimModem[WireHost]] = {}

    def _is_lost(self) -> bool:
        return self._rng.random() < self.loss_pct / 100

    def add(self, text: str) -> None:
        name, _, role = text.rpartition(":")
        if role not in ("pev", "evse") or not name:
            raise ConfigError(f"--interface {text}: it is IF:pev or IF:evse")
        if name in self.modems:
            raise ConfigError(f"--interface {text}: {name} has a modem already")
        args = self._args
        self.modems[name] = SimModem(
            self.line,
            WireHost(name),
            MacAddress.parse(MODEM_MAC.format(len(self.modems) + 2)),
            role=Role(role),
            restart_s=args.deaf_ms / 1000,
            join_s=args.join_ms / 1000,
            tells_key=not args.refuse_get_key,
            measures=not args.no_atten_profile,
            knows_vendor=not args.no_vendor,
        )

    def attenuate(self, text: str) -> None:
        """Set ``IF:IF=DB``."""
        pair, _, db = text.partition("=")
        one, _, other = pair.partition(":")
        modems = self._modem(one), self._modem(other)
        try:
            self.line.set_attenuation(*modems, float(db))
        except ValueError:
            raise ConfigError(f"attenuation {text}: it is IF:IF=DB") from None

    def command(self, line: str) -> None:
        """Do what a line of the standard input says; raises ConfigError."""
        word, _, rest = line.strip().partition(" ")
        match word:
            case "reset":
                self._modem(rest).reset()
            case "loss":
                self.loss_pct = _percent("loss", rest)
            case "unplug":
                self.line.detach(self._modem(rest))
            case "plug":
                self.line.attach(self._modem(rest))
            case "attenuation":
                self.attenuate(rest)
            case _:
                raise ConfigError(f"there is no command {line.strip()!r}; there are: {COMMANDS}")

    def _modem(self, name: str) -> SimModem[WireHost]:
        if name not in self.modems:
            raise ConfigError(f"no modem at {name!r}; there are: {', '.join(self.modems)}")
        return self.modems[name]


def _say(text: str, file: TextIO | None = None) -> None:
    print(text, file=file, flush=True)


def _percent(name: str, text: float | str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0.0 <= value <= 100.0:
        raise ConfigError(f"{name} {text}: it is a percentage, from 0 to 100")
    return value


def _on_wire(frame: bytes) -> bool:
    """Whether ``frame`` travels on the powerline, and not only between a host and its modem."""
    return frame[12:14] != b"\x88\xe1" or int.from_bytes(frame[15:17], "little") in SLAC_MMTYPES


def _wire(_interface: str, frame: bytes) -> bool:
    return _on_wire(frame)


async def simulate(args: argparse.Namespace) -> None:
    """Simulate until SIGTERM or SIGINT; raises ConfigError, HardwareError."""
    bench = _Bench(args)
    for text in args.interface:
        bench.add(text)
    for text in args.attenuation:
        bench.attenuate(text)
    loop, ended = asyncio.get_running_loop(), asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)

    def on_line() -> None:
        line = sys.stdin.readline()
        if not line:
            loop.remove_reader(sys.stdin)
        elif line.strip():
            _obey(bench, line)

    with suppress(OSError, ValueError):  # no commands from a file, or without standard input
        loop.add_reader(sys.stdin, on_line)
    _say(f"ready: {', '.join(f'{name} {m.mac}' for name, m in bench.modems.items())}")
    await ended.wait()
    _say(f"ended: {bench.line.frames} frames")


def _obey(bench: _Bench, line: str) -> None:
    try:
        bench.command(line)
    except (ConfigError, ValueError) as exc:
        _say(f"pyplc sim modem: {exc}", file=sys.stderr)
    else:
        _say(f"done: {line.strip()}")
