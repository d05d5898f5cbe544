"""Our car matches with a charger that we did not write."""

from __future__ import annotations

import sys
from pathlib import Path

from tests.net.netns import line, needs_namespaces
from tests.net.test_programs import PYPLC, start_modems

pytestmark = needs_namespaces

TOP = Path(__file__).resolve().parents[2]


def test_our_car_matches_with_pyslac_and_enters_its_network() -> None:
    with line("car", "chg") as net:
        start_modems(net)
        program = (sys.executable, "-m", "tests.net.pyslac_end", "plc0")
        pyslac = net["chg"].popen("env", "-C", TOP, *program)
        pyslac.wait_line("ready")
        pev = net["car"].popen(PYPLC, "pev", "--interface", "plc0", "--once", "--search-s", "30")
        matched = pev.wait_line("160 slac.match_cnf", 20.0)
        pev.wait_line("190 modem.link_up", 20.0)
        key = pyslac.wait_line("key", 40.0).split()[1]
        assert f"nid={key}" in matched
