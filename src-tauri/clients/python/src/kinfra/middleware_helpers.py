"""Paths that an application had to leave to KInfra 1.0. KInfra takes none of them any more: let your authentication cover
all of them."""

from __future__ import annotations

import sys
from typing import List

KINFRA_PATHS: List[str] = []

_GUIDE = (
    "KInfra takes no paths of your application any more, so no middleware has to let any through: remove what exempts\n"
    "/kinfra, /__status__, /__action__/ and /__logs__/ from authentication.\n"
)


def should_bypass_auth(path: str) -> bool:
    """False for every path."""
    return False


def print_integration_guide() -> None:
    """Writes to stdout what there is to do: take the former exemptions out."""
    sys.stdout.write(_GUIDE)
