"""The image's set-up of the powerline interface: rto_min is there after whatever happens to it."""

from __future__ import annotations

import time
from pathlib import Path

from tests.net.netns import Namespace, needs_namespaces, wired

pytestmark = needs_namespaces

SCRIPT = Path(__file__).resolve().parents[2] / "rootfs-overlay/usr/sbin/plc-network"


def route(space: Namespace) -> str:
    return space.run("ip", "-6", "route", "show", "fe80::/64", "dev", "plc0")


def wait_for_rto_min(space: Namespace) -> None:
    end_s = time.monotonic() + 5.0
    while "rto_min lock 20ms" not in route(space):
        assert time.monotonic() < end_s, route(space)
        time.sleep(0.02)


def test_rto_min_is_set_at_start_and_again_after_down_and_up() -> None:
    with wired("one", "two") as net:
        assert "rto_min" not in route(net["one"])
        net["one"].popen(SCRIPT, "plc0").wait_line("rto_min 20ms")
        wait_for_rto_min(net["one"])
        for state in ("down", "up"):
            net["one"].run("ip", "link", "set", "plc0", state)
        wait_for_rto_min(net["one"])


def test_a_new_interface_that_takes_the_name_gets_it_too() -> None:
    with wired("one", "two") as net:
        net["one"].popen(SCRIPT, "plc0").wait_line("rto_min 20ms")
        net["one"].run("ip", "link", "del", "plc0")
        for command in (
            f"link add eth7 type veth peer name plc0 netns {net['two'].name}",
            "link set eth7 name plc0",
            "link set plc0 up",
        ):
            net["one"].run("ip", *command.split())
        net["two"].run("ip", "link", "set", "plc0", "up")
        wait_for_rto_min(net["one"])


def test_it_makes_the_interface_quiet() -> None:
    with wired("one", "two") as net:
        net["one"].run("ip", "address", "add", "192.0.2.1/24", "dev", "plc0")
        net["one"].popen(SCRIPT, "plc0").wait_line("rto_min 20ms")
        assert "192.0.2.1" not in net["one"].run("ip", "-4", "address", "show", "dev", "plc0")
        assert net["one"].run("sysctl", "-n", "net.ipv6.conf.plc0.accept_ra").strip() == "0"
