"""Check that the pyproject.toml files, requirements.in and requirements.lock say the same.

Every package that a pyproject.toml names is asked for in requirements.in; every one that
requirements.in asks for is locked, in the version it pins; every locked one has its hashes; and
the lock file names no place to download from.
"""

from __future__ import annotations

import re
import sys
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]*")
LOCKED = re.compile(r"^([A-Za-z0-9][A-Za-z0-9._-]*)==(\S+)")
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}\b")


def normal(name: str) -> str:
    """Return ``name`` as package indexes compare it. Source: PEP 503."""
    return re.sub(r"[-_.]+", "-", name).lower()


def name_of(requirement: str) -> str:
    """Return the package that ``requirement`` names."""
    match = NAME.match(requirement)
    if match is None:
        raise ValueError(f"no package name in {requirement!r}")
    return normal(match.group())


def wanted_by_project(pyproject: str) -> set[str]:
    """Return every package that pyproject.toml names, extras and build system too."""
    document = tomllib.loads(pyproject)
    project = document["project"]
    lists = [document["build-system"]["requires"], project.get("dependencies", [])]
    lists += project.get("optional-dependencies", {}).values()
    return {name_of(requirement) for requirements in lists for requirement in requirements}


def asked_for(requirements_in: str) -> dict[str, str | None]:
    """Return each package that requirements.in asks for, with the version it pins, if any."""
    asked: dict[str, str | None] = {}
    for line in requirements_in.splitlines():
        requirement = line.partition("#")[0].strip()
        if requirement:
            _, pinned, version = requirement.partition("==")
            asked[name_of(requirement)] = version.strip() if pinned else None
    return asked


def locked_in(requirements_lock: str) -> dict[str, set[str]]:
    """Return each locked package with its versions; raises ValueError where hashes are missing."""
    locked: dict[str, set[str]] = {}
    for block in re.split(r"^(?=[A-Za-z0-9])", requirements_lock, flags=re.MULTILINE):
        match = LOCKED.match(block)
        if match is None:
            continue
        if HASH.search(block) is None:
            raise ValueError(f"requirements.lock: {match.group(1)} has no hash")
        locked.setdefault(normal(match.group(1)), set()).add(match.group(2))
    return locked


def complaints(
    projects: Sequence[str], requirements_in: str, requirements_lock: str
) -> Iterator[str]:
    """Say everything in which the texts do not agree."""
    wanted, asked = set().union(*map(wanted_by_project, projects)), asked_for(requirements_in)
    try:
        locked = locked_in(requirements_lock)
    except ValueError as exc:
        yield str(exc)
        return
    for name in sorted(wanted - asked.keys()):
        yield f"a pyproject.toml names {name}, requirements.in does not"
    for name, version in sorted(asked.items()):
        if name not in locked:
            yield f"requirements.in asks for {name}, requirements.lock has none: make lock"
        elif version is not None and locked[name] != {version}:
            yield f"{name}: {version} asked for, {', '.join(locked[name])} locked: make lock"
    if "://" in requirements_lock or "index-url" in requirements_lock:
        yield "requirements.lock names a place to download from"


def texts() -> tuple[list[str], str, str]:
    """Read the files of this checkout, as ``complaints`` wants them."""
    names = ("pyproject.toml", "exi/pyproject.toml", "requirements.in", "requirements.lock")
    *projects, asked, locked = ((TOP / name).read_text(encoding="utf-8") for name in names)
    return projects, asked, locked


def main() -> int:
    """Compare the files of this checkout; exit status 1 if they disagree."""
    found = list(complaints(*texts()))
    for complaint in found:
        print(complaint, file=sys.stderr)
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
