"""Finding the SECC: SDP as the car asks, and as the charger answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from structlog.typing import FilteringBoundLogger

from pyplc_fw import faults
from pyplc_fw.errors import CodecError, ProtocolTimeoutError, RemoteProtocolError
from pyplc_fw.terms import Endpoint
from pyplc_fw.timing import Timer, timeout
from pyplc_fw.v2g import sdp
from pyplc_fw.v2g.ports import Datagrams, V2gNetwork
from pyplc_fw.v2g.sdp import SdpRequest, SdpResponse, Security, Transport
from pyplc_fw.v2g.timers import DiscoveryTimers

STANDARD: Final = DiscoveryTimers()


@dataclass(frozen=True, slots=True)
class SeccFound:
    """Where the SECC listens, and whether it wants TLS."""

    endpoint: Endpoint
    security: Security


async def discover_secc(
    network: V2gNetwork, log: FilteringBoundLogger, timers: DiscoveryTimers = STANDARD
) -> SeccFound:
    """Ask for the SECC until it answers. Checkpoints 200 and 203.

    Any answer counts, also the late one to an earlier request (an ABB takes 430 ms). Raises
    ProtocolTimeoutError when none came, RemoteProtocolError when none could be used.
    """
    request = sdp.datagram(SdpRequest())
    unusable = ""
    with network.open_udp() as udp:
        log.info("sdp.request", checkpoint=200)
        for attempt in range(1, timers.attempts + 1):
            udp.send(request, sdp.SDP_MULTICAST)
            try:
                async with timeout(timers.response):
                    while isinstance(answer := await _receive_answer(udp), str):
                        if answer != unusable:  # a raging peer must not fill the log
                            log.warning("sdp.answer_unusable", why=answer, attempt=attempt)
                        unusable = answer
            except ProtocolTimeoutError:
                continue
            log.info("sdp.response", checkpoint=203, secc=str(answer.endpoint), attempt=attempt)
            return answer
    if unusable:
        raise RemoteProtocolError(f"SDP: {unusable}", reason=faults.SDP_NO_ANSWER)
    whole = Timer("V2G_EVCC_SDP", timers.response.limit_s * timers.attempts)
    raise ProtocolTimeoutError(whole.name, whole.limit_s, reason=faults.SDP_NO_ANSWER)


async def _receive_answer(udp: Datagrams) -> SeccFound | str:
    """Wait for a datagram; returns the SECC in it, or why there is none."""
    data, sender = await udp.receive()
    try:
        message = sdp.decode(data)
    except CodecError as exc:
        return f"{exc} from {sender}"
    if not isinstance(message, SdpResponse):
        return f"a request from {sender}, not a response"
    address, port = message.secc
    if not address.is_link_local or port == 0:
        return f"address {message.secc} is not of this link"
    if message.transport is not Transport.TCP:
        return "the SECC offers UDP, not TCP"
    if message.security is not Security.NONE:
        return "the SECC insists on TLS"
    return SeccFound(message.secc, message.security)


async def serve_sdp(network: V2gNetwork, endpoint: Endpoint, log: FilteringBoundLogger) -> None:
    """Answer SDP requests with ``endpoint`` until cancelled. Checkpoints 201 and 202.

    A request for TLS is answered with "no TLS" as well: cars that prefer TLS (Audi Q4, Tesla
    Model X) ask so first and go on without it.
    """
    response = sdp.datagram(SdpResponse(endpoint))
    known: set[Endpoint] = set()
    with network.open_udp(sdp.SDP_PORT) as udp:
        while True:
            data, sender = await udp.receive()
            if (request := _read_request(data)) is None:
                continue
            udp.send(response, sender)
            if sender not in known and len(known) < MOST_CARS_LOGGED:
                known.add(sender)
                log.info("sdp.request", checkpoint=201, car=str(sender), tls=_tls(request))
                log.info("sdp.response", checkpoint=202, secc=str(endpoint))


MOST_CARS_LOGGED: Final = 16
"A raging peer must not fill the log."


def _read_request(data: bytes) -> SdpRequest | None:
    try:
        message = sdp.decode(data)
    except CodecError:
        return None  # anyone may send anything to this port
    if isinstance(message, SdpRequest) and message.transport is Transport.TCP:
        return message
    return None


def _tls(request: SdpRequest) -> bool:
    return request.security is Security.TLS
