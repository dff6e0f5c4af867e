"""The ports that KInfra 1.0 wrote down, so that who moves over keeps them, and the servers that it noted on them. Only
read."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, Tuple

from ._client import Json

# Clocks are exact to a second, and the library wrote a start down a moment later; a manager when the server answered, which
# it waited for up to half a minute. The same as `kinfra migrate` takes.
_BEFORE, _AFTER = 2.0, 35.0


@dataclass(frozen=True)
class FormerPort:
    """``server``: its pid, and between which times it was started, in seconds since 1970. A pid alone is nobody's."""

    port: int
    server: Optional[Tuple[int, float, float]] = None
    is_script: bool = False

    def is_server(self, holder: Json) -> bool:
        """Whether who holds a port, in the engine's words, is that very process, and none of KInfra's own."""
        since = holder.get("since")
        if self.server is None or since is None or holder.get("node") is not None:
            return False
        pid, earliest, latest = self.server
        is_it = holder.get("pid") == pid and earliest <= since / 1000 <= latest
        return is_it and (not self.is_script or ".py" in (holder.get("command") or ""))


def port_of(name: str, config_dir: Optional[Path] = None) -> Optional[FormerPort]:
    """From the port registry of that version."""
    folder = config_dir or Path(os.environ.get("HOME") or "/") / ".kinfra"
    services = _read(folder / "port_registry.json").get("services")
    entry = services.get(name) if isinstance(services, dict) else None
    if not isinstance(entry, dict):
        return None
    port = _port(entry.get("assigned_port"))
    if port is None:
        return None
    pid, seen = entry.get("pid"), _number(entry.get("last_seen"))
    # When it was seen it ran already.
    noted = (pid, 0.0, seen + _BEFORE) if isinstance(pid, int) and seen is not None else None
    return FormerPort(port, noted)


def port_of_project(project_name: str) -> Optional[FormerPort]:
    """From what its legacy manager kept for a project."""
    folder = Path(os.environ.get("HOME") or "/") / ".kinfra_smart_infra"
    kept = _read(folder / f"{project_name}_config.json")
    port = _port(kept.get("assigned_port"))
    if port is None:
        return None
    pid, began = kept.get("process_pid"), _number(kept.get("server_start_time"))
    if kept.get("server_running") is not True or not isinstance(pid, int) or began is None:
        return FormerPort(port)
    return FormerPort(port, (pid, began - _AFTER, began + _BEFORE), is_script=True)


def _read(path: Path) -> Any:
    try:
        content = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError):
        return {}
    return content if isinstance(content, dict) else {}


def _port(value: Any) -> Optional[int]:
    return value if isinstance(value, int) and 0 < value < 65536 else None


def _number(value: Any) -> Optional[float]:
    return float(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None
