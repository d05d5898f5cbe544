"""The owner's file ``pyplc.toml``: typed, and checked before anything is done with it."""

from __future__ import annotations

import tomllib
from difflib import get_close_matches
from enum import Enum
from pathlib import Path
from typing import Annotated, Any

import msgspec

from pyplc_fw.errors import ConfigError


class ExiBackend(Enum):
    """Who encodes and decodes messages."""

    OWN = "own"
    COMMAND = "command"


class ExiConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[exi]``."""

    backend: ExiBackend = ExiBackend.OWN
    path: str = ""
    "Of a program with OpenV2Gx's command line, which the backend *command* runs."
    timeout_s: Annotated[float, msgspec.Meta(ge=0.01, le=10.0)] = 0.2
    "How long the command may take for one message."


class LogConfig(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The table ``[log]``."""

    udp_syslog: bool = False
    "Every log line goes onto the powerline too, as a broadcast that other programs can record."


class Config(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The whole file."""

    exi: ExiConfig = ExiConfig()
    log: LogConfig = LogConfig()


def load(path: Path) -> Config:
    """Read the file; raises ConfigError, which names the file, the key and what it should be."""
    try:
        text = path.read_bytes().decode()
    except OSError as error:
        raise ConfigError(f"{path}: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise ConfigError(f"{path}: not UTF-8 at byte {error.start}") from error
    try:
        return parse(text)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error


def parse(text: str) -> Config:
    """Check the file's text; raises ConfigError."""
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"not TOML: {error}") from error
    _require_known(Config, document, "")
    try:
        config = msgspec.convert(document, Config)
    except msgspec.ValidationError as error:
        raise ConfigError(_in_our_words(str(error))) from error
    _require_sense(config)
    return config


def _require_known(table: type[msgspec.Struct], document: dict[str, Any], path: str) -> None:
    """Name the first key that does not exist, and the nearest one that does."""
    fields = {field.name: field.type for field in msgspec.structs.fields(table)}
    for key, value in document.items():
        if key not in fields:
            near = get_close_matches(key, fields, n=1)
            hint = f"did you mean {near[0]}?" if near else f"known are {', '.join(fields)}"
            raise ConfigError(f"{path}{key}: unknown; {hint}")
        kind = fields[key]
        if isinstance(value, dict) and isinstance(kind, type) and issubclass(kind, msgspec.Struct):
            _require_known(kind, value, f"{path}{key}.")


def _in_our_words(error: str) -> str:
    """Turn ``Expected `float` >= 0.01 - at `$.exi.timeout_s``` the other way round."""
    what, _, where = error.rpartition(" - at `$.")
    return f"{where.removesuffix('`')}: {what[:1].lower()}{what[1:]}" if what else error


def _require_sense(config: Config) -> None:
    if config.exi.backend is ExiBackend.COMMAND and not config.exi.path:
        raise ConfigError('exi.path: missing; backend = "command" needs the path of a command')
    if config.exi.backend is ExiBackend.OWN and config.exi.path:
        raise ConfigError('exi.path: of no use without backend = "command"')
