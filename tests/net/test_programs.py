"""`pyplc pev` and `pyplc evse`, each a process in a namespace of its own, as users start them."""

from __future__ import annotations

import json
import signal
import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.net.netns import Namespace, Running, line, needs_namespaces, wired

pytestmark = needs_namespaces

PYPLC = Path(sys.executable).parent / "pyplc"
SOON = ("--interface", "plc0", "--once", "--search-s", "30")


def start(space: Namespace, command: str, *arguments: str) -> Running:
    return space.popen(PYPLC, command, *SOON, *arguments)


def result(program: Running, limit_s: float = 60.0) -> tuple[int, dict[str, Any]]:
    status = program.wait(limit_s)
    lines = program.stdout.splitlines()
    assert lines, f"no result, exit {status}; it said:\n{program.stderr}"
    told: dict[str, Any] = json.loads(lines[-1])
    return status, told


def start_modems(net: Mapping[str, Namespace], *arguments: str) -> Running:
    interfaces = ("--interface", "m0:pev", "--interface", "m1:evse")
    modems = net["line"].popen(PYPLC, "sim", "modem", *interfaces, *arguments)
    modems.wait_line("ready:")
    return modems


def test_a_whole_session_over_modems_by_two_processes() -> None:
    with line("car", "chg") as net:
        start_modems(net)
        evse = start(net["chg"], "evse")
        pev = start(net["car"], "pev", "--charge-s", "2")
        status, told = result(pev)
        assert (status, told["ended"], told["protocol"]) == (0, "normally", "din"), pev.stderr
        assert told["reason"] == "session.stopped_by_owner", told
        assert told["end_state"] == "safe"
        assert told["energy_wh"] > 1.0
        assert told["latencies"]["count"] > 30
        status, told = result(evse)
        assert (status, told["ended"], told["end_state"]) == (0, "normally", "safe"), evse.stderr
        assert told["latencies"]["median_ms"] < 25.0


def test_wired_without_modems() -> None:
    with wired("car", "chg") as net:
        evse = start(net["chg"], "evse", "--slac", "off")
        pev = start(net["car"], "pev", "--slac", "off", "--charge-s", "1")
        assert result(pev)[0] == 0, pev.stderr
        assert result(evse)[0] == 0, evse.stderr


def test_the_charger_killed_in_the_charge_loop_leaves_the_car_safe() -> None:
    with wired("car", "chg") as net:
        evse = start(net["chg"], "evse", "--slac", "off")
        pev = start(net["car"], "pev", "--slac", "off")
        pev.wait_line("700 v2g.CurrentDemandReq", 40.0)
        evse.send_signal(signal.SIGKILL)
        status, told = result(pev)
        assert (status, told["end_state"]) == (3, "safe"), pev.stderr


def test_the_car_killed_in_the_charge_loop_leaves_the_output_off() -> None:
    with wired("car", "chg") as net:
        evse = start(net["chg"], "evse", "--slac", "off")
        pev = start(net["car"], "pev", "--slac", "off")
        pev.wait_line("700 v2g.CurrentDemandReq", 40.0)
        pev.send_signal(signal.SIGKILL)
        status, told = result(evse)
        assert (status, told["end_state"]) == (3, "safe"), evse.stderr


@pytest.mark.parametrize("side", ["car", "chg"])
def test_a_signal_ends_a_charge_in_good_order_and_a_second_one_changes_nothing(side: str) -> None:
    with wired("car", "chg") as net:
        programs = {
            "chg": start(net["chg"], "evse", "--slac", "off"),
            "car": start(net["car"], "pev", "--slac", "off", "--charge-s", "60"),
        }
        programs["car"].wait_line("700 v2g.CurrentDemandReq", 40.0)
        for _ in range(2):
            programs[side].send_signal(signal.SIGTERM)
            time.sleep(0.1)
        for name, program in programs.items():
            assert result(program)[0] == 0, f"{name}: {program.stderr}"


def test_nobody_there_is_told_as_such() -> None:
    with line("car", "chg") as net:
        start_modems(net)
        pev = net["car"].popen(PYPLC, "pev", "--interface", "plc0", "--once", "--search-s", "4")
        status, told = result(pev)
        assert (status, told["ended"]) == (4, "no peer")
        assert told["reason"] == "slac.no_answer"


@pytest.mark.parametrize("command", ["pev", "evse"])
def test_an_interface_that_does_not_exist_is_refused(command: str) -> None:
    with wired("car", "chg") as net:
        program = net["car"].popen(PYPLC, command, "--interface", "plc7")
        assert program.wait(10.0) == 2
        assert "there is no interface plc7 (there are: plc0)" in program.stderr


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--offer", "din,iso2"], "only din is spoken"),
        (["--mac", "nonsense"], "12 hexadecimal digits"),
        (["--search-s", "0"], "--search-s is 0"),
        (["--soc", "101"], "--soc is 101"),
    ],
)
def test_arguments_that_make_no_sense_are_refused(arguments: list[str], says: str) -> None:
    with wired("car", "chg") as net:
        program = net["car"].popen(PYPLC, "pev", "--interface", "plc0", *arguments)
        assert program.wait(10.0) == 2
        assert says in program.stderr


def test_an_interface_deleted_made_again_and_renamed_is_found_without_a_restart() -> None:
    with wired("car", "chg") as net:
        pev = start(net["car"], "pev", "--slac", "off", "--charge-s", "1")
        pev.wait_line("200 sdp.request")
        net["car"].run("ip", "link", "del", "plc0")
        pev.wait_line("session.search_goes_on")
        for command in (
            f"link add eth7 type veth peer name plc0 netns {net['chg'].name}",
            "link set eth7 name plc0",
            "link set plc0 up",
        ):
            net["car"].run("ip", *command.split())
        net["chg"].run("ip", "link", "set", "plc0", "up")
        evse = start(net["chg"], "evse", "--slac", "off")
        assert result(pev)[0] == 0, pev.stderr
        assert result(evse)[0] == 0, evse.stderr
