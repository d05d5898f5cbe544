"""Inputs for `exi/fuzz`, made of the test vectors: streams, records, JSON texts, requests.

Good messages alone hardly lead a fuzzer to where errors and leniencies are. So what only lenient
decoding takes is among them, too little room, and JSON with an odd value among the good ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from hashlib import sha1
from pathlib import Path
from random import Random
from typing import Any, Final

import pyplc_exi

from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.helpers import SHARED

ROOT: Final = Path(__file__).parents[2]
TARGETS: Final = ("decode", "encode", "round", "json-read", "json-write")
FRAGMENT, LENIENT, SMALL = 0x80, 0x40, 0x20
KINDS: Final = {
    "decode": "stream",
    "round": "stream",
    "encode": "record",
    "json-write": "record",
    "json-read": "json",
}
COMMAND_KINDS: Final = {"serve": "request", "dialect": "argument"}
"Of `exi/fuzz/command.c`."
LETTERS: Final = {"app": "DH", "din": "DD", "iso2": "D1"}
"By which OpenV2Gx is told to decode."
LARGEST: Final = 4096
"Octets of one input."
VARIED: Final = 0.05
"Part of the inputs that get variants."
SHIFTS: Final = 4
"By so many less than this the octets of an input are shifted, where the output gets as many."
BIG_NUMBERS: Final = (2**71, 2**511, 10**160, -(2**64) - 1)
MOST_FILES: Final = 16_000
"That `exi/fuzz/drive.c` takes."


LENIENT_STREAMS: Final = {
    "809a004a90800040080000190000c80006400000": "din",
    "8098004a913000120024004800900120024004800900120024004800900120024004800940": "iso2",
    "8098004a91c00008004828220011240008920004490002248001124000892000449000224820": "iso2",
    "8098004a9130001200240048009001200240048009001200240048009001200240048009001280": "iso2",
}
"An abstract head; full lists that end like others: the message's last, another, and one too long."
ODD_VALUES: Final = (
    r'"\ud83d\ude00\b\/"',
    r'"\ud83d"',
    r'"\ud83d\u0041"',
    '"' + 60 * "\N{SNOWMAN}" + '"',
    '"x"',
    "1.5",
    "-1e3",
    "-0",
    "65536",
    "-18446744073709551617",
    str(2**71),
    str(2**511),
    "1" + 160 * "0",
    "[]",
    "[[]]",
    "{}",
    '{"#":1,"#":1}',
    "null",
    "true",
    "false",
)
ODD_TEXTS: Final = 5
"Of one JSON text."
HERE: Final = "the odd value's place"


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


def requests(vector: dict[str, Any]) -> Iterator[tuple[str, bytes]]:
    """Give what the command may be asked about one vector."""
    schema, stream = vector["schema"], vector["exi"]
    if schema in LETTERS:
        yield "argument", f"{LETTERS[schema]}{stream}".encode()
    common = {"schema": schema, "fragment": vector.get("mode") == "fragment"}
    request = {"id": stream[-4:], "op": "decode", **common, "exi": stream, "lenient": True}
    yield "request", json.dumps(request).encode()
    if "json" in vector:
        request = {"op": "encode", **common, "message": vector["json"]}
        yield "request", json.dumps(request).encode()


def said() -> Iterator[tuple[str, bytes]]:
    """Give what pyPLC says to OpenV2Gx, and the request that is about nothing."""
    answers = ROOT / "tests" / "vectors" / "openv2gx_answers.txt"
    for line in answers.read_text(encoding="ascii").splitlines():
        if line.startswith("$ "):
            yield "argument", line.removeprefix("$ ").encode()
    yield "request", b'{"op":"schemas"}'


def places_in(value: Any) -> Iterator[tuple[Any, Any]]:
    """Go through all that a JSON value holds: in what it is, and by which key."""
    if isinstance(value, dict | list):
        for key in value if isinstance(value, dict) else range(len(value)):
            yield value, key
            yield from places_in(value[key])


def odd_texts(text: bytes, rng: Random) -> Iterator[bytes]:
    """Give a JSON text with odd values in the places of its own, one each."""
    for odd in rng.sample(ODD_VALUES, ODD_TEXTS):
        document = json.loads(text)
        holder, key = rng.choice(list(places_in(document)))
        holder[key] = HERE
        yield json.dumps(document).replace(f'"{HERE}"', odd).encode()


def variants(kind: str, data: bytes, rng: Random) -> Iterator[bytes]:
    """Give an input for less room, read leniently, and with odd values."""
    for less in range(SHIFTS):
        yield bytes((data[0] + less * len(SCHEMAS), data[1] | SMALL)) + data[2:]
    if kind == "stream":
        yield bytes((data[0], data[1] | LENIENT)) + data[2:]
    elif kind == "json":
        for text in odd_texts(data[2:], rng):
            yield data[:2] + text
        for number in BIG_NUMBERS:
            yield re.sub(rb'(?<="X509SerialNumber":)-?\d+', str(number).encode(), data)


def everything() -> Iterator[tuple[str, bytes]]:
    """Give each input there is, with its kind."""
    every = vectors()
    roots = roots_of(every)
    rng = Random(1)  # noqa: S311 - a test wants the same chance each time
    for vector in every:
        key = vector["schema"], vector.get("mode") == "fragment"
        name = next(iter(vector.get("json", {"": None})))
        root = roots[key].index(name) if name else 0
        yield from requests(vector)
        for kind, data in inputs(vector, root).items():
            yield kind, data
            if b"X509SerialNumber" in data or rng.random() < VARIED:
                yield from ((kind, other) for other in variants(kind, data, rng))
    yield from said()
    for stream, schema in LENIENT_STREAMS.items():
        head = bytes((list(SCHEMAS).index(schema), LENIENT))
        yield "stream", head + bytes.fromhex(stream)


def write(folder: Path) -> int:
    """Write a corpus for each kind below ``folder``; returns how many files that are."""
    count = 0
    for kind in {*KINDS.values(), *COMMAND_KINDS.values()}:
        (folder / kind).mkdir(parents=True, exist_ok=True)
    for kind, data in everything():
        if len(data) <= LARGEST:
            digest = sha1(data, usedforsecurity=False).hexdigest()
            (folder / kind / digest).write_bytes(data)
            count += 1
    return count
