"""From a ``health_check`` of KInfra 1.0 to a probe of the engine's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Dict, List, Mapping, Optional

from ._entries import literal

if TYPE_CHECKING:
    from .adapters.base import ResourceAdapter

TYPES = ("tcp", "http", "docker", "command")

# As KInfra 1.0 asked, in its words of time; a first start may have to set data up.
_TIMES = {"interval": "5s", "timeout": "2s", "start_period": "120s"}


def check_of(adapter: ResourceAdapter) -> Dict[str, Any]:
    check = adapter.config.get("health_check") or {}
    if not isinstance(check, Mapping):
        raise adapter.wrong(f"health_check is {check!r}, and should be a dictionary")
    check = {"type": "tcp", **check}
    if check["type"] not in TYPES:
        raise adapter.wrong(f"a health_check of type {check['type']!r} can't be asked", f"types: {', '.join(TYPES)}")
    return check


def port_of(adapter: ResourceAdapter, value: Any) -> int:
    """A number of a port."""
    try:
        port = int(value)
    except (TypeError, ValueError):
        port = 0
    if not 1 <= port <= 65535:
        raise adapter.wrong(f"{value!r} is no port", "ports are 1 to 65535")
    return port


def words(command: Any) -> List[str]:
    """A command as a list; a text is for the shell."""
    if isinstance(command, str):
        return ["/bin/sh", "-c", literal(command)]
    return [literal(str(word)) for word in command]


def probe(
    adapter: ResourceAdapter, check: Mapping[str, Any], port: Optional[str], path: str, listener: Optional[str] = None
) -> Optional[Dict[str, Any]]:
    """``port``: the name of the one that is asked, if there is one; ``path``: the one that is meant by none."""
    if check["type"] == "command":
        if not check.get("command"):
            raise adapter.wrong("its health_check has no command")
        return {"command": words(check["command"]), **_TIMES, "timeout": "10s"}
    if check["type"] == "docker" or port is None:
        return None
    asked: Dict[str, Any] = {"port": port, **_TIMES}
    if listener is not None:
        asked["listener"] = listener
    if check["type"] == "tcp":
        return {"tcp": True, **asked}
    http = {"path": literal(str(check.get("path") or path)), "status": 200}
    return {"http": http, **asked}


def own_port(adapter: ResourceAdapter, check: Mapping[str, Any]) -> Dict[str, int]:
    """The port that is asked, by name, of what isn't led to by one of KInfra's."""
    if check.get("port") is None:
        return {}
    return {"main": port_of(adapter, check["port"])}
