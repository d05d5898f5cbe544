"""What several tests use: plain functions and facts."""

from __future__ import annotations

import os
from pathlib import Path


def _find_shared() -> Path | None:
    named = os.environ.get("PYPLC_SHARED")
    path = Path(named) if named else Path(__file__).resolve().parents[2] / "shared"
    return path if path.is_dir() else None


SHARED = _find_shared()
"The folder of reference material (vectors, schemas, recordings), or None where it is absent."
