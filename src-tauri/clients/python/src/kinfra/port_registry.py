"""Names and their ports. KInfra's engine is the registry: a port is written down there before anybody hears of it."""

from __future__ import annotations

import hashlib
import time
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Set, Union
from urllib.parse import urlsplit

from . import _former, _notes, _outcomes
from ._client import Json, error_of
from ._entries import Entry, external, is_resource
from ._former import FormerPort
from ._known import node_of
from ._project import Entries, GeneratedProject
from .exceptions import ConfigurationError, KInfraError, PortAllocationError

# The project of names for which nobody gave another.
DEFAULT_PROJECT = "python"

RESERVED_PORTS: Set[int] = {22, 80, 443, 3306, 5432, 6379}


@dataclass
class ServiceInfo:
    """A name, its port, and what is known of it. Times are seconds since 1970.

    ``pid`` is the process that listens on the port, as the engine sees it; never one that was merely told.
    """

    service_name: str
    assigned_port: int
    pid: Optional[int] = None
    last_seen: float = field(default_factory=time.time)
    tunnel_id: Optional[str] = None
    tunnel_hostname: Optional[str] = None
    config_path: Optional[str] = None
    created_at: float = field(default_factory=time.time)

    def is_stale(self, max_age: float = 3600.0) -> bool:
        """Whether it was last asked for more than ``max_age`` seconds ago."""
        return time.time() - self.last_seen > max_age

    def update_seen(self) -> None:
        self.last_seen = time.time()


class PortRegistry:
    """The names of one generated project. Constructing one touches nothing.

    With a ``config_dir`` the names are apart from all others; the folder itself is not written to. Ports that
    KInfra 1.0 wrote down there (else in ``~/.kinfra``) are asked for again, the first time that a name is used. Where the
    very server that it noted is on its port still, the port is left to it.
    """

    def __init__(self, config_dir: Optional[Union[Path, str]] = None) -> None:
        self.config_dir = None if config_dir is None else Path(config_dir)
        self._project = GeneratedProject(_project_name(self.config_dir))
        # What KInfra 1.0 had for a name that is new here.
        self._former_of: Callable[[str], Optional[FormerPort]] = lambda name: _former.port_of(name, self.config_dir)

    @classmethod
    def _of(cls, project: GeneratedProject) -> PortRegistry:
        registry = cls()
        registry._project = project
        return registry

    def register_service(self, service_name: str, port: int, pid: Optional[int] = None) -> ServiceInfo:
        """Gives a name just this port, for good. ``pid`` is ignored: who listens is seen.

        Raises PortAllocationError when the port belongs to another name or project.
        """
        self.validate_port(port)
        self._claim(service_name, port)
        return self._known(service_name)

    def get_service(self, service_name: str) -> Optional[ServiceInfo]:
        return self.get_all_services().get(service_name)

    def update_service(self, service_name: str, **fields: Any) -> ServiceInfo:
        """Moves a name to another port (``assigned_port``), and notes ``tunnel_id``, ``tunnel_hostname`` and
        ``config_path``. ``pid`` and ``last_seen`` are seen, not told.

        Raises KInfraError for a name that isn't registered, ConfigurationError for other fields.
        """
        if service_name not in self._project.entries():
            raise KInfraError(f"no service named {service_name} is registered")
        unknown = set(fields) - {*_notes.KEPT, "assigned_port", "pid", "last_seen", "service_name"}
        if unknown:
            raise ConfigurationError(f"a registered service has no {', '.join(sorted(unknown))}")
        port = fields.get("assigned_port")
        if port is not None:
            self.register_service(service_name, port)
        noted = {name: value for name, value in fields.items() if name in _notes.KEPT}
        _notes.change(self._project, service_name, **noted)
        return self._known(service_name)

    def unregister_service(self, service_name: str) -> bool:
        """Forgets a name; False when it isn't known. What KInfra runs under it is stopped, a server of the caller's is
        left alone. Should the name come back, it has its port again: `kinfra remove` gives all ports of a project back.
        """
        if service_name not in self._project.entries():
            return False
        # A name that is still on its way out would have a port until then.
        _outcomes.stop(self._project, [service_name], _outcomes.STOP_TIMEOUT)
        self._project.change(lambda entries: drop(entries, service_name))
        _notes.forget(self._project, service_name)
        return True

    def get_all_services(self) -> Dict[str, ServiceInfo]:
        """All names with a port."""
        state = self._project.state()
        if state is None:
            return {}
        claims = self._project.client.call("port.list", {"project": state["slug"]})["claims"]
        notes = _notes.read(self._project)
        services = {}
        for node in state["nodes"]:
            if node.get("port") is not None:
                claim = _claim_of(claims, node["name"])
                services[node["name"]] = _info(self._project, node, claim, notes.get(node["name"], {}))
        return services

    def get_allocated_ports(self) -> Set[int]:
        return set(self._ports().values())

    def is_port_registered(self, port: int) -> bool:
        return port in self.get_allocated_ports()

    def get_canonical_port(self, service_name: str) -> Optional[int]:
        """The port that a name has, if it is known."""
        return self._ports().get(service_name)

    def validate_port_range(self, port: int) -> bool:
        """Whether it is a port that can be given to a name."""
        return 1 <= port <= 65535 and port not in RESERVED_PORTS

    def validate_port(self, port: int) -> None:
        if not 1 <= port <= 65535:
            raise PortAllocationError(f"{port} is no port", hint="ports are 1 to 65535")

    def _ports(self) -> Dict[str, int]:
        """What is known by the state alone."""
        state = self._project.state()
        nodes: List[Json] = [] if state is None else state["nodes"]
        return {node["name"]: node["port"] for node in nodes if node.get("port") is not None}

    def _known(self, service_name: str) -> ServiceInfo:
        info = self.get_service(service_name)
        if info is None:
            raise PortAllocationError(f"{service_name} has no port")
        return info

    def _claim(self, name: str, port: Union[None, int, List[int]]) -> int:
        """The port that a name has from now on: this one, one of these if they can be had, or any."""

        before: Optional[Entry] = None
        left_to: Optional[int] = None

        def edit(entries: Entries) -> None:
            nonlocal before, left_to
            owner = next((it for it in entries if it != name and entries[it].get("port") == port), None)
            if isinstance(port, int) and owner is not None:
                raise _belongs(name, port, owner, self._project.name)
            entry = entries.get(name)
            if entry is not None and is_resource(entry):
                if port is None:
                    return
                raise PortAllocationError(
                    f"{name} is a resource, whose ports are those of its description", hint="choose another name"
                )
            before = None if entry is None else dict(entry)
            if entry is None:
                left_to = None if isinstance(port, int) else self._port_of_server(name)
                # By its number, since one that somebody is on is not chosen.
                entries[name] = external(left_to or self._wish(name, "auto" if port is None else port))
            elif port is not None:
                entry["port"] = self._wish(name, port)
            elif entry.get("port") == "none":
                entry["port"] = "auto"

        state = self._project.change(edit)
        node = node_of(state, name)
        claimed = None if node is None else node.get("port")
        if left_to is not None and claimed == left_to:
            # It can be moved as any other, and whatever is started under this name leads to the server.
            self._project.change(lambda entries: entries[name].update(port=self._wish(name, port)))
            self._project.client.call("port.adopt", {"project": state["slug"], "service": name, "port": left_to})
        if claimed is None:
            self._project.change(lambda entries: _put_back(entries, name, before))
            raise self._refusal(name, port, state["problems"])
        if name not in _notes.read(self._project):
            _notes.change(self._project, name)
        claimed_port: int = claimed
        return claimed_port

    def _wish(self, name: str, port: Any) -> Any:
        """What is written for a name: the port that it had with KInfra 1.0 comes before those that are only preferred."""
        former = None if isinstance(port, int) else self._former_of(name)
        if former is None:
            return port
        preferred = port if isinstance(port, list) else []
        return [former.port, *(it for it in preferred if it != former.port)]

    def _port_of_server(self, name: str) -> Optional[int]:
        """The port that a new name had, where that is nobody's, and the very server is on it that the library had noted."""
        former = self._former_of(name)
        if former is None or former.server is None:
            return None
        report = self._project.client.call("port.who", {"port": former.port})
        holders = [held["holder"] for held in report["holders"] if held["protocol"] == "tcp"]
        is_there = not report["claims"] and bool(holders) and all(map(former.is_server, holders))
        return former.port if is_there and not self._is_known(name) else None

    def _is_known(self, name: str) -> bool:
        """Whether it has a port of its own already, since it was forgotten here and comes back."""
        client = self._project.client
        known = self._project.found(client.snapshot())
        return known is not None and bool(
            _claim_of(client.call("port.list", {"project": known["slug"]})["claims"], name)
        )

    def _refusal(self, name: str, port: Union[None, int, List[int]], problems: List[Json]) -> KInfraError:
        if isinstance(port, int):
            for claim in self._project.client.call("port.who", {"port": port})["claims"]:
                return _belongs(name, port, claim["node"], claim["project"])
        about_ports = [problem for problem in problems if problem["code"].startswith("port_")]
        return error_of(about_ports) if about_ports else PortAllocationError(f"{name} has no port")


def drop(entries: Entries, name: str) -> None:
    """Takes a name out, and out of what others depend on."""
    entries.pop(name, None)
    for entry in entries.values():
        if name in entry.get("depends_on", []):
            entry["depends_on"].remove(name)


def _belongs(name: str, port: int, owner: str, project: str) -> PortAllocationError:
    return PortAllocationError(
        f"port {port} of {name} belongs to {owner} of {project}",
        code="port_claimed",
        hint=f"choose another port, or give that one another: kinfra ports move {owner} --project {project}",
    )


def _put_back(entries: Entries, name: str, before: Optional[Entry]) -> None:
    if before is None:
        entries.pop(name, None)
    else:
        entries[name] = before


def _project_name(config_dir: Optional[Path]) -> str:
    if config_dir is None:
        return DEFAULT_PROJECT
    digest = hashlib.sha256(str(config_dir.expanduser().absolute()).encode()).hexdigest()[:8]
    return f"{DEFAULT_PROJECT}-{digest}"


def _claim_of(claims: List[Json], name: str) -> Json:
    return next((claim for claim in claims if claim["node"] == name and claim["main"]), {})


def _info(project: GeneratedProject, node: Json, claim: Json, notes: Json) -> ServiceInfo:
    public = node.get("public_url")
    exposures = [exposure for exposure in node.get("exposures", []) if exposure["status"] != "off"]
    tunnel = exposures[0].get("tunnel") if exposures else None
    return ServiceInfo(
        service_name=node["name"],
        assigned_port=node["port"],
        pid=claim.get("holder", {}).get("pid"),
        tunnel_id=tunnel or notes.get("tunnel_id"),
        tunnel_hostname=urlsplit(public).hostname if public else notes.get("tunnel_hostname"),
        config_path=str(project.file) if public else notes.get("config_path"),
        created_at=notes.get("created_at", time.time()),
    )
