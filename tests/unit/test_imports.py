"""Imports point one way, and what must be pure stays pure (docs/architecture.md)."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from enum import IntEnum
from fnmatch import fnmatch
from pathlib import Path
from typing import Final

import pytest

from pyplc_fw.v2g.messages.schema import SCHEMAS

TOP: Final = Path(__file__).resolve().parents[2]
PACKAGE: Final = "pyplc_fw"


class Layer(IntEnum):
    """A module may import its own layer and those below it."""

    FOUNDATION = 0
    CODEC = 1
    PROCEDURE = 2
    ADAPTER = 3
    SERVICE = 4
    CLI = 5


LAYERS: Final[tuple[tuple[str, Layer], ...]] = (
    ("*.__init__", Layer.FOUNDATION),
    ("config", Layer.ADAPTER),
    ("net.packets", Layer.CODEC),
    ("net.checksum", Layer.CODEC),
    ("net.neighbour", Layer.CODEC),
    ("homeplug.mme*", Layer.CODEC),
    ("homeplug.keys", Layer.CODEC),
    ("v2g.v2gtp", Layer.CODEC),
    ("v2g.sdp", Layer.CODEC),
    ("v2g.exi*", Layer.CODEC),
    ("v2g.openv2g*", Layer.CODEC),
    ("v2g.messages.*", Layer.CODEC),
    ("vehicle.pilot", Layer.CODEC),
    ("vehicle.proximity", Layer.CODEC),
    ("bms.frames", Layer.CODEC),
    ("vehicle.hw.*", Layer.ADAPTER),
    ("bms.can", Layer.ADAPTER),
    ("net.*", Layer.ADAPTER),
    ("sim.*", Layer.ADAPTER),
    ("homeplug.*", Layer.PROCEDURE),
    ("v2g.*", Layer.PROCEDURE),
    ("vehicle.*", Layer.PROCEDURE),
    ("bms.*", Layer.PROCEDURE),
    ("session.*", Layer.PROCEDURE),
    ("trace.*", Layer.SERVICE),
    ("services.*", Layer.SERVICE),
    ("cli.*", Layer.CLI),
    ("*", Layer.FOUNDATION),
)
"What each module is, by its name inside the package; the first pattern that fits decides."

DEVICES: Final = {"can", "gpiod", "gpiozero", "libpcap", "pcap", "sdnotify", "serial", "smbus2"}
FILES: Final = {"fcntl", "mmap", "os", "pathlib", "shutil", "tempfile"}
SOCKETS: Final = {"select", "selectors", "socket", "ssl"}
PROCESSES: Final = {"concurrent", "multiprocessing", "signal", "subprocess", "threading"}
CLOCKS_AND_DICE: Final = {"secrets", "time", "uuid"}
BACK_DOORS: Final = {"ctypes", "importlib"}
THE_WORLD: Final = DEVICES | FILES | SOCKETS | PROCESSES | CLOCKS_AND_DICE | BACK_DOORS
"What neither a codec nor a procedure imports."

EXCEPTIONS: Final = {
    ("v2g.exi", "importlib"): "loads a schema's message classes when it is first used"
}
"Module and what it may import all the same, with the reason."

NOT_IN_CODECS: Final = THE_WORLD | {"asyncio", "logging", "structlog"}

OUTSIDE_BY_NAME: Final = {
    "asyncio": {
        "create_subprocess_exec",
        "create_subprocess_shell",
        "open_connection",
        "open_unix_connection",
        "run",
        "start_server",
        "start_unix_server",
        "to_thread",
    },
    "datetime": {"now", "today", "utcnow"},
    "date": {"today"},
}
"Doors to the world inside modules that are otherwise fine, as ``name.attribute``."


def layer_of(module: str) -> Layer:
    """Return the layer of ``module``, a name inside the package."""
    return next(layer for pattern, layer in LAYERS if fnmatch(module, pattern))


def _name_of(path: Path) -> str:
    return ".".join(path.relative_to(TOP / PACKAGE).with_suffix("").parts)


MODULES: Final = {_name_of(path): path for path in sorted((TOP / PACKAGE).rglob("*.py"))}


def _imported(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield line and full name of everything that is imported, wherever in the file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, f"{PACKAGE}.relative import"
        elif isinstance(node, ast.ImportFrom):
            yield from ((node.lineno, f"{node.module}.{alias.name}") for alias in node.names)


def _inside(name: str) -> str:
    """Return which module of ours the import of ``name`` reaches."""
    parts = name.split(".")[1:]
    for end in range(len(parts), 0, -1):
        module = ".".join(parts[:end])
        if module in MODULES or f"{module}.__init__" in MODULES:
            return module if module in MODULES else f"{module}.__init__"
    return "__init__"


def _against_layers(module: str, name: str) -> str | None:
    own, target = layer_of(module), _inside(name)
    if name.endswith("relative import"):
        return "imports relatively; say the full name"
    if layer_of(target) > own:
        return f"a {own.name.lower()} imports {name}, a {layer_of(target).name.lower()}"
    folder, other = module.partition(".")[0], target.partition(".")[0]
    if own is layer_of(target) is Layer.CODEC and folder != other:
        return f"the codecs of {folder}/ and {other}/ meet here; they may only in a procedure"
    return None


def _against_purity(module: str, name: str) -> str | None:
    layer = layer_of(module)
    banned = NOT_IN_CODECS if layer is Layer.CODEC else THE_WORLD
    root = name.partition(".")[0]
    if (module, root) in EXCEPTIONS:
        return None
    return f"a {layer.name.lower()} imports {root}" if root in banned else None


def _doors(tree: ast.AST) -> Iterator[tuple[int, str]]:
    """Yield the lines where code that imports nothing forbidden reaches out all the same."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in {"open", "input", "__import__"}:
                yield node.lineno, f"calls {node.func.id}()"
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name | ast.Attribute):
            owner = node.value.id if isinstance(node.value, ast.Name) else node.value.attr
            if node.attr in OUTSIDE_BY_NAME.get(owner, ()):
                yield node.lineno, f"uses {owner}.{node.attr}"
            if owner == "random" and node.attr.islower() and isinstance(node.value, ast.Name):
                yield node.lineno, f"uses random.{node.attr}; a random.Random comes from outside"


def violations(module: str, source: str) -> list[str]:
    """Return what is wrong with ``module``, each with ``file:line``."""
    tree = ast.parse(source)
    layer = layer_of(module)
    found: list[tuple[int, str | None]] = []
    for line, name in _imported(tree):
        if name.partition(".")[0] == PACKAGE:
            found.append((line, _against_layers(module, name)))
        elif layer <= Layer.PROCEDURE:
            found.append((line, _against_purity(module, name)))
    if layer <= Layer.PROCEDURE:
        found.extend(_doors(tree))
    file = f"{PACKAGE}/{module.replace('.', '/')}.py"
    return [f"{file}:{line}: {what}" for line, what in sorted(found, key=str) if what]


@pytest.mark.parametrize("module", MODULES)
def test_module_keeps_to_its_layer(module: str) -> None:
    assert violations(module, MODULES[module].read_text(encoding="utf-8")) == []


@pytest.mark.parametrize(
    ("module", "source", "complaint"),
    [
        ("v2g.sdp", "import asyncio", "1: a codec imports asyncio"),
        ("v2g.sdp", "from structlog import get_logger", "1: a codec imports structlog"),
        ("homeplug.mme", "\nimport socket", "2: a codec imports socket"),
        ("v2g.evcc", "from time import monotonic", "1: a procedure imports time"),
        ("session.pev", "import os.path", "1: a procedure imports os"),
        ("terms", "import threading", "1: a foundation imports threading"),
        ("v2g.evcc", "def f():\n    import smbus2", "2: a procedure imports smbus2"),
        ("v2g.evcc", "x = datetime.datetime.now()", "1: uses datetime.now"),
        ("v2g.evcc", "asyncio.to_thread(f)", "1: uses asyncio.to_thread"),
        ("v2g.evcc", "open('x')", "1: calls open()"),
        ("v2g.evcc", "from . import secc", "1: imports relatively; say the full name"),
        (
            "homeplug.keys",
            "import random\nx = random.randbytes(4)",
            "2: uses random.randbytes; a random.Random comes from outside",
        ),
        (
            "errors",
            "from pyplc_fw.homeplug import ports",
            "1: a foundation imports pyplc_fw.homeplug.ports, a procedure",
        ),
        (
            "v2g.ports",
            "from pyplc_fw.cli import main",
            "1: a procedure imports pyplc_fw.cli.main, a cli",
        ),
    ],
)
def test_a_violation_is_named_with_its_line(module: str, source: str, complaint: str) -> None:
    file = f"{PACKAGE}/{module.replace('.', '/')}.py"
    assert violations(module, source) == [f"{file}:{complaint}"]


def test_codec_folders_meet_in_a_procedure_only() -> None:
    source = "from pyplc_fw.net.packets import EthernetFrame"
    complaint = "the codecs of v2g/ and net/ meet here; they may only in a procedure"
    assert violations("v2g.sdp", source) == [f"{PACKAGE}/v2g/sdp.py:1: {complaint}"]
    assert violations("v2g.discovery", source) == []
    assert violations("net.neighbour", source) == []


def test_what_the_codec_loads_by_name_are_message_classes() -> None:
    assert [m for m in SCHEMAS.values() if not m.startswith(f"{PACKAGE}.v2g.messages.")] == []


def test_what_is_allowed_passes() -> None:
    source = (
        "import asyncio\nimport random\nfrom datetime import datetime\n"
        "from pyplc_fw.errors import LinkError\n"
        "def f(chance: random.Random, at: datetime) -> float:\n    return chance.random()\n"
    )
    assert violations("v2g.evcc", source) == []
