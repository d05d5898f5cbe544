"""`pyplc decode`, `report` and `replay` as they are called: output, exit status, one clear line."""

from __future__ import annotations

import argparse
import gzip
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from pyplc_fw.cli import decode, replay, report
from tests.unit.trace.made import CAR, Made, whole_session

COMMANDS = {"decode": decode, "report": report, "replay": replay}


def call(*argv: str) -> int:
    parser = argparse.ArgumentParser()
    subparsers = parser.add_subparsers(dest="command")
    for module in COMMANDS.values():
        module.add_parser(subparsers)
    args = parser.parse_args(argv)
    status: int = COMMANDS[args.command].run(args)
    return status


@pytest.fixture
def recording(tmp_path: Path) -> Path:
    return whole_session().save(tmp_path)


def test_decode_prints_a_line_an_event(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("decode", str(recording)) == 0
    out, err = capsys.readouterr()
    assert err == ""
    assert sum("V2G  " in line for line in out.splitlines()) == 36
    assert "   0.270000       car → charger   V2G  PreChargeReq" in out


def test_decode_json_has_one_object_a_line(
    recording: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert call("decode", "--json", str(recording)) == 0
    events = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    assert all(event.keys() >= {"t", "layer", "src", "dst", "msg", "fields"} for event in events)
    assert {event["layer"] for event in events} == {"homeplug", "sdp", "tcp", "v2g"}
    assert [event["t"] for event in events] == sorted(event["t"] for event in events)


def test_report_json_is_one_object(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("report", "--json", str(recording)) == 0
    report_object = json.loads(capsys.readouterr().out)
    assert report_object["sessions"][0]["ended"]["last_message"] == "SessionStopRes"


def test_gzip_is_read_as_it_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "packed.pcapng.gz"
    path.write_bytes(gzip.compress(whole_session().pcapng()))
    assert call("report", str(path)) == 0
    assert "packed.pcapng.gz" in capsys.readouterr().out


@pytest.mark.parametrize("command", ["decode", "report"])
def test_damage_is_told_on_stderr_and_by_the_exit_status(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "cut.pcapng"
    path.write_bytes(whole_session().pcapng()[:-40])
    assert call(command, str(path)) == 1
    out, err = capsys.readouterr()
    assert "SessionStop" in out
    assert err.startswith("warning: block at byte ")


def test_replay_tells_damage_too(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "cut.pcapng"
    path.write_bytes(whole_session().pcapng()[:-40])
    call("replay", str(path))
    assert capsys.readouterr().err.startswith("warning: block at byte ")


@pytest.mark.parametrize("command", COMMANDS)
def test_what_is_no_recording_is_one_clear_line(
    command: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "note.txt"
    path.write_text("hello")
    for name, why in (
        (path, "neither pcap nor pcapng: first bytes 68 65 6c 6c"),
        (tmp_path / "absent.pcapng", "No such file or directory"),
        (tmp_path, "Is a directory"),
    ):
        assert call(command, str(name)) == 2
        out, err = capsys.readouterr()
        assert (out, err) == ("", f"pyplc {command}: {name}: {why}\n")


def test_a_recording_without_frames_says_so(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = Made().save(tmp_path)
    assert call("decode", str(path)) == 0
    assert capsys.readouterr().out == f"{path.name}: no frames\n"
    assert call("report", str(path)) == 0
    page = capsys.readouterr().out
    assert "holds no frames\n" in page
    assert "1970" not in page


def test_replay_tells_both_sides(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", str(recording)) == 0
    out = capsys.readouterr().out
    assert "our EVCC, the recorded charger" in out
    assert "our SECC, the recorded car" in out
    assert out.count("verdict:") == 2


def test_replay_of_one_side(recording: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert call("replay", "--side", "secc", str(recording)) == 0
    assert "our EVCC" not in capsys.readouterr().out


def test_replay_of_nothing_is_one_clear_line(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made = Made()
    made.slac()
    path = made.save(tmp_path)
    assert call("replay", str(path)) == 2
    assert capsys.readouterr().err == f"pyplc replay: {path}: no DIN 70121 session to replay\n"


@pytest.mark.parametrize("arguments", [["decode"], ["report"], ["report", "--json"], ["replay"]])
def test_any_encoding_of_the_terminal_will_do(arguments: list[str], tmp_path: Path) -> None:
    path = whole_session().save(tmp_path).rename(tmp_path / "Säule\udcff.pcapng")
    done = subprocess.run(  # noqa: S603 -- our own program
        [sys.executable, "-m", "pyplc_fw.cli.main", *arguments, path],
        env={**os.environ, "PYTHONIOENCODING": "ascii:strict"},
        capture_output=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout.isascii()


def test_a_reader_that_goes_away_is_no_error(tmp_path: Path) -> None:
    made = whole_session()
    for _ in range(3000):
        made.tcp(CAR, 0x10)
    made.slac()
    for _ in range(400):
        made.slac()
    path = made.save(tmp_path)
    with subprocess.Popen(  # noqa: S603 -- our own program
        [sys.executable, "-m", "pyplc_fw.cli.main", "decode", "--json", str(path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.readline()
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 0
