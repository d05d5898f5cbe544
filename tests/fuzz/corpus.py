"""Inputs for `exi/fuzz/target.c`, made of the test vectors: streams, records and JSON texts."""

from __future__ import annotations

import json
from hashlib import sha1
from pathlib import Path
from typing import Any, Final

import pyplc_exi

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.helpers import SHARED

ROOT: Final = Path(__file__).parents[2]
TARGETS: Final = ("decode", "encode", "round", "json-read", "json-write")
FRAGMENT, LENIENT = 0x80, 0x40
KINDS: Final = {
    "decode": "stream",
    "round": "stream",
    "encode": "record",
    "json-write": "record",
    "json-read": "json",
}
LARGEST: Final = 4096
"Octets of one input."
MOST_FILES: Final = 4000
"That `exi/fuzz/drive.c` takes."


def vectors() -> list[dict[str, Any]]:
    """Return every vector there is: our own, and the reference material's where it is there."""
    paths = sorted((ROOT / "tests" / "vectors").glob("exi_messages*.jsonl"))
    if SHARED is not None:
        paths += sorted((SHARED / "exi").glob("vectors*.jsonl"))
    return [
        json.loads(line)
        for path in paths
        for line in path.read_text(encoding="utf-8").strip("\n").split("\n")
    ]


def inputs(vector: dict[str, Any], root: int) -> dict[str, bytes]:
    """Return what each kind of target gets of one vector; ``root`` is its element's number."""
    fragment = vector.get("mode") == "fragment"
    stream = bytes.fromhex(vector["exi"])
    head = bytes((list(SCHEMAS).index(vector["schema"]), FRAGMENT * fragment))
    found = {"stream": head + stream}
    if "json" not in vector:
        return found
    text = json.dumps(vector["json"], ensure_ascii=False, separators=(",", ":"))
    flags = pyplc_exi.LENIENT | (pyplc_exi.FRAGMENT if fragment else 0)
    record = pyplc_exi.decode(vector["schema"], stream, flags)[0]
    return found | {
        "record": head[:1] + bytes((head[1] | root,)) + record,
        "json": head + text.encode(),
    }


def roots_of(every: list[dict[str, Any]]) -> dict[tuple[str, bool], list[str]]:
    """Return the elements of each schema that may be a document or fragment, in their order."""
    roots: dict[tuple[str, bool], set[str]] = {}
    for vector in every:
        if "json" in vector:
            key = vector["schema"], vector.get("mode") == "fragment"
            roots.setdefault(key, set()).update(vector["json"])
    return {key: sorted(names) for key, names in roots.items()}


def write(folder: Path) -> int:
    """Write a corpus for each kind below ``folder``; returns how many files that are."""
    every = vectors()
    roots = roots_of(every)
    count = 0
    for kind in set(KINDS.values()):
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for vector in every:
        key = vector["schema"], vector.get("mode") == "fragment"
        name = next(iter(vector.get("json", {"": None})))
        root = roots[key].index(name) if name else 0
        for kind, data in inputs(vector, root).items():
            if len(data) <= LARGEST:
                digest = sha1(data, usedforsecurity=False).hexdigest()
                (folder / kind / digest).write_bytes(data)
                count += 1
    return count
