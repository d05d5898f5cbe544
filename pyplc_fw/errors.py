"""Every exception raised on purpose."""

from __future__ import annotations

from typing import ClassVar

from pyplc_fw import faults
from pyplc_fw.faults import Reason


class PyplcError(Exception):
    """The root of all errors of this project; ``reason`` says it in the catalogue's words."""

    default_reason: ClassVar[Reason] = faults.INTERNAL_ERROR

    def __init__(self, message: str, *, reason: Reason | None = None) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason


class ConfigError(PyplcError, ValueError):
    """An unknown, missing or out-of-range setting, named with its path."""

    default_reason = faults.CONFIG_INVALID


class CodecError(PyplcError, ValueError):
    """Bytes do not decode, or a message does not encode.

    ``bit`` is the position in the stream where it went wrong, where a codec counts in bits;
    ``path`` is the element that is wrong, ``PreChargeReq/EVTargetVoltage/Value``, empty where
    there is none.
    """

    default_reason = faults.MESSAGE_MALFORMED

    def __init__(self, message: str, *, bit: int | None = None, path: str = "") -> None:
        super().__init__(message)
        self.bit = bit
        self.path = path


class ExternalCodecError(CodecError):
    """The program that encodes and decodes in our place failed, or cannot say what is meant."""

    default_reason = faults.EXI_COMMAND_FAILED


class ProtocolError(PyplcError):
    """A rule of a protocol was broken; always one of the three below."""


class LocalProtocolError(ProtocolError):
    """Our own caller asked for what the state forbids."""


class RemoteProtocolError(ProtocolError):
    """The peer broke a rule; ``response_code`` is what an SECC answers, where there is one."""

    default_reason = faults.PEER_BROKE_PROTOCOL

    def __init__(
        self, message: str, *, response_code: str | None = None, reason: Reason | None = None
    ) -> None:
        super().__init__(message, reason=reason)
        self.response_code = response_code


class ProtocolTimeoutError(ProtocolError, TimeoutError):
    """A timer of the standard ran out: ``timer`` is its name, ``limit_s`` its value."""

    default_reason = faults.TIMEOUT

    def __init__(self, timer: str, limit_s: float, *, reason: Reason | None = None) -> None:
        super().__init__(f"{timer} ({limit_s:g} s) ran out", reason=reason)
        self.timer = timer
        self.limit_s = limit_s


class LinkError(PyplcError):
    """The connection to the peer is gone: refused, reset, closed, or the powerline is down."""

    default_reason = faults.LINK_LOST


class HardwareError(PyplcError):
    """An adapter failed."""

    default_reason = faults.HARDWARE_FAILED


class ModemError(HardwareError):
    """The powerline modem is missing, silent or refuses."""

    default_reason = faults.MODEM_MISSING


class PilotError(HardwareError):
    """The control pilot cannot be driven or measured."""


class LockError(HardwareError):
    """The connector lock did not move, or did not confirm."""

    default_reason = faults.LOCK_FAILED


class ContactorError(HardwareError):
    """A contactor did not close, or did not open."""

    default_reason = faults.CONTACTOR_NOT_CLOSED


class BusError(HardwareError):
    """A bus (CAN, I2C) failed."""
