"""The raw link on a real interface: what passes, what is passed over, and how it comes back.

Each test plays one end of a cable in a namespace of its own; the link runs in `raw_end.py` there.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

from tests.net.netns import Namespace, Running, needs_namespaces, wired

pytestmark = needs_namespaces

TOP = Path(__file__).resolve().parents[2]
SEND = (
    "import socket,sys;s=socket.socket(socket.AF_PACKET,socket.SOCK_RAW);s.bind((sys.argv[1],0));"
    "[s.send(bytes.fromhex(frame)) for frame in sys.argv[2:]]"
)
FRAME = "ffffffffffff02000000000988e1" + "00" * 46
FOREIGN = "ffffffffffff02000000000908ff" + "00" * 46


@pytest.fixture
def net() -> Iterator[Mapping[str, Namespace]]:
    with wired("one", "two") as spaces:
        yield spaces


def start(space: Namespace, *arguments: str, user: str = "") -> Running:
    program = (sys.executable, "-m", "tests.net.raw_end", "plc0", *arguments)
    drop = ("setpriv", *user.split(), "--") if user else ()
    return space.popen("env", "-C", TOP, *drop, *program)


def send(space: Namespace, *frames: str) -> None:
    space.run(sys.executable, "-c", SEND, "plc0", *frames)


def test_homeplug_frames_come_through_and_others_do_not(net: Mapping[str, Namespace]) -> None:
    end = start(net["one"])
    end.wait_line("link.up")
    send(net["two"], FOREIGN, FRAME)
    assert end.wait_line("frame").split()[1] == FRAME[:60]
    assert FOREIGN[:28] not in end.stdout


def test_what_it_sends_arrives_and_is_not_heard_back(net: Mapping[str, Namespace]) -> None:
    one, two = start(net["one"]), start(net["two"])
    one.wait_line("link.up")
    two.wait_line("link.up")
    one.say(FRAME)
    two.wait_line("frame")
    send(net["two"], FRAME.replace("0009", "0008"))
    one.wait_line("000888e1")
    assert one.stdout.count("frame") == 1


def test_a_switched_off_interface_is_told_and_comes_back(net: Mapping[str, Namespace]) -> None:
    end = start(net["one"])
    end.wait_line("link.up")
    net["one"].run("ip", "link", "set", "plc0", "down")
    assert "plc0" in end.wait_line("link.down")
    end.say(FRAME)
    end.wait_line("LinkError plc0: no frames can be sent")
    net["one"].run("ip", "link", "set", "plc0", "up")
    end.wait_line("link.up")
    send(net["two"], FRAME)
    end.wait_line("frame")


def test_deleted_made_again_and_renamed_it_is_found_by_its_name(
    net: Mapping[str, Namespace],
) -> None:
    end = start(net["one"])
    end.wait_line("link.up")
    net["one"].run("ip", "link", "del", "plc0")
    end.wait_line("link.down")
    for command in (
        f"link add eth7 type veth peer name plc0 netns {net['two'].name}",
        "link set eth7 up",
        "link set eth7 name plc0",
        "link set plc0 up",
    ):
        net["one"].run("ip", *command.split())
    net["two"].run("ip", "link", "set", "plc0", "up")
    end.wait_line("link.up")
    send(net["two"], FRAME)
    end.wait_line("frame")


def test_a_renamed_interface_is_given_up(net: Mapping[str, Namespace]) -> None:
    end = start(net["one"])
    end.wait_line("link.up")
    for command in ("link set plc0 down", "link set plc0 name other", "link set other up"):
        net["one"].run("ip", *command.split())
    end.wait_line("link.down")
    end.say(FRAME)
    end.wait_line("LinkError")


def test_an_interface_that_is_not_there_yet_is_waited_for(net: Mapping[str, Namespace]) -> None:
    net["one"].run("ip", "link", "set", "plc0", "down")
    net["one"].run("ip", "link", "set", "plc0", "name", "later")
    end = start(net["one"])
    assert "there are: later" in end.wait_line("link.down")
    net["one"].run("ip", "link", "set", "later", "name", "plc0")
    net["one"].run("ip", "link", "set", "plc0", "up")
    end.wait_line("link.up")


def test_the_capability_for_raw_frames_is_enough(net: Mapping[str, Namespace]) -> None:
    user = "--reuid=65534 --regid=65534 --clear-groups --inh-caps=-all,+net_raw"
    end = start(
        net["one"], user=f"{user} --ambient-caps=-all,+net_raw --bounding-set=-all,+net_raw"
    )
    end.wait_line("link.up")
    send(net["two"], FRAME)
    end.wait_line("frame")


def test_without_the_capability_it_says_what_to_do(net: Mapping[str, Namespace]) -> None:
    user = "--reuid=65534 --regid=65534 --clear-groups --inh-caps=-all --bounding-set=-all"
    end = start(net["one"], user=user)
    assert "setcap cap_net_raw+ep" in end.wait_line("HardwareError")
    assert end.wait(5.0) == 1


def test_all_frames_of_both_directions_for_a_listener(net: Mapping[str, Namespace]) -> None:
    end = start(net["one"], "everything")
    end.wait_line("link.up")
    send(net["two"], FOREIGN)
    assert "in" in end.wait_line(FOREIGN[:40])
    end.say("ffffffffffff02000000000188e1" + "00" * 46)
    assert "out" in end.wait_line("000188e1")
