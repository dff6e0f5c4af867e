"""The manager that KInfra 1.0 already called its old one. It is here so that programs that use it go on; new ones use
`KInfra` and `ServiceManager`."""

from __future__ import annotations

import json
import logging
import os
import sys
import time
import warnings
from pathlib import Path
from typing import Any, Dict, List, Optional, Tuple

from . import _files, _former, _outcomes, _sharing
from ._client import Json
from ._entries import is_external
from ._project import GeneratedProject
from ._sharing import DEFAULT_DOMAIN
from .exceptions import ConfigurationError, KInfraError, ServiceError, TunnelError
from .kinfra import KInfra
from .service_manager import ServiceConfig, ServiceManager
from .utils.health import http_status
from .utils.process import get_port_occupant, is_port_free

_log = logging.getLogger("kinfra")

# The one service of a project.
SERVER = "server"

_RANGES: Dict[str, Tuple[int, int]] = {"atoms_mcp": (50002, 50002), "zen": (8000, 9000)}
_RANGE = (50000, 51000)

# What the engine knows better; not kept for the caller.
_FACTS = (
    "project_name",
    "domain",
    "assigned_port",
    "tunnel_url",
    "last_healthy_check",
    "process_pid",
    "server_running",
    "server_start_time",
)


class SmartInfraManager:
    """One project with one server and one port that stays its own. Deprecated: use `KInfra` and `ServiceManager`.

    Constructing one touches nothing. No process is ended that KInfra did not start, and the caller's own pid is never
    taken for the server's.
    """

    def __init__(self, project_name: str = "default", domain: str = DEFAULT_DOMAIN) -> None:
        warnings.warn(
            "SmartInfraManager is deprecated: use kinfra.KInfra for ports and public URLs, and kinfra.ServiceManager for "
            "the server",
            DeprecationWarning,
            stacklevel=2,
        )
        self._begin(project_name, domain)

    @classmethod
    def _quietly(cls, project_name: str, domain: str) -> SmartInfraManager:
        manager = cls.__new__(cls)
        manager._begin(project_name, domain)
        return manager

    def _begin(self, project_name: str, domain: str) -> None:
        self.project_name = project_name
        self.domain = domain
        self.port_range = _RANGES.get(project_name, _RANGE)
        self._project = GeneratedProject(project_name, range_=self.port_range)
        self._kinfra = KInfra._for_project(domain, self._project)
        self._manager = ServiceManager(self._kinfra)

    @property
    def config_dir(self) -> Path:
        """Where the generated project is."""
        return self._project.folder

    def get_project_config(self) -> Dict[str, Any]:
        """Keys: ``project_name``, ``domain``, ``assigned_port``, ``tunnel_url``, ``last_healthy_check``,
        ``process_pid``, ``server_running``, ``server_start_time`` (times in seconds since 1970; None while there is
        none), as the engine sees it now, and what `save_project_config` kept besides."""
        try:
            node = self._project.node(SERVER) or {}
        except KInfraError as error:
            _log.error("the state of %s can't be read: %s", self.project_name, error)
            node = {}
        is_server = bool(node) and not self._is_stand_in()
        status = _outcomes.status_of(SERVER, node or None)
        answers = node.get("health") == "healthy"
        return {
            **self._kept(),
            "project_name": self.project_name,
            "domain": self.domain,
            "assigned_port": node.get("port"),
            "tunnel_url": node.get("public_url"),
            "last_healthy_check": time.time() if answers else None,
            "process_pid": self._pid_of_server(node, is_server),
            "server_running": status.state == "running" and (is_server or answers),
            "server_start_time": status.started_at if is_server else None,
        }

    def save_project_config(self, config: Dict[str, Any]) -> None:
        """Keeps what the caller has to remember. What the engine knows is left out of it."""
        kept = {name: value for name, value in config.items() if name not in _FACTS}
        try:
            _files.make_folder(self.config_dir)
            _files.replace(self.config_dir / "kept.json", json.dumps(kept, indent=2) + "\n")
        except (OSError, TypeError, KInfraError) as error:
            _log.error("the configuration of %s is not kept: %s", self.project_name, error)

    def is_port_available(self, port: int) -> bool:
        return is_port_free(port)

    def get_port_occupant(self, port: int) -> Optional[Dict[str, Any]]:
        """As `kinfra.utils.process.get_port_occupant`, and ``is_our_project``."""
        occupant = get_port_occupant(port)
        if occupant is not None:
            occupant["is_our_project"] = self.is_our_project_process(occupant)
        return occupant

    def is_our_project_process(self, proc: Any) -> bool:
        """Whether KInfra runs it for this project: by its pid, never by words in its command line. ``proc`` is a pid, or
        has one (``pid``, as an attribute or a key)."""
        pid = proc.get("pid") if isinstance(proc, dict) else getattr(proc, "pid", proc)
        return pid is not None and any(node.get("pid") == pid for node in self._running())

    def kill_our_project_processes(self) -> List[int]:
        """Stops what KInfra runs for this project; the pids that are gone."""
        pids = [node["pid"] for node in self._running()]
        return pids if _outcomes.stop(self._project, [SERVER], _outcomes.STOP_TIMEOUT) else []

    def allocate_persistent_port(self) -> int:
        """The port of the server, the same one each time.

        Raises PortAllocationError (a RuntimeError) when the range has none left.
        """
        former = None
        if SERVER not in self._project.entries():
            former = _former.port_of_project(self.project_name)
        return self._kinfra.allocate_port(SERVER, former)

    def check_tunnel_health(self, url: str) -> Tuple[bool, str]:
        """Asks ``/health``, then ``/healthz``, 10 s each: whether one answers 200, and a word about it. 503 and 530 mean
        that the tunnel leads nowhere."""
        for path in ("/health", "/healthz"):
            status = http_status(url.rstrip("/") + path, 10.0)
            if status == 200:
                return True, "Healthy"
            if status in (503, 530):
                return False, f"Tunnel error: {status}"
        return False, "No health endpoint responded"

    def check_mcp_server_health(self, port: int) -> Tuple[bool, str]:
        """Whether ``/health`` on this port answers 200 within 5 s, and a word about it."""
        if is_port_free(port):
            return False, f"Nothing listens on port {port}"
        status = http_status(f"http://127.0.0.1:{port}/health", 5.0)
        if status == 200:
            return True, "Healthy"
        return False, "No answer" if status is None else f"Status {status}"

    def get_existing_cloudflared_processes(self) -> List[Dict[str, Any]]:
        """Those that KInfra runs for this project: ``pid``, ``cmdline``, ``port``, ``url_arg``."""
        state = self._project.client.snapshot() if self._project.state() is not None else {}
        node = self._project.node_in(state, SERVER) or {}
        found = []
        for exposure in _sharing.open_exposures(node):
            tunnel = _sharing.tunnel_of(state, exposure)
            if tunnel.get("pid") is not None:
                url = exposure.get("url")
                found.append({"pid": tunnel["pid"], "cmdline": "cloudflared", "port": node.get("port"), "url_arg": url})
        return found

    def kill_tunnel_for_port(self, port: int) -> bool:
        """Ends that the server is public, if this is its port; whether it was."""
        node = self._project.node(SERVER) or {}
        return node.get("port") == port and self._kinfra.tunnel_manager.stop_tunnel(SERVER)

    def start_cloudflare_tunnel(self, port: int, force_restart: bool = False) -> Optional[str]:
        """The public URL of the server on this port; None when it can't be made public, which the log explains. A server
        that is public already keeps its URL, unless ``force_restart``."""
        try:
            node = self._project.node(SERVER) or {}
            public = any(it["status"] in _sharing.UP for it in _sharing.open_exposures(node))
            if public and not force_restart and node.get("port") == port:
                url: Optional[str] = node.get("public_url")
                return url
            if force_restart:
                self.kill_tunnel_for_port(port)
            self._kinfra.tunnel_manager.start_tunnel(SERVER, port)
            return self._kinfra.tunnel_manager.get_service_url(SERVER)
        except (TunnelError, ServiceError) as error:
            _log.error("%s is not made public: %s", self.project_name, error)
            return None

    def start_test_server(self, port: int, server_script: Optional[str] = None) -> bool:
        """Runs a Python script (``server.py`` in the current folder) as the server, by KInfra, with this Python; waits
        until ``/health`` answers 200, at most 30 s. Whether it does; the log explains why not.

        Raises ConfigurationError when there is no such script.
        """
        script = Path(server_script or "server.py").absolute()
        if not script.is_file():
            raise ConfigurationError(f"there is no server script {script}")
        variables = {
            "ATOMS_LOCAL_TEST": "true",
            "ATOMS_FASTMCP_TRANSPORT": "http",
            "ATOMS_FASTMCP_HOST": "127.0.0.1",
            "ATOMS_FASTMCP_PORT": str(port),
            "ATOMS_FASTMCP_HTTP_PATH": "/api/mcp",
        }
        config = ServiceConfig(
            SERVER,
            [sys.executable, str(script)],
            cwd=str(script.parent),
            env=variables,
            port=port,
            restart_on_failure=False,
            health_check_url="http://localhost:{port}/health",
        )
        self._manager.add_service(config)
        try:
            self._make_room()
            self._manager.start_service(SERVER)
        except (ServiceError, KInfraError) as error:
            _log.error("the server of %s did not come up: %s", self.project_name, error)
            return False
        healthy, reason = self.check_mcp_server_health(port)
        if not healthy:
            _log.error("the server of %s is not healthy: %s", self.project_name, reason)
        return healthy

    def stop_test_server(self) -> bool:
        """Stops the server that KInfra runs; False when it runs none. Its port stays its own."""
        if not self._running():
            return False
        return _outcomes.stop(self._project, [SERVER], _outcomes.STOP_TIMEOUT)

    def setup_infrastructure(
        self, force_restart_tunnel: bool = False, start_server: bool = False
    ) -> Tuple[int, Optional[str]]:
        """The port, and the public URL if the variable ``AUTO_TUNNEL`` says 1, true, yes or on: port first, then the
        server, then the tunnel.

        Raises PortAllocationError, or ConfigurationError when there is no ``server.py`` to start.
        """
        port = self.allocate_persistent_port()
        if start_server:
            self.start_test_server(port)
        url = None
        if os.environ.get("AUTO_TUNNEL", "").strip().lower() in ("1", "true", "yes", "on"):
            url = self.start_cloudflare_tunnel(port, force_restart_tunnel)
        return port, url

    def _pid_of_server(self, node: Json, is_server: bool) -> Optional[int]:
        """Never the caller's own, where the server is a part of it: old programs end the process that this names."""
        pid: Optional[int] = node.get("pid") if is_server or node.get("adopted") else None
        return None if pid == os.getpid() else pid

    def _running(self) -> List[Json]:
        """The server's node while KInfra runs it."""
        node = self._project.node(SERVER)
        if node is None or node.get("pid") is None or node.get("adopted") or self._is_stand_in():
            return []
        return [node]

    def _is_stand_in(self) -> bool:
        return is_external(self._project.entries().get(SERVER, {}))

    def _make_room(self) -> None:
        """What only looked after a server of the caller's makes way for one that KInfra runs."""
        if self._is_stand_in():
            _outcomes.stop(self._project, [SERVER], _outcomes.STOP_TIMEOUT)

    def _kept(self) -> Dict[str, Any]:
        try:
            kept = json.loads((self.config_dir / "kept.json").read_text("utf-8"))
        except (OSError, ValueError):
            return {}
        return kept if isinstance(kept, dict) else {}


def get_smart_infra_manager(project_name: str = "default", domain: str = DEFAULT_DOMAIN) -> SmartInfraManager:
    """Deprecated: use `KInfra` and `ServiceManager`."""
    warnings.warn(
        "get_smart_infra_manager is deprecated: use kinfra.KInfra for ports and public URLs, and kinfra.ServiceManager "
        "for the server",
        DeprecationWarning,
        stacklevel=2,
    )
    return SmartInfraManager._quietly(project_name, domain)
