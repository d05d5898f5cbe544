"""What car and charger agree on before anything is energised: one method a message pair."""

from __future__ import annotations

from pyplc_fw.timing import timeout
from pyplc_fw.v2g.evcc_checks import (
    ChargerLimits,
    check_chosen_protocol,
    requested_transfer,
    require_known,
)
from pyplc_fw.v2g.evcc_dialogue import Dialogue, now, pace
from pyplc_fw.v2g.evcc_messages import EvccMessages
from pyplc_fw.v2g.messages import din
from pyplc_fw.v2g.ports import Battery
from pyplc_fw.v2g.session_end import SessionRecord
from pyplc_fw.v2g.timers import EvccTimers


class Agreement:
    """The first six message pairs of a session, in this order."""

    def __init__(
        self,
        dialogue: Dialogue,
        messages: EvccMessages,
        battery: Battery,
        record: SessionRecord,
        timers: EvccTimers,
    ) -> None:
        self._ask = dialogue
        self._messages = messages
        self._battery = battery
        self._record = record
        self._timers = timers

    async def supported_app_protocol(self) -> None:
        """Offer DIN 70121. Checkpoints 400 and 403."""
        self._record.enter("SupportedAppProtocol", now())
        self._record.reach(400, "v2g.supportedAppProtocolReq")
        res = await self._ask.handshake(self._timers.supported_app_protocol)
        check_chosen_protocol(res)
        self._record.reach(403, "v2g.supportedAppProtocolRes", schema_id=res.SchemaID)

    async def session_setup(self) -> None:
        """Ask for a session. Checkpoints 500 and 506."""
        self._record.enter("SessionSetup", now())
        self._record.reach(500, "v2g.SessionSetupReq", evccid=str(self._messages.evccid))
        request = self._messages.session_setup()
        res = await self._ask.ask_ok(request, din.SessionSetupRes, self._timers.session_setup)
        self._record.peer_id = res.EVSEID
        session_id, evseid = self._messages.session_id.hex(), res.EVSEID.hex()
        self._record.reach(506, "v2g.SessionSetupRes", session_id=session_id, evseid=evseid)

    async def service_discovery(self) -> None:
        """Ask what is offered. Checkpoint 510."""
        self._record.enter("ServiceDiscovery", now())
        self._record.reach(510, "v2g.ServiceDiscoveryReq")
        request = self._messages.service_discovery()
        timer = self._timers.service_discovery
        res = await self._ask.ask_ok(request, din.ServiceDiscoveryRes, timer)
        self._service_id = res.ChargeService.ServiceTag.ServiceID
        self._transfer = requested_transfer(res.ChargeService.EnergyTransferType)

    async def service_payment_selection(self) -> None:
        """Choose external payment. Checkpoint 520."""
        self._record.enter("ServicePaymentSelection", now())
        self._record.reach(520, "v2g.ServicePaymentSelectionReq")
        request = self._messages.service_payment_selection(self._service_id)
        timer = self._timers.service_payment_selection
        await self._ask.ask_ok(request, din.ServicePaymentSelectionRes, timer)

    async def contract_authentication(self) -> None:
        """Ask whether we may charge until the charger says so. Checkpoint 530."""
        self._record.enter("ContractAuthentication", now())
        self._record.reach(530, "v2g.ContractAuthenticationReq")
        request = din.ContractAuthenticationReq()
        timer = self._timers.contract_authentication
        async with timeout(self._timers.ongoing):
            while True:
                self._ask.heed_stop()
                sent_s = now()
                res = await self._ask.ask_ok(request, din.ContractAuthenticationRes, timer)
                if res.EVSEProcessing is din.EVSEProcessing.Finished:
                    return
                await pace(sent_s, self._timers.ongoing_period_s)

    async def charge_parameter_discovery(self) -> ChargerLimits:
        """Exchange limits until Finished; returns the charger's. Checkpoint 540.

        A Compleo says EVSE_NotReady with Finished: that is no reason to wait. Raises PyplcError
        when the limits do not fit the battery, or nothing is known of it.
        """
        self._record.enter("ChargeParameterDiscovery", now())
        self._record.reach(540, "v2g.ChargeParameterDiscoveryReq", soc_pct=self._battery.soc_pct)
        require_known(self._battery)
        timer = self._timers.charge_parameter_discovery
        async with timeout(self._timers.ongoing):
            while True:
                self._ask.heed_stop()
                sent_s = now()
                request = self._messages.charge_parameter_discovery(self._transfer)
                res = await self._ask.ask_ok(request, din.ChargeParameterDiscoveryRes, timer)
                if res.EVSEProcessing is din.EVSEProcessing.Finished:
                    break
                await pace(sent_s, self._timers.ongoing_period_s)
        charger = ChargerLimits.of(res)
        charger.require_fit(self._battery)
        return charger
