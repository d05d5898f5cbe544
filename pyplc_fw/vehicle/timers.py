"""Every time and threshold of the guard.

Source: docs/architecture.md, "The guard"; the values behind it are IEC 61851-1 and -23. A deadline
there is the worst case for the vehicle; what is commanded here leaves room for one step and for
the contactors to drop out.
"""

from __future__ import annotations

from typing import Final

STEP_S: Final = 0.010
"The guard's period at its fixed rate, and the longest it looks away while a voltage moves."
PWM_LOST_S: Final = 0.020
"Without a valid edge pair for this long the PWM is lost."
VALUE_FRESH_S: Final = 0.5
"A reported value older than this counts as absent."
HEARTBEAT_STALE_S: Final = 0.3
HEARTBEAT_PERIOD_S: Final = 0.1
"How often a living session beats; a third of what counts as stale."

CONTACTOR_DROP_S: Final = 0.030
"The longest a healthy contactor takes to open."
PLUG_EMERGENCY_OPEN_S: Final = 0.100 - STEP_S - CONTACTOR_DROP_S
"Pilot or proximity lost: the contactors are open 100 ms after the detection."
EMERGENCY_OPEN_S: Final = 2.0 - STEP_S - CONTACTOR_DROP_S
"Any other emergency: the contactors are open after 2 s."
CURRENT_GONE_S: Final = 2.0 - STEP_S - CONTACTOR_DROP_S
"S2 open for this long: even current that is unknown or reported no longer holds the contactors."
CURRENT_GONE_AFTER_STOP_S: Final = 1.0
"The same for unknown current after a stop that the charger confirmed."

STOP_CONTACTORS_S: Final = 0.150
"The guard is broken: the contactors open so long after S2, whatever flows; 100 to 200 ms."

CONTACTOR_STAGGER_S: Final = 0.100
"From the first contactor's command to the second one's."
CONTACTOR_CLOSE_MAX_S: Final = 0.5
"Commanded for this long, a contactor must have confirmed."
CONTACTOR_OPEN_MAX_S: Final = 0.2
"Released for this long and still closed, a contactor is welded."

LOCK_RUN_MAX_S: Final = 2.0
"The lock motor's longest run; not confirmed by then, the lock failed."
UNLOCK_PATIENCE_S: Final = 10.0
"Asked for this long and still not proven safe, an unlock is a fault: held."
