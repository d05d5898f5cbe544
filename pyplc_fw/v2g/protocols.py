"""The application protocols we speak, on both sides."""

from __future__ import annotations

from typing import Final

from pyplc_fw.v2g.messages import din

DIN_NAMESPACE: Final = din.MSG_DEF
DIN_VERSION: Final = (2, 0)
"Major and minor: the major one must be the same on both sides."
