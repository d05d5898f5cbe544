"""How long the simulated TCP waits for what."""

from __future__ import annotations

from typing import Final

DELAYED_ACK_S: Final = 0.1
FIRST_RTO_S: Final = 1.0
MIN_RTO_S: Final = 0.25
MAX_RTO_S: Final = 10.0
MAX_RETRIES: Final = 6
"With these, a peer that vanished is noticed after half a minute."
CLOSE_WAIT_S: Final = 2.0
"So long ``close`` waits for the peer to acknowledge the FIN."
LINGER_S: Final = 2.0
"So long a closed connection still answers late segments; TIME_WAIT, shortened."
FIN_WAIT_S: Final = 60.0
"So long we wait for the peer's FIN after ours."
DUPLICATE_ACKS: Final = 3
"So many mean that a segment was lost. Source: RFC 5681 §3.2."


class RetransmissionTimeout:
    """How long to wait for an acknowledgement. Source: RFC 6298."""

    def __init__(self) -> None:
        self._base_s = FIRST_RTO_S
        self._smoothed_s: float | None = None
        self._variation_s = 0.0
        self.retries = 0

    @property
    def delay_s(self) -> float:
        return min(self._base_s * 2.0**self.retries, MAX_RTO_S)

    def measured(self, round_trip_s: float) -> None:
        if self._smoothed_s is None:
            self._smoothed_s, self._variation_s = round_trip_s, round_trip_s / 2
        else:
            error_s = abs(self._smoothed_s - round_trip_s)
            self._variation_s = 0.75 * self._variation_s + 0.25 * error_s
            self._smoothed_s = 0.875 * self._smoothed_s + 0.125 * round_trip_s
        self._base_s = max(MIN_RTO_S, self._smoothed_s + 4 * self._variation_s)
