"""What is written for one name into a generated ``kinfra.yaml``."""

from __future__ import annotations

import os
from typing import Any, Dict, List, Union

Entry = Dict[str, Any]

# What stands in the place of a server that the caller runs itself: something to be started and stopped, that listens
# nowhere. KInfra's probe asks whoever listens on the port.
_STAND_IN = (
    'echo "This name is that of a server that a program runs by itself, on port $PORT. KInfra only looks after it."; '
    "exec sleep 2147483647"
)


def external(port: Union[str, int, List[int]]) -> Entry:
    """A server that the caller runs: it has a port, a name and a health, and is never ended."""
    return {
        "run": _STAND_IN,
        "manual": True,
        "port": port,
        "health": {"tcp": True, "listener": "any", "interval": "2s"},
        "stop": {"grace": "2s"},
    }


def is_external(entry: Entry) -> bool:
    return entry.get("run") == _STAND_IN


def is_resource(entry: Entry) -> bool:
    """Whether it is something that services need, and no service. Of what is written here, only such have a type."""
    return "type" in entry


def is_placed(entry: Entry) -> bool:
    """Whether the folder that it runs in is still there; the engine refuses a project in which one is not."""
    return "dir" not in entry or os.path.isdir(entry["dir"])


def literal(text: str) -> str:
    """As it is, whatever the engine would replace in it; but for a secret, which may be named."""
    return text.replace("$", "$$").replace("$${secret:", "${secret:")


def seconds(value: float) -> str:
    """A time as the engine reads it, from seconds."""
    return f"{max(1, round(value * 1000))}ms"


def inherited() -> Dict[str, str]:
    """What tells a service which Python and which programs it runs with: those of the caller, not of the engine."""
    names = ("PATH", "VIRTUAL_ENV", "CONDA_PREFIX", "PYTHONPATH", "PYTHONHOME")
    return {name: literal(os.environ[name]) for name in names if os.environ.get(name)}
