"""From a `ServiceConfig` to what is written for it into the generated ``kinfra.yaml``."""

from __future__ import annotations

import os
import sys
from typing import Any, Dict, List, Sequence
from urllib.parse import urlsplit

from ._entries import Entry, inherited, literal, seconds
from ._service_types import ServiceConfig
from .exceptions import ConfigurationError

_LOCAL = ("localhost", "127.0.0.1", "[::1]", "::1", "0.0.0.0")

# As KInfra 1.0 probed and stopped, in seconds.
_PROBE_TIMEOUT = 2.0
_GRACE = 5.0

# For a health URL of another server than the service: asks it, and says by its exit code how that went.
_ASK = "import sys, urllib.request as r; sys.exit(r.urlopen(sys.argv[1], timeout=2).status != 200)"


def entry_of(config: ServiceConfig, public: Any, depends_on: Sequence[str]) -> Entry:
    """Raises ConfigurationError for what can't be meant."""
    if not config.command:
        raise ConfigurationError(f"the service {config.name} has no command")
    folder = os.path.abspath(config.cwd or os.getcwd())
    if not os.path.isdir(folder):
        raise ConfigurationError(f"the service {config.name} can't be run in {folder}: there is no such folder")
    environment = {name: literal(str(value)) for name, value in (config.env or {}).items()}
    entry: Entry = {
        "run": [literal(str(argument)) for argument in config.command],
        "dir": folder,
        "env": {**inherited(), **environment},
        "port": _port(config),
        "health": _health(config),
        "restart": _restart(config),
        "stop": {"signal": "SIGTERM", "grace": seconds(_GRACE)},
    }
    if depends_on:
        entry["depends_on"] = list(depends_on)
    if config.path_prefix not in ("", "/"):
        entry["route"] = "/" + config.path_prefix.strip("/")
    if public is not None:
        entry["public"] = public
    if config.watch_paths:
        patterns = config.watch_patterns or ["*.py"]
        paths = [os.path.abspath(os.path.join(folder, path)) for path in config.watch_paths]
        entry["watch"] = {"paths": paths, "ignore": ["*", "!*/", *(f"!{pattern}" for pattern in patterns)]}
    return entry


def _port(config: ServiceConfig) -> Any:
    if config.port is not None:
        return config.port
    return "auto" if config.preferred_port is None else [config.preferred_port]


def _restart(config: ServiceConfig) -> Any:
    if not config.restart_on_failure:
        return "never"
    longest = max(30.0, config.restart_delay)
    backoff = {"initial": seconds(config.restart_delay), "longest": seconds(longest)}
    return {"policy": "on-failure", "max": max(1, config.max_restart_attempts), "backoff": backoff}


def _health(config: ServiceConfig) -> Dict[str, Any]:
    common: Dict[str, Any] = {
        "interval": seconds(config.health_check_interval),
        "timeout": seconds(_PROBE_TIMEOUT),
    }
    if config.health_check_url is None:
        return {"tcp": True, **common}
    # Not `format`: other braces of a URL are its own.
    url = config.health_check_url.replace("{port}", "0")
    parts = urlsplit(url)
    try:
        port = parts.port
    except ValueError as error:
        raise ConfigurationError(f"health_check_url is {config.health_check_url!r}: {error}") from error
    is_own = port == 0 or (port is not None and port == config.port)
    if parts.scheme in ("http", "https") and parts.hostname in _LOCAL and is_own:
        path = literal(parts.path or "/") + (f"?{literal(parts.query)}" if parts.query else "")
        probe: Dict[str, Any] = {"path": path, "status": 200}
        if parts.scheme == "https":
            probe["tls"] = True
        return {"http": probe, **common}
    if "{port}" in config.health_check_url or parts.scheme not in ("http", "https"):
        raise ConfigurationError(f"health_check_url is {config.health_check_url!r}, which can't be asked")
    command: List[str] = [sys.executable, "-c", _ASK, config.health_check_url]
    return {"command": [literal(part) for part in command], **common, "timeout": "4s"}
