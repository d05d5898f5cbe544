"""Whole sessions in which another program encodes and decodes: pyplc-exi in OpenV2Gx's dialect.

tests/unit/exi/test_openv2gx_dialect.py holds that dialect to what OpenV2Gx's own program answers.
"""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path

import pytest
from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.config import ExiBackend, ExiConfig
from pyplc_fw.services.command_codec import CodecMaker, codec_maker
from pyplc_fw.services.desk import EVSE, PEV, Desk, DeskOptions, DeskResult
from pyplc_fw.sim.virtual_time import run_virtual
from pyplc_fw.v2g.message_codec import OWN_CODEC, MessageCodec

EXI = Path(__file__).resolve().parents[2] / "exi"
SHORT = DeskOptions(soc_pct=79.9, battery_kwh=20.0)
LIKE_THE_COMMAND = DeskOptions(
    soc_pct=79.9,
    battery_kwh=20.0,
    charger_max_v=450.0,
    charger_max_a=200.0,
    charger_max_kw=10.0,
)
"The charger that the command always tells of."


@pytest.fixture(scope="module")
def command(tmp_path_factory: pytest.TempPathFactory) -> CodecMaker:
    folder = tmp_path_factory.mktemp("exi")
    make = shutil.which("make")
    assert make is not None
    build = [make, "-s", "-C", str(EXI), "command", f"BUILD={folder}", "CFLAGS=-O1"]
    subprocess.run(build, check=True)  # noqa: S603 - our own Makefile
    path = str(folder / "pyplc-exi")
    config = ExiConfig(backend=ExiBackend.COMMAND, path=path, timeout_s=5.0)
    return codec_maker(config, blocking=True)


def own(_: FilteringBoundLogger) -> MessageCodec:
    return OWN_CODEC


def charge(
    options: DeskOptions, *, car_codec: CodecMaker = own, charger_codec: CodecMaker = own
) -> DeskResult:
    async def main() -> DeskResult:
        return await Desk(options, car_codec=car_codec, charger_codec=charger_codec).run()

    return run_virtual(main())


def events(result: DeskResult, side: str) -> set[str]:
    return {record.event for record in result.records if record.side == side}


def test_a_car_charges_with_it(command: CodecMaker) -> None:
    result = charge(SHORT, car_codec=command)
    assert (result.pev.reason, result.normal, result.strains) == (faults.BATTERY_FULL, True, [])
    assert result.pev.counts["CurrentDemandReq"] > 20
    said = events(result, PEV)
    assert {"v2g.command_says_otherwise", "v2g.command_does_not_tell"} <= said


def test_a_charger_serves_with_it(command: CodecMaker) -> None:
    result = charge(LIKE_THE_COMMAND, charger_codec=command)
    assert (result.pev.reason, result.normal, result.strains) == (faults.BATTERY_FULL, True, [])
    assert result.evse.session_id == bytes(range(1, 9))
    assert "v2g.command_says_otherwise" in events(result, EVSE)


def test_both_sides_talk_through_it(command: CodecMaker) -> None:
    result = charge(LIKE_THE_COMMAND, car_codec=command, charger_codec=command)
    assert (result.normal, result.strains) == (True, [])


def test_a_charger_that_gives_less_than_the_command_says_ends_safely(command: CodecMaker) -> None:
    result = charge(SHORT, charger_codec=command)
    assert result.evse.reason is faults.EXI_COMMAND_FAILED
    assert "EVSEMaximumCurrentLimit: 200 instead of 100" in result.evse.detail
    assert result.safe
    assert result.strains == []
