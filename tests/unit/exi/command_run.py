"""Running pyplc-exi in tests: as a filter, and as a server that is asked."""

from __future__ import annotations

import json
import random
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Final, NamedTuple, Self

from pyplc_fw.errors import CodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.messages.schema import SCHEMAS
from tests.helpers import SHARED

ROOT: Final = Path(__file__).resolve().parents[3]
EXI: Final = ROOT / "exi"
OWN_VECTORS: Final = sorted((ROOT / "tests" / "vectors").glob("exi_messages*.jsonl"))

FINDING: Final = 99
"Exit status by which a sanitizer says that it found something."
SANITIZERS: Final = f"exitcode={FINDING}:detect_leaks=0"
LINE_BREAKS: Final = {0x85: "\\u0085", 0x2028: "\\u2028", 0x2029: "\\u2029"}


class Done(NamedTuple):
    """What a run left."""

    status: int
    lines: list[str]
    "Of standard output."
    errors: str


class Command:
    """The built program."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.environment = {"ASAN_OPTIONS": SANITIZERS, "UBSAN_OPTIONS": SANITIZERS}

    def raw(self, *arguments: str, given: bytes = b"") -> tuple[int, bytes, bytes]:
        """Run it; return exit status, standard output, standard error."""
        done = subprocess.run(  # noqa: S603 - our own program
            [self.path, *arguments],
            input=given,
            capture_output=True,
            check=False,
            env=self.environment,
        )
        assert done.returncode in (0, 1, 2, 3), done.stderr.decode(errors="replace")
        return done.returncode, done.stdout, done.stderr

    def __call__(self, arguments: str, given: bytes | str = b"") -> Done:
        """Run it as a filter, its arguments given in one text."""
        data = given.encode() if isinstance(given, str) else given
        status, out, errors = self.raw(*arguments.split(), given=data)
        text = out.decode()
        assert text == "" or text.endswith("\n")
        return Done(status, text.split("\n")[:-1], errors.decode())

    def start(self, *arguments: str) -> subprocess.Popen[bytes]:
        """Start it, to be talked to."""
        return subprocess.Popen(  # noqa: S603 - our own program
            [self.path, *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=self.environment,
        )


class Server:
    """`pyplc-exi serve --framing length`, asked again and again."""

    def __init__(self, command: Command) -> None:
        self._process = command.start("serve", "--framing", "length")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _, errors = self._process.communicate()
        assert self._process.returncode == 0, errors.decode(errors="replace")

    def send(self, request: bytes) -> Any:
        """Send any bytes as a request; return the answer."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.write(struct.pack(">I", len(request)) + request)
        self._process.stdin.flush()
        head = self._process.stdout.read(4)
        assert len(head) == 4, "it has gone"
        (size,) = struct.unpack(">I", head)
        return json.loads(self._process.stdout.read(size))

    def ask(self, **request: object) -> Any:
        """Send a request; return the answer."""
        return self.send(json.dumps(request).encode())

    def encode_text(self, schema: str, message: bytes) -> Any:
        """Have a text encoded that need not be JSON."""
        return self.send(b'{"op":"encode","schema":"%s","message":%s}' % (schema.encode(), message))


# --- what Python says ------------------------------------------------------------------------
def dumps(document: object) -> str:
    """Write JSON as the command does."""
    text = json.dumps(document, ensure_ascii=False, separators=(",", ":"))
    return text.translate(LINE_BREAKS)


def decoded(schema: str, stream: bytes, *, lenient: bool) -> tuple[str, list[str]]:
    """Return the line of output and the warnings that the command owes."""
    try:
        message, noted = exi.decode_with_warnings(schema, stream, lenient=lenient)
    except CodecError as error:
        return dumps({"error": str(error), "bit": error.bit}), []
    return dumps(exi.to_json(message)), [f"{n.message} (at bit {n.bit})" for n in noted]


def encoded(schema: str, document: object) -> str | None:
    """Return the stream in hexadecimal, None for what is refused."""
    return encoded_or_error(schema, document)[0]


def encoded_or_error(schema: str, document: object) -> tuple[str | None, str | None]:
    """Return the stream in hexadecimal, or what is said of the document."""
    try:
        return exi.encode(exi.from_json(schema, document)).hex(), None
    except CodecError as error:
        return None, str(error)


# --- vectors ---------------------------------------------------------------------------------
class Vector(NamedTuple):
    """One line of the test vectors."""

    schema: str
    fragment: bool
    stream: bytes
    document: Any
    "The message, or None where the stream has to be refused."
    reencode: str | None
    "What encoding gives; None where it may differ."


def own_vectors() -> list[Vector]:
    """Return the vectors that are always there."""
    return [vector for path in OWN_VECTORS for vector in _read(path)]


def vectors() -> list[Vector]:
    """Return our own vectors and, where it is there, the reference material's."""
    paths = [] if SHARED is None else sorted((SHARED / "exi").glob("vectors*.jsonl"))
    others = [vector for path in paths for vector in _read(path) if vector.schema in SCHEMAS]
    return own_vectors() + others


def _read(path: Path) -> Iterator[Vector]:
    for line in path.read_text(encoding="utf-8").strip("\n").split("\n"):
        entry = json.loads(line)
        again = entry.get("reencode", None if "decode_only" in entry else entry["exi"])
        yield Vector(
            schema=entry["schema"],
            fragment=entry.get("mode") == "fragment",
            stream=bytes.fromhex(entry["exi"]),
            document=entry.get("json"),
            reencode=again,
        )


def chance_of(seed: int | str) -> random.Random:
    """Return chance that is the same in every run."""
    return random.Random(seed)  # noqa: S311 - not for secrets


def damaged(streams: list[bytes], seed: int, count: int) -> list[bytes]:
    """Return streams with bits changed, bytes cut off or added, and some of chance alone."""
    chance = chance_of(seed)
    found = []
    for _ in range(count):
        stream = bytearray(chance.choice(streams))
        for _ in range(chance.randrange(4)):
            stream[chance.randrange(len(stream))] ^= 1 << chance.randrange(8)
        match chance.randrange(4):
            case 0:
                del stream[chance.randrange(1, len(stream) + 1) :]
            case 1:
                stream += chance.randbytes(3)
            case 2:
                stream[chance.randrange(len(stream)) :] = chance.randbytes(20)
        found.append(bytes(stream))
    return [stream for stream in found if stream]
