"""What the compiled C library may do: nothing but compute, in a little room."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

EXI = Path(__file__).resolve().parents[3] / "exi"
TAKEN_FROM_THE_C_LIBRARY = {"memchr", "memcmp", "memcpy", "memmove", "memset", "strcmp", "strlen"}
TAKEN_FROM_THE_C_LIBRARY |= {"snprintf", "vsnprintf"}
"No memory, no files, no clock, no process."
MOST_STACK = 8192
"Octets of one function. There is no recursion, so the deepest chain is a few of them."


@pytest.fixture(scope="module")
def objects(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Compile the library, and what the compiler knows of its stack and calls."""
    folder = tmp_path_factory.mktemp("objects")
    sources = sorted((EXI / "src").glob("*.c")) + sorted((EXI / "generated").glob("*.c"))
    for source in sources:
        flags = ["-std=c11", "-O2", "-fstack-usage", "-fcallgraph-info", f"-I{EXI / 'src'}"]
        target = folder / f"{source.parent.name}-{source.stem}.o"
        compile_it = ["gcc", *flags, "-c", "-o", str(target), str(source)]
        subprocess.run(compile_it, check=True)  # noqa: S603 - the compiler, on our own sources
    return folder


def symbols(objects: Path, kind: str) -> set[str]:
    files = map(str, sorted(objects.glob("*.o")))
    command = ["nm", "--format=posix", kind, *files]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return {line.split()[0] for line in done.stdout.splitlines() if len(line.split()) > 1}


def test_it_needs_nothing_but_memory_and_text_functions(objects: Path) -> None:
    needed = symbols(objects, "--undefined-only") - symbols(objects, "--defined-only")
    assert needed <= TAKEN_FROM_THE_C_LIBRARY


def test_it_keeps_nothing_between_calls(objects: Path) -> None:
    files = map(str, sorted(objects.glob("*.o")))
    command = ["size", "--format=sysv", *files]
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    kept = re.findall(r"^\.(?:bss|data)\s+([1-9]\d*)", done.stdout, re.MULTILINE)
    assert kept == []


def test_the_stack_is_bounded(objects: Path) -> None:
    usage = "".join(path.read_text() for path in objects.glob("*.su"))
    rows = re.findall(r"^\S+:(\w+)(?:\.\S+)?\t(\d+)\t(\S+)$", usage, re.MULTILINE)
    assert len(rows) > 50
    assert {how for _, _, how in rows} <= {"static", "dynamic,bounded"}
    largest = max((int(size), name) for name, size, _ in rows)
    assert largest[0] <= MOST_STACK, largest


def test_nothing_calls_itself(objects: Path) -> None:
    calls: dict[str, set[str]] = {}
    for path in objects.glob("*.ci"):
        for caller, callee in re.findall(
            r'sourcename: "([^"]+)" targetname: "([^"]+)"', path.read_text()
        ):
            calls.setdefault(caller.split(":")[-1], set()).add(callee.split(":")[-1])
    assert len(calls) > 40

    def reached(start: str) -> set[str]:
        found: set[str] = set()
        waiting = [*calls.get(start, ())]
        while waiting:
            name = waiting.pop()
            if name not in found:
                found.add(name)
                waiting += calls.get(name, ())
        return found

    assert [name for name in calls if name in reached(name)] == []
