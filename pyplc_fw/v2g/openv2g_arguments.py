"""Messages as arguments of OpenV2Gx's command line.

That command says less than a message: what it cannot be told it sends as constants
(``openv2g_check``), and not all that it reads it prints (``openv2g_answers``).

Source: the public program https://github.com/uhi22/OpenV2Gx, by its behaviour.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Final

from pyplc_fw.errors import ExternalCodecError
from pyplc_fw.v2g.messages import app, din
from pyplc_fw.v2g.messages.schema import ComplexType

SESSION_ID: Final = bytes(range(1, 9))
"Every response of the command carries this one."


# --- messages to arguments -------------------------------------------------------------------
def _soc(body: Any) -> int:
    status: din.DC_EVStatus = body.DC_EVStatus
    return status.EVRESSSOC


def _whole(value: din.PhysicalValue) -> int:
    """Return whole volts or amperes: the command takes no fractions, so they are cut."""
    return int(value.si)


def _delivery(body: din.PowerDeliveryReq) -> tuple[object, ...]:
    parameter = body.EVPowerDeliveryParameter
    if not isinstance(parameter, din.DC_EVPowerDeliveryParameter):
        raise ExternalCodecError(
            "PowerDeliveryReq: the command sends DC_EVPowerDeliveryParameter only"
        )
    return _soc(parameter), int(body.ReadyToChargeState)


def _charge_parameter(body: din.ChargeParameterDiscoveryReq) -> tuple[object, ...]:
    parameter = body.EVChargeParameter
    if not isinstance(parameter, din.DC_EVChargeParameter):
        raise ExternalCodecError(
            "ChargeParameterDiscoveryReq: the command sends DC_EVChargeParameter only"
        )
    return (_soc(parameter),)


def _is_finished(body: Any) -> tuple[object, ...]:
    return (int(body.EVSEProcessing is din.EVSEProcessing.Finished),)


def _is_ongoing(body: Any) -> tuple[object, ...]:
    return (int(body.EVSEProcessing is din.EVSEProcessing.Ongoing),)


def _code(status: din.DC_EVSEStatus) -> int:
    return list(din.DC_EVSEStatusCode).index(status.EVSEStatusCode)


REQUESTS: Final[Mapping[type, tuple[str, Callable[[Any], tuple[object, ...]]]]] = {
    din.SessionSetupReq: ("A", lambda body: (body.EVCCID.hex(),)),
    din.ServiceDiscoveryReq: ("B", lambda _: ()),
    din.ServicePaymentSelectionReq: ("C", lambda _: ()),
    din.ChargeParameterDiscoveryReq: ("E", _charge_parameter),
    din.CableCheckReq: ("F", lambda body: (_soc(body),)),
    din.PreChargeReq: ("G", lambda body: (_soc(body), _whole(body.EVTargetVoltage))),
    din.PowerDeliveryReq: ("H", _delivery),
    din.CurrentDemandReq: (
        "I",
        lambda body: (_soc(body), _whole(body.EVTargetCurrent), _whole(body.EVTargetVoltage)),
    ),
    din.WeldingDetectionReq: ("J", lambda body: (_soc(body),)),
    din.SessionStopReq: ("K", lambda _: ()),
    din.ContractAuthenticationReq: ("L", lambda _: ()),
}
"Letter, and the parameters after the SessionID; SessionSetupReq has no SessionID."

RESPONSES: Final[Mapping[type, tuple[str, Callable[[Any], tuple[object, ...]]]]] = {
    din.SessionSetupRes: ("a", lambda _: ()),
    din.ServiceDiscoveryRes: ("b", lambda _: ()),
    din.ServicePaymentSelectionRes: ("c", lambda _: ()),
    din.ChargeParameterDiscoveryRes: ("e", lambda _: ()),
    din.CableCheckRes: ("f", _is_ongoing),
    din.PreChargeRes: ("g", lambda body: (_whole(body.EVSEPresentVoltage),)),
    din.PowerDeliveryRes: ("h", lambda _: ()),
    din.CurrentDemandRes: (
        "i",
        lambda body: (
            _whole(body.EVSEPresentVoltage),
            _whole(body.EVSEPresentCurrent),
            _code(body.DC_EVSEStatus),
        ),
    ),
    din.WeldingDetectionRes: ("j", lambda body: (_whole(body.EVSEPresentVoltage),)),
    din.SessionStopRes: ("k", lambda _: ()),
    din.ContractAuthenticationRes: ("l", _is_finished),
}
"Letter and parameters."


def argument_of(message: ComplexType) -> str:
    """Return the argument that makes the command encode ``message``, as nearly as it can.

    Raises ExternalCodecError for a message that it does not have.
    """
    if isinstance(message, app.supportedAppProtocolReq):
        return "EH__0"  # DIN 70121 alone; check_sent refuses what was meant otherwise
    if isinstance(message, app.supportedAppProtocolRes):
        return f"Eh__{message.SchemaID or 0}"
    if not isinstance(message, din.V2G_Message):
        raise ExternalCodecError(f"{type(message).__name__}: the command has DIN 70121 only")
    body, session_id = message.Body.BodyElement, message.Header.SessionID
    kind = type(body)
    if kind in REQUESTS:
        letter, parameters = REQUESTS[kind]
        first = () if kind is din.SessionSetupReq else (session_id.hex(),)
        return "_".join(map(str, (f"ED{letter}", *first, *parameters(body))))
    if kind in RESPONSES:
        letter, parameters = RESPONSES[kind]
        return "_".join(map(str, (f"ED{letter}", *parameters(body))))
    raise ExternalCodecError(f"{kind.__name__}: the command does not have this message")
