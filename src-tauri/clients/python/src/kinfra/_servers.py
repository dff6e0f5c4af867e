"""The one server of a legacy manager's project.

Theory of operation: a name that exists in calls of Python alone has a generated project, with a service that is written
here. Where none is generated for it and a project of its user's is the same, which is what `kinfra migrate` makes
of one with a folder, the server is a service of that project: how it runs is written there, by its user, and it is only
started, stopped and made public. Nothing but this choice, at first use, depends on which it is.
"""

from __future__ import annotations

import os
import sys
from abc import ABC, abstractmethod
from pathlib import Path
from typing import Optional, Tuple

from . import _former, _outcomes, _owned, _sharing
from ._client import Json
from ._entries import is_external
from ._known import KnownProject
from ._owned import SERVER, OwnedProject
from ._project import GeneratedProject
from ._sharing import DEFAULT_DOMAIN
from .exceptions import ConfigurationError, PortAllocationError, ServiceError, TunnelError
from .kinfra import KInfra
from .service_manager import START_TIMEOUT, ServiceConfig, ServiceManager
from .tunnel_sync import STARTUP_TIMEOUT
from .utils.health import http_status
from .utils.process import is_port_free


class Server(ABC):
    """A service, by its project and its name there."""

    project: KnownProject
    name: str

    def node(self) -> Json:
        """As it is now; empty while there is none."""
        return self.project.node(self.name) or {}

    def stop(self) -> bool:
        return _outcomes.stop(self.project, [self.name], _outcomes.STOP_TIMEOUT)

    @abstractmethod
    def is_stand_in(self) -> bool:
        """Whether the caller runs it, and KInfra only looks after it."""

    @abstractmethod
    def allocate(self) -> int:
        """Its port, the same one each time. Raises PortAllocationError."""

    @abstractmethod
    def prepare(self, port: int, script: Optional[str]) -> None:
        """Has it run this script on this port from its next start on. Raises ConfigurationError where it can't, and
        PortAllocationError where it has no port."""

    @abstractmethod
    def start(self, port: int) -> None:
        """Returns when it is healthy. Raises KInfraError when it isn't in time."""

    @abstractmethod
    def share(self, port: int) -> Optional[str]:
        """Makes it public, and gives the URL. Raises TunnelError."""

    @abstractmethod
    def unshare(self) -> bool:
        """Ends that; whether it was public."""


class GeneratedServer(Server):
    """That of a generated project."""

    name = SERVER

    def __init__(self, project: GeneratedProject, domain: str) -> None:
        self.project: GeneratedProject = project
        self._kinfra = KInfra._for_project(domain, project)
        self._kinfra.registry._former_of = lambda name: _former.port_of_project(project.name)
        self._manager = ServiceManager(self._kinfra)

    def is_stand_in(self) -> bool:
        return is_external(self.project.entries().get(SERVER, {}))

    def allocate(self) -> int:
        return self._kinfra.allocate_port(SERVER)

    def prepare(self, port: int, script: Optional[str]) -> None:
        path = Path(script or "server.py").absolute()
        if not path.is_file():
            raise ConfigurationError(f"there is no server script {path}")
        variables = {
            "ATOMS_LOCAL_TEST": "true",
            "ATOMS_FASTMCP_TRANSPORT": "http",
            "ATOMS_FASTMCP_HOST": "127.0.0.1",
            "ATOMS_FASTMCP_PORT": str(port),
            "ATOMS_FASTMCP_HTTP_PATH": "/api/mcp",
        }
        config = ServiceConfig(
            SERVER,
            [sys.executable, str(path)],
            cwd=str(path.parent),
            env=variables,
            port=port,
            restart_on_failure=False,
            health_check_url="http://localhost:{port}/health",
        )
        self._manager.add_service(config)

    def start(self, port: int) -> None:
        if self.is_stand_in():
            # What only looked after a server of the caller's makes way for one that KInfra runs.
            self.stop()
        self._manager.start_service(SERVER)
        healthy, reason = health_on(port)
        if not healthy:
            raise ServiceError(f"it is not healthy: {reason}")

    def share(self, port: int) -> Optional[str]:
        self._kinfra.tunnel_manager.start_tunnel(SERVER, port)
        return self._kinfra.tunnel_manager.get_service_url(SERVER)

    def unshare(self) -> bool:
        return self._kinfra.tunnel_manager.stop_tunnel(SERVER)


class OwnedServer(Server):
    """A service of a project of its user's."""

    def __init__(self, project: OwnedProject, name: str, domain: str) -> None:
        self.project: OwnedProject = project
        self.name = name
        self.domain = domain

    def is_stand_in(self) -> bool:
        return False

    def stop(self) -> bool:
        """Not by a part of it: old programs end what they take for a former server before they serve."""
        return not is_here(self.node()) and super().stop()

    def allocate(self) -> int:
        state = self.project.state() or {}
        port: Optional[int] = self.node().get("port")
        if port is None:
            reasons = "; ".join(problem["message"] for problem in state.get("problems", []))
            raise PortAllocationError(
                f"{self._shown} has no port{reasons and f': {reasons}'}", hint="kinfra status and kinfra ports say more"
            )
        return port

    def prepare(self, port: int, script: Optional[str]) -> None:
        if script is not None and not self.project.mentions(Path(script)):
            raise ConfigurationError(
                f"{Path(script).absolute()} can't be run as the server: {self._shown} runs what is written there",
                hint=f"write this script there as `run` of {self.name}, or name none",
            )
        own = self.allocate()
        if port != own:
            raise ConfigurationError(f"{self._shown} has port {own}, not {port}", hint=self._how_to_move(port))

    def start(self, port: int) -> None:
        """Where it doesn't come up, its configuration says what becomes of it."""
        if is_here(self.node()):
            raise ServiceError(f"{self._shown} was asked to start by its own process")
        self.project.client.call("stack.start", {"project": self.project.slug(), "services": [self.name]})
        _, node = _outcomes.next_outcome(self.project, {self.name: None}, START_TIMEOUT) or ("", self.node())
        if not node or not _outcomes.is_up(node):
            raise _outcomes.failure(self.project, self.name, node)

    def share(self, port: int) -> Optional[str]:
        node = self.node()
        if node.get("port") != port:
            raise TunnelError(f"{self._shown} has port {node.get('port')}, not {port}", hint=self._how_to_move(port))
        node, _ = _sharing.share(self.project, self.name, self._place(node), STARTUP_TIMEOUT)
        url: Optional[str] = node.get("public_url")
        return url

    def unshare(self) -> bool:
        node = self.node()
        if node:
            self.project.client.call("tunnel.unshare", {"project": self.project.slug(), "services": [self.name]})
        return bool(_sharing.open_exposures(node))

    def _place(self, node: Json) -> Optional[str]:
        """Where it is to be public by its configuration; None: by a name of Cloudflare's own."""
        urls = [exposure.get("url") or "" for exposure in node.get("exposures", []) if exposure["kind"] != "quick"]
        places = [url.partition("://")[2] for url in urls if url]
        own = [place for place in places if place.partition("/")[0] == self.domain]
        if not own and self.domain != DEFAULT_DOMAIN:
            raise TunnelError(
                f"{self.domain} doesn't lead to {self._shown}", hint=f"write `public: {self.domain}` there"
            )
        return next(iter(own or places), None)

    def _how_to_move(self, port: int) -> str:
        return f"use that one, or: kinfra ports move {self.name} --to {port} --project {self.project.slug()}"

    @property
    def _shown(self) -> str:
        return f"{self.name} of {self.project.file}"


def server_of(project: GeneratedProject, domain: str) -> Server:
    """The one that is meant by the name of a project of which nothing may be written yet, or its server no more."""
    if SERVER not in project.entries():
        former = _former.port_of_project(project.name)
        first, last = project.range or (0, 1)
        ports = [] if former is None else [former.port]
        ports += [first] if first == last and first not in ports else []
        found = _owned.find(project.client, project.name, ports)
        if found is not None:
            return OwnedServer(*found, domain)
    return GeneratedServer(project, domain)


def is_here(node: Json) -> bool:
    """Whether the caller is a part of this service: its process, or one that it started."""
    return node.get("pid") in (os.getpid(), os.getpgrp())


def health_on(port: int) -> Tuple[bool, str]:
    """Whether ``/health`` on this port answers 200 within 5 s, and a word about it."""
    if is_port_free(port):
        return False, f"Nothing listens on port {port}"
    status = http_status(f"http://127.0.0.1:{port}/health", 5.0)
    if status == 200:
        return True, "Healthy"
    return False, "No answer" if status is None else f"Status {status}"
