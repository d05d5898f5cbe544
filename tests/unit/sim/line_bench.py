"""A powerline with a car and a charger on it, for the tests of the simulated network."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random

from structlog.typing import FilteringBoundLogger

from pyplc_fw.sim.host import SimHost
from pyplc_fw.sim.modem import SimModem
from pyplc_fw.sim.powerline import Powerline
from pyplc_fw.terms import MacAddress, Nid, Nmk, Role

NID = Nid(bytes.fromhex("01020304050607"))
NMK = Nmk(bytes(range(16)))


def seeded(seed: int = 1) -> Random:
    """Return chance that is the same every time."""
    return Random(seed)  # noqa: S311 - for repetition, not for secrets


def host_mac(number: int) -> MacAddress:
    return MacAddress(bytes([0x02, 0, 0, 0, 0, number]))


def modem_mac(number: int) -> MacAddress:
    return MacAddress(bytes([0x00, 0xB0, 0x52, 0, 1, number]))


def add_station(
    line: Powerline, number: int, role: Role, *, log: FilteringBoundLogger | None = None
) -> SimModem[SimHost]:
    """Put a host with its modem on ``line``."""
    host = SimHost(f"{role.value}{number}", host_mac(number), line.rng, role=role, log=log)
    return SimModem(line, host, modem_mac(number), role=role)


@dataclass
class Bench:
    """A car and a charger, already in one private network unless told otherwise."""

    line: Powerline
    car_modem: SimModem[SimHost]
    evse_modem: SimModem[SimHost]

    @property
    def car(self) -> SimHost:
        return self.car_modem.host

    @property
    def evse(self) -> SimHost:
        return self.evse_modem.host


def build_bench(seed: int = 1, *, joined: bool = True) -> Bench:
    """Put a car and a charger on a new line."""
    line = Powerline(seeded(seed))
    bench = Bench(line, add_station(line, 1, Role.PEV), add_station(line, 2, Role.EVSE))
    if joined:
        for modem in (bench.car_modem, bench.evse_modem):
            modem.nid, modem.nmk = NID, NMK
    return bench
