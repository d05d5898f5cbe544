"""`pyplc demo` as it is called: output, files, exit status, and how it takes an interruption."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pyplc_fw.checkpoints import CHECKPOINTS

PYPLC = (sys.executable, "-m", "pyplc_fw.cli.main")
SHORT = ("--soc", "79.9", "--battery-kwh", "20")
ONLY_WHEN_STOPPED_AT_CHARGER = 790
CHARGING = " 700  CurrentDemandReq"
PATIENCE_S = 60.0


def demo(*options: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    command = (*PYPLC, "demo", *SHORT, *options)
    return subprocess.run(  # noqa: S603 - own arguments
        command, capture_output=True, text=True, check=False, cwd=cwd, timeout=PATIENCE_S
    )


@pytest.fixture(scope="module", autouse=True)
def live(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[dict[str, tuple[subprocess.Popen[bytes], Path]]]:
    """Two demos in real time, which run while the other tests do."""
    folder = tmp_path_factory.mktemp("live")
    running = {}
    for name, options in {"to the end": ("--soc", "79.95"), "stopped": ("--soc", "30")}.items():
        path = folder / name
        with path.open("wb") as out:
            command = (*PYPLC, "demo", "--realtime", "--out", str(folder / f"{name}.d"), *options)
            environment = {**os.environ, "PYTHONUNBUFFERED": "1"}
            running[name] = (
                subprocess.Popen(command, stdout=out, stderr=out, env=environment),  # noqa: S603 - own arguments
                path,
            )
    yield running
    for process, _ in running.values():
        process.kill()
        process.wait()


def test_a_normal_end_is_0_and_each_checkpoint_has_a_plain_line(tmp_path: Path) -> None:
    done = demo("--no-recording", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "\x1b" not in done.stdout
    lines = done.stdout.splitlines()
    for checkpoint in CHECKPOINTS.values():
        if checkpoint.number != ONLY_WHEN_STOPPED_AT_CHARGER:
            side = {"pev": "car", "evse": "charger"}[checkpoint.side]
            start = f"{side:<7}  {checkpoint.number:>3}  {checkpoint.meaning}"
            assert sum(start in line for line in lines) == 1, checkpoint
    assert any("safe: contactors open, pilot B, connector unlocked" in line for line in lines)
    assert list(tmp_path.iterdir()) == []


def test_json_is_one_object_a_line(tmp_path: Path) -> None:
    done = demo("--json", "--no-recording", "--charger-stop-after", "0.5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    objects = [json.loads(line) for line in done.stdout.splitlines()]
    numbers = {entry["checkpoint"] for entry in objects if entry.get("checkpoint")}
    assert numbers == set(CHECKPOINTS)
    summaries = [entry["summary"] for entry in objects if "summary" in entry]
    assert [summary["reason"] for summary in summaries] == ["session.stopped_by_charger"]
    assert summaries[0]["end_state"] == "safe"


def test_recording_and_picture_are_written_where_they_are_wanted(tmp_path: Path) -> None:
    done = demo("--out", "deep/er", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder = tmp_path / "deep" / "er"
    assert sorted(path.name for path in folder.iterdir()) == ["session.pcapng", "session.png"]
    assert (folder / "session.pcapng").read_bytes()[:4] == b"\x0a\x0d\x0d\x0a"
    assert (folder / "session.png").read_bytes()[:4] == b"\x89PNG"


def test_a_broken_pilot_is_3(tmp_path: Path) -> None:
    done = demo("--no-recording", "--break-pilot-after", "0.5", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (3, "")
    assert "guard.pilot_lost" in done.stdout


@pytest.mark.parametrize(
    "options",
    [("--soc", "101"), ("--period", "5"), ("--owner-max-a", "nan"), ("--seed", "x"), ("-z",)],
)
def test_an_option_that_makes_no_sense_is_2_and_says_so(
    tmp_path: Path, options: tuple[str, ...]
) -> None:
    done = demo(*options, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (2, "")
    assert "pyplc" in done.stderr.splitlines()[-1]
    assert "Traceback" not in done.stderr


def test_a_folder_that_cannot_be_written_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("not a folder")
    done = demo("--out", "file", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    [line] = done.stderr.splitlines()
    assert line.startswith("pyplc demo: ")
    assert "file" in line


def test_a_full_card_is_one_clear_line(tmp_path: Path) -> None:
    (tmp_path / "session.pcapng").symlink_to("/dev/full")
    done = demo("--out", ".", cwd=tmp_path)
    assert done.returncode == 1
    [line] = done.stderr.splitlines()
    assert "No space left" in line


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_a_reader_that_goes_away_is_no_news(tmp_path: Path, options: tuple[str, ...]) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    command = (*PYPLC, "demo", "--no-recording", *SHORT, *options)
    done = subprocess.run(  # noqa: S603 - own arguments
        command, stdout=writing, stderr=subprocess.PIPE, text=True, check=False, cwd=tmp_path
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (0, "")


Live = dict[str, tuple[subprocess.Popen[bytes], Path]]


def wait_for(path: Path, words: str) -> None:
    end_s = time.monotonic() + PATIENCE_S
    while words not in path.read_text():
        assert time.monotonic() < end_s, path.read_text()
        time.sleep(0.2)


def test_ctrl_c_in_the_charge_ends_it_safely(live: Live) -> None:
    process, path = live["stopped"]
    wait_for(path, CHARGING)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    text = path.read_text()
    assert "Traceback" not in text
    assert "interrupted; contactors open, pilot B, connector unlocked" in text


def test_ctrl_c_in_virtual_time_ends_it_safely_too(tmp_path: Path) -> None:
    path = tmp_path / "out"
    command = (*PYPLC, "demo", "--no-recording", "--battery-kwh", "1000", "--soc", "1")
    with path.open("wb") as out:
        process = subprocess.Popen(  # noqa: S603 - own arguments
            command, stdout=out, stderr=out, env={**os.environ, "PYTHONUNBUFFERED": "1"}
        )
    wait_for(path, CHARGING)
    process.send_signal(signal.SIGINT)
    assert process.wait(PATIENCE_S) == 130
    text = path.read_text()
    assert "Traceback" not in text
    assert "interrupted; contactors open, pilot B, connector unlocked" in text


def test_in_real_time_a_session_takes_as_long_as_it_takes(live: Live) -> None:
    process, path = live["to the end"]
    assert process.wait(PATIENCE_S) == 0
    text = path.read_text()
    assert "in real time" in text
    assert "Traceback" not in text
    assert "905  SessionStopRes" in text
