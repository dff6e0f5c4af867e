from __future__ import annotations

import sys

from .. import _probes
from .._entries import Entry, literal
from .base import Hide, ResourceAdapter, unsupported


class SystemDaemonAdapter(ResourceAdapter):
    """A unit of systemd. KInfra asks systemd itself, never sudo: where the caller has no right to it, the start says what
    somebody who has can do. One that ran already is left running by a stop."""

    kind = "system daemon"
    known = frozenset(("service_name", "daemon_type", "health_check", "scope"))
    idle = frozenset(("use_sudo",))
    advice = (
        "start it by launchctl before the services that need it; told of it by ServiceManager.add_resource, start_all "
        "begins none of them while it takes no connections"
    )

    def check_supported(self) -> None:
        kinds = (str(self.config.get("type")), str(self.config.get("daemon_type")))
        # Which one was meant by neither of both was looked up on the machine.
        wants_launchd = any(kind in ("launchd", "launchctl") for kind in kinds)
        means_systemd = any(kind in ("systemd", "systemctl") for kind in kinds)
        if wants_launchd or (sys.platform == "darwin" and not means_systemd):
            raise unsupported(self, "launchd")

    def translated(self, hide: Hide) -> Entry:
        entry: Entry = {
            "type": "system_daemon",
            "unit": literal(str(self.config.get("service_name") or self.name)),
            "scope": str(self.config.get("scope") or "system"),
        }
        check = _probes.check_of(self)
        ports = _probes.own_port(self, check)
        if ports:
            entry["ports"] = ports
        health = None
        if self.config.get("health_check"):
            health = _probes.probe(self, check, next(iter(ports), None), "/health", "any")
        if health is not None:
            entry["health"] = health
        return entry
