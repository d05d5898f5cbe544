"""What a program has to import for a message is that message's schema, not all there are."""

from __future__ import annotations

import subprocess
import sys

from pyplc_fw.v2g.messages.schema import SCHEMAS

PROGRAM = """
import sys
from pyplc_fw.v2g import exi
stream = bytes.fromhex("809a0011f0")
assert exi.encode(exi.decode("din", stream)) == stream
print(*sys.modules, sep="\\n")
"""
ALWAYS = {"app", "din", "iso2", "xmldsig"}
"The public face names the first three in its types, and they use the fourth."


def test_a_din_message_needs_no_other_message_classes() -> None:
    done = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", PROGRAM], capture_output=True, check=True, text=True
    )
    imported = {name for name, module in SCHEMAS.items() if module in done.stdout.split()}
    assert {"app", "din"} <= imported <= ALWAYS
    assert not [module for module in done.stdout.split() if ".iso20" in module]
