"""OpenV2Gx, or what behaves like it, in the place of our own codec: a process for each message."""

from __future__ import annotations

import asyncio
import json
import os
import select
import signal
import subprocess
import time
from collections.abc import Awaitable, Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeAlias

import structlog
from structlog.typing import FilteringBoundLogger

from pyplc_fw.config import ExiBackend, ExiConfig
from pyplc_fw.errors import CodecError, ConfigError, ExternalCodecError
from pyplc_fw.v2g import exi
from pyplc_fw.v2g.exi import Leniency
from pyplc_fw.v2g.message_codec import OWN_CODEC, MessageCodec
from pyplc_fw.v2g.messages import app
from pyplc_fw.v2g.openv2g_answers import Answer, message_of
from pyplc_fw.v2g.openv2g_arguments import SESSION_ID, argument_of
from pyplc_fw.v2g.openv2g_check import check_sent

LETTERS: Final = {"app": "H", "din": "D"}
"Of the schemas that the command decodes for us."
MOST_OUTPUT: Final = 256 * 1024
PROBE: Final = app.supportedAppProtocolRes(
    ResponseCode=app.ResponseCode.OK_SuccessfulNegotiation, SchemaID=1
)
"What a command is asked before it is trusted with a session."

Run: TypeAlias = Callable[[str], Awaitable[bytes]]
"Runs the command with one argument; returns what it printed. Raises ExternalCodecError."

CodecMaker: TypeAlias = Callable[[FilteringBoundLogger], MessageCodec]


def codec_maker(config: ExiConfig, *, blocking: bool = False) -> CodecMaker:
    """Return what makes the configured codec for a log; ``blocking`` suits a virtual clock.

    Raises ConfigError where the command is missing, silent, or is not what it should be.
    """
    if config.backend is ExiBackend.OWN:
        return lambda _: OWN_CODEC
    asyncio.run(CommandCodec(runner(config), structlog.get_logger()).probe())
    run = runner(config, blocking=blocking)
    return lambda log: CommandCodec(run, log)


class CommandCodec:
    """Asks the command for every message, and checks what it makes."""

    session_id: bytes | None = SESSION_ID

    def __init__(self, run: Run, log: FilteringBoundLogger) -> None:
        self._run = run
        self._log = log
        self._schema_ids: dict[int, int] = {}
        self._logged: set[str] = set()

    async def probe(self) -> None:
        """Raise ConfigError unless the command answers a known question well."""
        try:
            stream = await self.encode(PROBE)
            message, _ = await self.decode("app", stream)
        except CodecError as error:
            raise ConfigError(f"[exi] path: no OpenV2Gx command: {error}") from error
        if message != PROBE:
            raise ConfigError("[exi] path: no OpenV2Gx command: it decodes its own answer wrongly")

    async def encode(self, message: Any) -> bytes:
        """Return what the command made; raises ExternalCodecError where it says something else."""
        argument = argument_of(message)
        result = (await self._ask(argument)).get("result", "")
        try:
            stream = bytes.fromhex(result)
        except ValueError:
            raise ExternalCodecError(f"the command answered {argument} with {result!r}") from None
        schema = "din" if argument.startswith("ED") else "app"
        sent = exi.decode(schema, stream)
        if type(sent) is not type(message):
            raise ExternalCodecError(f"the command made a {type(sent).__name__} of {argument}")
        self._note("v2g.command_says_otherwise", check_sent(message, sent))
        if isinstance(message, app.supportedAppProtocolReq):
            assert isinstance(sent, app.supportedAppProtocolReq)  # noqa: S101 - the same type
            pairs = zip(sent.AppProtocol, message.AppProtocol, strict=True)
            self._schema_ids = {made.SchemaID: meant.SchemaID for made, meant in pairs}
        return stream

    async def decode(self, schema: str, data: bytes) -> tuple[Any, list[Leniency]]:
        """Return what the command read; there are no leniencies, because it tells of none."""
        if schema not in LETTERS:
            raise ExternalCodecError(f"the command has no schema {schema}")
        message, assumed = message_of(await self._ask(f"D{LETTERS[schema]}{data.hex()}"))
        self._note("v2g.command_does_not_tell", assumed)
        if isinstance(message, app.supportedAppProtocolRes) and self._schema_ids:
            meant = self._schema_ids.get(message.SchemaID) if message.SchemaID is not None else None
            return app.supportedAppProtocolRes(
                ResponseCode=message.ResponseCode, SchemaID=meant
            ), []
        return message, []

    async def _ask(self, argument: str) -> Answer:
        answer = _answer(await self._run(argument))
        if answer.get("error"):
            error = CodecError if argument.startswith("D") else ExternalCodecError
            raise error(f"the command answered {_short(argument)}: {answer['error']}")
        return answer

    def _note(self, event: str, what: list[str]) -> None:
        """Log each path once: a session repeats itself thousands of times."""
        new = [text for text in what if text.partition(":")[0] not in self._logged]
        self._logged.update(text.partition(":")[0] for text in new)
        if new:
            self._log.warning(event, what=new)


def _answer(output: bytes) -> Answer:
    try:
        found = json.loads(output.decode("ascii", "replace"), object_pairs_hook=_joined)
    except (ValueError, RecursionError):
        raise ExternalCodecError(
            f"the command printed no JSON, but {_short(repr(output))}"
        ) from None
    if not isinstance(found, dict) or not all(isinstance(text, str) for text in found.values()):
        raise ExternalCodecError("the command printed JSON that is no object of strings")
    return found


def _joined(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Keep all of a name's values, a line each: the command prints a list so."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        both = isinstance(value, str) and isinstance(found.get(key), str)
        found[key] = f"{found[key]}\n{value}" if both else value
    return found


def _short(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


# --- running it ------------------------------------------------------------------------------
def runner(config: ExiConfig, *, blocking: bool = False) -> Run:
    """Return what runs the configured command; ``blocking`` suits a loop with virtual time.

    Raises ConfigError when there is no such program.
    """
    path = Path(config.path).expanduser()
    if not config.path or not path.is_file():
        raise ConfigError(f"[exi] path: there is no file {config.path!r}")
    return _Blocking(path, config.timeout_s) if blocking else _Spawned(path, config.timeout_s)


class _Spawned:
    """Runs the command beside the event loop."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s

    async def __call__(self, argument: str) -> bytes:
        pipe, nothing = asyncio.subprocess.PIPE, asyncio.subprocess.DEVNULL
        try:
            process = await asyncio.create_subprocess_exec(
                self._path,
                argument,
                stdin=nothing,
                stdout=pipe,
                stderr=nothing,
                start_new_session=True,
            )
        except OSError as error:
            raise ExternalCodecError(f"{self._path}: {error.strerror}") from error
        try:
            async with asyncio.timeout(self._timeout_s):
                assert process.stdout is not None  # noqa: S101 - asked for above
                output = await _all_of(process.stdout, self._path)
                status = await process.wait()
        except TimeoutError:
            raise _too_slow(self._path, self._timeout_s) from None
        finally:
            _kill_all_of(process.pid)
            await process.wait()
        return _checked(self._path, status, output)


class _Blocking:
    """Runs the command while the loop stands still."""

    def __init__(self, path: Path, timeout_s: float) -> None:
        self._path = path
        self._timeout_s = timeout_s

    async def __call__(self, argument: str) -> bytes:
        try:
            process = subprocess.Popen(  # noqa: S603, ASYNC220 - the owner's program; virtual time
                [self._path, argument],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            raise ExternalCodecError(f"{self._path}: {error.strerror}") from error
        with process:
            try:
                output = self._all_of(process)
                process.wait(self._timeout_s)
            except subprocess.TimeoutExpired:
                raise _too_slow(self._path, self._timeout_s) from None
            finally:
                _kill_all_of(process.pid)
        return _checked(self._path, process.returncode, output)

    def _all_of(self, process: subprocess.Popen[bytes]) -> bytes:
        assert process.stdout is not None  # noqa: S101 - asked for above
        until_s = time.monotonic() + self._timeout_s
        output, chunk = b"", b"?"
        while chunk:
            left_s = until_s - time.monotonic()
            if left_s <= 0 or not select.select([process.stdout], [], [], left_s)[0]:
                raise _too_slow(self._path, self._timeout_s)
            chunk = os.read(process.stdout.fileno(), MOST_OUTPUT)
            output += chunk
            _require_bounded(output, self._path)
        return output


def _kill_all_of(pid: int) -> None:
    """End the command and what it started: a child would keep its output open."""
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


async def _all_of(stream: asyncio.StreamReader, path: Path) -> bytes:
    output = b""
    while chunk := await stream.read(MOST_OUTPUT):
        output += chunk
        _require_bounded(output, path)
    return output


def _too_slow(path: Path, timeout_s: float) -> ExternalCodecError:
    return ExternalCodecError(f"{path}: no answer in {timeout_s:g} s")


def _checked(path: Path, status: int, output: bytes) -> bytes:
    if status:
        how = f"was killed by signal {-status}" if status < 0 else f"ended with status {status}"
        raise ExternalCodecError(f"{path}: {how}")
    _require_bounded(output, path)
    return output


def _require_bounded(output: bytes, path: Path) -> None:
    if len(output) > MOST_OUTPUT:
        raise ExternalCodecError(f"{path}: more than {MOST_OUTPUT} bytes of output")
