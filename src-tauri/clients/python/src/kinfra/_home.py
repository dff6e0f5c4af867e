"""Where an engine keeps everything: the same rules as the ``kinfra`` command's, from the same variables."""

from __future__ import annotations

import os
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Mapping, Optional

from ._siphash import hash_of_bytes
from .exceptions import EngineUnavailableError

# What fits into the address of a socket on every system; the engine has the same number.
_LONGEST_SOCKET_PATH = 100


@dataclass(frozen=True)
class Home:
    """The folders of one engine."""

    state: Path
    """Its database and logs, and the projects that this package writes."""
    runtime: Path
    """Its sockets."""
    short: Path
    """Where sockets are whose path in ``runtime`` would be too long."""

    @staticmethod
    def from_environment(environment: Optional[Mapping[str, str]] = None) -> Home:
        """From ``KINFRA_HOME``, else the XDG folders, else their defaults.

        Raises EngineUnavailableError on Windows, where there is no engine yet.
        """
        if sys.platform == "win32":
            raise EngineUnavailableError("there is no KInfra engine for Windows yet")
        variables = os.environ if environment is None else environment
        short = Path(f"/tmp/kinfra-{os.getuid()}")
        if variables.get("KINFRA_HOME"):
            folder = Path(variables["KINFRA_HOME"])
            return Home(folder / "state", folder / "run", short)
        user = Path(variables.get("HOME") or "/")
        state = _absolute(variables.get("XDG_STATE_HOME")) or user / ".local/state"
        runtime = _absolute(variables.get("XDG_RUNTIME_DIR"))
        return Home(state / "kinfra", runtime / "kinfra" if runtime else short, short)

    @property
    def control_socket(self) -> Path:
        path = self.runtime / "control.sock"
        if len(os.fsencode(path)) <= _LONGEST_SOCKET_PATH:
            return path
        return self.short / f"{hash_of_bytes(os.fsencode(self.runtime)):016x}-control.sock"

    @property
    def generated_projects(self) -> Path:
        """Where this package keeps the projects that it writes."""
        return self.state / "python"


def _absolute(value: Optional[str]) -> Optional[Path]:
    """The XDG specification: a relative path is to be ignored."""
    path = Path(value) if value else None
    return path if path is not None and path.is_absolute() else None
