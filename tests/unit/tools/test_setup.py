"""The set-up script does each step once, and again only when its reason changed.

It runs for real, in a folder of its own, with a Python, a compiler and an apt-get that only write
down what they were asked to do.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

TOP = Path(__file__).resolve().parents[3]

PYTHON = """#!/bin/bash
case "$*" in
    "-m venv"*) rm -rf .venv; mkdir -p .venv/bin; cp "$0" .venv/bin/python; echo venv >>log ;;
    "-m pip"*"-r requirements.lock"*) step=lock ;;
    "-m pip"*"./exi"*) step=codec ;;
    "-m pip"*"-e ."*) step=program; cp .venv/bin/python .venv/bin/pyplc ;;
    *"version_info <"*) [[ -z ${OLD:-} ]]; exit ;;
    *"sys.base_prefix"*) echo "3.11.2 ${PREFIX:-/usr}" ;;
    -V) echo Python 3.11.2 ;;
esac
[[ -z ${step:-} ]] || echo "$step" >>log
[[ ${FAIL:-none} != "${step:-}" ]]
"""
APT = '#!/bin/bash\necho "apt-get ${*: -2}" >>log\nexit 1\n'
NEEDED = "awk bash cat cp cut dirname env find flock grep mkdir mktemp mv rm sha256sum sort xargs"


class Checkout:
    """A folder with the script and what it reads."""

    def __init__(self, top: Path) -> None:
        self.top = top
        for folder in ("tools", "exi/src", "bin"):
            (top / folder).mkdir(parents=True)
        shutil.copy(TOP / "tools" / "setup", top / "tools" / "setup")
        self.write("requirements.lock", "setuptools==80.9.0\nrich==14.3.2\n")
        self.write("pyproject.toml", "[project]\n")
        self.write("exi/src/exi.c", "int one;\n")
        for command in NEEDED.split():
            (top / "bin" / command).symlink_to(str(shutil.which(command)))
        self.write_command("python3", PYTHON)
        self.write_command("gcc", "#!/bin/bash\n")
        self.write_command("tshark", "#!/bin/bash\n")
        self.write_command("apt-get", APT)
        self.write_command("apt-cache", "#!/bin/bash\necho '  Candidate: 1.0'\n")
        self.write_command("dpkg", "#!/bin/bash\n")

    def write(self, name: str, text: str) -> None:
        (self.top / name).write_text(text, encoding="utf-8")

    def write_command(self, name: str, text: str) -> None:
        self.write(f"bin/{name}", text)
        (self.top / "bin" / name).chmod(0o755)

    def run(self, *arguments: str, **environment: str) -> tuple[int, list[str], str]:
        """Run the script; return its exit status, the steps it did and what it said."""
        (self.top / "log").unlink(missing_ok=True)
        path = str(self.top / "bin")
        done = subprocess.run(  # noqa: S603 - the project's own script
            [str(self.top / "tools" / "setup"), *arguments],
            env={"PATH": path, "PYTHON": f"{path}/python3", "HOME": str(self.top), **environment},
            capture_output=True,
            check=False,
            text=True,
            timeout=60,
        )
        log = self.top / "log"
        return done.returncode, log.read_text().splitlines() if log.exists() else [], done.stderr


@pytest.fixture
def checkout(tmp_path: Path) -> Checkout:
    return Checkout(tmp_path / "a folder with spaces")


ALL = ["venv", "lock", "codec", "program"]


def test_first_run_does_everything_and_the_second_nothing(checkout: Checkout) -> None:
    assert checkout.run()[:2] == (0, ALL)
    assert checkout.run() == (0, [], "")


@pytest.mark.parametrize(
    ("name", "steps"),
    [
        ("requirements.lock", ["lock"]),
        ("exi/src/exi.c", ["codec"]),
        ("exi/src/new.h", ["codec"]),
        ("pyproject.toml", ["program"]),
        ("README.md", []),
    ],
)
def test_only_what_changed_is_done_again(checkout: Checkout, name: str, steps: list[str]) -> None:
    checkout.run()
    checkout.write(name, "setuptools==81\n")
    assert checkout.run()[:2] == (0, steps)
    assert checkout.run()[:2] == (0, [])


@pytest.mark.parametrize(
    ("fails", "then"),
    [("lock", ALL), ("codec", ["codec", "program"]), ("program", ["program"])],
)
def test_a_run_that_broke_off_is_repaired(checkout: Checkout, fails: str, then: list[str]) -> None:
    status, steps, said = checkout.run(FAIL=fails)
    assert (status, steps[-1]) == (1, fails)
    assert said.endswith("failed; run it again when the cause is mended, it goes on from here.\n")
    assert checkout.run()[:2] == (0, then)


def test_codec_that_was_cut_off_is_not_taken_for_the_old_one(checkout: Checkout) -> None:
    checkout.run()
    checkout.write("exi/src/exi.c", "int two;\n")
    checkout.run(FAIL="codec")
    checkout.write("exi/src/exi.c", "int one;\n")
    assert checkout.run()[:2] == (0, ["codec"])


def test_another_python_or_another_place_starts_anew(checkout: Checkout) -> None:
    checkout.run()
    assert checkout.run(PREFIX="/opt/python")[:2] == (0, ALL)
    shutil.rmtree(checkout.top / ".venv" / "bin")
    assert checkout.run()[:2] == (0, ALL)
    checkout.top = checkout.top.rename(checkout.top.with_name("moved"))
    assert checkout.run()[:2] == (0, ALL)


def test_old_python_is_refused_before_anything_happens(checkout: Checkout) -> None:
    status, steps, said = checkout.run(OLD="yes")
    assert (status, steps) == (1, [])
    assert "Python 3.11 or newer is needed" in said
    assert not (checkout.top / ".venv").exists()


def test_missing_packages_are_installed_or_named_and_nothing_is_half_done(
    checkout: Checkout,
) -> None:
    (checkout.top / "bin" / "gcc").unlink()
    status, steps, said = checkout.run()
    assert status == 1
    assert not (checkout.top / ".venv").exists()
    if os.geteuid() == 0:
        assert steps[0] == "apt-get gcc libc6-dev"
    else:
        assert steps == []
        assert "sudo apt-get update && sudo apt-get install -y gcc libc6-dev\n" in said


def test_only_the_tests_need_tshark(checkout: Checkout) -> None:
    (checkout.top / "bin" / "tshark").unlink()
    assert checkout.run()[:2] == (0, ALL)
    status, _, said = checkout.run("--test")
    assert status == 1
    assert "tshark" in said
