"""Wheels of pyplc-exi for aarch64 and armv7, compiled here and tried under qemu.

    .venv/bin/python tools/cross_wheels.py [FOLDER]

The target's Python (Debian's packages of its architecture) is unpacked below exi/build/cross;
nothing is installed. Every test vector then goes through the wheel's module in that Python.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from collections import Counter
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

ROOT: Final = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))

from tests.fuzz.corpus import vectors  # noqa: E402 - the checkout's root is not installed

EXI: Final = ROOT / "exi"
PACKAGES: Final = (
    "libc6",
    "libexpat1",
    "libgcc-s1",
    "libpython3.11-dev",
    "libpython3.11-minimal",
    "libpython3.11-stdlib",
    "python3.11-minimal",
    "zlib1g",
)


class Target(NamedTuple):
    """A kind of processor, in everybody's words."""

    wheel: str
    debian: str
    gnu: str
    emulator: str

    @property
    def missing(self) -> list[str]:
        programs = (f"{self.gnu}-gcc", self.emulator, "apt-get", "dpkg-deb")
        return [program for program in programs if shutil.which(program) is None]


TARGETS: Final = (
    Target("linux_aarch64", "arm64", "aarch64-linux-gnu", "qemu-aarch64"),
    Target("linux_armv7l", "armhf", "arm-linux-gnueabihf", "qemu-arm"),
)

TRY: Final = """
import json, sys
import pyplc_exi as e
done = {}
for line in sys.stdin:
    v = json.loads(line)
    schema, stream = v["schema"], bytes.fromhex(v["exi"])
    flags = e.FRAGMENT if v.get("mode") == "fragment" else 0
    count = done.setdefault(schema, [0, 0, 0])
    if "json" not in v:
        try:
            e.decode(schema, stream, flags)
        except e.Error:
            count[2] += 1
            continue
        raise SystemExit(f"taken: {line}")
    text, _ = e.decode_json(schema, stream, flags)
    assert json.loads(text) == v["json"], line
    count[0] += 1
    again = e.encode_json(schema, json.dumps(v["json"]), flags).hex()
    assert again == v.get("reencode", v["exi"]), line
    count[1] += 1
print(json.dumps(done))
"""


def run(*command: str | Path, cwd: Path | None = None, **environment: str) -> None:
    """Run a program; raises CalledProcessError, its words on standard error."""
    subprocess.run(  # noqa: S603 - apt, compilers and our own set-up
        list(map(str, command)),
        check=True,
        cwd=cwd,
        stdout=subprocess.DEVNULL,
        env={**os.environ, **environment},
    )


def unpack_python(target: Target, folder: Path) -> Path:
    """Fetch the target's Python with an apt of its own state; returns the root it is under."""
    root = folder / "root"
    if root.is_dir():
        return root
    state, cache, debs = folder / "state", folder / "cache", folder / "debs"
    for needed in (state / "lists" / "partial", cache / "archives" / "partial", debs):
        needed.mkdir(parents=True, exist_ok=True)
    settings = {
        "APT::Architecture": target.debian,
        "APT::Architectures": target.debian,
        "Dir::State": str(state),
        "Dir::State::status": "/dev/null",
        "Dir::Cache": str(cache),
        "APT::Sandbox::User": "root",
    }
    apt = ["apt-get", "-qq", *(f"-o{name}={value}" for name, value in settings.items())]
    with suppress(subprocess.CalledProcessError):  # one list too few may still do
        run(*apt, "update")
    run(*apt, "download", *PACKAGES, cwd=debs)
    unfinished = folder / "unfinished"
    for package in sorted(debs.glob("*.deb")):
        run("dpkg-deb", "-x", package, unfinished)
    return unfinished.rename(root)


def build_wheel(target: Target, root: Path, folder: Path) -> Path:
    """Cross-compile the distribution; returns the wheel."""
    copy, output = folder / "source", folder / "wheel"
    for old in (copy, output):
        shutil.rmtree(old, ignore_errors=True)
    ignored = shutil.ignore_patterns("build", "*.egg-info", "__pycache__")
    shutil.copytree(EXI, copy, ignore=ignored)
    output.mkdir()
    library, include = root / "usr" / "lib" / "python3.11", root / "usr" / "include"
    # The target's build settings, and nothing else of its library, for this Python to read.
    settings = folder / "settings"
    settings.mkdir(exist_ok=True)
    name = f"_sysconfigdata__{target.gnu}"
    shutil.copy(library / f"{name}.py", settings)
    make = "import setuptools.build_meta as b, sys; b.build_wheel(sys.argv[1])"
    run(
        sys.executable,
        "-c",
        make,
        output,
        cwd=copy,
        CC=f"{target.gnu}-gcc",
        LDSHARED=f"{target.gnu}-gcc -shared",
        CFLAGS=f"-I{include} -I{include}/python3.11 -g0",
        PYTHONPATH=str(settings),
        _PYTHON_HOST_PLATFORM=target.wheel.replace("_", "-", 1),
        _PYTHON_SYSCONFIGDATA_NAME=name,
    )
    (wheel,) = output.glob("*.whl")
    return wheel


def try_wheel(target: Target, root: Path, wheel: Path, folder: Path) -> dict[str, list[int]]:
    """Put every vector through the module under qemu; returns the counts. Raises RuntimeError."""
    site = folder / "site"
    shutil.rmtree(site, ignore_errors=True)
    zipfile.ZipFile(wheel).extractall(site)
    lines = "".join(json.dumps(vector) + "\n" for vector in vectors())
    done = subprocess.run(  # noqa: S603 - the emulator, on the target's Python
        [target.emulator, "-L", str(root), str(root / "usr/bin/python3.11"), "-c", TRY],
        input=lines,
        capture_output=True,
        check=False,
        text=True,
        env={"PYTHONPATH": str(site), "PYTHONHOME": str(root / "usr"), "PYTHONUTF8": "1"},
    )
    if done.returncode:
        raise RuntimeError(f"{target.wheel}: {done.stderr.strip().splitlines()[-1]}")
    found: dict[str, list[int]] = json.loads(done.stdout)
    return found


def main(to: Path) -> int:
    """Make and try each wheel; print what was counted."""
    status = 0
    for target in TARGETS:
        if target.missing:
            print(f"{target.wheel}: skipped, there is no {', '.join(target.missing)}")
            status = 1
            continue
        folder = EXI / "build" / "cross" / target.wheel
        folder.mkdir(parents=True, exist_ok=True)
        root = unpack_python(target, folder)
        wheel = build_wheel(target, root, folder)
        counts = try_wheel(target, root, wheel, folder)
        to.mkdir(parents=True, exist_ok=True)
        shutil.copy(wheel, to)
        total = Counter[str]()
        for decoded, encoded, refused in counts.values():
            total.update(decoded=decoded, encoded=encoded, refused=refused)
        figures = ", ".join(f"{count} {what}" for what, count in total.items())
        print(f"{wheel.name}: {wheel.stat().st_size:,} octets; {figures}")
    return status


if __name__ == "__main__":
    raise SystemExit(main(Path(sys.argv[1]) if len(sys.argv) > 1 else ROOT / "dist"))
