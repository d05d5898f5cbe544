"""`pyplc sim modem`: its modems join two namespaces by their keys, and by nothing else."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from pyplc_fw.homeplug.keys import nid_from_nmk
from pyplc_fw.homeplug.mme import CmSetKeyReq, encode_frame
from pyplc_fw.homeplug.modem import LOCAL_MODEM
from pyplc_fw.terms import MacAddress, Nmk
from tests.net.netns import Namespace, Running, line, needs_namespaces
from tests.net.test_raw_link import send, start

pytestmark = needs_namespaces

PYPLC = Path(sys.executable).parent / "pyplc"
NMK = Nmk(bytes(range(16)))


@pytest.fixture
def net() -> Iterator[Mapping[str, Namespace]]:
    with line("car", "chg") as spaces:
        yield spaces


def modems(net: Mapping[str, Namespace], *arguments: str) -> Running:
    interfaces = ("--interface", "m0:pev", "--interface", "m1:evse")
    running = net["line"].popen(
        PYPLC, "sim", "modem", *interfaces, "--deaf-ms", "100", "--join-ms", "50", *arguments
    )
    running.wait_line("ready:")
    return running


def set_key(space: Namespace, number: int, nmk: Nmk = NMK) -> None:
    end = start(space)
    end.wait_line("link.up")
    req = CmSetKeyReq(nid=nid_from_nmk(nmk), nmk=nmk, my_nonce=bytes(4))
    mac = MacAddress(bytes([2, 0, 0, 0, 0, number]))
    end.say(encode_frame(LOCAL_MODEM, mac, req).hex())
    assert "88e10109" in end.wait_line("frame"), "CM_SET_KEY.CNF"
    end.end()


def ping(net: Mapping[str, Namespace], seconds: str = "1") -> bool:
    """Whether the charger's address answers the car; a TCP port that refuses is an answer."""
    program = (
        "import socket,sys\n"
        "s=socket.socket(socket.AF_INET6,socket.SOCK_STREAM);s.settimeout(float(sys.argv[1]))\n"
        "i=socket.if_nametoindex('plc0')\n"
        "try: s.connect(('fe80::ff:fe00:2',9,0,i))\n"
        "except ConnectionRefusedError: print('alive')\n"
        "except OSError: print('dead')\n"
    )
    return "alive" in net["car"].run(sys.executable, "-c", program, seconds)


def test_ipv6_passes_only_between_modems_that_share_a_key(net: Mapping[str, Namespace]) -> None:
    modems(net)
    assert not ping(net)
    set_key(net["car"], 1)
    assert not ping(net)
    set_key(net["chg"], 2)
    assert ping(net, "5")


def test_a_modem_that_is_reset_or_unplugged_carries_nothing(net: Mapping[str, Namespace]) -> None:
    running = modems(net)
    set_key(net["car"], 1)
    set_key(net["chg"], 2)
    assert ping(net, "5")
    running.say("unplug m0")
    running.wait_line("done:")
    assert not ping(net)
    running.say("plug m0")
    running.wait_line("done:")
    assert ping(net, "5")
    running.say("loss 100")
    running.wait_line("done:")
    assert not ping(net)


def test_slac_messages_reach_strangers_too(net: Mapping[str, Namespace]) -> None:
    modems(net)
    end = start(net["chg"])
    end.wait_line("link.up")
    parm_req = "ffffffffffff02000000000188e1016460" + "00" * 43
    send(net["car"], parm_req)
    assert "016460" in end.wait_line("frame")


@pytest.mark.parametrize(
    ("arguments", "says"),
    [
        (["--interface", "m0"], "it is IF:pev or IF:evse"),
        (["--interface", "m9:pev"], "m9: No such device"),
        (["--interface", "m0:pev", "--interface", "m0:evse"], "has a modem already"),
        (["--interface", "m0:pev", "--loss", "101"], "a percentage"),
        (["--interface", "m0:pev", "--attenuation", "m0:m1=3"], "no modem at 'm1'"),
    ],
)
def test_what_makes_no_sense_is_refused(
    net: Mapping[str, Namespace], arguments: list[str], says: str
) -> None:
    running = net["line"].popen(PYPLC, "sim", "modem", *arguments)
    assert running.wait(10.0) == 2
    assert says in running.stderr


def test_a_wrong_command_is_told_and_harms_nothing(net: Mapping[str, Namespace]) -> None:
    running = modems(net)
    running.say("explode")
    assert "there is no command" in running.wait_line("explode")
    running.say("reset m0")
    running.wait_line("done: reset m0")
